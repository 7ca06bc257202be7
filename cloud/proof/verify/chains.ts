import { type BatchLine, type Chain, checkBatch, parseBatch, type Source } from './batches.ts';
import { linesOf } from './encoding.ts';
import { type Logged, readBody } from './entry.ts';
import type { Findings, Place } from './findings.ts';
import type { Folder } from './folder.ts';
import { Keys } from './keys.ts';
import { batchesPath, bundlePath } from './layout.ts';
import { BUNDLE_STEP, DEVICE, decodeLeaf, type Leaf, RECORD } from './leaf.ts';
import { narrowed } from './locate.ts';
import type { Repaired } from './log.ts';
import { TILE_WIDTH } from './tree.ts';

interface Posted {
  epoch: number;
  seq: number;
  count: number;
}

/** What the chains need from one pass over the log: device keys, epoch records, and how far each node came. */
export class NodeLog {
  readonly keys = new Keys();
  readonly openings = new Map<number, Readonly<Record<string, unknown>> | null>();
  readonly posted = new Map<string, Posted>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(entry: Logged, place: Place): void {
    const { index, leaf, producer } = entry;
    if (leaf.type === DEVICE && entry.body !== null) {
      const fault = this.keys.add(index, leaf.at, readBody(entry) ?? {});
      if (fault !== undefined) this.#findings.problem('DEVICE_INVALID', place, `the device entry ${index} ${fault}`);
    }
    if (leaf.type !== RECORD) return;
    this.#findings.count('records');
    const before = this.posted.get(producer) ?? { epoch: 1, seq: 0, count: 0 };
    const { epoch, seq } = leaf;
    const follows = epoch === before.epoch ? seq === before.seq + 1 : epoch === before.epoch + 1 && seq === 1;
    if (!follows) {
      const text = `entry ${index} is record ${seq} of epoch ${epoch} of ${producer}, after record ${before.seq} of epoch ${before.epoch}`;
      this.#findings.problem('RECORD_SEQUENCE', place, text);
    }
    this.posted.set(producer, { epoch, seq, count: before.count + 1 });
    if (seq !== 1 || epoch === 1) return;
    const value = readBody(entry);
    const previous = value?.['type'] === 'epoch' ? value['previous'] : undefined;
    if (entry.body === null) this.openings.set(index, null);
    else if (previous !== null && typeof previous === 'object') this.openings.set(index, previous as Record<string, unknown>);
  }
}

/** Leaves by index, read again from the bundles: a node's batches come in its own order, which is ascending too. */
class Leaves {
  readonly #folder: Folder;
  readonly #size: number;
  readonly #repaired: Repaired;
  #block = -1;
  #bundle: Uint8Array | undefined;

  constructor(folder: Folder, size: number, repaired: Repaired) {
    this.#folder = folder;
    this.#size = size;
    this.#repaired = repaired;
  }

  at(index: number): Leaf | undefined {
    if (index >= this.#size) return undefined;
    const block = Math.floor(index / TILE_WIDTH);
    if (block !== this.#block) {
      this.#block = block;
      this.#bundle = this.#folder.read(bundlePath(block, Math.min(TILE_WIDTH, this.#size - block * TILE_WIDTH)));
    }
    const from = (index % TILE_WIDTH) * BUNDLE_STEP + 2;
    const bytes = this.#repaired.get(index) ?? this.#bundle?.subarray(from, from + BUNDLE_STEP - 2);
    const leaf = bytes === undefined ? '' : decodeLeaf(bytes);
    return typeof leaf === 'string' ? undefined : leaf;
  }
}

/** Walks every batch of every node: chain from its start, header, signature and key, and each record in exactly one of them. */
export class ChainWalk {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #log: NodeLog;
  readonly #source: Source;
  readonly #seen = new Map<string, number>();
  #chain: Chain | undefined;
  #sure = true;

  constructor(folder: Folder, log: NodeLog, place: { tenant: string; size: number; repaired: Repaired }, findings: Findings) {
    this.#folder = folder;
    this.#findings = findings;
    this.#log = log;
    const leaves = new Leaves(folder, place.size, place.repaired);
    this.#source = {
      tenant: place.tenant,
      keys: log.keys,
      leaf: (index) => leaves.at(index),
      opening: (index) => log.openings.get(index),
    };
  }

  walk(): void {
    const count = [...this.#folder.files.keys()].filter((path) => path.startsWith('batches/')).length;
    for (let i = 0; i < count; i++) {
      const path = batchesPath(i);
      const bytes = this.#folder.read(path);
      if (bytes === undefined) {
        this.#findings.problem('FILE_MISSING', { file: path }, `${path} is missing: the files of batches are counted without a gap`);
        this.#lose();
        continue;
      }
      for (const line of linesOf(bytes)) this.#line(path, bytes, line);
    }
    this.#covered(batchesPath(Math.max(0, count - 1)));
  }

  #open(bytes: Uint8Array): { batch: BatchLine; chain: Chain } | string {
    const batch = parseBatch(bytes);
    if (typeof batch === 'string') return batch;
    const node = `${batch.site}/${batch.node}`;
    if (node !== this.#chain?.node && this.#seen.has(node)) return `is of ${node}, whose batches were all to stand together`;
    const chain = checkBatch(batch, this.#chain, this.#source);
    return typeof chain === 'string' ? chain : { batch, chain };
  }

  #line(path: string, bytes: Uint8Array, line: { number: number; from: number; to: number; ended: boolean }): void {
    const part = bytes.subarray(line.from, line.to);
    const opened = this.#open(part);
    if (typeof opened !== 'string' && line.ended) {
      this.#take(opened);
      return;
    }
    const accepts = (candidate: Uint8Array): boolean => typeof this.#open(candidate) !== 'string';
    const found = narrowed({ findings: this.#findings, suspect: this.#folder.suspect(path) }, bytes, [line.from, line.to], accepts);
    const batch = parseBatch(part);
    const entry = typeof batch === 'string' ? {} : { entry: batch.entry };
    const why = typeof opened === 'string' ? opened : 'has no line end';
    this.#findings.problem('BATCH_INVALID', { file: path, line: line.number, ...entry, bytes: found.bytes }, `batch ${line.number} ${why}`);
    const repaired = found.repaired === undefined ? '' : this.#open(found.repaired);
    if (typeof repaired !== 'string') this.#take(repaired);
    else this.#lose(typeof batch === 'string' ? undefined : `${batch.site}/${batch.node}`);
  }

  #take({ batch, chain }: { batch: BatchLine; chain: Chain }): void {
    if (chain.epoch > 1 && batch.first === 1 && this.#log.openings.get(batch.entry) === null) this.#findings.count('epochsErased');
    const before = this.#seen.get(chain.node);
    if (before === undefined) this.#findings.count('nodes');
    this.#seen.set(chain.node, (before ?? 0) + chain.seq - batch.first + 1);
    this.#findings.count('batches');
    this.#findings.count('signatures');
    this.#chain = chain;
  }

  /** Goes on after a batch that could not be followed: the next of its node is taken at its word, and only of that much less is said. */
  #lose(node = this.#chain?.node): void {
    this.#sure = false;
    if (node !== undefined) this.#chain = { node, epoch: 0, seq: 0, values: [], lost: true };
  }

  #covered(file: string): void {
    if (!this.#sure) return;
    for (const [node, { count }] of this.#log.posted) {
      const held = this.#seen.get(node) ?? 0;
      if (held !== count) {
        this.#findings.problem(
          'BATCH_MISSING',
          { file },
          `the log holds ${count} records of ${node}, its batches hold ${held}: a batch is missing`,
        );
      }
    }
  }
}
