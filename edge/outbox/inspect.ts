import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { equal } from '../../protocol/bytes.ts';
import { isCommand } from '../../protocol/command.ts';
import { Fault } from '../../protocol/fault.ts';
import { isDocumentRef } from '../../protocol/record.ts';
import { isCountHead } from '../count/count.ts';
import { chainNext, commitment } from './hash.ts';
import type { HeadRow } from './records.ts';
import { BUSY_MS, COUNTS_VERSION, checkVersion, hasTablesOf, LINKS_VERSION, versionOf } from './schema.ts';
import type { Trace } from './trace.ts';
import { walDamage } from './wal.ts';

/** What an outbox file turned out to be. `older`: whole, but the node had come further than it. */
export interface Found {
  readonly state: 'whole' | 'empty' | 'damaged' | 'older';
  readonly why: string;
}

/** SQLite's primary result codes: locked by another process; readable only after a repair that needs writing. */
const BUSY: readonly number[] = [5, 6];
const READ_ONLY = 8;
/** Those of a file that can't be opened at all, for which its content is not to blame: no permission, out of memory, can't open. */
const ELSEWHERE: readonly number[] = [3, 7, 14, 23];

/** No space: for the file, or for SQLite's index of the log beside it (SQLITE_FULL, SQLITE_IOERR_SHMSIZE). */
const NO_SPACE: readonly number[] = [13, 4_874];

/** True for an error of a disk without space. */
export const isNoSpace = (error: unknown): boolean => NO_SPACE.includes((error as { errcode?: number }).errcode ?? -1);

const codeOf = (error: unknown): number => {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : -1;
};

/** Everything but the records, which the chain protects: bounded tables, checked with their indexes. */
const SMALL_TABLES = ['head', 'passages', 'doubts', 'expectations', 'accepted', 'door_documents'] as const;
const COUNT_TABLES = ['zone_lists', 'open_count', 'count_reads'] as const;
/** Columns of JSON: read when nobody expects an error any more. */
const JSON_COLUMNS = [
  ['expectations', 'command'],
  ['door_documents', 'document'],
  ['passages', 'document'],
  ['doubts', 'document'],
] as const;
const COUNT_COLUMNS = [
  ['zone_lists', 'command'],
  ['open_count', 'head'],
] as const;

/**
 * Looks at a file without changing it: SQLite's own check, the write-ahead log beyond its first bad frame, and every record that the
 * hub does not have against the chain. Some 150 MB/s.
 * @throws Fault OUTBOX_IN_USE, OUTBOX_VERSION, OUTBOX_UNUSABLE; SQLite's own error on a disk without space
 */
export function inspect(path: string, trace?: Trace): Found {
  let db: DatabaseSync | undefined;
  try {
    // Before SQLite opens it: closing any other descriptor of the file would let go of SQLite's locks.
    const format = formatDamage(path);
    db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    // Also the lock: nobody writes while this looks.
    db.exec('BEGIN');
    const version = versionOf(db);
    checkVersion(path, version);
    const log = walDamage(`${path}-wal`) ?? format;
    if (log !== undefined) return { state: 'damaged', why: log };
    if (version === 0) return { state: 'empty', why: 'it is empty' };
    return look(db, version, trace);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = codeOf(error);
    if (BUSY.includes(code)) throw inUse(path);
    // The journal of a first start that was cut short: the writing connection plays it back.
    if (code === READ_ONLY) return { state: 'whole', why: '' };
    // Says nothing of the file; who opened it may free space.
    if (isNoSpace(error)) throw error;
    if (code < 0 || ELSEWHERE.includes(code)) throw unusable(path, error);
    return { state: 'damaged', why: (error as Error).message };
  } finally {
    db?.close();
    // Its own index of the log: the exclusive connection keeps its in memory.
    if (db !== undefined) rmSync(`${path}-shm`, { force: true });
  }
}

/** Bytes 18 and 19 of the head say how the file is written and read: 1 or 2 (sqlite.org/fileformat2.html, section 1.3.3). */
const FORMAT_AT = 18;

/** SQLite takes a file of a later write format for one that it may only read: the node would run and write nothing down. */
function formatDamage(path: string): string | undefined {
  const format = Buffer.alloc(2);
  const fd = openSync(path, 'r');
  try {
    if (readSync(fd, format, 0, format.length, FORMAT_AT) < format.length) return undefined;
  } finally {
    closeSync(fd);
  }
  return format.every((byte) => byte === 1 || byte === 2) ? undefined : `its head names the formats ${format.join(' and ')}`;
}

export function inUse(path: string): Fault {
  return new Fault(
    'OUTBOX_IN_USE',
    `the outbox ${path} is in use: another node runs on this dataDir. Stop that one, or give this one a dataDir of its own`,
  );
}

export function unusable(path: string, error: unknown): Fault {
  return new Fault('OUTBOX_UNUSABLE', `the outbox ${path} can't be opened (${(error as Error).message}): free the file or its disk`);
}

/** True for an error of a file that another process holds. */
export const isBusy = (error: unknown): boolean => BUSY.includes(codeOf(error));

