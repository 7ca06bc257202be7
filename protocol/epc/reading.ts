import { fromHex } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { AGENCY_BITS, readAgency } from './agency.ts';
import { BitReader, malformed } from './bits.ts';
import { readClassic } from './classic.ts';
import type { DecodedEpc } from './decoded.ts';
import { readPlus } from './plus.ts';
import { CLASSICS, PLUSES } from './schemes.ts';

/**
 * What a tag's memory says: an EPC of a known scheme, something that is no EPC (TDS section 12.4 writes it as `urn:epc:raw:`), or bits of
 * a known scheme that contradict it. Ledger and tracking count all three; only whoever asks for an identity needs to tell them apart.
 */
export type EpcReading =
  | { readonly kind: 'epc'; readonly epc: DecodedEpc }
  | { readonly kind: 'raw'; readonly hex: string; readonly uri: string; readonly reason: 'unprogrammed' | 'tid' | 'scheme' | 'iso' }
  | { readonly kind: 'malformed'; readonly code: string; readonly message: string };

/** The length in the PC word has five bits: 31 words of 16 bits (TDS section 9.1). */
const MAX_DIGITS = 124;
/** PC and XPC words that a host may have left in front. */
const MAX_LINE = MAX_DIGITS + 8;
/** Of 96 bits: nearly every tag. */
const USUAL_DIGITS = 24;
/** Bits of the PC word: an XPC word follows; an ISO application family instead of an EPC (TDS section 9.3). */
const PC_XPC = 0x0200;
const PC_ISO = 0x0100;

const classics = new Map(CLASSICS.map((classic) => [classic.header, classic]));
const pluses = new Map(PLUSES.map((plus) => [plus.header, plus]));

const bad = (code: string, message: string): EpcReading => ({ kind: 'malformed', code, message });

interface Attempt {
  readonly reading: EpcReading;
  /** The digits are as many as the scheme writes: to the nibble, or to the word as memory holds it. */
  readonly exact: boolean;
  /** The scheme that was read well, when bits behind it are not zero. */
  readonly over?: string;
}

function readScheme(reader: BitReader, header: number): DecodedEpc | undefined {
  const classic = classics.get(header);
  const plus = pluses.get(header);
  const bits = classic?.bits ?? AGENCY_BITS[header];
  if (bits !== undefined && reader.left < bits - 8) {
    malformed('EPC_LENGTH', `header ${header.toString(16)} asks for ${bits} bits, there are ${reader.left + 8}`);
  }
  if (classic !== undefined) return readClassic(reader, classic);
  return plus === undefined ? readAgency(reader, header) : readPlus(reader, plus);
}

/** Reads hexadecimal digits, upper case, as one EPC from its header on. */
function attempt(hex: string): Attempt {
  const bytes = fromHex(hex.length % 2 === 0 ? hex : `${hex}0`) as Uint8Array;
  const bits = hex.length * 4;
  try {
    const reader = new BitReader(bytes, bits);
    const header = reader.number(8);
    const epc = readScheme(reader, header);
    if (epc === undefined) {
      if (hex.length % 2 !== 0) malformed('EPC_ODD_DIGITS', `${hex.length} hexadecimal digits are not whole bytes`);
      return { reading: rawReading(hex, header === 0 ? 'unprogrammed' : header === 0xe2 ? 'tid' : 'scheme'), exact: false };
    }
    const nibbles = Math.ceil(reader.at / 4);
    const exact = hex.length === nibbles || bits === Math.ceil(reader.at / 16) * 16;
    if (!reader.restIsZero()) {
      const message = `${epc.scheme} ends after ${reader.at} bits, and what follows is not zero`;
      return { reading: bad('EPC_LENGTH', message), exact: false, over: epc.scheme };
    }
    // Half a byte is the end of an EPC written without its fill, and nothing else.
    if (hex.length % 2 !== 0 && hex.length !== nibbles) malformed('EPC_ODD_DIGITS', `${hex.length} hexadecimal digits are not whole bytes`);
    return { reading: { kind: 'epc', epc }, exact };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { reading: bad(error.code, error.message), exact: false };
  }
}

