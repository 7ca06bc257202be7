import { difference, fromBase64url, fromUtf8, hex, u64, utf8 } from './encoding.ts';
import { jsonFault } from './json.ts';
import type { Keys } from './keys.ts';
import { type Leaf, producerHash, RECORD } from './leaf.ts';
import { signedBy } from './note.ts';
import { sha256 } from './tree.ts';

/** What a node signed (protocol/README.md, "Batch"), and whether the log holds just that. */

export interface BatchLine {
  readonly before: string;
  readonly entry: number;
  readonly epoch: number;
  readonly first: number;
  readonly header: string;
  readonly node: string;
  readonly signature: string;
  readonly site: string;
}

interface Header {
  readonly tenant: string;
  readonly site: string;
  readonly node: string;
  readonly epoch: number;
  readonly first: number;
  readonly count: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** 16 upper-case hexadecimal digits. */
  readonly key: string;
}

/** A batch that straddles the head repeats at most this many records: it holds no more. */
export const MAX_RECORDS = 256;

/** Where a node's chain stands in the walk. */
export interface Chain {
  readonly node: string;
  readonly epoch: number;
  readonly seq: number;
  /** Chain values, the last after record `seq`, the one before it after record `seq - 1`, and so on; at most MAX_RECORDS + 1. */
  readonly values: readonly Uint8Array[];
  /** The walk was lost and takes the next batch of this node at its word. */
  readonly lost: boolean;
}

/** What the walk asks of the log. */
export interface Source {
  readonly tenant: string;
  readonly keys: Keys;
  leaf(index: number): Leaf | undefined;
  /** What the record of an entry says that it leaves; null when its body was erased, undefined when it opens no epoch. */
  opening(index: number): Readonly<Record<string, unknown>> | null | undefined;
}

/** Reads a line; a text says what is wrong. */
export function parseBatch(bytes: Uint8Array): BatchLine | string {
  const fault = jsonFault(bytes);
  if (fault !== undefined) return fault.why;
  const text = fromUtf8(bytes) ?? '';
  const value = JSON.parse(text) as Partial<BatchLine> | null;
  if (value === null || typeof value !== 'object') return 'is no JSON object';
  const { before, entry, epoch, first, header, node, signature, site } = value;
  const numbers = [entry, epoch, first].every((each) => Number.isSafeInteger(each) && (each as number) >= 0);
  const texts = [before, header, node, signature, site].every((each) => typeof each === 'string');
  if (!numbers || !texts) return 'lacks a number, a name or bytes';
  const again = JSON.stringify({ before, entry, epoch, first, header, node, signature, site });
  return again === text ? (value as BatchLine) : 'is not canonical JSON of a batch';
}

/** u8 version = 1 | tenant | site | node | u32 epoch | u64 first | u16 count | 32 before | 32 after | 8 key | u64 sent at */
function decodeHeader(bytes: Uint8Array | undefined): Header | undefined {
  if (bytes === undefined || bytes[0] !== 1) return undefined;
  const names: string[] = [];
  let at = 1;
  for (let i = 0; i < 3; i++) {
    const length = bytes[at] ?? 0;
    names.push(fromUtf8(bytes.subarray(at + 1, at + 1 + length)) ?? '');
    at += 1 + length;
  }
  if (bytes.length !== at + 94) return undefined;
  const [tenant = '', site = '', node = ''] = names;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    ...{ tenant, site, node, epoch: view.getUint32(at), first: u64(bytes, at + 4) ?? 0, count: view.getUint16(at + 12) },
    ...{ before: bytes.subarray(at + 14, at + 46), after: bytes.subarray(at + 46, at + 78) },
    key: hex(bytes.subarray(at + 78, at + 86)).toUpperCase(),
  };
}

/** h(0) of an epoch. */
const start = (tenant: string, node: string, epoch: number): Uint8Array => sha256(utf8(`docket/chain/1/${tenant}/${node}/${epoch}`));

const CONTEXT = utf8('docket/batch/1\0');
const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && difference(a, b) === undefined;

