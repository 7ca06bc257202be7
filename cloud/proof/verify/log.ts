import { difference, type Line, linesOf, same } from './encoding.ts';
import { type EntryLine, type Logged, openEntry, parseEntry } from './entry.ts';
import type { Findings, Place } from './findings.ts';
import type { Folder } from './folder.ts';
import { blocks, bundlePath, entriesPath, tilePath } from './layout.ts';
import type { Leaf } from './leaf.ts';
import { narrowed } from './locate.ts';
import { leavesOf, Scan } from './scan.ts';
import { HASH_BYTES, leafHash, rootOfTiles, TILE_WIDTH } from './tree.ts';

/** Hears what the log holds, in its order. */
export interface Listener {
  /** An entry whose line opens its leaf. */
  entry(entry: Logged): void;
  /** Called before entry `size` and at the end. */
  reached(size: number, root: () => Uint8Array): void;
}

/** A leaf as it was, where a byte of its bundle was changed and the tile tells which. */
export type Repaired = Map<number, Uint8Array>;

interface Block {
  readonly index: number;
  readonly width: number;
}

/** Reads bundles, tiles and entries of an export in one pass, and compares each with the others. */
export class LogReader {
  readonly repaired: Repaired = new Map();
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #tenant: string;
  readonly #scan: Scan;
  /** The partial tile of each level, as the files have it. */
  readonly #partial: Uint8Array[] = [];
  #tilesGood = true;

  constructor(folder: Folder, tenant: string, findings: Findings) {
    this.#folder = folder;
    this.#findings = findings;
    this.#tenant = tenant;
    this.#scan = new Scan(tenant, findings, (...tile) => this.#tile(...tile));
  }

