import { createHash } from 'node:crypto';
import { tilePath } from './layout.ts';

/** RFC 6962, section 2.1, and C2SP tlog-tiles, written a second time: nothing here comes from the hub's own tree. */

export const HASH_BYTES = 32;
export const TILE_WIDTH = 256;

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);
export const EMPTY_ROOT = sha256();

export const leafHash = (data: Uint8Array): Uint8Array => sha256(LEAF, data);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right);

/** Roots of complete subtrees, largest first, joined from the right: the root of all of them. */
function joined(peaks: readonly Uint8Array[], right?: Uint8Array): Uint8Array {
  const all = right === undefined ? peaks : [...peaks, right];
  return all.length === 0 ? EMPTY_ROOT : all.reduceRight((after, left) => nodeHash(left, after));
}

/** A tree that grows by leaf hashes and holds one hash for each set bit of its size. */
export class Frontier {
  size = 0;
  readonly #peaks: Uint8Array[] = [];

  add(leaf: Uint8Array): void {
    let hash = leaf;
    for (let n = this.size; n % 2 === 1; n = (n - 1) / 2) hash = nodeHash(this.#peaks.pop() ?? hash, hash);
    this.#peaks.push(hash);
    this.size += 1;
  }

  /** The root; `right` is that of a smaller subtree that stands to the right of all. */
  root(right?: Uint8Array): Uint8Array {
    return joined(this.#peaks, right);
  }
}

/** Root of a tree from the hashes of its partial tiles, lowest level first: what a reader of tiles alone comes to. */
export function rootOfTiles(partial: readonly Uint8Array[]): Uint8Array {
  let right: Uint8Array | undefined;
  for (const tile of partial) {
    const level = new Frontier();
    for (let at = 0; at < tile.length; at += HASH_BYTES) level.add(tile.subarray(at, at + HASH_BYTES));
    right = level.size === 0 ? right : level.root(right);
  }
  return right ?? EMPTY_ROOT;
}

/** Hears of a tile: its path, its hashes one after the other, and where it stands. */
export type TellTile = (path: string, hashes: Uint8Array, level: number, index: number) => void;

/** Tells each tile of a growing tree as soon as it is full, and the partial ones at the end. */
export class Tiles {
  readonly #levels: { index: number; hashes: Uint8Array[] }[] = [];
  readonly #tell: TellTile;

  constructor(tell: TellTile) {
    this.#tell = tell;
  }

  add(hash: Uint8Array, level = 0): void {
    const tile = this.#levels[level] ?? { index: 0, hashes: [] };
    this.#levels[level] = tile;
    tile.hashes.push(hash);
    if (tile.hashes.length < TILE_WIDTH) return;
    const whole = new Frontier();
    for (const each of tile.hashes) whole.add(each);
    this.#tell(tilePath(level, tile.index), Buffer.concat(tile.hashes), level, tile.index);
    tile.index += 1;
    tile.hashes = [];
    this.add(whole.root(), level + 1);
  }

  /** The tiles that are not full. */
  end(): void {
    for (const [level, { index, hashes }] of this.#levels.entries()) {
      if (hashes.length > 0) this.#tell(tilePath(level, index, hashes.length), Buffer.concat(hashes), level, index);
    }
  }
}
