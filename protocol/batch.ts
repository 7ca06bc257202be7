import { sha256 } from '@noble/hashes/sha2.js';
import { deflateSync, Inflate } from 'fflate';
import { concat, equal, fromUtf8, getU64, setU64, toHex, utf8 } from './bytes.ts';
import { chainNext, commitment, SALT_BYTES } from './chain.ts';
import { DICTIONARY } from './dictionary.ts';
import { Fault } from './fault.ts';
import { MAX_BODY_BYTES } from './record.ts';
import { isName, type NodeAddress } from './topics.ts';

/**
 * A batch on the wire, version 2:
 *
 *   u8 version = 2 | 64 bytes Ed25519 signature | u16 length | short header | count x 16 bytes salt | raw deflate of (u32 length, body)*
 *
 * The short header is the header with the first 4 bytes of "chain after" in place of its 32: the reader works the value out from the
 * records, and the 4 bytes tell a chain that does not follow from a signature that does not verify. Version 1 carries the whole header.
 *
 * header: u8 version = 1 | tenant, site, node (each u8 length and ASCII) | u32 epoch | u64 first seq | u16 count
 *         | 32 bytes chain before | 32 bytes chain after | 8 bytes key id | u64 sent at (epoch ms)
 *
 * The signature covers "docket/batch/1" NUL header. It binds the chain and with it every commitment, so that a body can be
 * erased later while chain, signature and tree still verify.
 */
export interface BatchHeader extends NodeAddress {
  readonly epoch: number;
  /** Sequence number of the first record, from 1. */
  readonly first: number;
  readonly count: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** First 8 bytes of SHA-256 of the public key, as 16 upper-case hexadecimal digits. */
  readonly key: string;
  readonly sentAt: number;
}

/** One record as it is stored and chained: the node's bytes, never serialised again. */
export interface SealedRecord {
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
}

export interface Batch {
  readonly header: BatchHeader;
  readonly headerBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly records: readonly SealedRecord[];
}

/** Signs or verifies with Ed25519 (RFC 8032); how depends on the platform. */
export type Sign = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
export type Verify = (publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean | Promise<boolean>;

/** Of the header, which is what a node signs. */
const VERSION = 1;
/** Of the envelope: 2 is written, 1 and 2 are read. */
const WIRE_VERSION = 2;
/** "chain after" stands this far from the header's end and is followed by key and time. */
const AFTER_FROM_END = 32 + 8 + 8;
const AFTER_BYTES = 32;
/** Of "chain after" in a short header: a wrong chain passes once in four thousand million, and then fails by its signature. */
const CHECK_BYTES = 4;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 8;
const CONTEXT = utf8('docket/batch/1\0');
/** At most this many records: a node that is behind sends 256 (architecture, uplink). */
export const MAX_RECORDS = 256;
/** At most this many bytes before compression: twice what 256 records of 50 items need, and a bound for a zip bomb. */
export const MAX_PLAIN_BYTES = 1_048_576;

/** The identifier of an Ed25519 public key: 16 upper-case hexadecimal digits. */
export function keyId(publicKey: Uint8Array): string {
  return toHex(sha256(publicKey), 0, KEY_BYTES);
}

/** The message that a batch's signature covers. */
export function signedMessage(headerBytes: Uint8Array): Uint8Array {
  return concat(CONTEXT, headerBytes);
}

function encodeHeader(header: BatchHeader): Uint8Array {
  const names = [header.tenant, header.site, header.node].map(utf8);
  const length = names.reduce((sum, name) => sum + 1 + name.length, 0);
  const out = new Uint8Array(1 + length + 4 + 8 + 2 + 32 + 32 + KEY_BYTES + 8);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  let at = 1;
  for (const name of names) {
    out[at++] = name.length;
    out.set(name, at);
    at += name.length;
  }
  view.setUint32(at, header.epoch);
  setU64(out, at + 4, header.first);
  view.setUint16(at + 12, header.count);
  out.set(header.before, at + 14);
  out.set(header.after, at + 46);
  for (let i = 0; i < KEY_BYTES; i++) out[at + 78 + i] = Number.parseInt(header.key.slice(2 * i, 2 * i + 2), 16);
  setU64(out, at + 78 + KEY_BYTES, header.sentAt);
  return out;
}

const invalid = (what: string): Fault => new Fault('BATCH_INVALID', `batch refused: ${what}`);

function decodeHeader(bytes: Uint8Array): BatchHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 1;
  const name = (what: string): string => {
    const length = bytes[at] ?? 0;
    const part = bytes.subarray(at + 1, at + 1 + length);
    at += 1 + length;
    let text = '';
    try {
      text = fromUtf8(part);
    } catch {
      // refused below: an unreadable name is no name
    }
    if (part.length !== length || !isName(text)) throw invalid(`header has no valid ${what}`);
    return text;
  };
  const tenant = name('tenant');
  const site = name('site');
  const node = name('node');
  if (bytes.length !== at + 4 + 8 + 2 + 64 + KEY_BYTES + 8) throw invalid(`header of ${bytes.length} bytes has the wrong length`);
  const first = getU64(bytes, at + 4);
  const sentAt = getU64(bytes, at + 78 + KEY_BYTES);
  const count = view.getUint16(at + 12);
  if (first === undefined || first < 1 || sentAt === undefined) throw invalid('first seq or time is out of range');
  if (count < 1 || count > MAX_RECORDS) throw invalid(`${count} records, expected 1 to ${MAX_RECORDS}`);
  return {
    tenant,
    site,
    node,
    epoch: view.getUint32(at),
    first,
    count,
    before: bytes.slice(at + 14, at + 46),
    after: bytes.slice(at + 46, at + 78),
    key: toHex(bytes, at + 78, KEY_BYTES),
    sentAt,
  };
}

