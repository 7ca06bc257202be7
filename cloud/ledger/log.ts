import { concat, fromUtf8, toBase64url } from '../../protocol/bytes.ts';
import { parseCanonical } from '../../protocol/canonical.ts';
import { decodeBody } from '../../protocol/record.ts';
import { type EntryEffects, withLate } from './effects.ts';
import { type DecodedEntry, ENTRY_TYPES, type Entry, type EntryType, type HubEntryType, type JsonObject } from './entry.ts';
import type { EntryView, LogHead } from './rpc.ts';
import { blob, num, type Row, type Sql, text } from './sql.ts';
import { EMPTY_ROOT, type Frontier, HASH_BYTES, rootOf } from './tree.ts';

/** Where the log ends. */
export interface Head {
  readonly frontier: Frontier;
  readonly root: Uint8Array;
  /** When the newest entry was appended, epoch milliseconds; 0 for an empty log. */
  readonly at: number;
  /** Entries that the hub itself produced. */
  readonly hubSeq: number;
}

/**
 * Effects larger than this stand as `truncated`: a row holds at most 2 MB, body and effects together, and a reader that sees
 * the mark reads the documents again.
 */
const MAX_EFFECTS_CHARACTERS = 500_000;

/** Entry types by the number that stands in leaves and rows. */
export const TYPE_OF: ReadonlyMap<number, EntryType> = new Map(
  Object.entries(ENTRY_TYPES).map(([name, code]) => [code, name as EntryType]),
);

/** The stored head; that of an empty log when nothing is stored. */
export function readHead(sql: Sql): Head {
  const row = sql.exec('SELECT size, root, peaks, at, hub_seq FROM head')[0];
  if (row === undefined) return { frontier: { size: 0, peaks: [] }, root: EMPTY_ROOT, at: 0, hubSeq: 0 };
  const bytes = blob(row, 'peaks');
  const peaks = Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  return { frontier: { size: num(row, 'size'), peaks }, root: blob(row, 'root'), at: num(row, 'at'), hubSeq: num(row, 'hub_seq') };
}

/** Writes the head of a grown log. */
export function writeHead(sql: Sql, frontier: Frontier, at: number, hubSeq: number): void {
  sql.exec(
    `INSERT INTO head (id, size, root, peaks, at, hub_seq) VALUES (1, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET size = excluded.size, root = excluded.root, peaks = excluded.peaks, at = excluded.at, hub_seq = excluded.hub_seq`,
    frontier.size,
    rootOf(frontier),
    concat(...frontier.peaks),
    at,
    hubSeq,
  );
}

function effectsText(effects: EntryEffects): string {
  const json = JSON.stringify(effects);
  return json.length > MAX_EFFECTS_CHARACTERS ? JSON.stringify({ truncated: true, ...(effects.late ? { late: true } : {}) }) : json;
}

/** Adds effects that were worked out after the commit to an entry. */
export function addLate(sql: Sql, index: number, late: EntryEffects): void {
  const row = sql.exec('SELECT effects FROM entries WHERE idx = ?', index)[0] ?? {};
  sql.exec(
    'UPDATE entries SET effects = ? WHERE idx = ?',
    effectsText(withLate(JSON.parse(text(row, 'effects')) as EntryEffects, late)),
    index,
  );
}

/** Writes an entry's row; `node` is its producer's id in `nodes`, null for the hub. */
export function writeEntry(sql: Sql, entry: Entry, node: number | null, effects: EntryEffects): void {
  sql.exec(
    'INSERT INTO entries (idx, type, at, effective, node, epoch, seq, salt, body, commitment, effects) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    entry.index,
    ENTRY_TYPES[entry.type],
    entry.at,
    entry.effectiveAt,
    node,
    entry.epoch,
    entry.seq,
    entry.salt,
    entry.body,
    entry.commitment,
    effectsText(effects),
  );
}

const ENTRY_COLUMNS =
  'e.idx, e.type, e.at, e.effective, e.epoch, e.seq, e.salt, e.body, e.commitment, e.effects, n.site, n.node FROM entries e LEFT JOIN nodes n ON n.id = e.node';

const erasable = (row: Row, column: string): Uint8Array | null => (row[column] === null ? null : blob(row, column));

function entryOf(row: Row): Entry {
  return {
    index: num(row, 'idx'),
    type: TYPE_OF.get(num(row, 'type')) as EntryType,
    at: num(row, 'at'),
    effectiveAt: num(row, 'effective'),
    producer: row['site'] === null ? 'hub' : `${text(row, 'site')}/${text(row, 'node')}`,
    epoch: num(row, 'epoch'),
    seq: num(row, 'seq'),
    salt: erasable(row, 'salt'),
    body: erasable(row, 'body'),
    commitment: blob(row, 'commitment'),
  };
}

function decoded(row: Row): DecodedEntry {
  const entry = entryOf(row);
  const body = entry.body ?? new Uint8Array();
  if (entry.type !== 'record') return { ...entry, type: entry.type as HubEntryType, value: parseCanonical(fromUtf8(body)) as JsonObject };
  return { ...entry, type: 'record', site: text(row, 'site'), node: text(row, 'node'), record: decodeBody(body) };
}

/** Entries from index `from`, at most `limit`, with their bodies read: what a rebuild folds. @throws Fault where a body was erased */
export function decodedEntries(sql: Sql, from: number, limit: number): DecodedEntry[] {
  return sql.exec(`SELECT ${ENTRY_COLUMNS} WHERE e.idx >= ? ORDER BY e.idx LIMIT ?`, from, limit).map(decoded);
}

/** One entry as the API shows it. */
export function entryView(sql: Sql, index: number): EntryView | null {
  const row = sql.exec(`SELECT ${ENTRY_COLUMNS} WHERE e.idx = ?`, index)[0];
  if (row === undefined) return null;
  const { salt, body, commitment, ...entry } = entryOf(row);
  return {
    ...entry,
    salt: salt === null ? null : toBase64url(salt),
    body: body === null ? null : fromUtf8(body),
    commitment: toBase64url(commitment),
    effects: JSON.parse(text(row, 'effects')) as EntryEffects,
  };
}

/** What the stream says of an entry; `effects` is the stored JSON text. */
export interface EntryNews {
  readonly index: number;
  readonly type: EntryType;
  readonly at: number;
  readonly effects: string;
}

/** News of the entries after index `after`, at most `limit`, oldest first. */
export function newsAfter(sql: Sql, after: number, limit: number): EntryNews[] {
  return sql.exec('SELECT idx, type, at, effects FROM entries WHERE idx > ? ORDER BY idx LIMIT ?', after, limit).map((row) => ({
    index: num(row, 'idx'),
    type: TYPE_OF.get(num(row, 'type')) as EntryType,
    at: num(row, 'at'),
    effects: text(row, 'effects'),
  }));
}

/** True when effects were added to the newest entry after its commit, so that one who read it before has not seen all. */
export function isLate(sql: Sql, index: number): boolean {
  return sql.exec("SELECT idx FROM entries WHERE idx = ? AND effects ->> '$.late' = 1", index).length > 0;
}

/** The head as it goes over RPC. */
export function logHead(sql: Sql): LogHead {
  const { frontier, root, at } = readHead(sql);
  return { size: frontier.size, root: toBase64url(root), at };
}
