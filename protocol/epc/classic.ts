import { checkDigitOf } from '../gtin.ts';
import { type BitReader, BitWriter, malformed } from './bits.ts';
import type { DecodedEpc } from './decoded.ts';
import type { Element } from './identifiers.ts';
import { type Classic, PREFIX_BITS, type Tail } from './schemes.ts';
import { readNumericString, readPadded, readTerminated, SET_39, writeNumericString, writePadded, writeTerminated } from './texts.ts';

function readTail(reader: BitReader, tail: Tail): string | undefined {
  switch (tail.kind) {
    case 'none':
      return undefined;
    case 'zeros':
      if (reader.integer(tail.bits) !== 0n) malformed('EPC_RESERVED', `the last ${tail.bits} bits must be zero`);
      return undefined;
    case 'integer': {
      const value = reader.integer(tail.bits).toString();
      if (tail.digits !== undefined && value.length > tail.digits)
        malformed('EPC_OVERFLOW', `serial ${value} has over ${tail.digits} digits`);
      return value;
    }
    case 'numeric':
      return readNumericString(reader, tail.bits, tail.digits);
    case 'text':
      return readPadded(reader, tail.bits, tail.chars);
  }
}

/** A number of exactly `digits` digits in `bits`. */
function readFixed(reader: BitReader, bits: number, digits: number, name: string): string {
  const text = reader.integer(bits).toString().padStart(digits, '0');
  // A reference of no digits is the empty text (TDS section 14.4.3): of twelve digits of prefix.
  if (digits === 0 && text === '0') return '';
  return text.length > digits ? malformed('EPC_OVERFLOW', `${name} ${text} has over ${digits} digits`) : text;
}

function readReference(reader: BitReader, { reference, span, digits }: Classic, prefixBits: number, prefixDigits: number): string {
  const [bits, left] = [span - prefixBits, digits - prefixDigits];
  if (reference === 'digits') return readFixed(reader, bits, left, 'reference');
  if (reference === 'text') return readPadded(reader, bits, left);
  if (reference === 'integer') {
    const text = reader.integer(bits).toString();
    return text.length > left ? malformed('EPC_OVERFLOW', `reference ${text} has over ${left} digits`) : text;
  }
  return readTerminated(reader, left, SET_39) || malformed('EPC_LENGTH', 'the reference is empty');
}

/** The key's digits with their check digit. An indicator or extension digit goes from the reference to the front (TDS section 7). */
function keyOf(ai: string, prefix: string, reference: string): string {
  const digits = ['01', '8006', '00'].includes(ai) ? reference.charAt(0) + prefix + reference.slice(1) : prefix + reference;
  return digits + checkDigitOf(digits);
}

function elementsOf({ ai, serialAi }: Classic, components: readonly string[], serial: string | undefined): Element[] {
  const [prefix, reference] = components as [string, string];
  if (ai === '8004') return [[ai, prefix + reference]];
  if (ai === '8010')
    return [
      [ai, prefix + reference],
      [serialAi as string, serial as string],
    ];
  const key = keyOf(ai, prefix, reference);
  if (serialAi === undefined) return [[ai, `${ai === '8003' ? '0' : ''}${key}${serial ?? ''}`]];
  const value = ai === '8006' ? key + components[2] + components[3] : key;
  // The extension 0 says that the location has none (TDS section 7.5).
  return serialAi === '254' && serial === '0'
    ? [[ai, value]]
    : [
        [ai, value],
        [serialAi, serial as string],
      ];
}

/** Reads what follows the header of a classic scheme. @throws Fault of the field that is malformed */
export function readClassic(reader: BitReader, classic: Classic): DecodedEpc {
  const filter = reader.number(3);
  const partition = reader.number(3);
  const prefixBits = PREFIX_BITS[partition] ?? malformed('EPC_PARTITION', `partition ${partition} of ${classic.scheme} is invalid`);
  const prefixDigits = 12 - partition;
  const components = [readFixed(reader, prefixBits, prefixDigits, 'company prefix')];
  components.push(readReference(reader, classic, prefixBits, prefixDigits));
  if (classic.ai === '8006') components.push(readFixed(reader, 7, 2, 'piece'), readFixed(reader, 7, 2, 'total'));
  const serial = readTail(reader, classic.tail);
  if (serial !== undefined) components.push(serial);
  const elements = elementsOf(classic, components, serial);
  return { scheme: classic.scheme, filter, uri: components, elements, ...(serial === undefined ? {} : { serial }) };
}

