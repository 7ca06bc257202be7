import { toHex } from '../../../protocol/bytes.ts';

/**
 * Ed25519 public keys of small order: anybody can make signatures that such a key accepts, so it names no node (RFC 8032 section 5.1.7
 * leaves them to the application). The y of every point whose order divides 8, little-endian, with the two that are encoded above p:
 * the list of libsodium, ge25519_has_small_order in crypto_core/ed25519/ref10/ed25519_ref10.c.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  // 0, order 4
  '0000000000000000000000000000000000000000000000000000000000000000',
  // 1, order 1
  '0100000000000000000000000000000000000000000000000000000000000000',
  // order 8
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  // p - 1, order 2
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  // p, which is 0
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  // p + 1, which is 1
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** True for a public key of 32 bytes that is of small order, whatever the sign of its x (the highest bit). */
export function isSmallOrder(publicKey: Uint8Array): boolean {
  const y = publicKey.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(toHex(y).toLowerCase());
}
