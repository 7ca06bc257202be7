import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from './bytes.ts';
import type { NodeAddress } from './topics.ts';

/** Length of a record's salt in bytes: random, so that a commitment tells nothing about an erased body. */
export const SALT_BYTES = 16;

const COMMITMENT_PREFIX = Uint8Array.of(0x02);

/** `c = SHA-256(0x02 || salt || body)`: what the chain and the log's leaf hold instead of the body. 32 bytes. */
export function commitment(salt: Uint8Array, body: Uint8Array): Uint8Array {
  return sha256(concat(COMMITMENT_PREFIX, salt, body));
}

/** `h(n) = SHA-256(h(n-1) || c(n))`: the chain value after record n. 32 bytes. */
export function chainNext(before: Uint8Array, c: Uint8Array): Uint8Array {
  return sha256(concat(before, c));
}

/** h(0) of an epoch: bound to the node and the epoch, so that no two chains begin alike. 32 bytes. */
export function chainStart(address: NodeAddress, epoch: number): Uint8Array {
  return sha256(utf8(`docket/chain/1/${address.tenant}/${address.site}/${address.node}/${epoch}`));
}