function shorten(header: Uint8Array): Uint8Array {
  const at = header.length - AFTER_FROM_END;
  return concat(header.subarray(0, at + CHECK_BYTES), header.subarray(at + AFTER_BYTES));
}

/** A header of the full length from a short one; "chain after" holds its check bytes, then zeros. */
function lengthen(short: Uint8Array): Uint8Array {
  const at = short.length - (AFTER_FROM_END - AFTER_BYTES + CHECK_BYTES);
  if (at < 1) throw invalid(`header of ${short.length} bytes has the wrong length`);
  return concat(short.subarray(0, at + CHECK_BYTES), new Uint8Array(AFTER_BYTES - CHECK_BYTES), short.subarray(at + CHECK_BYTES));
}

/** Chain value after the records, starting from `before`. */
export function chainAfter(before: Uint8Array, records: readonly SealedRecord[]): Uint8Array {
  let chain = before;
  for (const record of records) chain = chainNext(chain, commitment(record.salt, record.body));
  return chain;
}

/**
 * Builds and signs a batch. `header.after` is computed here.
 * `deflate` may be a faster raw deflate that takes the dictionary, such as the platform's own.
 */
export async function sealBatch(
  header: Omit<BatchHeader, 'after' | 'count'>,
  records: readonly SealedRecord[],
  sign: Sign,
  deflate: (plain: Uint8Array) => Uint8Array = (plain) => deflateSync(plain, { level: 9, dictionary: DICTIONARY }),
): Promise<Uint8Array> {
  if (records.length < 1 || records.length > MAX_RECORDS) throw invalid(`${records.length} records, expected 1 to ${MAX_RECORDS}`);
  const headerBytes = encodeHeader({ ...header, count: records.length, after: chainAfter(header.before, records) });
  const parts: Uint8Array[] = [];
  for (const { body } of records) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, body.length);
    parts.push(length, body);
  }
  const plain = concat(...parts);
  if (plain.length > MAX_PLAIN_BYTES) throw invalid(`${plain.length} bytes, more than ${MAX_PLAIN_BYTES}: send fewer records`);
  const signature = await sign(signedMessage(headerBytes));
  const front = new Uint8Array(1 + SIGNATURE_BYTES + 2);
  front[0] = WIRE_VERSION;
  front.set(signature, 1);
  const short = shorten(headerBytes);
  new DataView(front.buffer).setUint16(1 + SIGNATURE_BYTES, short.length);
  return concat(front, short, ...records.map((record) => record.salt), deflate(plain));
}

