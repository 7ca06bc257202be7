import { sha256 } from '@noble/hashes/sha2.js';
import { setU64, utf8 } from '../../protocol/bytes.ts';
import type { Json } from '../../protocol/canonical.ts';
import type { RecordBody, UnknownBody } from '../../protocol/record.ts';

/**
 * What an entry of the log says. The numbers stand in leaves: they are never reused or renumbered.
 * `refusal` notes something that was turned away and why, where a projection has to remember it.
 */
export const ENTRY_TYPES = {
  record: 1,
  document: 2,
  item: 3,
  price: 4,
  partner: 5,
  site: 6,
  company: 7,
  device: 8,
  payment: 9,
  policy: 10,
  decision: 11,
  erasure: 12,
  checkpoint: 13,
  refusal: 14,
} as const;

export type EntryType = keyof typeof ENTRY_TYPES;
export type HubEntryType = Exclude<EntryType, 'record'>;
export type JsonObject = { readonly [key: string]: Json | undefined };

/** One line of a tenant's log. */
export interface Entry {
  /** Position in the log from 0, which is the leaf's index in the tree. */
  readonly index: number;
  readonly type: EntryType;
  /** When the hub appended it, epoch milliseconds; never falls along the log. */
  readonly at: number;
  /** When it took effect, epoch milliseconds (see effective.ts). */
  readonly effectiveAt: number;
  /** `hub` or `<site>/<node>`. */
  readonly producer: string;
  /** The node's epoch; 0 for the hub. */
  readonly epoch: number;
  /** Gapless per (producer, epoch), from 1. */
  readonly seq: number;
  /** Null once it was erased. */
  readonly salt: Uint8Array | null;
  /** The producer's bytes: canonical JSON. Null once it was erased. */
  readonly body: Uint8Array | null;
  readonly commitment: Uint8Array;
}

/** A node's record as an entry, with its body read. */
export interface RecordEntry extends Entry {
  readonly type: 'record';
  readonly site: string;
  readonly node: string;
  readonly record: RecordBody | UnknownBody;
}

/** An entry made by the hub, with its body read. */
export interface HubEntry extends Entry {
  readonly type: HubEntryType;
  readonly value: JsonObject;
}

export type DecodedEntry = RecordEntry | HubEntry;

/** An entry before it has a place in the log. The hub adds salt and canonical bytes. */
export interface NewEntry {
  readonly type: HubEntryType;
  readonly body: JsonObject;
  /** Epoch milliseconds; the moment of appending when absent, and never after it. */
  readonly effectiveAt?: number;
}

const LEAF_VERSION = 1;
const PRODUCER_BYTES = 16;
/** u8 version | u8 type | u64 at | u64 effective at | 16 bytes producer | u32 epoch | u64 seq | 32 bytes commitment */
export const LEAF_BYTES = 1 + 1 + 8 + 8 + PRODUCER_BYTES + 4 + 8 + 32;

/** What a leaf says of who produced an entry: 16 bytes, bound to the tenant. */
export function producerId(tenant: string, producer: string): Uint8Array {
  return sha256(utf8(`docket/producer/1/${tenant}/${producer}`)).subarray(0, PRODUCER_BYTES);
}

/**
 * The bytes of an entry's leaf: a fixed header without free text, and the commitment in place of the body, so that a
 * body and its salt can be erased while the tree still verifies.
 */
export function leaf(entry: Omit<Entry, 'salt' | 'body' | 'index' | 'producer'>, producer: Uint8Array): Uint8Array {
  const out = new Uint8Array(LEAF_BYTES);
  out[0] = LEAF_VERSION;
  out[1] = ENTRY_TYPES[entry.type];
  setU64(out, 2, entry.at);
  setU64(out, 10, entry.effectiveAt);
  out.set(producer, 18);
  new DataView(out.buffer).setUint32(34, entry.epoch);
  setU64(out, 38, entry.seq);
  out.set(entry.commitment, 46);
  return out;
}
