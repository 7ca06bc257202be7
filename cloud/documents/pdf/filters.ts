import { PDFArray, PDFDict, PDFName, PDFNumber, type PDFObject, type PDFRawStream } from 'pdf-lib';
import { Fault } from '../../../protocol/fault.ts';
import type { InflateBudget } from './inflate.ts';

const damaged = (what: string): Fault => new Fault('PDF_NO_INVOICE', `${what}: print the invoice anew, or send its XML alone`);

const nameOf = (object: PDFObject | undefined): string => (object instanceof PDFName ? object.decodeText() : '');

function numberOf(dict: PDFDict | undefined, key: string, otherwise: number): number {
  const value = dict?.get(PDFName.of(key));
  return value instanceof PDFNumber ? value.asNumber() : otherwise;
}

/** A value that stands alone or in an array, as a list. */
const listOf = (object: PDFObject | undefined): PDFObject[] =>
  object === undefined ? [] : object instanceof PDFArray ? object.asArray() : [object];

function hex(bytes: Uint8Array): Uint8Array {
  const digits = String.fromCharCode(...[...bytes].filter((byte) => /[0-9A-Fa-f]/.test(String.fromCharCode(byte))));
  const out = new Uint8Array(Math.ceil(digits.length / 2));
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2).padEnd(2, '0'), 16);
  return out;
}

/** ISO 32000-1 section 7.4.3: five characters hold four bytes, z four zeros, ~> ends. */
function ascii85(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let [value, count] = [0, 0];
  const flush = (length: number): void => {
    for (let i = 0; i < length; i++) out.push(Math.floor(value / 256 ** (3 - i)) % 256);
    [value, count] = [0, 0];
  };
  for (const byte of bytes) {
    if (byte === 0x7e) break;
    if (byte === 0x7a && count === 0) out.push(0, 0, 0, 0);
    else if (byte >= 0x21 && byte <= 0x75) {
      value = value * 85 + byte - 0x21;
      if (++count === 5) flush(4);
    }
  }
  if (count > 1) {
    const length = count - 1;
    while (count++ < 5) value = value * 85 + 84;
    flush(length);
  }
  return Uint8Array.from(out);
}

/** The PNG predictor's guess at a byte from those to its left, above, and above to the left (RFC 2083 section 6.6). */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** Undoes the PNG predictors (ISO 32000-1 section 7.4.4.4) that cross-reference streams are written with. */
function unpredicted(bytes: Uint8Array, parameters: PDFDict | undefined): Uint8Array {
  const predictor = numberOf(parameters, 'Predictor', 1);
  if (predictor === 1) return bytes;
  if (predictor < 10) throw damaged(`a stream of the PDF has the predictor ${predictor}, which is not read`);
  const columns = numberOf(parameters, 'Columns', 1);
  const size = Math.max(1, (numberOf(parameters, 'Colors', 1) * numberOf(parameters, 'BitsPerComponent', 8)) >> 3);
  const width = columns * size;
  if (!Number.isSafeInteger(width) || width < 1 || width > bytes.length) throw damaged('a stream of the PDF has rows of no size');
  const rows = Math.floor(bytes.length / (width + 1));
  const out = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (width + 1)] ?? 0;
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      const left = i < size ? 0 : (out[at - size] ?? 0);
      const up = row === 0 ? 0 : (out[at - width] ?? 0);
      const corner = i < size || row === 0 ? 0 : (out[at - width - size] ?? 0);
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][kind] ?? 0;
      out[at] = (bytes[row * (width + 1) + 1 + i] ?? 0) + guess;
    }
  }
  return out;
}

/** More filters on one stream than this hide something. */
const MAX_FILTERS = 4;

/**
 * The bytes a stream stands for.
 * @throws Fault LIMIT_SIZE, PDF_NO_INVOICE for a filter that is not read or data that is damaged
 */
export function decodedStream(stream: PDFRawStream, budget: InflateBudget): Uint8Array {
  const filters = listOf(stream.dict.get(PDFName.of('Filter')) ?? stream.dict.get(PDFName.of('F')));
  const parameters = listOf(stream.dict.get(PDFName.of('DecodeParms')));
  if (filters.length > MAX_FILTERS) throw damaged(`a stream of the PDF has ${filters.length} filters`);
  let bytes = stream.contents;
  for (const [i, filter] of filters.entries()) {
    const name = nameOf(filter);
    const given = parameters[i];
    if (name === 'FlateDecode' || name === 'Fl') bytes = unpredicted(budget.inflate(bytes), given instanceof PDFDict ? given : undefined);
    else if (name === 'ASCIIHexDecode' || name === 'AHx') bytes = hex(bytes);
    else if (name === 'ASCII85Decode' || name === 'A85') bytes = ascii85(bytes);
    else throw damaged(`a stream of the PDF has the filter ${name.slice(0, 40)}, which is not read`);
  }
  return bytes;
}