/** Bytes inflated at a time: 4 KB of a bomb are 4 MB, and smaller pieces cost more than they hold. */
const PIECE = 4096;

/** Inflates with a cap on the output: stops at the first byte over it, so that a bomb costs no memory. */
function inflate(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  const stream = new Inflate({ dictionary: DICTIONARY }, (chunk, final) => {
    length += chunk.length;
    if (length > MAX_PLAIN_BYTES) throw invalid(`inflates to more than ${MAX_PLAIN_BYTES} bytes`);
    chunks.push(chunk);
    ended = final;
  });
  // In pieces: the cap must act before a whole bomb is inflated.
  for (let at = 0; at < bytes.length; at += PIECE) stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
  if (!ended) throw invalid('the deflate stream is cut off');
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : concat(...chunks);
}

function opened(inflating: () => Uint8Array): Uint8Array {
  try {
    return inflating();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw invalid(`does not inflate: ${(error as Error).message}`);
  }
}

/**
 * Reads a batch without judging its signature or its place in the chain; the lengths, limits and the chain from
 * `before` to `after` are checked.
 * `inflateBounded` may be a faster raw inflate with DICTIONARY, such as the platform's own; it must throw when the stream is cut off
 * or gives more than MAX_PLAIN_BYTES.
 * @throws Fault VERSION, BATCH_INVALID, CHAIN
 */
export function openBatch(bytes: Uint8Array, inflateBounded: (deflated: Uint8Array) => Uint8Array = inflate): Batch {
  if (bytes.length < 1 + SIGNATURE_BYTES + 2) throw invalid(`${bytes.length} bytes are no batch`);
  const short = bytes[0] === WIRE_VERSION;
  if (!short && bytes[0] !== VERSION) {
    throw new Fault('VERSION', `batch version ${bytes[0]} is not read here (1 and 2 are): update the older side`);
  }
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint16(1 + SIGNATURE_BYTES);
  const headerStart = 1 + SIGNATURE_BYTES + 2;
  const wireHeader = bytes.slice(headerStart, headerStart + headerLength);
  if (wireHeader.length !== headerLength || headerLength < 1 || wireHeader[0] !== VERSION)
    throw invalid('header is cut off or of another version');
  const headerBytes = short ? lengthen(wireHeader) : wireHeader;
  const named = decodeHeader(headerBytes);
  const saltStart = headerStart + headerLength;
  const bodyStart = saltStart + named.count * SALT_BYTES;
  if (bytes.length <= bodyStart) throw invalid('salts or bodies are cut off');
  const plain = opened(() => inflateBounded(bytes.subarray(bodyStart)));
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const records: SealedRecord[] = [];
  let at = 0;
  for (let i = 0; i < named.count; i++) {
    if (at + 4 > plain.length) throw invalid(`body ${i + 1} of ${named.count} is missing`);
    const length = view.getUint32(at);
    if (length > MAX_BODY_BYTES || at + 4 + length > plain.length) throw invalid(`body ${i + 1} of ${length} bytes is cut off or too long`);
    const salt = bytes.slice(saltStart + i * SALT_BYTES, saltStart + (i + 1) * SALT_BYTES);
    records.push({ salt, body: plain.slice(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  if (at !== plain.length) throw invalid(`${plain.length - at} bytes follow the last body`);
  const after = chainAfter(named.before, records);
  const compared = short ? CHECK_BYTES : AFTER_BYTES;
  if (!equal(after.subarray(0, compared), named.after.subarray(0, compared))) {
    throw new Fault('CHAIN', 'the chain value after the batch does not follow from its records');
  }
  if (short) headerBytes.set(after, headerBytes.length - AFTER_FROM_END);
  const header = short ? { ...named, after } : named;
  return { header, headerBytes, signature: bytes.slice(1, 1 + SIGNATURE_BYTES), records };
}
