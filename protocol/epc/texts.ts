import { type BitReader, BitWriter, bitsForDigits, malformed } from './bits.ts';

/** GS1 AI encodable character set 82 (GS1 General Specifications figure 7.11-1). */
export const SET_82 = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*$/;
/** Character set 39 of component and part identifiers (figure 7.11-2). */
export const SET_39 = /^[#\-/0-9A-Z]*$/;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const UPPER_HEX = '0123456789ABCDEF';
const LOWER_HEX = '0123456789abcdef';
/** TDS table 14-8; the first is the pad. */
const CODE_40 = '\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789';

const check = (text: string, set: RegExp): string =>
  set.test(text) ? text : malformed('EPC_CHARACTER', `${JSON.stringify(text)} holds a character that GS1 does not allow there`);

/** A fixed count of characters out of an alphabet whose size is a power of two. */
function readCharacters(reader: BitReader, alphabet: string, length: number): string {
  const bits = 31 - Math.clz32(alphabet.length);
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet.charAt(reader.number(bits));
  return text;
}

function writeCharacters(writer: BitWriter, alphabet: string, text: string): void {
  const bits = 31 - Math.clz32(alphabet.length);
  for (const char of text) writer.number(alphabet.indexOf(char), bits);
}

/** A number of exactly `length` digits, leading zeros kept (TDS section 14.5.6.1). */
export function readDigits(reader: BitReader, length: number): string {
  const text = reader.integer(bitsForDigits(length)).toString().padStart(length, '0');
  return text.length > length ? malformed('EPC_OVERFLOW', `${text} has more than ${length} digits`) : text;
}

export function writeDigits(writer: BitWriter, text: string): void {
  writer.integer(BigInt(text === '' ? '0' : text), bitsForDigits(text.length));
}

/** URN Code 40: 16 bits for 3 characters, value 1600a + 40b + c + 1 (TDS section 14.5.6.5). */
export function readCode40(reader: BitReader, length: number): string {
  let text = '';
  for (let at = 0; at < length; at += 3) {
    const value = reader.number(16) - 1;
    if (value < 0 || value >= 64_000) malformed('EPC_CHARACTER', `${value + 1} is no URN Code 40 value`);
    text += CODE_40.charAt(Math.floor(value / 1600)) + CODE_40.charAt(Math.floor(value / 40) % 40) + CODE_40.charAt(value % 40);
  }
  const [used, pad] = [text.slice(0, length), text.slice(length)];
  if (used.includes('\0') || /[^\0]/.test(pad)) malformed('EPC_CHARACTER', 'URN Code 40 text is not as long as its length says');
  return used;
}

export function writeCode40(writer: BitWriter, text: string): void {
  for (let at = 0; at < text.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((i) => CODE_40.indexOf(text.charAt(at + i) || '\0')) as [number, number, number];
    writer.number(1600 * a + 40 * b + c + 1, 16);
  }
}

interface TextMethod {
  readonly takes: RegExp;
  readonly read: (reader: BitReader, length: number, set: RegExp) => string;
  readonly write: (writer: BitWriter, text: string) => void;
}

/** By encoding indicator (TDS table E). */
const METHODS: readonly TextMethod[] = [
  { takes: /^\d+$/, read: readDigits, write: writeDigits },
  ...[UPPER_HEX, LOWER_HEX, BASE64URL].map((alphabet) => ({
    takes: new RegExp(`^[${alphabet.replace('-_', '_-')}]+$`),
    read: (reader: BitReader, length: number): string => readCharacters(reader, alphabet, length),
    write: (writer: BitWriter, text: string): void => writeCharacters(writer, alphabet, text),
  })),
  {
    takes: /^[\x21-\x7a]+$/,
    read: (reader, length, set) => {
      let text = '';
      for (let i = 0; i < length; i++) text += String.fromCharCode(reader.number(7));
      return check(text, set);
    },
    write: (writer, text) => {
      for (const char of text) writer.number(char.charCodeAt(0), 7);
    },
  },
  { takes: /^[0-9A-Z.:-]+$/, read: readCode40, write: writeCode40 },
];

/**
 * Variable-length alphanumeric text: 3-bit encoding indicator, length, characters (TDS section 14.5.6).
 * @param min 0 where the text may be missing
 * @throws Fault EPC_LENGTH, EPC_CHARACTER, EPC_OVERFLOW
 */
export function readText(reader: BitReader, lengthBits: number, min: number, max: number, set: RegExp): string {
  const indicator = reader.number(3);
  const length = reader.number(lengthBits);
  if (length < min || length > max) malformed('EPC_LENGTH', `a text of ${length} characters where ${min} to ${max} are allowed`);
  const method = METHODS[indicator];
  if (method === undefined) malformed('EPC_RESERVED', `encoding indicator ${indicator} is reserved`);
  return length === 0 ? '' : check(method.read(reader, length, set), set);
}

/** Writes text by `indicator`, or by the method that needs the fewest bits. @throws Fault EPC_UNENCODABLE */
export function writeText(writer: BitWriter, text: string, lengthBits: number, indicator?: number): void {
  const all = METHODS.map((method, i) => ({ method, i })).filter(
    ({ method, i }) => (indicator === undefined || i === indicator) && (text === '' || method.takes.test(text)),
  );
  const written = all.map(({ method, i }) => {
    const data = new BitWriter();
    if (text !== '') method.write(data, text);
    return { i, data };
  });
  const best = written.sort((a, b) => a.data.length - b.data.length)[0];
  if (best === undefined) malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} has no such encoding`);
  writer.number(best.i, 3);
  writer.number(text.length, lengthBits);
  writer.append(best.data);
}

/** Text of 7-bit characters in a field of `bits`, ended by zeros (TDS section 14.3.2). @throws Fault EPC_CHARACTER, EPC_RESERVED, EPC_OVERFLOW */
export function readPadded(reader: BitReader, bits: number, max: number): string {
  let text = '';
  let ended = false;
  for (let left = bits; left > 0; left -= 7) {
    const code = reader.number(Math.min(7, left));
    if (code === 0) ended = true;
    else if (ended || left < 7) malformed('EPC_RESERVED', 'bits after the end of a text are not zero');
    else text += String.fromCharCode(code);
  }
  if (text === '') malformed('EPC_LENGTH', 'the text of the serial or reference is empty');
  if (text.length > max) malformed('EPC_OVERFLOW', `a text of ${text.length} characters where ${max} are allowed`);
  return check(text, SET_82);
}

export function writePadded(writer: BitWriter, text: string, bits: number, max: number): void {
  if (text === '' || text.length > max || !SET_82.test(text)) {
    malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is not 1 to ${max} characters of GS1's set 82`);
  }
  for (const char of text) writer.number(char.charCodeAt(0), 7);
  writer.integer(0n, bits - 7 * text.length);
}

