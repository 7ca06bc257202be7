import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../protocol/bytes.ts';
import { canonical, type Json } from '../../protocol/canonical.ts';
import { Fault } from '../../protocol/fault.ts';
import { type NoteKey, vkeyText } from '../../protocol/note.ts';
import { ENTRY_TYPES } from './entry.ts';
import { exportReadme } from './exportreadme.ts';
import { sizeOf } from './page.ts';
import type { Projection } from './projection.ts';
import { pathOf, type Tile, tileBytes } from './served.ts';
import { keptCheckpoints, type SignedCheckpoint } from './signer.ts';
import { blob, num, type Row, type Sql, text, type Value } from './sql.ts';
import { rowLine, rowsAfter, type Table, tablesOf } from './tables.ts';
import { indexPath, TILE_WIDTH, tileLevels } from './tiles.ts';

/** One file of an export: its path, the part it belongs to, and what that part needs to read it. Kept as JSON between requests. */
export interface Place {
  readonly part: keyof typeof PARTS;
  readonly path: string;
  readonly at: Json;
}

/** What the parts read from. `checkpoint` is what the export is of: fixed once the projections are read. */
export interface ExportSource {
  readonly sql: Sql;
  readonly tenant: string;
  readonly projections: readonly Projection[];
  readonly key: NoteKey;
  readonly checkpoint: SignedCheckpoint;
  /** The bytes of an original document; undefined when the archive lacks them. */
  original(hash: string): Promise<Uint8Array | undefined>;
  /** Whether this export holds a file already. */
  has(path: string): boolean;
  /** Lines of the file `sums`, one for each original and README.txt as far as this export holds them already, by path. */
  sums(): readonly string[];
}

export interface ExportFile {
  /** Read as it is sent: the entries of one file can be larger than a Worker's memory. */
  readonly chunks: Iterable<Uint8Array>;
  /** The next file of the part; undefined after its last. */
  readonly next: Place | undefined;
}

/** A stretch of an export. */
interface Part {
  first(source: ExportSource): Place | undefined;
  read(place: Place, source: ExportSource): Promise<ExportFile> | ExportFile;
}

/** Entries of a file, as in a bundle of leaves. */
const ENTRIES = TILE_WIDTH;
/** Entries read at a time: the largest hub bodies, 1 MB each, then take 8 MB of a Worker's 128. */
const ENTRIES_AT_ONCE = 8;
const BATCHES = 1_000;
/** A page of a table ends after so many rows or characters, whichever comes first: it is read at one moment, and so held in memory. */
const PAGE_ROWS = 5_000;
const PAGE_CHARACTERS = 4_000_000;
/** Rows read at a time within a page. */
const ROWS_AT_ONCE = 100;

const lines = (all: readonly string[]): Uint8Array => utf8(all.map((line) => `${line}\n`).join(''));

function tablePlace(tables: readonly Table[], table: number, page: number, after: Json): Place | undefined {
  const found = tables[table];
  if (found === undefined) return undefined;
  return { part: 'projections', path: `projections/${found.name}/${String(page).padStart(4, '0')}.jsonl`, at: [table, page, after] };
}

/** A key of a row as it stands in the header of a page, and back. */
const keyJson = (table: Table, key: readonly Value[]): Json =>
  JSON.parse(rowLine({ columns: table.key }, Object.fromEntries(table.key.map((name, i) => [name, key[i] ?? null])))) as Json;
const keyValues = (json: Json): Value[] | null =>
  json === null
    ? null
    : (json as readonly (Value | { readonly b: string })[]).map((value) =>
        value !== null && typeof value === 'object' && 'b' in value ? (fromBase64url(value.b as string) ?? new Uint8Array()) : value,
      );

const projectionPages: Part = {
  first: ({ sql, projections }) => tablePlace(tablesOf(sql, projections), 0, 0, null),
  read({ at }, { sql, projections }) {
    const [index, page, after] = at as unknown as [number, number, Json];
    const tables = tablesOf(sql, projections);
    const table = tables[index] as Table;
    const rows: string[] = [];
    let key = keyValues(after);
    let characters = 0;
    for (;;) {
      const { rows: found, next } = rowsAfter(sql, table, key, ROWS_AT_ONCE);
      const fresh = found.map((row) => rowLine(table, row));
      rows.push(...fresh);
      characters += fresh.reduce((sum, line) => sum + line.length, 0);
      key = next === null ? null : [...next];
      if (key === null || rows.length >= PAGE_ROWS || characters >= PAGE_CHARACTERS) break;
    }
    const header = canonical({ after, columns: table.columns, last: key === null, size: sizeOf(sql), table: table.name });
    const next = key === null ? tablePlace(tables, index + 1, 0, null) : tablePlace(tables, index, page + 1, keyJson(table, key));
    return { chunks: [lines([header, ...rows])], next };
  },
};

