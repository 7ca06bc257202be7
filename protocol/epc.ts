import { fromHex, toHex } from './bytes.ts';
import { checkDigit, checkDigitOf } from './gtin.ts';

/**
 * EPC binary encodings to GS1 keys (GS1 EPC Tag Data Standard 2.3, sections 14.6.1 SGTIN and 14.6.2 SSCC).
 * A tag that is not a valid SGTIN-96 or SSCC-96 stays countable as its raw hexadecimal: nothing is dropped.
 */
export type Epc =
  | { readonly scheme: 'sgtin-96'; readonly gtin: string; readonly serial: number; readonly filter: number }
  | { readonly scheme: 'sscc-96'; readonly sscc: string; readonly filter: number }
  | { readonly scheme: 'raw'; readonly hex: string; readonly reason: RawReason };

/** Why a tag is not a GS1 key: for counters, and for the to-do of whoever maps it. */
export type RawReason = 'length' | 'unprogrammed' | 'tid' | 'scheme' | 'partition' | 'overflow' | 'reserved';

const HEADER_SGTIN_96 = 0x30;
const HEADER_SSCC_96 = 0x31;
const EPC_96_BYTES = 12;

/** Company prefix bits and digits by partition value (TDS table 14-2 and 14-5); 7 is invalid. */
const PREFIX_BITS = [40, 37, 34, 30, 27, 24, 20] as const;
const PREFIX_DIGITS = [12, 11, 10, 9, 8, 7, 6] as const;
const POWER_10 = Array.from({ length: 16 }, (_, i) => 10 ** i);
const POWER_2 = Array.from({ length: 53 }, (_, i) => 2 ** i);

/** The largest serial of an SGTIN-96: 38 bits. */
export const MAX_SERIAL = 2 ** 38 - 1;

/** `count` bits (at most 52) from bit `from` of the bytes at `start`, as a number: no BigInt on the hot path. */
function bits(bytes: Uint8Array, start: number, from: number, count: number): number {
  let value = 0;
  let bit = from;
  let left = count;
  while (left > 0) {
    const offset = bit & 7;
    const take = Math.min(8 - offset, left);
    const byte = bytes[start + (bit >> 3)] as number;
    const part = (byte >> (8 - offset - take)) & ((1 << take) - 1);
    value = value * (1 << take) + part;
    bit += take;
    left -= take;
  }
  return value;
}

const raw = (bytes: Uint8Array, start: number, length: number, reason: RawReason): Epc => ({
  scheme: 'raw',
  hex: toHex(bytes, start, length),
  reason,
});

/**
 * Decodes the EPC of `length` bytes at `start`. Bytes beyond the 96 bits must be zero fill.
 * Never throws: what is no SGTIN-96 or SSCC-96 comes back as scheme `raw` with the reason.
 */
export function decodeEpc(bytes: Uint8Array, start = 0, length = bytes.length - start): Epc {
  if (length < EPC_96_BYTES) return raw(bytes, start, length, 'length');
  for (let i = EPC_96_BYTES; i < length; i++) if (bytes[start + i] !== 0) return raw(bytes, start, length, 'length');
  const header = bytes[start];
  if (header === 0) return raw(bytes, start, length, 'unprogrammed');
  if (header === 0xe2) return raw(bytes, start, length, 'tid');
  if (header !== HEADER_SGTIN_96 && header !== HEADER_SSCC_96) return raw(bytes, start, length, 'scheme');
  const filter = bits(bytes, start, 8, 3);
  const partition = bits(bytes, start, 11, 3);
  const prefixBits = PREFIX_BITS[partition];
  const prefixDigits = PREFIX_DIGITS[partition];
  if (prefixBits === undefined || prefixDigits === undefined) return raw(bytes, start, length, 'partition');
  const prefix = bits(bytes, start, 14, prefixBits);
  if (prefix >= (POWER_10[prefixDigits] as number)) return raw(bytes, start, length, 'overflow');

  if (header === HEADER_SGTIN_96) {
    const digits = 13 - prefixDigits;
    const reference = bits(bytes, start, 14 + prefixBits, 44 - prefixBits);
    const scale = POWER_10[digits - 1] as number;
    if (reference >= scale * 10) return raw(bytes, start, length, 'overflow');
    // The reference's first digit is the indicator, which a GTIN-14 carries in front of the company prefix.
    const indicator = Math.floor(reference / scale);
    const key = indicator * 1e12 + prefix * scale + (reference - indicator * scale);
    return {
      scheme: 'sgtin-96',
      gtin: String(key * 10 + checkDigit(key)).padStart(14, '0'),
      serial: bits(bytes, start, 58, 38),
      filter,
    };
  }
  const digits = 17 - prefixDigits;
  const reference = bits(bytes, start, 14 + prefixBits, 58 - prefixBits);
  if (reference >= (POWER_10[digits] as number)) return raw(bytes, start, length, 'overflow');
  if (bits(bytes, start, 72, 24) !== 0) return raw(bytes, start, length, 'reserved');
  const text = String(reference).padStart(digits, '0');
  const key = text.charAt(0) + String(prefix).padStart(prefixDigits, '0') + text.slice(1);
  return { scheme: 'sscc-96', sscc: key + checkDigitOf(key), filter };
}

