import { type BitReader, BitWriter, malformed } from './bits.ts';
import { readDate, writeDate } from './dates.ts';
import type { DecodedEpc } from './decoded.ts';
import { readHostname, writeHostname } from './hostname.ts';
import { type Element, readAi, readValue, writeAi, writeValue } from './identifiers.ts';
import { DATE_AIS, type Plus } from './schemes.ts';

/** An SSCC that begins in the fill would need its AI and 18 digits. */
const SSCC_BITS = 72;

/** Where the serial stands in the value of a key that holds it. */
const SERIAL_AT: Readonly<Record<string, number>> = { '253': 13, '255': 13, '8003': 14 };

/** The values that follow the EPC when its toggle says so, to the fill at the end (TDS section 15.3). */
function readAidc(reader: BitReader, before: readonly Element[]): Element[] {
  const out: Element[] = [];
  while (reader.left >= 8 && !reader.restIsZero()) {
    if (reader.peek(8) === 0 && reader.left < 8 + SSCC_BITS) break;
    const ai = readAi(reader);
    const value = readValue(reader, ai);
    const known = [...before, ...out].find(([one]) => one === ai);
    if (known === undefined) out.push([ai, value]);
    else if (known[1] !== value) malformed('EPC_AI', `(${ai}) stands twice, as ${known[1]} and as ${value}`);
  }
  return out;
}

/** Reads what follows the header of a "+" or "++" scheme. @throws Fault of the field that is malformed */
export function readPlus(reader: BitReader, { scheme, ais, dated, hosted }: Plus): DecodedEpc {
  const followed = reader.number(1) === 1;
  const filter = reader.number(3);
  const dates: Element[] = [];
  if (dated) {
    const type = reader.number(4);
    const ai = DATE_AIS[type] ?? malformed('EPC_RESERVED', `date type ${type} of ${scheme} is reserved`);
    dates.push([ai, readDate(reader)]);
  }
  const keys = ais.map((ai): Element => [ai, readValue(reader, ai)]);
  const [key, second] = keys as [Element, Element?];
  const serialAt = SERIAL_AT[key[0]];
  const serial = serialAt === undefined ? second?.[1] : key[1].slice(serialAt);
  if (serial === '') malformed('EPC_LENGTH', `(${key[0]})${key[1]} has no serial`);
  const hostname = hosted ? readHostname(reader) : undefined;
  // The extension 0 says that the location has none (TDS section 7.5).
  const named = keys.filter(([ai, value]) => ai !== '254' || value !== '0');
  const elements = [...named, ...dates];
  if (followed) elements.push(...readAidc(reader, elements));
  return { scheme, filter, elements, ...(serial === undefined ? {} : { serial }), ...(hostname === undefined ? {} : { hostname }) };
}

export interface PlusFields {
  readonly filter?: number;
  /** Key and qualifiers of the scheme, a date for DSGTIN; all others become +AIDC data. */
  readonly elements: readonly Element[];
  readonly hostname?: string;
  /** Forces the encoding of every text (TDS table E) and of the hostname: an encoder takes the shortest, a reader must know all. */
  readonly indicator?: number;
  readonly hostnameMethod?: 'code40' | 'sevenBit';
}

/** Hexadecimal of a "+" or "++" scheme. @throws Fault EPC_UNENCODABLE, EPC_CHECK_DIGIT */
export function writePlus({ scheme, header, ais, dated, hosted }: Plus, fields: PlusFields): string {
  const { filter = 0, elements, hostname, indicator, hostnameMethod } = fields;
  const rest = new Map(elements);
  const take = (ai: string): string => {
    const value = rest.get(ai) ?? (ai === '254' ? '0' : malformed('EPC_UNENCODABLE', `${scheme} needs (${ai})`));
    rest.delete(ai);
    return value;
  };
  const keys = ais.map((ai): Element => [ai, take(ai)]);
  const date = dated ? DATE_AIS.findIndex((ai) => rest.has(ai)) : undefined;
  const writer = new BitWriter();
  writer.number(header, 8);
  writer.number(rest.size > (dated ? 1 : 0) ? 1 : 0, 1);
  writer.number(filter, 3);
  if (date !== undefined) {
    const ai = DATE_AIS[date] ?? malformed('EPC_UNENCODABLE', `${scheme} needs a date: one of ${DATE_AIS.join(', ')}`);
    writer.number(date, 4);
    writeDate(writer, take(ai));
  }
  for (const [ai, value] of keys) {
    if (value.length === SERIAL_AT[ai]) malformed('EPC_UNENCODABLE', `(${ai})${value} has no serial`);
    writeValue(writer, ai, value, indicator);
  }
  if (hosted) writeHostname(writer, hostname ?? malformed('EPC_UNENCODABLE', `${scheme} needs a hostname`), hostnameMethod);
  else if (hostname !== undefined) malformed('EPC_UNENCODABLE', `${scheme} holds no hostname`);
  for (const [ai, value] of rest) {
    writeAi(writer, ai);
    writeValue(writer, ai, value, indicator);
  }
  return writer.hex();
}
