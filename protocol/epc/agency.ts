import { type BitReader, BitWriter, malformed } from './bits.ts';
import type { DecodedEpc } from './decoded.ts';
import { HEADER_ADI, HEADER_GID, HEADER_USDOD } from './schemes.ts';
import { readTerminated, sixBit, writeTerminated } from './texts.ts';

/**
 * Schemes of other agencies than GS1: the general identifier, the United States Department of Defense, aerospace and defence (TDS sections
 * 14.6.8 GID-96, 14.6.9 USDoD-96, 14.6.10 ADI-var). They are valid EPCs without a GS1 key.
 */
export const AGENCY_BITS: Readonly<Record<number, number | undefined>> = { [HEADER_GID]: 96, [HEADER_USDOD]: 96 };

/** Five characters of a CAGE code or six of a DoDAAC, without I and O (TDS section 6.3.10). */
const CAGE = /^[A-HJ-NP-Z0-9]{5,6}$/;
const PART = /^[A-Z0-9/-]*$/;
/** A number sign in front says that the serial is not unique within the part (TDS section 6.3.11). */
const SERIAL = /^#?[A-Z0-9/-]+$/;
const MAX_PART = 32;
const MAX_SERIAL = 30;
const SIX_BIT = /^[#/A-Z0-9-]*$/;

/** Six characters of `bits` each; a space in front pads a code of five. */
function readCage(reader: BitReader, bits: 6 | 8): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += bits === 6 ? sixBit(reader.number(6)) : String.fromCharCode(reader.number(8));
  const code = text.startsWith(' ') ? text.slice(1) : text;
  return CAGE.test(code) ? code : malformed('EPC_CHARACTER', `${JSON.stringify(text)} is no CAGE code or DoDAAC`);
}

function writeCage(writer: BitWriter, code: string, bits: 6 | 8): void {
  if (!CAGE.test(code)) malformed('EPC_UNENCODABLE', `${JSON.stringify(code)} is no CAGE code or DoDAAC`);
  for (const char of code.padStart(6, ' ')) writer.number(bits === 6 ? char.charCodeAt(0) & 63 : char.charCodeAt(0), bits);
}

/** Reads what follows the header; undefined when the header is none of these. @throws Fault of the field that is malformed */
export function readAgency(reader: BitReader, header: number): DecodedEpc | undefined {
  if (header === HEADER_GID) {
    const [manager, itemClass, serial] = [28, 24, 36].map((bits) => String(reader.number(bits))) as [string, string, string];
    return { scheme: 'gid-96', uri: [manager, itemClass, serial], elements: [], serial };
  }
  if (header === HEADER_USDOD) {
    const filter = reader.number(4);
    const cage = readCage(reader, 8);
    const serial = String(reader.number(36));
    return { scheme: 'usdod-96', filter, uri: [cage, serial], elements: [], serial };
  }
  if (header !== HEADER_ADI) return undefined;
  const filter = reader.number(6);
  const cage = readCage(reader, 6);
  const part = readTerminated(reader, MAX_PART, PART);
  const serial = readTerminated(reader, MAX_SERIAL, SIX_BIT);
  if (!SERIAL.test(serial)) malformed('EPC_CHARACTER', `${JSON.stringify(serial)} is no serial number of ADI`);
  return { scheme: 'adi-var', filter, uri: [cage, part, serial], elements: [], serial };
}

function writeNumbers(writer: BitWriter, scheme: string, texts: readonly string[], bits: readonly number[]): void {
  if (texts.length !== bits.length || !texts.every((text) => /^(0|[1-9]\d*)$/.test(text))) {
    malformed('EPC_UNENCODABLE', `${scheme} takes ${bits.length} numbers without leading zeros, not ${texts.join('.')}`);
  }
  for (const [i, text] of texts.entries()) writer.integer(BigInt(text), bits[i] as number);
}

/** Hexadecimal from the components of a tag URI, unescaped; undefined when the scheme is none of these. @throws Fault EPC_UNENCODABLE */
export function writeAgency(scheme: string, filter: number, components: readonly string[]): string | undefined {
  const writer = new BitWriter();
  const [cage = '', ...rest] = components;
  switch (scheme) {
    case 'gid-96':
      writer.number(HEADER_GID, 8);
      writeNumbers(writer, scheme, components, [28, 24, 36]);
      break;
    case 'usdod-96':
      writer.number(HEADER_USDOD, 8);
      writer.number(filter, 4);
      writeCage(writer, cage, 8);
      writeNumbers(writer, scheme, rest, [36]);
      break;
    case 'adi-var': {
      const [part = '', serial = ''] = rest;
      if (rest.length !== 2 || !SERIAL.test(serial)) malformed('EPC_UNENCODABLE', `${components.join('.')} is no CAGE.part.serial`);
      writer.number(HEADER_ADI, 8);
      writer.number(filter, 6);
      writeCage(writer, cage, 6);
      writeTerminated(writer, part, MAX_PART, PART);
      writeTerminated(writer, serial, MAX_SERIAL, SERIAL);
      break;
    }
    default:
      return undefined;
  }
  return writer.hex();
}
