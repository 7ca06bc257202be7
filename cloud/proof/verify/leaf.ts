import { u64, utf8 } from './encoding.ts';
import { sha256 } from './tree.ts';

/**
 * A leaf of the log, 78 bytes, integers big-endian:
 * u8 version = 1 | u8 type | u64 appended at | u64 effective at | 16 bytes producer | u32 epoch | u64 seq | 32 bytes commitment
 */
export interface Leaf {
  readonly type: number;
  /** Epoch milliseconds, as is `effectiveAt`. */
  readonly at: number;
  readonly effectiveAt: number;
  readonly producer: Uint8Array;
  readonly epoch: number;
  readonly seq: number;
  readonly commitment: Uint8Array;
}

export const LEAF_BYTES = 78;
/** An entry of a bundle: its length in two bytes, and the leaf (C2SP tlog-tiles, section Log Entries). */
export const BUNDLE_STEP = 2 + LEAF_BYTES;
export const RECORD = 1;
export const DOCUMENT = 2;
export const DEVICE = 8;

const COMMITTED = Uint8Array.of(0x02);

/** What a leaf says of who produced it, bound to the tenant. */
export const producerHash = (tenant: string, producer: string): Uint8Array =>
  sha256(utf8(`docket/producer/1/${tenant}/${producer}`)).subarray(0, 16);

export const commitmentOf = (salt: Uint8Array, body: Uint8Array): Uint8Array => sha256(COMMITTED, salt, body);

/** Reads a leaf; a text says what is wrong. */
export function decodeLeaf(bytes: Uint8Array): Leaf | string {
  if (bytes.length !== LEAF_BYTES) return `has ${bytes.length} bytes, a leaf has ${LEAF_BYTES}`;
  if (bytes[0] !== 1) return `is of version ${bytes[0]}, this verifier reads 1`;
  const [at, effectiveAt, seq] = [u64(bytes, 2), u64(bytes, 10), u64(bytes, 38)];
  if (at === undefined || effectiveAt === undefined || seq === undefined) return 'holds a number over 2^53 - 1';
  return {
    type: bytes[1] ?? 0,
    at,
    effectiveAt,
    producer: bytes.subarray(18, 34),
    epoch: new DataView(bytes.buffer, bytes.byteOffset).getUint32(34),
    seq,
    commitment: bytes.subarray(46),
  };
}