function look(db: DatabaseSync, version: number, trace: Trace | undefined): Found {
  const bad = (why: string): Found => ({ state: 'damaged', why });
  if (!hasTablesOf(db, version)) return bad(`its tables are not those of version ${version}`);
  const { quick_check: quick } = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
  if (quick !== 'ok') return bad(quick);
  const counts = version >= COUNTS_VERSION;
  for (const table of [...SMALL_TABLES, ...(counts ? COUNT_TABLES : [])]) {
    const { integrity_check: whole } = db.prepare(`PRAGMA integrity_check('${table}')`).get() as { integrity_check: string };
    if (whole !== 'ok') return bad(whole);
  }
  for (const [table, column] of [...JSON_COLUMNS, ...(counts ? COUNT_COLUMNS : [])]) {
    for (const row of db.prepare(`SELECT DISTINCT ${column} FROM ${table} WHERE ${column} IS NOT NULL`).iterate()) {
      if (!isSoundJson(column, row[column])) return bad(`a ${column} in ${table} is not what it was`);
    }
  }
  const head = headOf(db);
  if (head === undefined) return trace === undefined ? { state: 'empty', why: 'it is empty' } : bad('its head is missing');
  return chainDamage(db, version, head) ?? older(db, version, head, trace) ?? { state: 'whole', why: '' };
}

/** Whether the text of a JSON column is what the node writes there: a document with a wrong member makes records that no hub takes. */
export function isSoundJson(column: 'command' | 'document' | 'head', text: unknown): boolean {
  try {
    const value: unknown = JSON.parse(text as string);
    if (column === 'head') return isCountHead(value);
    return column === 'command' ? isCommand(value) && value.type !== 'forget' : isDocumentRef(value);
  } catch {
    return false;
  }
}

/** The head of a file of any version; undefined when there is none that makes sense. */
export function headOf(db: DatabaseSync): HeadRow | undefined {
  const row = db.prepare('SELECT * FROM head').get() as HeadRow | undefined;
  if (row === undefined) return undefined;
  const head = { ...row, base: row.base ?? 0, items: row.items ?? 0, acknowledged_items: row.acknowledged_items ?? 0 };
  const sound = [head.chain, head.acknowledged_chain].every((chain) => chain instanceof Uint8Array && chain.length === 32);
  return sound && head.epoch > 0 && head.acknowledged >= 0 && head.acknowledged <= head.seq ? head : undefined;
}

/** Rows (seq as the hub counts, salt, body, chain) of the records after a number, by version of the file. */
export function rowsSql(version: number, where: string): string {
  return version < LINKS_VERSION
    ? `SELECT seq, salt, body, chain, 0 AS items FROM records WHERE ${where} ORDER BY seq`
    : `SELECT records.seq, salt, body, links.chain, links.items FROM records LEFT JOIN links USING (seq) WHERE records.${where} ORDER BY records.seq`;
}

export interface ChainRow {
  readonly seq: number;
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
  readonly chain: Uint8Array;
}

/** True when the row is what the chain says that follows `before`. */
export function follows(before: Uint8Array, { salt, body, chain }: ChainRow): boolean {
  const sound = salt instanceof Uint8Array && body instanceof Uint8Array && chain instanceof Uint8Array;
  return sound && equal(chainNext(before, commitment(salt, body)), chain);
}

function chainDamage(db: DatabaseSync, version: number, head: HeadRow): Found | undefined {
  let seq = head.acknowledged;
  let chain = head.acknowledged_chain;
  for (const one of db.prepare(rowsSql(version, 'seq > ?')).iterate(head.acknowledged + head.base)) {
    const row = one as unknown as ChainRow;
    seq++;
    if (row.seq - head.base !== seq) return { state: 'damaged', why: `record ${seq} is missing` };
    if (!follows(chain, row)) return { state: 'damaged', why: `record ${seq} does not fit the chain` };
    chain = row.chain;
  }
  if (seq === head.seq && equal(chain, head.chain)) return undefined;
  return { state: 'damaged', why: `the records end at ${seq}, the head says ${head.seq}` };
}

function older(db: DatabaseSync, version: number, head: HeadRow, trace: Trace | undefined): Found | undefined {
  if (trace === undefined) return undefined;
  const ended = `this file ends at record ${head.seq} of epoch ${head.epoch}, the node had come to ${trace.seq} of ${trace.epoch}`;
  if (head.epoch < trace.epoch || (head.epoch === trace.epoch && head.seq < trace.seq)) return { state: 'older', why: ended };
  if (head.epoch > trace.epoch || trace.seq < head.acknowledged) return undefined;
  const sql = version < LINKS_VERSION ? 'SELECT chain FROM records WHERE seq = ?' : 'SELECT chain FROM links WHERE seq = ?';
  const known =
    trace.seq === head.acknowledged ? head.acknowledged_chain : (db.prepare(sql).get(trace.seq + head.base) as { chain: Uint8Array }).chain;
  return equal(known, trace.chain) ? undefined : { state: 'older', why: `record ${trace.seq} is another one than this node had` };
}