/** Where the chain of a batch begins: after what came before it, or at the start of an epoch. A text says what is wrong. */
function origin(batch: BatchLine, chain: Chain | undefined, source: Source): Chain | string {
  const node = `${batch.site}/${batch.node}`;
  const { epoch, first } = batch;
  const fresh: Chain = { node, epoch, seq: 0, values: [start(source.tenant, node, epoch)], lost: false };
  if (chain?.node === node && chain.lost) {
    const before = fromBase64url(batch.before);
    return before?.length === 32 ? { node, epoch, seq: first - 1, values: [before], lost: true } : 'has no chain value before it';
  }
  if (chain?.node !== node) return epoch === 1 && first === 1 ? fresh : `begins ${node} with record ${first} of epoch ${epoch}`;
  if (epoch === chain.epoch) {
    return first === chain.seq + 1 ? chain : `begins with record ${first} of epoch ${epoch} of ${node}, ${chain.seq + 1} was to come`;
  }
  if (epoch !== chain.epoch + 1 || first !== 1)
    return `begins with record ${first} of epoch ${epoch} of ${node} after epoch ${chain.epoch}`;
  const left = source.opening(batch.entry);
  if (left === undefined) return `begins epoch ${epoch} of ${node} without an epoch record`;
  const head = Buffer.from(chain.values.at(-1) ?? []).toString('base64url');
  if (left !== null && (left['epoch'] !== chain.epoch || left['seq'] !== chain.seq || left['chain'] !== head)) {
    return `begins epoch ${epoch} of ${node}, which does not name the head that it leaves`;
  }
  return fresh;
}

function headerFault(batch: BatchLine, header: Header, begins: Chain, source: Source): string | undefined {
  const { tenant, site, node, epoch, first, count } = header;
  if (tenant !== source.tenant || site !== batch.site || node !== batch.node || epoch !== batch.epoch) {
    return `has a header of epoch ${epoch} of ${tenant}/${site}/${node}`;
  }
  const last = first + count - 1;
  if (first < 1 || count > MAX_RECORDS || batch.first < first || batch.first > last) {
    return `has a header of records ${first} to ${last}, which does not hold ${batch.first}`;
  }
  // A batch that straddled the head repeats records: the chain value before them lies that far back.
  const back = batch.first - first;
  const before = begins.values[begins.values.length - 1 - back];
  if (begins.lost && back > 0) return undefined;
  return sameBytes(before, header.before) ? undefined : `has a header whose chain does not begin after record ${first - 1}`;
}

/** Checks a batch against the log and returns where the node's chain then stands. A text says what is wrong. */
export function checkBatch(batch: BatchLine, chain: Chain | undefined, source: Source): Chain | string {
  const begins = origin(batch, chain, source);
  if (typeof begins === 'string') return begins;
  const bytes = fromBase64url(batch.header);
  const header = decodeHeader(bytes);
  const signature = fromBase64url(batch.signature);
  if (header === undefined || bytes === undefined || signature?.length !== 64) return 'has no readable header or signature';
  if (!sameBytes(fromBase64url(batch.before), begins.values.at(-1))) return `has another chain value before record ${batch.first}`;
  const fault = headerFault(batch, header, begins, source);
  if (fault !== undefined) return fault;
  const producer = producerHash(source.tenant, begins.node);
  const values = [...begins.values];
  const last = header.first + header.count - 1;
  let at = 0;
  for (let seq = batch.first; seq <= last; seq++) {
    const index = batch.entry + seq - batch.first;
    const leaf = source.leaf(index);
    if (leaf === undefined) return `names entry ${index}, which is not known`;
    if (leaf.type !== RECORD || leaf.epoch !== batch.epoch || leaf.seq !== seq || !sameBytes(leaf.producer, producer)) {
      return `names entry ${index} as record ${seq} of epoch ${batch.epoch} of ${begins.node}, which it is not`;
    }
    values.push(sha256(values.at(-1) ?? new Uint8Array(), leaf.commitment));
    if (seq === batch.first) at = leaf.at;
  }
  if (!sameBytes(values.at(-1), header.after)) return `has a header whose chain does not end after record ${last}`;
  const key = source.keys.at(begins.node, header.key, batch.entry, at);
  if (typeof key === 'string') return `is signed with a key that was not valid: ${key}`;
  if (!signedBy(key, signature, Buffer.concat([CONTEXT, bytes]))) return 'has a signature that does not verify';
  return { node: begins.node, epoch: batch.epoch, seq: last, values: values.slice(-MAX_RECORDS - 1), lost: false };
}
