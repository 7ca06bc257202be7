import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Random } from '../random.ts';
import { Crash } from './crash.ts';
import { time } from './time.ts';

/** A power cut leaves or loses a disk's sectors one by one. */
const SECTOR = 512;
/** The header of a write-ahead log is synced before the frames that follow it (SQLite, sqlite3WalFrames): it is never torn alone. */
const WAL_HEADER = 32;
const PAGES_FREE = 0x3fffffff;

/** Where a crash is due: before a statement, counted from now, or inside the commit after so many. */
export interface CrashPlan {
  readonly at: 'statement' | 'commit';
  readonly after: number;
}

type Method = (this: unknown, ...args: never[]) => unknown;
const original = {
  exec: DatabaseSync.prototype.exec,
  prepare: DatabaseSync.prototype.prepare,
  close: DatabaseSync.prototype.close,
};
const disks = new Map<string, Disk>();
const diskOf = new WeakMap<object, Disk | 'other'>();
const statements = new WeakMap<object, { readonly disk: Disk; readonly text: string }>();

function watched(db: DatabaseSync): Disk | undefined {
  let disk = diskOf.get(db);
  if (disk === undefined) {
    disk = disks.get(db.location() ?? '') ?? 'other';
    diskOf.set(db, disk);
  }
  return disk === 'other' ? undefined : disk;
}

/** One statement at a time, so that a crash may come between any two. Bodies of triggers hold semicolons of their own. */
const split = (text: string): string[] => (/\bTRIGGER\b/i.test(text) ? [text] : text.split(';').filter((one) => one.trim() !== ''));

let altered = (text: string): string => text;

/** Changes what the code under test executes, for broken variants. */
export function alter(change: (text: string) => string): void {
  altered = change;
}

/** Lets a Disk see every statement on its file, for good: the code under test opens its own database. */
export function install(): void {
  DatabaseSync.prototype.exec = function exec(this: DatabaseSync, text: string): void {
    const disk = watched(this);
    if (disk === undefined) original.exec.call(this, text);
    else for (const one of split(altered(text))) disk.run(this, one, () => original.exec.call(this, one));
  };
  DatabaseSync.prototype.prepare = function prepare(this: DatabaseSync, text: string): StatementSync {
    const statement = original.prepare.call(this, text);
    const disk = watched(this);
    if (disk !== undefined) statements.set(statement, { disk, text });
    return statement;
  };
  for (const name of ['run', 'get', 'all', 'iterate'] as const) {
    const method = StatementSync.prototype[name] as Method;
    const seen = function seen(this: StatementSync, ...args: never[]): unknown {
      const found = statements.get(this);
      if (found === undefined) return method.apply(this, args);
      return found.disk.run(undefined, found.text, () => method.apply(this, args));
    };
    Object.assign(StatementSync.prototype, { [name]: seen });
  }
}

const read = (path: string): Buffer => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));

/** The disk of one node: sees each statement, crashes between or inside them, runs full, keeps copies. */
export class Disk {
  readonly path: string;
  readonly #random: Random;
  readonly #copies: string;
  #db: DatabaseSync | undefined;
  #plan: { at: CrashPlan['at']; left: number } | undefined;
  #dead = false;
  #fails: number | undefined;
  #full = false;
  #watched = false;
  /** Set by a disk that does not sync: the log as it was before the commit that a power cut takes back. */
  #unsynced: Buffer | undefined;
  /** Called inside the statement that crashed, with the copy that the next start finds. */
  onCrash: (copy: string, torn: boolean) => void = () => undefined;
  /** Writes that failed because the disk was full. */
  onFull: () => void = () => undefined;

  /** A disk whose outbox is the file `path`; copies are made below `copies`. */
  constructor(path: string, copies: string, random: Random) {
    this.path = path;
    this.#copies = copies;
    this.#random = random;
    mkdirSync(dirname(path), { recursive: true });
    disks.set(path, this);
  }

