/**
 * Bytes and texts, read strictly: what is not spelled the one right way is not read, so that no byte of a file can change unseen.
 */

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Text of UTF-8 bytes; undefined when they are not. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of base64 (RFC 4648, section 4, padded); undefined for any other spelling. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Bytes of base64url without padding; undefined for any other spelling. */
export function fromBase64url(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** A decimal number without sign or leading zero, at most 2^53 - 1; undefined for any other text. */
export function decimalOf(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** 8 bytes, big-endian; undefined over 2^53 - 1. */
export function u64(bytes: Uint8Array, at: number): number | undefined {
  const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

/** From the first byte that differs to the one after the last; undefined when the two are equal. */
export function difference(actual: Uint8Array, expected: Uint8Array): [number, number] | undefined {
  const shorter = Math.min(actual.length, expected.length);
  let from = 0;
  while (from < shorter && actual[from] === expected[from]) from++;
  if (from === shorter && actual.length === expected.length) return undefined;
  if (actual.length !== expected.length) return [from, Math.max(actual.length, from + 1)];
  let to = shorter;
  while (actual[to - 1] === expected[to - 1]) to--;
  return [from, to];
}

/** A line of a file, without its line end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
  /** Whether a line end follows: the last line of a file that was cut off has none. */
  readonly ended: boolean;
}

export function* linesOf(bytes: Uint8Array): Generator<Line> {
  let number = 1;
  for (let from = 0; from < bytes.length; number++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    yield { number, from, to, ended: end >= 0 };
    from = to + 1;
  }
}
