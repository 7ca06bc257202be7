import { concat } from '../../protocol/bytes.ts';
import { decimal } from '../../protocol/checkpoint.ts';
import { type EntryType, leaf, producerId } from './entry.ts';
import { TYPE_OF } from './log.ts';
import { blob, num, type Row, type Sql, text } from './sql.ts';
import { TILE_WIDTH, tile, tilePath } from './tiles.ts';
import { HASH_BYTES } from './tree.ts';

/** A part of the tree as C2SP tlog-tiles serves it: hashes of a level, or a bundle of the leaves themselves. */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  /** Hashes or leaves, 1 to 256. */
  readonly width: number;
}

/** C2SP tlog-tiles knows levels 0 to 63. */
const MAX_LEVEL = 63;

export function pathOf({ level, index, width }: Tile): string {
  return tilePath(level, index, width);
}

/** The tile that a path names; undefined for any other spelling than the one that `pathOf` writes. */
export function parseTilePath(path: string): Tile | undefined {
  const [, name = '', groups = '', last = '', digits] =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5})(\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? [];
  const level = name === 'entries' ? 'entries' : decimal(name);
  const width = digits === undefined ? TILE_WIDTH : decimal(digits);
  const index = Number(groups.replaceAll(/[x/]/g, '') + last);
  if (level === undefined || width === undefined || width < 1 || width > TILE_WIDTH || !Number.isSafeInteger(index)) return undefined;
  if (level !== 'entries' && level > MAX_LEVEL) return undefined;
  const found: Tile = { level, index, width };
  return pathOf(found) === path ? found : undefined;
}

/** The full tiles that are complete when the `count`th bundle of 256 leaves is: that bundle, its hashes, and those of each level above that end there. */
export function completedBy(count: number): Tile[] {
  const tiles: Tile[] = [{ level: 'entries', index: count - 1, width: TILE_WIDTH }];
  for (let level = 0, rest = count; ; level += 1) {
    tiles.push({ level, index: rest - 1, width: TILE_WIDTH });
    if (rest % TILE_WIDTH !== 0) return tiles;
    rest /= TILE_WIDTH;
  }
}

const LEAF_COLUMNS =
  'e.type, e.at, e.effective, e.epoch, e.seq, e.commitment, n.site, n.node FROM entries e LEFT JOIN nodes n ON n.id = e.node';

/** The leaves of entries [from, to), as they were hashed. */
export function leaves(sql: Sql, tenant: string, from: number, to: number): Uint8Array[] {
  const producers = new Map<string, Uint8Array>();
  const producerOf = (row: Row): Uint8Array => {
    const producer = row['site'] === null ? 'hub' : `${text(row, 'site')}/${text(row, 'node')}`;
    const id = producers.get(producer) ?? producerId(tenant, producer);
    producers.set(producer, id);
    return id;
  };
  return sql.exec(`SELECT ${LEAF_COLUMNS} WHERE e.idx >= ? AND e.idx < ? ORDER BY e.idx`, from, to).map((row) =>
    leaf(
      {
        type: TYPE_OF.get(num(row, 'type')) as EntryType,
        at: num(row, 'at'),
        effectiveAt: num(row, 'effective'),
        epoch: num(row, 'epoch'),
        seq: num(row, 'seq'),
        commitment: blob(row, 'commitment'),
      },
      producerOf(row),
    ),
  );
}

/** Leaves one after the other, each behind its length in two bytes, big-endian (C2SP tlog-tiles, "Log entries"). */
export function bundle(entries: readonly Uint8Array[]): Uint8Array {
  return concat(...entries.flatMap((entry) => [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]));
}

/**
 * The bytes of a tile of the log's first `size` entries; undefined when it is not complete to its width there. A narrower one than the
 * size gives is one of an older size, and served.
 */
export function tileBytes(sql: Sql, tenant: string, size: number, { level, index, width }: Tile): Uint8Array | undefined {
  if (level === 'entries') {
    const from = index * TILE_WIDTH;
    return from + width <= size ? bundle(leaves(sql, tenant, from, from + width)) : undefined;
  }
  const hashes = tile(sql, size, level, index);
  return hashes === undefined || hashes.length < width * HASH_BYTES ? undefined : hashes.slice(0, width * HASH_BYTES);
}
