import { fromHex, NIBBLES, toHex } from './bytes.ts';
import { checkDigitOf } from './gtin.ts';

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

const LOW_18 = 0x3ffff;
/** The four digits of 0 to 9999 as character codes, one behind the other. */
const FOUR_CODES = Uint8Array.from({ length: 40_000 }, (_, i) => 48 + (Math.floor((i >> 2) / 10 ** (3 - (i & 3))) % 10));
/** Weighted sum of four digits, 3 1 3 1 from the left (GS1 General Specifications 7.9): of a GTIN's groups without its check digit. */
const FOUR_SUMS = Uint8Array.from({ length: 10_000 }, (_, i) => {
  const digit = (at: number): number => (FOUR_CODES[4 * i + at] as number) - 48;
  return 3 * digit(0) + digit(1) + 3 * digit(2) + digit(3);
});

const raw = (bytes: Uint8Array, start: number, length: number, reason: RawReason): Epc => ({
  scheme: 'raw',
  hex: toHex(bytes, start, length),
  reason,
});

/**
 * The 14 digits of a GTIN from the 13 before its check digit, as a number. Made of character codes: joining shorter strings leaves a rope that
 * costs three times as much when it is read.
 */
function gtinText(key: number): string {
  const high = Math.floor(key / 1e7);
  const low = (key - high * 1e7) | 0;
  const first = (high / 1e4) | 0;
  const second = high - first * 1e4;
  const third = (low / 1e3) | 0;
  const fourth = (low - third * 1e3) * 10;
  const sum = (FOUR_SUMS[first] as number) + (FOUR_SUMS[second] as number) + (FOUR_SUMS[third] as number) + (FOUR_SUMS[fourth] as number);
  const a = first * 4;
  const b = second * 4;
  const c = third * 4;
  const d = (fourth + ((10 - (sum % 10)) % 10)) * 4;
  const codes = FOUR_CODES;
  return String.fromCharCode(
    codes[a + 2] as number,
    codes[a + 3] as number,
    codes[b] as number,
    codes[b + 1] as number,
    codes[b + 2] as number,
    codes[b + 3] as number,
    codes[c] as number,
    codes[c + 1] as number,
    codes[c + 2] as number,
    codes[c + 3] as number,
    codes[d] as number,
    codes[d + 1] as number,
    codes[d + 2] as number,
    codes[d + 3] as number,
  );
}

/** The three 32-bit words (of either sign) of a 96-bit EPC to a key, or why they are none. No BigInt, no bit loop: every tag read passes here. */
function decode96(w0: number, w1: number, w2: number): Epc | RawReason {
  const header = w0 >>> 24;
  if (header !== HEADER_SGTIN_96 && header !== HEADER_SSCC_96) {
    return header === 0 ? 'unprogrammed' : header === 0xe2 ? 'tid' : 'scheme';
  }
  const partition = (w0 >>> 18) & 7;
  if (partition === 7) return 'partition';
  const filter = (w0 >>> 21) & 7;
  const prefixBits = PREFIX_BITS[partition] as number;
  const prefixDigits = PREFIX_DIGITS[partition] as number;

  if (header === HEADER_SGTIN_96) {
    const both = (w0 & LOW_18) * 0x4000000 + (w1 >>> 6);
    const size = POWER_2[44 - prefixBits] as number;
    const prefix = Math.floor(both / size);
    if (prefix >= (POWER_10[prefixDigits] as number)) return 'overflow';
    const reference = both - prefix * size;
    const scale = POWER_10[12 - prefixDigits] as number;
    if (reference >= scale * 10) return 'overflow';
    // The reference's first digit is the indicator, which a GTIN-14 carries in front of the company prefix.
    const indicator = Math.floor(reference / scale);
    const key = indicator * 1e12 + prefix * scale + (reference - indicator * scale);
    return { scheme: 'sgtin-96', gtin: gtinText(key), serial: (w1 & 63) * 0x100000000 + (w2 >>> 0), filter };
  }
  const below = 50 - prefixBits;
  const prefix = (w0 & LOW_18) * (POWER_2[prefixBits - 18] as number) + (w1 >>> below);
  if (prefix >= (POWER_10[prefixDigits] as number)) return 'overflow';
  const digits = 17 - prefixDigits;
  const reference = (w1 & ((1 << below) - 1)) * 0x100 + (w2 >>> 24);
  if (reference >= (POWER_10[digits] as number)) return 'overflow';
  if ((w2 & 0xffffff) !== 0) return 'reserved';
  const text = String(reference).padStart(digits, '0');
  const key = text.charAt(0) + String(prefix).padStart(prefixDigits, '0') + text.slice(1);
  return { scheme: 'sscc-96', sscc: key + checkDigitOf(key), filter };
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);

/**
 * Decodes the EPC of `length` bytes at `start`. Bytes beyond the 96 bits must be zero fill.
 * Never throws: what is no SGTIN-96 or SSCC-96 comes back as scheme `raw` with the reason.
 */
export function decodeEpc(bytes: Uint8Array, start = 0, length = bytes.length - start): Epc {
  if (length < EPC_96_BYTES) return raw(bytes, start, length, 'length');
  for (let i = EPC_96_BYTES; i < length; i++) if (bytes[start + i] !== 0) return raw(bytes, start, length, 'length');
  const epc = decode96(word(bytes, start), word(bytes, start + 4), word(bytes, start + 8));
  return typeof epc === 'string' ? raw(bytes, start, length, epc) : epc;
}

/** The OR of the nibbles that `hexWord` read: above 15 when one of them was no digit. */
let nibblesSeen = 0;

/** 8 hexadecimal digits of `hex` from `at` as 32 bits. Unrolled for speed. */
function hexWord(hex: string, at: number): number {
  const a = NIBBLES[hex.charCodeAt(at)] as number;
  const b = NIBBLES[hex.charCodeAt(at + 1)] as number;
  const c = NIBBLES[hex.charCodeAt(at + 2)] as number;
  const d = NIBBLES[hex.charCodeAt(at + 3)] as number;
  const e = NIBBLES[hex.charCodeAt(at + 4)] as number;
  const f = NIBBLES[hex.charCodeAt(at + 5)] as number;
  const g = NIBBLES[hex.charCodeAt(at + 6)] as number;
  const h = NIBBLES[hex.charCodeAt(at + 7)] as number;
  nibblesSeen |= a | b | c | d | e | f | g | h;
  return (a << 28) | (b << 24) | (c << 20) | (d << 16) | (e << 12) | (f << 8) | (g << 4) | h;
}

/** Decodes an EPC given as hexadecimal of any case; odd or non-hexadecimal text comes back as raw. */
export function decodeEpcHex(hex: string): Epc {
  if (hex.length === 2 * EPC_96_BYTES) {
    nibblesSeen = 0;
    const w0 = hexWord(hex, 0);
    const w1 = hexWord(hex, 8);
    const w2 = hexWord(hex, 16);
    if (nibblesSeen < 16) {
      const epc = decode96(w0, w1, w2);
      return typeof epc === 'string' ? { scheme: 'raw', hex: hex.toUpperCase(), reason: epc } : epc;
    }
  }
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
