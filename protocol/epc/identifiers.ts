import { checkDigitOf } from '../gtin.ts';
import { type BitReader, type BitWriter, bitsForLength, malformed } from './bits.ts';
import { readDate, readTime, writeDate, writeTime } from './dates.ts';
import { readDigits, readText, SET_39, SET_82, writeDigits, writeText } from './texts.ts';

/** A GS1 Application Identifier with its value, unescaped. */
export type Element = readonly [ai: string, value: string];

/**
 * How values of application identifiers stand in an EPC (TDS table F). One letter and a count a component:
 * N digits of 4 bits (14.5.4), I integer of fixed length (14.5.2), V digits with a length (14.5.13), X text (14.5.6), x the same and may
 * be missing, M digits that may turn into text (14.5.5), D date (14.5.8), T date and hhmm (14.5.9), R date or range (14.5.10), P date and
 * time of some precision (14.5.11), C country (14.5.12), B one bit (14.5.7), S minus sign (14.5.14), Q sequence n/m (14.5.15).
 */
const FORMATS: readonly (readonly [ais: string, format: string])[] = [
  ['00 8006 8017 8018 8026', 'N18'],
  ['01 02', 'N14'],
  ['410 411 412 413 414 415 416 417', 'N13'],
  ['7241', 'N2'],
  ['253', 'N13 x17'],
  ['255', 'N13 v12'],
  ['8003', 'N14 x16'],
  ['11 12 13 15 16 17 4326 7006', 'D'],
  ['4324 4325 7003', 'T'],
  ['7007', 'R'],
  ['7011 8008', 'P'],
  ['7252', 'I1'],
  ['20', 'I2'],
  ['422 424 426', 'I3'],
  ['394n3 8111', 'I4'],
  ['310n5 311n5 312n5 313n5 314n5 315n5 316n5 395n3 8005', 'I6'],
  ['320n5 321n5 322n5 323n5 324n5 325n5 326n5 327n5 328n5 329n5', 'I6'],
  ['330n5 331n5 332n5 333n5 334n5 335n5 336n5 337n5', 'I6'],
  ['340n5 341n5 342n5 343n5 344n5 345n5 346n5 347n5 348n5 349n5', 'I6'],
  ['350n5 351n5 352n5 353n5 354n5 355n5 356n5 357n5', 'I6'],
  ['360n5 361n5 362n5 363n5 364n5 365n5 366n5 367n5 368n5 369n5', 'I6'],
  ['433n3', 'I6 S'],
  ['7250', 'I8'],
  ['7251', 'I12'],
  ['7001', 'I13'],
  ['8001', 'I14'],
  ['402', 'I17'],
  ['4309', 'I20'],
  ['391n9 393n9', 'I3 V15'],
  ['421', 'I3 X9'],
  ['703n9', 'I3 X27'],
  ['7004', 'V4'],
  ['242', 'V6'],
  ['30 37', 'V8'],
  ['8019', 'V10'],
  ['8011', 'V12'],
  ['390n9 392n9 423 425', 'V15'],
  ['7010', 'X2'],
  ['427 7008', 'X3'],
  ['7040 7041', 'X4'],
  ['7009 7255', 'X10'],
  ['7005', 'X12'],
  ['10 21 22 243 254 420 4318 7020 7021 7022 710 711 712 713 714 715 716 7240 8002 8012', 'X20'],
  ['8007', 'X24'],
  ['7242 8013 8020', 'X25'],
  ['235', 'X28'],
  ['240 241 250 251 400 401 403 4308 4319 7002 723n9 90', 'X30'],
  ['4300 4301 4310 4311 4320', 'X35'],
  ['7253 7254 7259', 'X40'],
  ['8009', 'X50'],
  ['4302 4303 4304 4305 4306 4312 4313 4314 4315 4316 7257 8110 8112 8200', 'X70'],
  ['7256 8030 91 92 93 94 95 96 97 98 99', 'X90'],
  ['7023 8004 8010', 'M30'],
  ['4307 4317', 'C'],
  ['4321 4322 4323', 'B'],
  ['7258', 'Q'],
];

interface Component {
  readonly kind: string;
  readonly size: number;
}

const TABLE_F = new Map<string, readonly Component[]>();
for (const [ais, format] of FORMATS) {
  const components = format.split(' ').map((part) => ({ kind: part.charAt(0), size: Number(part.slice(1)) }));
  for (const one of ais.split(' ')) {
    const [stem, last] = one.split('n') as [string, string?];
    if (last === undefined) TABLE_F.set(stem, components);
    else for (let n = 0; n <= Number(last); n++) TABLE_F.set(`${stem}${n}`, components);
  }
}