function writeTail(writer: BitWriter, tail: Tail, text = ''): void {
  switch (tail.kind) {
    case 'none':
      break;
    case 'zeros':
      writer.integer(0n, tail.bits);
      break;
    case 'integer':
      writeInteger(writer, text, tail.bits, tail.digits ?? text.length);
      break;
    case 'numeric':
      writeNumericString(writer, text, tail.bits, tail.digits);
      break;
    case 'text':
      writePadded(writer, text, tail.bits, tail.chars);
      break;
  }
}

function writeInteger(writer: BitWriter, text: string, bits: number, digits: number): void {
  if (!/^(0|[1-9]\d*)$/.test(text) || text.length > digits) {
    malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is no number of up to ${digits} digits without leading zeros`);
  }
  writer.integer(BigInt(text), bits);
}

function writeFixed(writer: BitWriter, text: string, bits: number, digits: number): void {
  if (!/^\d*$/.test(text) || text.length !== digits) malformed('EPC_UNENCODABLE', `${JSON.stringify(text)} is not ${digits} digits`);
  writer.integer(BigInt(text === '' ? '0' : text), bits);
}

/** Hexadecimal of a classic scheme from the components of its URI, unescaped. @throws Fault EPC_UNENCODABLE */
export function writeClassic(classic: Classic, filter: number, components: readonly string[]): string {
  const [prefix = '', reference = ''] = components;
  const prefixBits = PREFIX_BITS[12 - prefix.length] ?? malformed('EPC_UNENCODABLE', `company prefix ${prefix} is not 6 to 12 digits`);
  const writer = new BitWriter();
  writer.number(classic.header, 8);
  writer.number(filter, 3);
  writer.number(12 - prefix.length, 3);
  writeFixed(writer, prefix, prefixBits, prefix.length);
  const [bits, left] = [classic.span - prefixBits, classic.digits - prefix.length];
  if (classic.reference === 'digits') writeFixed(writer, reference, bits, left);
  else if (classic.reference === 'text') writePadded(writer, reference, bits, left);
  else if (classic.reference === 'integer') writeInteger(writer, reference, bits, left);
  else writeTerminated(writer, reference || malformed('EPC_UNENCODABLE', 'the reference is empty'), left, SET_39);
  if (classic.ai === '8006') for (const part of [components[2], components[3]]) writeFixed(writer, part ?? '', 7, 2);
  const known = classic.ai === '8006' ? 4 : 2;
  const expected = known + (classic.tail.kind === 'none' || classic.tail.kind === 'zeros' ? 0 : 1);
  if (components.length !== expected)
    malformed('EPC_UNENCODABLE', `${classic.scheme} has ${expected} components, not ${components.length}`);
  writeTail(writer, classic.tail, components[known]);
  return writer.hex();
}

/**
 * The components of a classic URI from element strings, which do not tell where the company prefix ends.
 * @throws Fault EPC_UNENCODABLE, EPC_CHECK_DIGIT
 */
export function componentsOf(
  { scheme, ai, serialAi, digits, tail }: Classic,
  elements: readonly Element[],
  prefixDigits: number,
): string[] {
  const find = (wanted: string): string | undefined => elements.find(([one]) => one === wanted)?.[1];
  const value = find(ai) ?? malformed('EPC_UNENCODABLE', `${scheme} needs (${ai})`);
  if (ai === '8004' || ai === '8010') {
    const serial = serialAi === undefined ? [] : [find(serialAi) ?? malformed('EPC_UNENCODABLE', `${scheme} needs (${serialAi})`)];
    return [value.slice(0, prefixDigits), value.slice(prefixDigits), ...serial];
  }
  const key = ai === '8003' ? value.slice(1) : value;
  if (!/^\d+$/.test(key.slice(0, digits + 1)) || checkDigitOf(key.slice(0, digits)) !== Number(key.charAt(digits))) {
    malformed('EPC_CHECK_DIGIT', `(${ai})${value}: the check digit is not right`);
  }
  const moved = ['01', '8006', '00'].includes(ai) ? 1 : 0;
  const end = moved + prefixDigits;
  const out = [key.slice(moved, end), key.slice(0, moved) + key.slice(end, digits)];
  if (ai === '8006') out.push(key.slice(14, 16), key.slice(16, 18));
  if (tail.kind === 'zeros') return out;
  if (serialAi === undefined) return [...out, key.slice(digits + 1)];
  return [...out, find(serialAi) ?? (serialAi === '254' ? '0' : malformed('EPC_UNENCODABLE', `${scheme} needs (${serialAi})`))];
}
