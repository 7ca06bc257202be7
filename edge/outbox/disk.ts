import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Fault } from '../../protocol/fault.ts';

/** SQLite's primary result code for a full disk. */
const SQLITE_FULL = 13;
/** Those of a disk or file in trouble: busy, out of memory, read-only, I/O error, corrupt, can't open. Others are our own mistakes. */
const SQLITE_STORAGE: readonly number[] = [5, 7, 8, 10, 11, SQLITE_FULL, 14];

/** The fault of a disk that does not take a commit; undefined for any other error. */
export function storageFault(error: unknown, path: string): Fault | undefined {
  const { errcode, message } = error as { errcode?: number; message?: string };
  if (typeof errcode !== 'number' || !SQLITE_STORAGE.includes(errcode & 0xff)) return undefined;
  if ((errcode & 0xff) === SQLITE_FULL) {
    return new Fault('OUTBOX_FULL', `no space for the outbox ${path}: free space on its disk; passages wait in memory until then`);
  }
  return new Fault('OUTBOX_WRITE', `the outbox ${path} can't be written (${message ?? errcode}): check its disk`, { errcode });
}

/** The fault of an outbox that holds all it may. */
export function limitFault(path: string, items: number, bytes: number): Fault {
  return new Fault(
    'OUTBOX_FULL',
    `the outbox ${path} holds ${items} items in ${bytes} bytes, all it may: it takes records again as soon as the hub has taken some`,
    { items, bytes },
  );
}

/** The pages of a file. */
export class Pages {
  readonly #db: DatabaseSync;
  readonly #count: StatementSync;
  readonly #free: StatementSync;
  readonly #size: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#count = db.prepare('PRAGMA page_count');
    this.#free = db.prepare('PRAGMA freelist_count');
    this.#size = (db.prepare('PRAGMA page_size').get() as { page_size: number }).page_size;
  }

  /** Bytes of the pages in use. */
  get used(): number {
    const { page_count: count } = this.#count.get() as { page_count: number };
    const { freelist_count: free } = this.#free.get() as { freelist_count: number };
    return (count - free) * this.#size;
  }

  /** Copies the write-ahead log back, so that its space can be used again. False when that is not possible or was nothing. */
  rewind(): boolean {
    try {
      const { busy, log } = this.#db.prepare('PRAGMA wal_checkpoint(RESTART)').get() as { busy: number; log: number };
      return busy === 0 && log > 0;
    } catch {
      return false;
    }
  }

  /** Takes space on the disk now, as free pages of the file, before somebody else does. Best effort. */
  claim(bytes: number): void {
    try {
      this.#db.prepare('INSERT INTO filler (bytes) VALUES (zeroblob(?))').run(bytes);
      // Copied back at once: until then only the log has grown.
      this.rewind();
      this.#db.exec('DELETE FROM filler');
      this.rewind();
    } catch {
      // As full as before: what the next commit needs it takes as it finds it.
    }
  }
}