function rawReading(hex: string, reason: 'unprogrammed' | 'tid' | 'scheme' | 'iso', afi?: string): EpcReading {
  return { kind: 'raw', hex, uri: `urn:epc:raw:${hex.length * 4}.x${afi === undefined ? '' : `${afi}.x`}${hex}`, reason };
}

interface Behind {
  readonly rest: string;
  /** Of an ISO tag; undefined where an EPC follows. */
  readonly afi: string | undefined;
  /** The bits beside length and indicators are as a usual tag has them: zero, but for hazardous goods. */
  readonly plain: boolean;
  /** As many words in front as the word itself announces. */
  readonly whole: boolean;
}

/** What stands behind a PC word in front of an EPC, when its length is right: some hosts hand it over with the EPC. */
function behindPc(hex: string): Behind | undefined {
  const pc = Number.parseInt(hex.slice(0, 4), 16);
  const digits = (pc >> 11) * 4;
  const skipped = hex.length - digits;
  const announced = (pc & PC_XPC) === 0 ? 4 : 8;
  if (digits === 0 || !(skipped === 4 || skipped === announced)) return undefined;
  const afi = (pc & PC_ISO) === 0 ? undefined : hex.slice(2, 4);
  return { rest: hex.slice(skipped), afi, plain: (pc & 0xff) <= 1, whole: skipped === announced };
}

/** Chooses between the digits as one EPC and as a PC word with something behind it. */
function choose(hex: string, { reading, over }: Attempt, { rest, afi, plain, whole }: Behind): EpcReading {
  const usual = reading.kind === 'raw' && hex.length === USUAL_DIGITS;
  if (afi !== undefined) {
    // The 24 zero bits of an SSCC-96 are no accident: it is one, with something behind it.
    return reading.kind === 'epc' || over === 'sscc-96' || usual || !whole ? reading : rawReading(rest, 'iso', afi);
  }
  const inner = attempt(rest).reading;
  if (inner.kind === 'epc' && (plain || reading.kind !== 'epc')) return inner;
  return reading.kind === 'epc' || usual || !plain || !whole ? reading : inner;
}

/** Reads bytes in upper-case hexadecimal as one EPC from its header on, as a reader hands them over. Never throws. */
export function readWhole(hex: string): EpcReading {
  return hex.length % 2 === 0 && hex.length > 0 && /^[0-9A-F]*$/.test(hex) ? attempt(hex).reading : bad('EPC_NOT_HEX', 'no whole bytes');
}

/**
 * Reads an EPC in hexadecimal of any case; blanks are left out. A PC word in front is recognised by its length and left out; it alone says
 * whether the bits are an EPC or follow ISO. Never throws.
 */
export function readEpc(text: string): EpcReading {
  const hex = text.replace(/\s+/g, '').toUpperCase();
  if (hex === '') return bad('EPC_EMPTY', 'there are no digits');
  if (!/^[0-9A-F]*$/.test(hex)) return bad('EPC_NOT_HEX', `${JSON.stringify(hex.slice(0, 40))} is not hexadecimal`);
  if (hex.length === 1) return bad('EPC_ODD_DIGITS', '1 hexadecimal digit is not whole bytes');
  if (hex.length > MAX_LINE) return tooLong(hex);
  const whole = attempt(hex);
  if (whole.exact && hex.length <= MAX_DIGITS) return whole.reading;
  const behind = behindPc(hex);
  if (behind !== undefined) return choose(hex, whole, behind);
  return hex.length > MAX_DIGITS ? tooLong(hex) : whole.reading;
}

function tooLong(hex: string): EpcReading {
  return bad('EPC_LENGTH', `${hex.length} digits, more than the ${MAX_DIGITS} of the longest EPC`);
}
