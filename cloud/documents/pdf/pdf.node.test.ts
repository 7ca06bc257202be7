import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { PDFDocument } from 'pdf-lib';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../protocol/bytes.ts';
import { faultCode } from '../../../protocol/fault.ts';
import { read, readDocument } from '../intake.ts';
import { joined, pdfOf, withAttachment } from './pdf.fixture.ts';

const XML = readFileSync(new URL('../samples/twin.cii.xml', import.meta.url));
const packed = deflateSync(XML);
const note = utf8('%PDF-1.4 a delivery note\n1 0 obj\n<</Type/Catalog>>\nendobj\n');

function codeOf(bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    return faultCode(error);
  }
  return 'accepted';
}

/** A PDF as another maker's library writes it; object streams and cross-reference stream unless told otherwise. */
async function made(names: readonly string[], useObjectStreams = true): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage();
  for (const name of names) await document.attach(/\.xml$/i.test(name) ? XML : note, name, { afRelationship: 'Alternative' as never });
  return document.save({ useObjectStreams });
}

describe('an invoice in a PDF', () => {
  const plain = readDocument(XML);

  it('is the same as its XML alone, whether the file has tables or object streams', async () => {
    for (const streams of [true, false]) expect(readDocument(await made(['factur-x.xml'], streams))).toEqual(plain);
  });

  it('is found by its name in any spelling, behind a delivery note, with all attachments told', async () => {
    for (const name of ['factur-x.xml', 'Factur-X.XML', 'zugferd-invoice.xml', 'xrechnung.xml', 'rechnung.xml']) {
      const reading = read(await made(['Bon_de_livraison.pdf', name]));
      expect([reading.embedded?.name, reading.document]).toEqual([name, plain]);
      expect(reading.embedded?.attachments).toHaveLength(2);
    }
  });

  it('is found in a file whose tables are gone, whose first bytes are a mark, and that was saved again', () => {
    const broken = withAttachment('factur-x.xml', packed, '/FlateDecode', false);
    expect(readDocument(joined([broken, 'trailer\n<</Root 1 0 R>>']))).toEqual(plain);
    expect(readDocument(broken)).toEqual(plain);
    expect(readDocument(joined([Uint8Array.of(0xef, 0xbb, 0xbf), withAttachment('factur-x.xml', packed)]))).toEqual(plain);
  });

  it('is read under the filters a writer may choose', () => {
    const hex = utf8(`${Buffer.from(packed).toString('hex')}>`);
    expect(readDocument(withAttachment('factur-x.xml', hex, '[/ASCIIHexDecode/FlateDecode]'))).toEqual(plain);
    expect(readDocument(withAttachment('factur-x.xml', XML, '[]'))).toEqual(plain);
  });

  it('is refused with a code where there is none, and where the file is encrypted', async () => {
    expect(codeOf(await made([]))).toBe('PDF_NO_INVOICE');
    expect(codeOf(await made(['Bon_de_livraison.pdf']))).toBe('PDF_NO_INVOICE');
    expect(codeOf(withAttachment('factur-x.xml', deflateSync('<html/>')))).toBe('PDF_NO_INVOICE');
    expect(codeOf(withAttachment('factur-x.xml', deflateSync('')))).toBe('PDF_NO_INVOICE');
    expect(codeOf(withAttachment('factur-x.xml', packed, '/LZWDecode'))).toBe('PDF_NO_INVOICE');
    const text = Buffer.from(withAttachment('factur-x.xml', packed)).toString('latin1').replace('/Root 1 0 R', '/Root 1 0 R/Encrypt<<>>');
    expect(codeOf(Buffer.from(text, 'latin1'))).toBe('PDF_NO_INVOICE');
  });

  it('that is hostile XML gets the code of hostile XML', () => {
    expect(codeOf(withAttachment('factur-x.xml', deflateSync('<!DOCTYPE a><a/>')))).toBe('DOCTYPE_FORBIDDEN');
    expect(codeOf(withAttachment('factur-x.xml', deflateSync('<a>')))).toBe('XML_NOT_WELL_FORMED');
  });
});

describe('a hostile PDF', () => {
  const bomb = deflateSync(new Uint8Array(400_000_000));

  it('is refused as a bomb of 390 kB, whatever stream it stands in', () => {
    expect(bomb.length).toBeLessThan(400_000);
    expect(codeOf(withAttachment('factur-x.xml', bomb))).toBe('LIMIT_SIZE');
    const twice = withAttachment('factur-x.xml', deflateSync(bomb), '[/FlateDecode/FlateDecode]');
    expect(codeOf(twice)).toBe('LIMIT_SIZE');
    const stream = joined([
      `1 0 obj\n<</Type/XRef/W[1 2 1]/Size 9/Filter/FlateDecode/Length ${bomb.length}>>stream\n`,
      bomb,
      '\nendstream\nendobj\n',
    ]);
    expect(codeOf(joined(['%PDF-1.7\n', stream, 'startxref\n9\n%%EOF']))).toBe('LIMIT_SIZE');
  });

  it('comes to an end: circles, nesting, strings and arrays without end, tables that lead to themselves', () => {
    const tree = (node: string) => pdfOf(['<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>', node]);
    for (const node of [
      '<</Kids[2 0 R 2 0 R]>>',
      '2 0 R',
      '['.repeat(1_000_000),
      `(${'('.repeat(1_000_000)}`,
      `[${'1 '.repeat(1_000_000)}]`,
    ])
      expect(codeOf(tree(node))).toBe('PDF_NO_INVOICE');
    expect(codeOf(joined(['%PDF-1.7\nxref\n0 0\ntrailer<</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF']))).toBe('PDF_NO_INVOICE');
    expect(codeOf(utf8(`%PDF-1.7\n${'trailer<<'.repeat(300_000)}`))).toBe('PDF_NO_INVOICE');
    expect(codeOf(utf8(`%PDF-1.7\n${'1 0 obj '.repeat(300_000)}`))).toBe('PDF_NO_INVOICE');
    expect(['PDF_NO_INVOICE', 'LIMIT_SIZE']).toContain(
      codeOf(utf8(`%PDF-1.7\n${Array.from({ length: 150_000 }, (_, i) => `${i} 0 obj `).join('')}`)),
    );
  });
});