/** How many digits an AI has by its first two (TDS table K); 0 where no AI begins so. */
const AI_DIGITS = new Map<string, number>();
for (const ai of TABLE_F.keys()) AI_DIGITS.set(ai.slice(0, 2), ai.length);

/** Digits of a value that end in a check digit, from its start. */
const CHECKED = new Map<string, number>([
  ...['00', '8017', '8018'].map((ai) => [ai, 18] as const),
  ...['01', '02', '8003', '8006', '8026'].map((ai) => [ai, 14] as const),
  ...['253', '255', '410', '411', '412', '413', '414', '415', '416', '417'].map((ai) => [ai, 13] as const),
  ['402', 17],
]);

const setOf = (ai: string): RegExp => (ai === '8010' ? SET_39 : SET_82);

/** Digits of 4 bits each. */
function readNibbles(reader: BitReader, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) {
    const nibble = reader.number(4);
    if (nibble > 9) malformed('EPC_CHARACTER', `${nibble.toString(16).toUpperCase()} stands where a digit must`);
    text += nibble;
  }
  return text;
}

/** Digits, ended by 1111; or 1110 and text for the rest (TDS section 14.5.5). */
function readDelimited(reader: BitReader, max: number, set: RegExp): string {
  let text = '';
  for (;;) {
    const nibble = reader.number(4);
    if (nibble === 15) break;
    if (nibble === 14) {
      text += readText(reader, bitsForLength(max), 1, max, set);
      break;
    }
    if (nibble > 9) malformed('EPC_CHARACTER', `${nibble.toString(16).toUpperCase()} stands where a digit must`);
    text += nibble;
    if (text.length > max) break;
  }
  if (text.length === 0 || text.length > max) malformed('EPC_LENGTH', `a value of ${text.length} characters where 1 to ${max} are allowed`);
  return text;
}

function readCounted(reader: BitReader, min: number, max: number): string {
  const length = reader.number(bitsForLength(max));
  if (length < min || length > max) malformed('EPC_LENGTH', `a number of ${length} digits where ${min} to ${max} are allowed`);
  return length === 0 ? '' : readDigits(reader, length);
}

function readComponent(reader: BitReader, { kind, size }: Component, set: RegExp): string {
  switch (kind) {
    case 'N':
      return readNibbles(reader, size);
    case 'I':
      return readDigits(reader, size);
    case 'V':
    case 'v':
      return readCounted(reader, kind === 'V' ? 1 : 0, size);
    case 'X':
    case 'x':
      return readText(reader, bitsForLength(size), kind === 'X' ? 1 : 0, size, set);
    case 'M':
      return readDelimited(reader, size, set);
    case 'D':
      return readDate(reader);
    case 'T':
      return readDate(reader) + readTime(reader, 2);
    case 'R':
      return reader.number(1) === 0 ? readDate(reader) : readDate(reader) + readDate(reader);
    case 'P': {
      // 00 hours, 01 minutes, 10 seconds, 11 the day alone.
      const precision = reader.number(2);
      return readDate(reader) + (precision === 3 ? '' : readTime(reader, precision + 1));
    }
    case 'C': {
      const letters = [reader.number(6), reader.number(6)];
      if (letters.some((letter) => letter > 25)) malformed('EPC_CHARACTER', 'a country code is not two letters');
      return String.fromCharCode(...letters.map((letter) => letter + 65));
    }
    case 'B':
      return String(reader.number(1));
    case 'S':
      return reader.number(1) === 1 ? '-' : '';
    default: {
      const text = readNibbles(reader, 2);
      return text.includes('0') ? malformed('EPC_CHARACTER', 'a sequence counts from 1') : `${text.charAt(0)}/${text.charAt(1)}`;
    }
  }
}

function checkKey(ai: string, value: string): void {
  const digits = CHECKED.get(ai);
  if (digits !== undefined && checkDigitOf(value.slice(0, digits - 1)) !== Number(value.charAt(digits - 1))) {
    malformed('EPC_CHECK_DIGIT', `(${ai})${value}: the check digit is not right`);
  }
  if (ai === '8003' && value.charAt(0) !== '0') malformed('EPC_RESERVED', `(${ai})${value} must begin with 0`);
}

/**
 * The value of an AI as an EPC holds it, check digit verified.
 * @throws Fault EPC_AI, EPC_LENGTH, EPC_CHARACTER, EPC_OVERFLOW, EPC_CHECK_DIGIT, EPC_DATE, EPC_RESERVED
 */
export function readValue(reader: BitReader, ai: string): string {
  const components = TABLE_F.get(ai) ?? malformed('EPC_AI', `(${ai}) is no application identifier that an EPC may hold`);
  const value = components.map((component) => readComponent(reader, component, setOf(ai))).join('');
  checkKey(ai, value);
  return value;
}

