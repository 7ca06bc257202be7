import { concat } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import type { Migration } from './projection.ts';
import { blob, type Sql } from './sql.ts';
import { append, type Frontier, HASH_BYTES, nodeHash, type RangeHash, splitPoint } from './tree.ts';

/**
 * The tree's hashes in the layout of C2SP tlog-tiles: item i of tile n at level l is the root of the leaves
 * [(n*256 + i) * 256^l, (n*256 + i + 1) * 256^l). A partial tile grows in its row, which is written once a commit.
 */

const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
/** Rows are keyed by level and index in one integer: 2^45 tiles of a level hold 2^53 leaves. */
const LEVEL_STEP = 2 ** 46;

export const tileMigration: Migration = {
  id: 'tiles',
  statements: ['CREATE TABLE tiles (tile INTEGER PRIMARY KEY, hashes BLOB NOT NULL)'],
};

const corrupt = (what: string): Fault => new Fault('TREE_CORRUPT', `the log tree's tiles are damaged: ${what}; restore the ledger`);

function read(sql: Sql, level: number, index: number): Uint8Array | undefined {
  const row = sql.exec('SELECT hashes FROM tiles WHERE tile = ?', level * LEVEL_STEP + index)[0];
  return row === undefined ? undefined : blob(row, 'hashes');
}

/** How many hashes level `level` holds in a tree of `size`. */
const count = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** level);

/**
 * Appends leaf hashes to the tree and writes each tile that they touch, once.
 * @throws Fault TREE_CORRUPT when a stored tile does not have the width that the size asks for.
 */
export function appendToTiles(sql: Sql, frontier: Frontier, leaves: readonly Uint8Array[]): Frontier {
  const fresh: Uint8Array[][] = [];
  const next = append(frontier, leaves, (height, hash) => {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    const hashes = fresh[level];
    if (hashes === undefined) fresh[level] = [hash];
    else hashes.push(hash);
  });
  for (const [level, hashes] of fresh.entries()) {
    if (hashes === undefined) continue;
    const before = count(frontier.size, level);
    let index = Math.floor(before / TILE_WIDTH);
    const width = before % TILE_WIDTH;
    const old = width === 0 ? new Uint8Array() : read(sql, level, index);
    if (old?.length !== width * HASH_BYTES) throw corrupt(`level ${level} tile ${index} is not ${width} hashes wide`);
    let from = 0;
    let room = TILE_WIDTH - width;
    let start = old;
    while (from < hashes.length) {
      const bytes = concat(start, ...hashes.slice(from, from + room));
      sql.exec(
        'INSERT INTO tiles (tile, hashes) VALUES (?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes',
        level * LEVEL_STEP + index,
        bytes,
      );
      from += room;
      room = TILE_WIDTH;
      start = new Uint8Array();
      index += 1;
    }
  }
  return next;
}

/** The hashes of a tile in a tree of `size`; undefined when it has none there. A tile that grew since is cut to that width. */
export function tile(sql: Sql, size: number, level: number, index: number): Uint8Array | undefined {
  const width = Math.min(TILE_WIDTH, count(size, level) - index * TILE_WIDTH);
  if (!(width > 0) || index < 0) return undefined;
  const hashes = read(sql, level, index);
  if (hashes === undefined || hashes.length < width * HASH_BYTES) throw corrupt(`level ${level} tile ${index} is not ${width} hashes wide`);
  return hashes.subarray(0, width * HASH_BYTES);
}

/** An index as C2SP tlog-tiles writes it in paths (section Parameters): groups of three digits, all but the last after an x. */
export function indexPath(index: number): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const last = groups.pop() as string;
  return [...groups.map((group) => `x${group}`), last].join('/');
}

/** `tile/<level>/<index>[.p/<width>]`; level `entries` holds the leaves themselves. */
export function tilePath(level: number | 'entries', index: number, width = TILE_WIDTH): string {
  return `tile/${level}/${indexPath(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The levels of a tree of `size` with their full tiles and the width of the partial one (0: none). */
export function tileLevels(size: number): { level: number; full: number; partialWidth: number }[] {
  const levels: { level: number; full: number; partialWidth: number }[] = [];
  for (let level = 0; count(size, level) > 0; level++) {
    const hashes = count(size, level);
    levels.push({ level, full: Math.floor(hashes / TILE_WIDTH), partialWidth: hashes % TILE_WIDTH });
  }
  return levels;
}

/** Roots of ranges of leaves from the tiles; a tile is read once per function returned. */
export function rangesOf(sql: Sql): RangeHash {
  const tiles = new Map<number, Uint8Array>();
  const hashes = (level: number, index: number): Uint8Array => {
    const key = level * LEVEL_STEP + index;
    const known = tiles.get(key) ?? read(sql, level, index);
    if (known === undefined) throw corrupt(`level ${level} tile ${index} is missing`);
    tiles.set(key, known);
    return known;
  };
  const range: RangeHash = (from, to) => {
    const length = to - from;
    const height = Math.log2(length);
    if (!Number.isInteger(height)) {
      const middle = from + splitPoint(length);
      return nodeHash(range(from, middle), range(middle, to));
    }
    // A complete subtree is 1 to 128 hashes next to each other in one tile.
    const level = Math.floor(height / TILE_HEIGHT);
    const unit = TILE_WIDTH ** level;
    const first = from / unit;
    const tileOf = hashes(level, Math.floor(first / TILE_WIDTH));
    const fold = (at: number, width: number): Uint8Array => {
      if (width > 1) return nodeHash(fold(at, width / 2), fold(at + width / 2, width / 2));
      const hash = tileOf.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      if (hash.length !== HASH_BYTES) throw corrupt(`level ${level} has no hash ${first}`);
      return hash;
    };
    return fold(first % TILE_WIDTH, length / unit);
  };
  return range;
}

/** The frontier of the first `size` leaves, computed again from the tiles: what a restart compares with the stored head. */
export function frontierFromTiles(sql: Sql, size: number): Frontier {
  const range = rangesOf(sql);
  const peaks: Uint8Array[] = [];
  let from = 0;
  while (from < size) {
    const rest = size - from;
    const width = rest === 1 ? 1 : splitPoint(rest + 1);
    peaks.push(range(from, from + width));
    from += width;
  }
  return { size, peaks };
}
