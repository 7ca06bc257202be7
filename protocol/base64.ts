import { fromBase64url, toBase64url } from './bytes.ts';

/** base64 with padding (RFC 4648 section 4), as signed notes, checkpoints and proofs write it. */
export function toBase64(bytes: Uint8Array): string {
  const text = toBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** Bytes of padded base64; undefined for any text but the one that `toBase64` writes for them, so that one value has one spelling. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = fromBase64url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
  return bytes !== undefined && toBase64(bytes) === text ? bytes : undefined;
}