  /** Returns the root from the leaves, and from the tiles alone (undefined when a tile is known to be wrong). */
  read(size: number, listener: Listener): { leaves: Uint8Array; tiles: Uint8Array | undefined } {
    for (const block of blocks(size)) {
      const lines = new EntryLines(this.#folder, block, this.#tenant, this.#findings);
      for (const { leaf, place } of this.#leaves(block)) {
        const index = this.#scan.frontier.size;
        listener.reached(index, () => this.#scan.frontier.root());
        const decoded = leaf instanceof Uint8Array ? this.#scan.add(leaf, place) : undefined;
        if (!(leaf instanceof Uint8Array)) this.#scan.addHash(leaf.hash);
        const entry = lines.take(index, decoded);
        if (entry !== undefined) listener.entry(entry);
      }
      lines.end();
    }
    listener.reached(this.#scan.frontier.size, () => this.#scan.frontier.root());
    this.#scan.tiles.end();
    const leaves = this.#scan.frontier.root();
    return { leaves, tiles: this.#tilesGood ? rootOfTiles(Array.from(this.#partial, (tile) => tile ?? new Uint8Array())) : undefined };
  }

  /** The leaves of a block: their bytes, or the hash alone where the bundle does not give them. */
  #leaves({ index, width }: Block): { leaf: Uint8Array | { hash: Uint8Array }; place: Place }[] {
    const path = bundlePath(index, width);
    const bundle = this.#folder.read(path);
    const tileFile = tilePath(0, index, width);
    const tile = this.#folder.read(tileFile);
    // Of a bundle that was changed the tile knows better, if it was not.
    const judge = this.#folder.damaged(path) && !this.#folder.damaged(tileFile) ? tile : undefined;
    const first = index * TILE_WIDTH;
    const hashAt = (i: number): Uint8Array => (tile ?? new Uint8Array()).subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
    if (bundle === undefined) {
      return Array.from({ length: width }, (_, i) => ({ leaf: { hash: hashAt(i) }, place: { file: path, entry: first + i } }));
    }
    return leavesOf(path, bundle, first, width, this.#findings).map(({ leaf, place }, i) => {
      if (leaf === undefined) return { leaf: { hash: hashAt(i) }, place };
      if (judge === undefined || same(leafHash(leaf), hashAt(i))) return { leaf, place };
      const accepts = (candidate: Uint8Array): boolean => same(leafHash(candidate), hashAt(i));
      const found = narrowed({ findings: this.#findings, suspect: true }, bundle, place.bytes ?? [0, 0], accepts);
      this.#findings.problem(
        'LEAF_CHANGED',
        { ...place, bytes: found.bytes },
        `the leaf of entry ${first + i} is not the one in ${tileFile}`,
      );
      if (found.repaired === undefined) return { leaf: { hash: hashAt(i) }, place };
      this.repaired.set(first + i, found.repaired);
      return { leaf: found.repaired, place };
    });
  }

  #tile(path: string, hashes: Uint8Array, level: number, index: number): void {
    const actual = this.#folder.read(path);
    if (actual === undefined) {
      this.#tilesGood = false;
      return;
    }
    this.#findings.count('tiles');
    if (hashes.length < TILE_WIDTH * HASH_BYTES) this.#partial[level] = actual;
    const changed = difference(actual, hashes);
    if (changed === undefined) return;
    this.#tilesGood = false;
    const hash = Math.floor(changed[0] / HASH_BYTES);
    const place: Place = { file: path, ...(level === 0 ? { entry: index * TILE_WIDTH + hash } : {}), bytes: changed };
    this.#findings.problem('TILE_DIFFERS', place, `${path} does not follow from the leaves: its hash ${hash} is another`);
  }
}

/** The lines of one file of entries, matched to the leaves by their index, so that one line too many or too few does not shift the rest. */
class EntryLines {
  readonly #path: string;
  readonly #bytes: Uint8Array | undefined;
  readonly #suspect: boolean;
  readonly #lines: Generator<Line>;
  readonly #tenant: string;
  readonly #findings: Findings;
  #held: { line: Line; parsed: EntryLine } | undefined;

  constructor(folder: Folder, { index }: Block, tenant: string, findings: Findings) {
    this.#path = entriesPath(index);
    this.#tenant = tenant;
    this.#findings = findings;
    this.#bytes = folder.read(this.#path);
    this.#suspect = folder.suspect(this.#path);
    this.#lines = linesOf(this.#bytes ?? new Uint8Array());
  }

  /** The entry of an index; undefined when its line is missing or wrong, or its leaf is not known. */
  take(index: number, leaf: Leaf | undefined): Logged | undefined {
    if (this.#bytes === undefined) return undefined;
    for (;;) {
      const held = this.#held ?? this.#next(index, leaf);
      this.#held = undefined;
      if (held === undefined) {
        this.#findings.problem('ENTRY_MISSING', { file: this.#path, entry: index }, `entry ${index} has no line`);
        return undefined;
      }
      if (!('parsed' in held)) return held.entry;
      const { line, parsed } = held;
      if (parsed.index > index) {
        this.#held = held;
        this.#findings.problem('ENTRY_MISSING', { file: this.#path, entry: index, line: line.number }, `entry ${index} has no line`);
        return undefined;
      }
      if (parsed.index === index) return this.#open(line, parsed, index, leaf);
      const place = { file: this.#path, entry: parsed.index, line: line.number, bytes: [line.from, line.to] as const };
      this.#findings.problem('ENTRY_ORDER', place, `line ${line.number} holds entry ${parsed.index} where ${index} was to come`);
    }
  }

  /** The next line; one that cannot be read is taken for the entry that was to come. */
  #next(index: number, leaf: Leaf | undefined): { line: Line; parsed: EntryLine } | { entry: Logged | undefined } | undefined {
    const next = this.#lines.next();
    if (next.done === true) return undefined;
    const line = next.value;
    const parsed = parseEntry(this.#part(line));
    if (typeof parsed !== 'string' && line.ended) return { line, parsed };
    return { entry: this.#wrong(line, index, leaf, typeof parsed === 'string' ? parsed : 'has no line end') };
  }

  #part({ from, to }: Line): Uint8Array {
    return (this.#bytes ?? new Uint8Array()).subarray(from, to);
  }

  #open(line: Line, parsed: EntryLine, index: number, leaf: Leaf | undefined): Logged | undefined {
    if (leaf === undefined) return undefined;
    const entry = openEntry(parsed, index, leaf, this.#tenant);
    return typeof entry === 'string' ? this.#wrong(line, index, leaf, entry) : entry;
  }

  /** Reports a line, and reads it with the one changed byte put right if that can be found. */
  #wrong(line: Line, index: number, leaf: Leaf | undefined, why: string): Logged | undefined {
    const read = (bytes: Uint8Array): Logged | undefined => {
      const parsed = leaf === undefined ? '' : parseEntry(bytes);
      const entry = leaf === undefined || typeof parsed === 'string' ? '' : openEntry(parsed, index, leaf, this.#tenant);
      return typeof entry === 'string' ? undefined : entry;
    };
    const bytes = this.#bytes ?? new Uint8Array();
    const found = narrowed(
      { findings: this.#findings, suspect: this.#suspect },
      bytes,
      [line.from, line.to],
      (candidate) => read(candidate) !== undefined,
    );
    const place = { file: this.#path, entry: index, line: line.number, bytes: found.bytes };
    this.#findings.problem('ENTRY_CHANGED', place, `the line of entry ${index} ${why}`);
    return found.repaired === undefined ? undefined : read(found.repaired);
  }

  /** Lines that no leaf asks for. */
  end(): void {
    const rest = this.#held === undefined ? this.#lines.next().value : this.#held.line;
    if (rest === undefined) return;
    const place = { file: this.#path, line: rest.number, bytes: [rest.from, this.#bytes?.length ?? rest.to] as const };
    this.#findings.problem('ENTRY_EXTRA', place, `${this.#path} holds more than its entries from line ${rest.number} on`);
  }
}
