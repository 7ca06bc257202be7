import { Fault } from '../../../protocol/fault.ts';
import type { InflateBudget } from './inflate.ts';
import { hexBytes, isArray, isDict, type PdfDict, PdfName, type PdfObject, type PdfStream } from './objects.ts';

const damaged = (what: string): Fault => new Fault('PDF_NO_INVOICE', `${what}: print the invoice anew, or send its XML alone`);

const nameOf = (object: PdfObject | undefined): string => (object instanceof PdfName ? object.name : '');

function numberOf(dict: PdfDict | undefined, key: string, otherwise: number): number {
  const value = dict?.get(key);
  return typeof value === 'number' ? value : otherwise;
}

/** A value that stands alone or in an array, as a list. */
const listOf = (object: PdfObject | undefined): readonly PdfObject[] => (object === undefined ? [] : isArray(object) ? object : [object]);

/** ISO 32000-1 section 7.4.3: five characters hold four bytes, z four zeros, ~> ends. */
function ascii85(bytes: Uint8Array): Uint8Array {
  const zeros = bytes.reduce((sum, byte) => sum + (byte === 0x7a ? 1 : 0), 0);
  const out = new Uint8Array(4 * zeros + Math.ceil((bytes.length * 4) / 5) + 4);
  let [value, count, length] = [0, 0, 0];
  const flush = (size: number): void => {
    for (let i = 0; i < size; i++) out[length++] = Math.floor(value / 256 ** (3 - i)) % 256;
    value = 0;
    count = 0;
  };
  for (const byte of bytes) {
    if (byte === 0x7e) break;
    if (byte === 0x7a && count === 0) flush(4);
    else if (byte >= 0x21 && byte <= 0x75) {
      value = value * 85 + byte - 0x21;
      if (++count === 5) flush(4);
    }
  }
  if (count > 1) {
    const size = count - 1;
    while (count++ < 5) value = value * 85 + 84;
    flush(size);
  }
  return out.subarray(0, length);
}

/** The PNG predictor's guess at a byte from those to its left, above, and above to the left (RFC 2083 section 6.6). */
function paeth(left: number, up: number, corner: number): number {
  const a = Math.abs(up - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + up - 2 * corner);
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** Undoes the PNG predictors (ISO 32000-1 section 7.4.4.4) that cross-reference streams are written with. */
function unpredicted(bytes: Uint8Array, parameters: PdfDict | undefined): Uint8Array {
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
      const guess = kind === 0 ? 0 : kind === 1 ? left : kind === 2 ? up : kind === 3 ? (left + up) >> 1 : paeth(left, up, corner);
      out[at] = (bytes[row * (width + 1) + 1 + i] ?? 0) + guess;
    }
  }
  return out;
}

/** Where hexadecimal data ends. */
const endOf = (bytes: Uint8Array): number => (bytes.includes(0x3e) ? bytes.indexOf(0x3e) : bytes.length);

/** More filters on one stream than this hide something. */
const MAX_FILTERS = 4;

/**
 * The bytes a stream stands for.
 * @throws Fault LIMIT_SIZE, PDF_NO_INVOICE for a filter that is not read or data that is damaged
 */
export function decodedStream(stream: PdfStream, budget: InflateBudget): Uint8Array {
  const filters = listOf(stream.dict.get('Filter'));
  const parameters = listOf(stream.dict.get('DecodeParms'));
  if (filters.length > MAX_FILTERS) throw damaged(`a stream of the PDF has ${filters.length} filters`);
  let bytes = stream.contents;
  for (const [i, filter] of filters.entries()) {
    const name = nameOf(filter);
    const given = parameters[i];
    if (name === 'FlateDecode' || name === 'Fl') bytes = unpredicted(budget.inflate(bytes), isDict(given) ? given : undefined);
    else if (name === 'ASCIIHexDecode' || name === 'AHx') bytes = hexBytes(bytes.subarray(0, endOf(bytes)));
    else if (name === 'ASCII85Decode' || name === 'A85') bytes = ascii85(bytes);
    else throw damaged(`a stream of the PDF has the filter ${name.slice(0, 40)}, which is not read`);
  }
  return bytes;
}
