import { existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../protocol/fault.ts';

/**
 * One statement list per version of the file; `user_version` counts those that ran. A list that has been released is never
 * changed: a change is a new list.
 */
const MIGRATIONS: readonly string[] = [
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
];

/** Pages the write-ahead log may grow before it is copied back: 4 MB, some seconds of full load. */
const CHECKPOINT_PAGES = 1_000;
/** What stays of the log file after a checkpoint: it grew in a burst only. */
const WAL_KEEP_BYTES = 8_388_608;

function prepare(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 2_000 });
  try {
    // EXCLUSIVE, first of all: two nodes on one file would each chain from a head of their own. The lock ends with the process.
    // FULL: a record that the node has acknowledged to itself survives a power cut (NORMAL may lose the last commits).
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${WAL_KEEP_BYTES};`);
    const check = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (check.quick_check !== 'ok') throw new Fault('OUTBOX_CORRUPT', check.quick_check);
    const version = Number((db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version);
    if (version > MIGRATIONS.length) {
      throw new Fault(
        'OUTBOX_VERSION',
        `${path} has version ${version}, this program reads ${MIGRATIONS.length}: start the newer program that wrote it`,
        { version },
      );
    }
    for (let next = version; next < MIGRATIONS.length; next++) {
      db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next] ?? ''} PRAGMA user_version = ${next + 1}; COMMIT;`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite's primary result codes for a file that another process holds. */
function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' && [5, 6].includes(code & 0xff);
}

/** SQLite's primary result codes for a file that is damaged (11) or no database at all (26). */
function isCorrupt(error: unknown): boolean {
  if (error instanceof Fault) return error.code === 'OUTBOX_CORRUPT';
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' && [11, 26].includes(code & 0xff);
}

/** Corrupt outboxes that were set aside beside `path`, oldest first: a person must look at them. */
export function setAside(path: string): string[] {
  const dir = dirname(path);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => /^\.corrupt-\d+$/.test(name.slice(basename(path).length)) && name.startsWith(basename(path)))
    .sort()
    .map((name) => join(dir, name));
}

/**
 * Opens the outbox file, creates or migrates it. A damaged file is moved aside, never deleted, and an empty one takes its
 * place, so that the dock goes on; the hub then sees a head that it does not know and the node begins a new epoch.
 * @throws Fault OUTBOX_VERSION, OUTBOX_IN_USE, OUTBOX_UNUSABLE (no permission, no space)
 */
export function openFile(path: string, now: number): DatabaseSync {
  try {
    return prepare(path);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'OUTBOX_CORRUPT') throw error;
    if (isBusy(error)) {
      throw new Fault(
        'OUTBOX_IN_USE',
        `the outbox ${path} is in use: another node runs on this dataDir. Stop that one, or give this one a dataDir of its own`,
      );
    }
    if (!isCorrupt(error)) {
      throw new Fault('OUTBOX_UNUSABLE', `the outbox ${path} can't be opened (${(error as Error).message}): free the file or its disk`);
    }
  }
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.corrupt-${now}${suffix}`);
  }
  return prepare(path);
}
