import { DatabaseSync } from 'node:sqlite';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { itemsOf } from './records.ts';

/**
 * One step per version of the file; `user_version` counts those that ran. A step that has been released is never changed: a change
 * is a new step.
 */
const MIGRATIONS: readonly (string | ((db: DatabaseSync) => void))[] = [
  `
  CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    tenant TEXT NOT NULL, site TEXT NOT NULL, node TEXT NOT NULL,
    epoch INTEGER NOT NULL, seq INTEGER NOT NULL, chain BLOB NOT NULL,
    acknowledged INTEGER NOT NULL, acknowledged_chain BLOB NOT NULL
  ) STRICT;
  CREATE TABLE records (
    seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL
  ) STRICT;
  CREATE TABLE passages (
    passage TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, door TEXT NOT NULL, direction TEXT NOT NULL,
    opened INTEGER NOT NULL, closed INTEGER NOT NULL, confidence INTEGER NOT NULL,
    document TEXT, moved_in INTEGER NOT NULL, moved_out INTEGER NOT NULL, strays INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX passages_closed ON passages (closed);
  CREATE TABLE doubts (
    passage TEXT NOT NULL, epc TEXT NOT NULL, door TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER NOT NULL,
    reason TEXT NOT NULL, reads INTEGER NOT NULL, d INTEGER, document TEXT,
    PRIMARY KEY (passage, epc)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX doubts_closed ON doubts (closed, passage, epc);
  CREATE TABLE expectations (
    kind TEXT NOT NULL, number TEXT NOT NULL, arrived INTEGER NOT NULL, command TEXT NOT NULL,
    PRIMARY KEY (kind, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX expectations_arrived ON expectations (arrived);
  CREATE TABLE accepted (
    kind TEXT NOT NULL, number TEXT NOT NULL, gtin TEXT NOT NULL, quantity INTEGER NOT NULL,
    PRIMARY KEY (kind, number, gtin)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE door_documents (door TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  countedLinks,
  // Version 3: counts of zones.
  `
  CREATE TABLE zone_lists (
    zone TEXT NOT NULL, at INTEGER NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL, command TEXT NOT NULL,
    PRIMARY KEY (zone, at, part)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE open_count (id INTEGER PRIMARY KEY CHECK (id = 1), head TEXT NOT NULL) STRICT;
  CREATE TABLE count_reads (epc TEXT NOT NULL UNIQUE) STRICT;
  `,
];

/**
 * Version 2: the chain stands beside the bodies, so that a new epoch rewrites 40 bytes a record and moves no body, and with each link
 * the items up to it, so that what waits is counted without reading it. A record's key is its number plus `base`; in `records` the
 * chain is empty from now on.
 */
function countedLinks(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE links (seq INTEGER PRIMARY KEY, chain BLOB NOT NULL, items INTEGER NOT NULL) STRICT;
    ALTER TABLE head ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE head ADD COLUMN items INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE head ADD COLUMN acknowledged_items INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE filler (bytes BLOB NOT NULL) STRICT;
  `);
  const insert = db.prepare('INSERT INTO links (seq, chain, items) VALUES (?, ?, ?)');
  const { acknowledged } = (db.prepare('SELECT acknowledged FROM head').get() ?? { acknowledged: 0 }) as { acknowledged: number };
  let items = 0;
  let before = 0;
  for (const row of db.prepare('SELECT seq, body, chain FROM records ORDER BY seq').iterate()) {
    const { seq, body, chain } = row as { seq: number; body: Uint8Array; chain: Uint8Array };
    items += itemsOf(JSON.parse(fromUtf8(body)));
    insert.run(seq, chain, items);
    if (seq <= acknowledged) before = items;
  }
  db.prepare('UPDATE head SET items = ?, acknowledged_items = ?').run(items, before);
}

/** The version that this program writes. */
export const VERSION = MIGRATIONS.length;
/** From this version on the chain stands in `links`. */
export const LINKS_VERSION = 2;
/** From this version on there are tables of counts. */
export const COUNTS_VERSION = 3;

/** Pages the write-ahead log may grow before it is copied back: 4 MB, some seconds of full load. */
const CHECKPOINT_PAGES = 1_000;
/** What stays of the log file after a checkpoint: it grew in a burst only. */
const WAL_KEEP_BYTES = 8_388_608;
/** A process that just ends lets go of the file within this time. */
export const BUSY_MS = 2_000;

export function versionOf(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** @throws Fault OUTBOX_VERSION for a file of a later program */
export function checkVersion(path: string, version: number): void {
  if (version <= VERSION) return;
  throw new Fault(
    'OUTBOX_VERSION',
    `${path} has version ${version}, this program reads ${VERSION}: start the newer program that wrote it`,
    { version },
  );
}

function step(db: DatabaseSync, version: number): void {
  const migration = MIGRATIONS[version] ?? '';
  if (typeof migration === 'string') db.exec(migration);
  else migration(db);
}

/** Tables with their columns, indexes with theirs. Not the texts themselves, which another SQLite may write otherwise. */
const SHAPE = `
  SELECT t.name, c.cid, c.name AS part, c.type, c."notnull", c.dflt_value, c.pk
    FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'
  UNION ALL
  SELECT t.name || ' of ' || t.tbl_name, c.seqno, c.name, '', 0, NULL, 0
    FROM sqlite_schema t, pragma_index_info(t.name) c WHERE t.type = 'index'
  ORDER BY 1, 2`;

const shapeOf = (db: DatabaseSync): string => JSON.stringify(db.prepare(SHAPE).all());

/** Whether the tables are those of a version: SQLite's own check looks at rows, and a column's name with a flipped bit is a name. */
export function hasTablesOf(db: DatabaseSync, version: number): boolean {
  const fresh = new DatabaseSync(':memory:');
  try {
    for (let next = 0; next < version; next++) step(fresh, next);
    return shapeOf(db) === shapeOf(fresh);
  } finally {
    fresh.close();
  }
}

/** Opens a whole or new file for this process alone and brings it to the present version. */
export function prepare(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    // EXCLUSIVE, first of all: two nodes on one file would each chain from a head of their own. The lock ends with the process.
    // FULL: a record that the node has acknowledged to itself survives a power cut (NORMAL may lose the last commits).
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${WAL_KEEP_BYTES};`);
    const version = versionOf(db);
    checkVersion(path, version);
    for (let next = version; next < VERSION; next++) {
      db.exec('BEGIN IMMEDIATE');
      step(db, next);
      db.exec(`PRAGMA user_version = ${next + 1}; COMMIT`);
    }
    emptyLog(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Copies the log back, so that it begins anew. After a power cut it may end in a torn commit; the next commit would overwrite the
 * first of its frames only, and after a second power cut what is left of the two would look like a log that was damaged in its middle.
 */
function emptyLog(db: DatabaseSync): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full or sick disk: the log stays as it is, and the first commit says what is wrong.
  }
}
