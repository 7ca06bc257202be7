/** The text of an API key: `dk_live_<8 characters id>_<32 random bytes in base62>`. The prefix lets secret scanners find it. */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = 62n;
const ID_LENGTH = 8;
/** 62^43 is the first power of 62 over 2^256. */
const SECRET_LENGTH = 43;
const PATTERN = /^dk_live_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})$/;

export interface MadeSecret {
  readonly id: string;
  /** The whole key, to be shown once. */
  readonly text: string;
}

function base62(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < length; i++) {
    text = ALPHABET.charAt(Number(value % BASE)) + text;
    value /= BASE;
  }
  return text;
}

/** A new key with 256 random bits. The id is random too (47 bits): it names the key in lists and gives nothing away. */
export function makeSecret(): MadeSecret {
  const id = base62(crypto.getRandomValues(new Uint8Array(8)), ID_LENGTH);
  const secret = base62(crypto.getRandomValues(new Uint8Array(32)), SECRET_LENGTH);
  return { id, text: `dk_live_${id}_${secret}` };
}

/** The id in a key's text; undefined when the text has not the form of a key. */
export function secretId(text: string): string | undefined {
  return PATTERN.exec(text)?.[1];
}

const encoder = new TextEncoder();

/** SHA-256 in lower-case hexadecimal. Enough for a key of 256 random bits: there is nothing to guess that a slow hash would protect. */
export async function secretHash(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Compares two texts in a time that does not depend on where they differ. Both are hashed first, so that the time does not
 * depend on their lengths either.
 */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))));
  return left !== undefined && right !== undefined && crypto.subtle.timingSafeEqual(left, right);
}