  /** Runs one statement of the code under test, or ends its life. */
  run<T>(db: DatabaseSync | undefined, text: string, work: () => T): T {
    if (db !== undefined) this.#db = db;
    if (this.#dead) throw new Crash('this disk is gone');
    if (this.#watched) return work();
    const commit = /^\s*COMMIT\b/i.test(text);
    const plan = this.#plan;
    if (plan !== undefined && (plan.at === 'statement' || commit) && --plan.left < 0) {
      this.#plan = undefined;
      if (plan.at === 'statement') this.#crash(this.copy(), false, `before ${text.trim().slice(0, 40)}`);
      else this.#crashInside(work);
    }
    if (this.#fails !== undefined && /^\s*(INSERT|UPDATE|DELETE|COMMIT)\b/i.test(text) && --this.#fails < 0) {
      this.#fails = undefined;
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
    }
    if (commit && this.#db !== undefined && this.#synchronous() < 2) this.#unsynced = read(`${this.path}-wal`);
    try {
      return work();
    } catch (error) {
      if ((error as { errcode?: number }).errcode === 13) this.onFull();
      throw error;
    }
  }

  /** Looks at the file without a fault coming between: what only watches must not change what happens. */
  observe<T>(work: () => T): T {
    this.#watched = true;
    try {
      return work();
    } finally {
      this.#watched = false;
    }
  }

  #synchronous(): number {
    const row = this.#db === undefined ? undefined : original.prepare.call(this.#db, 'PRAGMA synchronous').get();
    return Number((row as { synchronous?: number } | undefined)?.synchronous ?? 2);
  }

  /** The next crash of the node that this disk is in. */
  plan(plan: CrashPlan): void {
    this.#plan = { at: plan.at, left: plan.after };
  }

  get planned(): boolean {
    return this.#plan !== undefined;
  }

  /** One write after so many others fails as a cable would make it. */
  failOnce(after: number): void {
    this.#fails = after;
  }

  /** A copy of the files as they are. Returns the path of the copied outbox. */
  copy(): string {
    return this.#write(read(this.path), read(`${this.path}-wal`));
  }

  #write(db: Buffer, wal: Buffer): string {
    const folder = join(this.#copies, String(copied++));
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'outbox.db');
    // A file that was never written does not exist either.
    if (db.length > 0) writeFileSync(path, db);
    if (wal.length > 0) writeFileSync(`${path}-wal`, wal);
    copyBeside(this.path, path);
    return path;
  }

  /** The power goes between two statements. Returns the copy that the next start finds. */
  cutPower(): string {
    this.#dead = true;
    const wal = read(`${this.path}-wal`);
    const kept = this.#unsynced === undefined ? wal : this.#torn(this.#unsynced, wal, WAL_HEADER);
    return this.#write(read(this.path), kept);
  }

  /** The power goes inside a commit: of what it wrote and had not synced yet, any sector may be new, old or neither. */
  #crashInside(work: () => unknown): never {
    const before = { db: read(this.path), wal: read(`${this.path}-wal`) };
    work();
    const after = { db: read(this.path), wal: read(`${this.path}-wal`) };
    // A commit that copied the log back had synced the log before it touched the database.
    const copiedBack = !before.db.equals(after.db) && before.db.length > 0;
    const db = copiedBack ? this.#torn(before.db, after.db, 0) : after.db;
    const wal = copiedBack ? after.wal : this.#torn(before.wal, after.wal, WAL_HEADER);
    return this.#crash(this.#write(db, wal), !db.equals(after.db) || !wal.equals(after.wal), 'inside a commit');
  }

  #torn(before: Buffer, after: Buffer, header: number): Buffer {
    const out = Buffer.from(after);
    // What stood before the first byte written was synced, and a sector's other bytes survive (SQLite's powersafe overwrite).
    let written = header;
    while (written < after.length && before[written] === after[written]) written++;
    for (let at = written - (written % SECTOR); at < after.length; at += SECTOR) {
      const start = Math.max(at, written);
      const end = Math.min(at + SECTOR, after.length);
      const old = before.subarray(start, end);
      if (old.equals(after.subarray(start, end))) continue;
      const fate = this.#random.int(0, 3);
      if (fate === 0) continue;
      out.fill(0, start, end);
      if (fate === 1) old.copy(out, start);
      else if (fate === 2) for (let i = start; i < end; i++) out[i] = this.#random.int(0, 255);
    }
    // The file may not have grown to its new length either.
    const shortest = Math.max(before.length, header);
    return this.#random.chance(0.3) && after.length > shortest ? out.subarray(0, this.#random.int(shortest, after.length)) : out;
  }

  #crash(copy: string, torn: boolean, where: string): never {
    this.#dead = true;
    this.onCrash(copy, torn);
    throw new Crash(where);
  }

  /** No statement runs any more; the file is closed once nothing stands on its stack. */
  async leave(): Promise<void> {
    this.#dead = true;
    disks.delete(this.path);
    await time.settle();
    try {
      if (this.#db !== undefined) original.close.call(this.#db);
    } catch {
      // closed by its owner
    }
    this.#db = undefined;
  }

  /** No page may be added any more, or as many as needed again. */
  setFull(full: boolean): void {
    this.#full = full;
    if (this.#db?.isOpen !== true) return;
    const pages = full ? (original.prepare.call(this.#db, 'PRAGMA page_count').get() as { page_count: number }).page_count : PAGES_FREE;
    original.exec.call(this.#db, `PRAGMA max_page_count = ${Math.max(1, pages)}`);
  }

  get full(): boolean {
    return this.#full;
  }

  /** Copies the log back every few pages, so that short lives see it too. */
  checkpointEvery(pages: number): void {
    if (this.#db !== undefined) original.exec.call(this.#db, `PRAGMA wal_autocheckpoint = ${pages}`);
  }
}

let copied = 0;

/** A copy of a copy: the next start must not change what a later restore finds. */
export function duplicate(from: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'outbox.db');
  for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, path + suffix);
  copyBeside(from, path);
  return path;
}

/** The small files that the outbox keeps beside its own: what it knows of earlier runs. The reserve only takes space. */
function copyBeside(from: string, to: string): void {
  const name = basename(from);
  for (const one of readdirSync(dirname(from))) {
    if (one.startsWith(`${name}.`) && !one.endsWith('.reserve')) copyFileSync(join(dirname(from), one), to + one.slice(name.length));
  }
}
