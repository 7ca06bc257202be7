import { utf8 } from '../../../protocol/bytes.ts';

/** Bytes of several pieces in a row. */
export function joined(pieces: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const parts = pieces.map((piece) => (typeof piece === 'string' ? utf8(piece) : piece));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A PDF of objects 1, 2, …, the first its catalog; `table` false leaves out what says where they stand. */
export function pdfOf(objects: readonly (string | readonly (string | Uint8Array)[])[], table = true): Uint8Array<ArrayBuffer> {
  const pieces: (string | Uint8Array)[] = ['%PDF-1.7\n'];
  const offsets: number[] = [];
  let at = 9;
  for (const [i, object] of objects.entries()) {
    offsets.push(at);
    const whole = joined([`${i + 1} 0 obj\n`, ...(typeof object === 'string' ? [object] : object), '\nendobj\n']);
    pieces.push(whole);
    at += whole.length;
  }
  if (table) {
    const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
    pieces.push(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF`,
    );
  }
  return joined(pieces);
}

/** A PDF with one attachment of a name, whose stream is given with its filter. */
export function withAttachment(name: string, stream: Uint8Array, filter = '/FlateDecode', table = true): Uint8Array<ArrayBuffer> {
  return pdfOf(
    [
      '<</Type/Catalog/Names<</EmbeddedFiles<</Names[(a) 2 0 R]>>>>>>',
      `<</Type/Filespec/F(${name})/EF<</F 3 0 R>>>>`,
      [`<</Type/EmbeddedFile/Filter${filter}/Length ${stream.length}>>stream\n`, stream, '\nendstream'],
    ],
    table,
  );
}