const SINGLE = ['vkey', 'README.txt', 'checkpoint', 'checkpoints.jsonl'] as const;
const singlePlace = (n: number): Place | undefined => {
  const path = SINGLE[n];
  return path === undefined ? undefined : { part: 'singles', path, at: n };
};

const singles: Part = {
  first: () => singlePlace(0),
  read({ at, path }, { sql, key, checkpoint }) {
    const bytes = {
      vkey: () => lines([vkeyText(key)]),
      'README.txt': () => utf8(exportReadme(key.name, checkpoint.size)),
      checkpoint: () => utf8(checkpoint.note),
      'checkpoints.jsonl': () => lines(keptCheckpoints(sql, checkpoint.size).map((note) => canonical(note))),
    }[path as (typeof SINGLE)[number]];
    return { chunks: [bytes()], next: singlePlace((at as number) + 1) };
  },
};

/** The tile at or after a place in a tree of `size`: level by level, the leaves' own bundles last. */
function tilePlace(size: number, level: number | 'entries', index: number): Place | undefined {
  const levels = tileLevels(size);
  const width = level === 'entries' ? size - index * TILE_WIDTH : widthAt(levels[level], index);
  if (width > 0) {
    const tile: Tile = { level, index, width: Math.min(TILE_WIDTH, width) };
    return { part: 'tiles', path: pathOf(tile), at: [level, index, tile.width] };
  }
  if (level === 'entries') return undefined;
  return level + 1 < levels.length ? tilePlace(size, level + 1, 0) : tilePlace(size, 'entries', 0);
}

function widthAt(level: { full: number; partialWidth: number } | undefined, index: number): number {
  if (level === undefined) return 0;
  return index < level.full ? TILE_WIDTH : index === level.full ? level.partialWidth : 0;
}

const tiles: Part = {
  first: ({ checkpoint }) => tilePlace(checkpoint.size, 0, 0),
  read({ at, path }, { sql, tenant, checkpoint }) {
    const [level, index, width] = at as unknown as [Tile['level'], number, number];
    const bytes = tileBytes(sql, tenant, checkpoint.size, { level, index, width });
    if (bytes === undefined) throw new Fault('TREE_CORRUPT', `${path} is missing from the log's tree: restore the ledger`);
    return { chunks: [bytes], next: tilePlace(checkpoint.size, level, index + 1) };
  },
};

function entryLine(row: Row): string {
  const erased = row['body'] === null;
  return canonical({
    body: erased ? null : fromUtf8(blob(row, 'body')),
    index: num(row, 'idx'),
    producer: row['site'] === null ? 'hub' : `${text(row, 'site')}/${text(row, 'node')}`,
    salt: erased ? null : toBase64url(blob(row, 'salt')),
  });
}

function* entryChunks(sql: Sql, from: number, to: number): Generator<Uint8Array> {
  for (let index = from; index < to; index += ENTRIES_AT_ONCE) {
    const rows = sql.exec(
      'SELECT e.idx, e.salt, e.body, n.site, n.node FROM entries e LEFT JOIN nodes n ON n.id = e.node WHERE e.idx >= ? AND e.idx < ? ORDER BY e.idx',
      index,
      Math.min(to, index + ENTRIES_AT_ONCE),
    );
    yield lines(rows.map(entryLine));
  }
}

const entryPlace = (size: number, n: number): Place | undefined =>
  n * ENTRIES < size ? { part: 'entries', path: `entries/${indexPath(n)}.jsonl`, at: n } : undefined;

const entries: Part = {
  first: ({ checkpoint }) => entryPlace(checkpoint.size, 0),
  read({ at }, { sql, checkpoint: { size } }) {
    const n = at as number;
    return { chunks: entryChunks(sql, n * ENTRIES, Math.min(size, (n + 1) * ENTRIES)), next: entryPlace(size, n + 1) };
  },
};