/** Decodes an EPC given as hexadecimal of any case; odd or non-hexadecimal text comes back as raw. */
export function decodeEpcHex(hex: string): Epc {
  const bytes = fromHex(hex);
  return bytes === undefined ? { scheme: 'raw', hex: hex.toUpperCase(), reason: 'length' } : decodeEpc(bytes);
}

function setBits(bytes: Uint8Array, from: number, count: number, value: number): void {
  for (let i = 0; i < count; i++) {
    const bit = Math.floor(value / (POWER_2[count - 1 - i] as number)) % 2;
    const at = from + i;
    if (bit === 1) bytes[at >> 3] = (bytes[at >> 3] as number) | (0x80 >> (at & 7));
  }
}

/**
 * The SGTIN-96 of a GTIN-14 and a serial, as 24 upper-case hexadecimal digits.
 * `prefixDigits` is the length of the GS1 company prefix (6 to 12), which a GTIN does not tell.
 * @throws RangeError when the serial exceeds 38 bits or the prefix length is not 6 to 12.
 */
export function encodeSgtin96(gtin: string, serial: number, prefixDigits: number, filter = 1): string {
  const partition = 12 - prefixDigits;
  const prefixBits = PREFIX_BITS[partition];
  if (prefixBits === undefined || !Number.isInteger(serial) || serial < 0 || serial > MAX_SERIAL) {
    throw new RangeError(`no SGTIN-96 for prefix length ${prefixDigits} and serial ${serial}`);
  }
  const bytes = new Uint8Array(EPC_96_BYTES);
  bytes[0] = HEADER_SGTIN_96;
  setBits(bytes, 8, 3, filter);
  setBits(bytes, 11, 3, partition);
  setBits(bytes, 14, prefixBits, Number(gtin.slice(1, 1 + prefixDigits)));
  setBits(bytes, 14 + prefixBits, 44 - prefixBits, Number(gtin.charAt(0) + gtin.slice(1 + prefixDigits, 13)));
  setBits(bytes, 58, 38, serial);
  return toHex(bytes);
}

/** The SSCC-96 of an 18-digit SSCC, as 24 upper-case hexadecimal digits; `prefixDigits` as for an SGTIN. */
export function encodeSscc96(sscc: string, prefixDigits: number, filter = 6): string {
  const partition = 12 - prefixDigits;
  const prefixBits = PREFIX_BITS[partition];
  if (prefixBits === undefined) throw new RangeError(`no SSCC-96 for prefix length ${prefixDigits}`);
  const bytes = new Uint8Array(EPC_96_BYTES);
  bytes[0] = HEADER_SSCC_96;
  setBits(bytes, 8, 3, filter);
  setBits(bytes, 11, 3, partition);
  setBits(bytes, 14, prefixBits, Number(sscc.slice(1, 1 + prefixDigits)));
  setBits(bytes, 14 + prefixBits, 58 - prefixBits, Number(sscc.charAt(0) + sscc.slice(1 + prefixDigits, 17)));
  return toHex(bytes);
}
