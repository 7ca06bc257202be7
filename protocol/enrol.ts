import { sha256 } from '@noble/hashes/sha2.js';
import { concat, fromBase64url, fromHex, toBase64url, utf8 } from './bytes.ts';
import { Fault } from './fault.ts';
import { clientId, type NodeAddress, parseClientId } from './topics.ts';

/**
 * How a node's key comes to be known at the hub. A token text is `<tenant>/<site>/<node>/<secret>`: whoever types it at the node sees
 * what it is for. The hub keeps its SHA-256 alone. A key proves that it is held where the token was typed by a signature over
 *
 *   enrolment: "docket/enrol/1" NUL | SHA-256(token text) | public key
 *   rotation:  "docket/rotate/1" NUL | client identifier NUL | 8 bytes key id of the old key | new public key
 *
 * A rotation is signed by both keys. No time stands in either: the same request again changes nothing.
 */
export const ENROL_SECRET_BYTES = 24;

const ENROL = utf8('docket/enrol/1\0');
const ROTATE = utf8('docket/rotate/1\0');
const FINGERPRINT = utf8('docket/fingerprint/1\0');
const HALF = 4;

/** The text of a token for a node. `secret` is ENROL_SECRET_BYTES of randomness. */
export function enrolToken(address: NodeAddress, secret: Uint8Array): string {
  return `${clientId(address)}/${toBase64url(secret)}`;
}

/** The node that a token is for. @throws Fault ENROL_TOKEN */
export function enrolAddress(token: string): NodeAddress {
  const at = token.lastIndexOf('/');
  const address = parseClientId(token.slice(0, Math.max(0, at)));
  if (address === undefined || fromBase64url(token.slice(at + 1))?.length !== ENROL_SECRET_BYTES) {
    throw new Fault('ENROL_TOKEN', 'this is no enrolment token (<tenant>/<site>/<node>/<secret>): check that it was copied whole');
  }
  return address;
}

/** What the hub keeps of a token: 32 bytes. */
export function enrolHash(token: string): Uint8Array {
  return sha256(utf8(token));
}

/** What the new key signs to enrol; `hash` is that of the token. */
export function enrolMessage(hash: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return concat(ENROL, hash, publicKey);
}

/** What the old and the new key sign to rotate; `by` is the id of the old key (keyId of batch.ts). */
export function rotateMessage(address: NodeAddress, by: string, publicKey: Uint8Array): Uint8Array {
  return concat(ROTATE, utf8(`${clientId(address)}\0`), fromHex(by) ?? new Uint8Array(), publicKey);
}

/**
 * Eight decimal digits such as `1234 5678` that people compare on two screens: the first 48 bits of
 * SHA-256("docket/fingerprint/1" NUL | public key), modulo 10^8.
 */
export function fingerprint(publicKey: Uint8Array): string {
  const digest = sha256(concat(FINGERPRINT, publicKey));
  let number = 0;
  // 48 bits fit a double exactly, and leave no digit that is seen more often than another.
  for (const byte of digest.subarray(0, 6)) number = number * 256 + byte;
  const digits = String(number % 10 ** (2 * HALF)).padStart(2 * HALF, '0');
  return `${digits.slice(0, HALF)} ${digits.slice(HALF)}`;
}