/** Batches after a key whose entries the checkpoint covers: one is committed whole, so it never reaches over the end. */
function batchesAfter({ sql, checkpoint }: ExportSource, after: readonly number[], limit: number): Row[] {
  const [node = -1, epoch = -1, first = -1] = after;
  return sql.exec(
    `SELECT b.*, n.site, n.node AS name FROM batches b JOIN nodes n ON n.id = b.node
      WHERE (b.node, b.epoch, b.first) > (?, ?, ?) AND b.entry < ? ORDER BY b.node, b.epoch, b.first LIMIT ?`,
    node,
    epoch,
    first,
    checkpoint.size,
    limit,
  );
}

const batchPlace = (page: number, after: readonly number[]): Place => ({
  part: 'batches',
  path: `batches/${indexPath(page)}.jsonl`,
  at: [page, after],
});

function batchLine(row: Row): string {
  return canonical({
    before: toBase64url(blob(row, 'before')),
    entry: num(row, 'entry'),
    epoch: num(row, 'epoch'),
    first: num(row, 'first'),
    header: toBase64url(blob(row, 'header')),
    node: text(row, 'name'),
    signature: toBase64url(blob(row, 'signature')),
    site: text(row, 'site'),
  });
}

const batches: Part = {
  first: (source) => (batchesAfter(source, [], 1).length > 0 ? batchPlace(0, []) : undefined),
  read({ at }, source) {
    const [page, after] = at as unknown as [number, readonly number[]];
    const found = batchesAfter(source, after, BATCHES + 1);
    const rows = found.slice(0, BATCHES);
    const last = rows.at(-1) ?? {};
    const next = found.length > BATCHES ? batchPlace(page + 1, [num(last, 'node'), num(last, 'epoch'), num(last, 'first')]) : undefined;
    return { chunks: [lines(rows.map(batchLine))], next };
  },
};

/** Entries looked through at a time for the next document. */
const SEARCHED = 2_000;

/** The original that an entry of type document names; the same bytes stand once in an export. */
function documentPlace({ sql, checkpoint, has }: ExportSource, from: number, seen?: string): Place | undefined {
  for (let index = from; index < checkpoint.size; index += SEARCHED) {
    const rows = sql.exec(
      'SELECT idx, body FROM entries WHERE idx >= ? AND idx < ? AND type = ? AND body IS NOT NULL ORDER BY idx LIMIT 1',
      index,
      Math.min(checkpoint.size, index + SEARCHED),
      ENTRY_TYPES.document,
    );
    const row = rows[0];
    if (row === undefined) continue;
    const { original } = JSON.parse(fromUtf8(blob(row, 'body'))) as { original?: unknown };
    // What is no hash was never archived: entries that did not come over the API.
    const path = typeof original === 'string' && /^[0-9a-f]{64}$/.test(original) ? `documents/${original}` : undefined;
    if (path !== undefined && path !== seen && !has(path)) return { part: 'documents', path, at: num(row, 'idx') };
    index = num(row, 'idx') + 1 - SEARCHED;
  }
  return undefined;
}

const documents: Part = {
  first: (source) => documentPlace(source, 0),
  async read({ at, path }, source) {
    const bytes = await source.original(path.slice('documents/'.length));
    if (bytes === undefined) throw new Fault('ORIGINAL_MISSING', `the archive lacks ${path}, which entry ${at} names: restore it first`);
    return { chunks: [bytes], next: documentPlace(source, (at as number) + 1, path) };
  },
};

const sums: Part = {
  first: () => ({ part: 'sums', path: 'sums', at: null }),
  read: (_, source) => ({ chunks: [lines(source.sums())], next: undefined }),
};

/** In the order in which they are read. The projections come first: what is read later can only be newer than they. */
const PARTS = { projections: projectionPages, singles, tiles, entries, batches, documents, sums } as const satisfies Record<string, Part>;

/** The first file of the parts after `part` (of all without one); undefined when only the manifest is left. */
export function firstPlace(source: ExportSource, part?: Place['part']): Place | undefined {
  const names = Object.keys(PARTS) as Place['part'][];
  for (const name of names.slice(part === undefined ? 0 : names.indexOf(part) + 1)) {
    const place = PARTS[name].first(source);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Reads one file of an export. @throws Fault ORIGINAL_MISSING, TREE_CORRUPT */
export function readPlace(place: Place, source: ExportSource): Promise<ExportFile> | ExportFile {
  return (PARTS[place.part] as Part).read(place, source);
}