/** Text of 6-bit characters ended by six zero bits (TDS section 14.3.8): the low six bits of ASCII. */
export function readTerminated(reader: BitReader, max: number, set: RegExp): string {
  let text = '';
  for (;;) {
    const code = reader.number(6);
    if (code === 0) return check(text, set);
    text += sixBit(code);
    if (text.length > max) malformed('EPC_OVERFLOW', `a text of more than ${max} characters`);
  }
}

/** The character of six bits: 1 to 31 are letters from A, the others ASCII. */
export function sixBit(code: number): string {
  return String.fromCharCode(code < 32 ? code + 64 : code);
}

export function writeTerminated(writer: BitWriter, text: string, max: number, set: RegExp): void {
  if (text.length > max || !set.test(text))
    malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is not up to ${max} characters that fit six bits`);
  for (const char of text) writer.number(char.charCodeAt(0) & 63, 6);
  writer.number(0, 6);
}

/** A numeric string in a binary field: its digits behind a 1, so that leading zeros count (TDS section 14.3.6). */
export function readNumericString(reader: BitReader, bits: number, max: number): string {
  const digits = reader.integer(bits).toString();
  if (digits.charAt(0) !== '1' || digits.length === 1 || digits.length > max + 1) {
    malformed('EPC_OVERFLOW', `${digits} is no numeric string of 1 to ${max} digits behind a 1`);
  }
  return digits.slice(1);
}

export function writeNumericString(writer: BitWriter, text: string, bits: number, max: number): void {
  if (!/^\d+$/.test(text) || text.length > max) malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is not 1 to ${max} digits`);
  writer.integer(BigInt(`1${text}`), bits);
}