/** The AI at the reader: two digits of 4 bits, then as many as these ask for (TDS section 15.3). @throws Fault EPC_AI */
export function readAi(reader: BitReader): string {
  const start = reader.number(8).toString(16).padStart(2, '0');
  const digits = AI_DIGITS.get(start) ?? malformed('EPC_AI', `no application identifier begins with ${start}`);
  return start + readNibbles(reader, digits - 2);
}

export function writeAi(writer: BitWriter, ai: string): void {
  if (!TABLE_F.has(ai)) malformed('EPC_UNENCODABLE', `(${ai}) is no application identifier that an EPC may hold`);
  for (const digit of ai) writer.number(Number(digit), 4);
}

function writeNibbles(writer: BitWriter, text: string): void {
  if (!/^\d*$/.test(text)) malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is not digits`);
  for (const digit of text) writer.number(Number(digit), 4);
}

/** Writes what the component takes from the start of `text`; returns the rest. */
function writeComponent(writer: BitWriter, { kind, size }: Component, text: string, indicator: number | undefined): string {
  switch (kind) {
    case 'N':
      writeNibbles(writer, text.slice(0, size));
      return text.slice(size);
    case 'I':
      writeDigits(writer, text.slice(0, size));
      return text.slice(size);
    case 'V':
    case 'v':
      writer.number(text.length, bitsForLength(size));
      writeDigits(writer, text);
      return '';
    case 'X':
    case 'x':
      writeText(writer, text, bitsForLength(size), indicator);
      return '';
    case 'M': {
      const digits = /^\d*/.exec(text)?.[0] ?? '';
      writeNibbles(writer, digits);
      writer.number(digits === text ? 15 : 14, 4);
      if (digits !== text) writeText(writer, text.slice(digits.length), bitsForLength(size), indicator);
      return '';
    }
    case 'D':
      writeDate(writer, text);
      return '';
    case 'T':
      writeDate(writer, text.slice(0, 6));
      writeTime(writer, text.slice(6));
      return '';
    case 'R':
      writer.number(text.length > 6 ? 1 : 0, 1);
      writeDate(writer, text.slice(0, 6));
      if (text.length > 6) writeDate(writer, text.slice(6));
      return '';
    case 'P':
      writer.number(text.length === 6 ? 3 : text.length / 2 - 4, 2);
      writeDate(writer, text.slice(0, 6));
      if (text.length > 6) writeTime(writer, text.slice(6));
      return '';
    case 'C':
      for (const letter of text) writer.number(letter.charCodeAt(0) - 65, 6);
      return '';
    case 'B':
      writer.number(Number(text), 1);
      return '';
    case 'S':
      writer.number(text === '-' ? 1 : 0, 1);
      return '';
    default:
      writeNibbles(writer, text.replace('/', ''));
      return '';
  }
}

/** What a value of these components looks like. */
function shape(components: readonly Component[]): RegExp {
  const parts = components.map(({ kind, size }) => {
    if (kind === 'N' || kind === 'I') return `\\d{${size}}`;
    if (kind === 'V' || kind === 'v') return `\\d{${kind === 'V' ? 1 : 0},${size}}`;
    if (kind === 'X' || kind === 'x' || kind === 'M') return `[\\x21-\\x7a]{${kind === 'x' ? 0 : 1},${size}}`;
    return (
      { D: '\\d{6}', T: '\\d{10}', R: '\\d{6}(\\d{6})?', P: '\\d{6}(\\d\\d){0,3}', C: '[A-Z]{2}', B: '[01]', S: '-?' }[kind] ??
      '[1-9]/[1-9]'
    );
  });
  return new RegExp(`^${parts.join('')}$`);
}

/**
 * Writes the value of an AI. `indicator` forces the encoding of its text (TDS table E), for tests of readers.
 * @throws Fault EPC_UNENCODABLE, EPC_CHECK_DIGIT, EPC_RESERVED
 */
export function writeValue(writer: BitWriter, ai: string, value: string, indicator?: number): void {
  const components = TABLE_F.get(ai) ?? malformed('EPC_UNENCODABLE', `(${ai}) is no application identifier that an EPC may hold`);
  if (!shape(components).test(value) || !(setOf(ai).test(value) || components.some(({ kind }) => 'QS'.includes(kind)))) {
    malformed('EPC_UNENCODABLE', `${JSON.stringify(value)} is no value of (${ai})`);
  }
  checkKey(ai, value);
  let rest = value;
  for (const component of components) rest = writeComponent(writer, component, rest, indicator);
}

/** Every AI of table F. */
export const IDENTIFIERS: readonly string[] = [...TABLE_F.keys()];
