import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { toBase64url } from '../../protocol/bytes.ts';
import type { ExpectCommand, ForgetCommand } from '../../protocol/command.ts';
import { Fault } from '../../protocol/fault.ts';
import {
  type DecisionBody,
  type DocumentRef,
  encodeBody,
  groupItems,
  itemOf,
  MAX_ITEMS,
  type NodeClock,
  type PassageBody,
  type RecordBody,
} from '../../protocol/record.ts';
import type { ChainHead } from '../../protocol/refusal.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { Expectations } from './expectations.ts';
import { GroupCommit } from './group.ts';
import { type Doubt, type DoubtNote, Passages, type StoredPassage } from './passages.ts';
import { Records, type Sealed, type StoredRecord, seal } from './records.ts';
import { openFile, setAside } from './schema.ts';

export type { Doubt, DoubtNote, StoredPassage } from './passages.ts';
export type { StoredRecord } from './records.ts';

export interface OutboxOptions {
  /** The database file; its folder is made. */
  readonly path: string;
  readonly address: NodeAddress;
  readonly clock: () => NodeClock;
  /** The largest file in 4 KB pages; the disk's size when left out. */
  readonly maxPages?: number;
}

/** A record to append. Of a passage in parts, all parts go into one call. */
export interface NewRecord {
  readonly body: RecordBody;
  /** What a person must know of the doubtful tags of a passage. */
  readonly doubts?: readonly DoubtNote[];
}

/** Where records stand: `seq` is the first of those appended together. */
export interface Appended {
  readonly epoch: number;
  readonly seq: number;
  /** False when the passage stood there already. */
  readonly fresh: boolean;
}

/** Consecutive records and the chain value before them. */
export interface Slice {
  readonly epoch: number;
  readonly first: number;
  readonly before: Uint8Array;
  readonly records: readonly StoredRecord[];
}

export interface Decision {
  readonly passage: string;
  readonly epcs: readonly string[];
  readonly verdict: 'in' | 'out' | 'stray';
  readonly by: string;
  readonly reason?: string;
}

export interface OutboxHealth {
  /** What is wrong now: OUTBOX_FULL or OUTBOX_WRITE until a commit succeeds again. */
  readonly fault?: { readonly code: string; readonly text: string };
  /** Damaged outbox files that were set aside and that a person must look at. */
  readonly setAside: readonly string[];
}

/** SQLite's primary result code for a full disk. */
const SQLITE_FULL = 13;
/** Those of a disk or file in trouble: busy, out of memory, read-only, I/O error, corrupt, can't open. Others are our own mistakes. */
const SQLITE_STORAGE: readonly number[] = [5, 7, 8, 10, 11, SQLITE_FULL, 14];
/** Acknowledged records are deleted with the next commit, or after this long without one. */
const PRUNE_MS = 5_000;
/** After a long catch-up, until all are deleted. */
const PRUNE_MORE_MS = 250;
/** Old passages and doubts are looked for once in so many commits. */
const PRUNE_COMMITS = 200;

/**
 * What the node knows and the hub may not: records in one gapless chain, undecided items, announced documents. A promise
 * resolves when its change is on disk.
 */
export class Outbox {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #clock: () => NodeClock;
  readonly #records: Records;
  readonly #passages: Passages;
  readonly #expectations: Expectations;
  readonly #group: GroupCommit;
  readonly #listeners = new Set<() => void>();
  readonly #setAside: readonly string[];
  #fault: Fault | undefined;
  #pruning: NodeJS.Timeout | undefined;
  #commits = 0;
  #notifying = false;
  #closing = false;

  /** @throws Fault OUTBOX_IN_USE, OUTBOX_UNUSABLE, OUTBOX_VERSION, OUTBOX_ADDRESS */
  constructor({ path, address, clock, maxPages }: OutboxOptions) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#clock = clock;
    this.#db = openFile(path, clock().wall);
    this.#setAside = setAside(path);
    if (maxPages !== undefined) this.#db.exec(`PRAGMA max_page_count = ${maxPages}`);
    try {
      this.#records = new Records(this.#db, address);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#passages = new Passages(this.#db);
    this.#expectations = new Expectations(this.#db);
    this.#group = new GroupCommit({ transaction: (work) => this.#transaction(work) });
  }

  /**
   * Appends one record, or several in one commit. The same passage again changes nothing and resolves with where it stands.
   * @throws Fault NOT_CANONICAL (the body), OUTBOX_FULL, OUTBOX_WRITE, OUTBOX_BUSY
   */
  async append(records: NewRecord | readonly NewRecord[]): Promise<Appended> {
    const list: readonly NewRecord[] = Array.isArray(records) ? records : [records];
    const sealed = list.map(({ body }) => seal(encodeBody(body)));
    const parts = list.flatMap(({ body }) => (body.type === 'passage' ? [body] : []));
    const notes = list.flatMap(({ doubts = [] }) => doubts);
    return this.#group.add(() => this.#append(sealed, parts, notes));
  }

  /** True for a passage whose records stand here or stood here lately. */
  knows(passage: string): boolean {
    return this.#passages.find(passage) !== undefined;
  }

  /** The end of the chain. */
  head(): ChainHead {
    const { epoch, seq, chain } = this.#records.mark;
    return { epoch, seq, chain: toBase64url(chain) };
  }

  /** What the hub has, as far as the node knows. */
  acknowledged(): ChainHead {
    const { epoch, acknowledged, acknowledgedChain } = this.#records.mark;
    return { epoch, seq: acknowledged, chain: toBase64url(acknowledgedChain) };
  }

  /** Records that the hub has not acknowledged. */
  queued(): number {
    return this.#records.mark.seq - this.#records.mark.acknowledged;
  }

  /** The records after `seq`: at most `records`, and `bytes` of bodies, but at least one where there is one; undefined when there is none. */
  after(seq: number, records: number, bytes: number): Slice | undefined {
    const before = this.#records.chainAt(seq);
    const found = before === undefined ? [] : this.#records.after(seq, records, bytes);
    if (before === undefined || found.length === 0) return undefined;
    return { epoch: this.#records.mark.epoch, first: seq + 1, before, records: found };
  }

  /** Chain value after record `seq` of the current epoch; undefined when it is not known any more or not yet. */
  chainAt(seq: number): Uint8Array | undefined {
    return this.#records.chainAt(seq);
  }

  /** The hub has committed the records of `epoch` up to `seq`: they are deleted in batches. An older news changes nothing. */
  acknowledge(epoch: number, seq: number): void {
    if (!this.#records.acknowledge(epoch, seq)) return;
    this.#changed();
    this.#pruneIn(PRUNE_MS);
  }

  /**
   * Begins a new epoch after the hub's head and this node's differ: its first record names the head it leaves, then follows
   * all that the hub has not acknowledged.
   */
  newEpoch(reason: 'restored' | 'replaced', previous: ChainHead): Promise<ChainHead> {
    const { epoch, seq, chain } = previous;
    return this.#group.add(() => {
      const before = this.#records.mark.epoch;
      const next = Math.max(before, epoch) + 1;
      const first = seal(encodeBody({ type: 'epoch', v: 1, reason, previous: { epoch, seq, chain }, clock: this.#clock() }));
      const kept = this.#records.mark.acknowledged;
      const shift = this.#records.restart(next, first);
      this.#db.prepare('UPDATE passages SET epoch = ?, seq = seq + ? WHERE epoch = ? AND seq > ?').run(next, shift, before, kept);
      return this.head();
    });
  }

  /** Undecided items, oldest passage first. */
  doubts(limit = 1_000): Doubt[] {
    return this.#passages.doubts(limit);
  }

  doubtsTotal(): number {
    return this.#passages.doubtsTotal();
  }

  /** Undecided items by door. */
  doubtsByDoor(): Map<string, number> {
    return this.#passages.doubtsByDoor();
  }

  /** Closed passages, newest first. */
  passages(limit: number): StoredPassage[] {
    return this.#passages.latest(limit);
  }

  /**
   * Settles undecided items of a passage: the decision's records and their removal from the list are one commit.
   * @throws Fault DOUBT_UNKNOWN when one of them is not undecided (any more): nothing is decided then
   */
  async decide(decision: Decision): Promise<Appended & { readonly decided: number }> {
    const { passage, verdict, by, reason } = decision;
    const result = await this.#group.add(() => {
      const wanted = new Set(decision.epcs);
      const found = this.#passages.undecided(passage, decision.epcs);
      const [first] = found;
      if (first === undefined || found.length !== wanted.size) {
        const missing = [...wanted].find((epc) => !found.some((doubt) => doubt.epc === epc)) ?? passage;
        return new Fault('DOUBT_UNKNOWN', `${missing} of passage ${passage} is not undecided: somebody decided it, look at the list again`);
      }
      const clock = this.#clock();
      const appended: Appended[] = [];
      for (let from = 0; from < found.length; from += MAX_ITEMS) {
        const epcs = found.slice(from, from + MAX_ITEMS).map((doubt) => doubt.epc);
        const body: DecisionBody = {
          type: 'decision',
          v: 1,
          decision: `${clock.wall.toString(36)}-${randomBytes(6).toString('hex')}`,
          passage,
          door: first.door,
          verdict,
          opened: first.opened,
          closed: first.closed,
          by,
          ...(reason === undefined || reason === '' ? {} : { reason }),
          ...(first.document === undefined ? {} : { document: first.document }),
          items: groupItems(epcs.map(itemOf)),
          clock,
        };
        appended.push(this.#append([seal(encodeBody(body))], [], []));
        this.#passages.decide(body, epcs);
      }
      return { ...(appended[0] as Appended), decided: found.length };
    });
    if (result instanceof Fault) throw result;
    return result;
  }

  /** Documents due at the site, in the order in which they came. */
  expectations(): ExpectCommand[] {
    return this.#expectations.all();
  }

  /** Items accepted so far for a document, by GTIN. */
  accepted(kind: string, number: string): Map<string, number> {
    return this.#expectations.accepted(kind, number);
  }

  /** Stores a document that is due; the same again changes nothing. */
  expect(command: ExpectCommand): Promise<void> {
    return this.#group.add(() => this.#expectations.put(command));
  }

  /** Forgets a document; doors that it was chosen for have none any more. */
  forget(command: ForgetCommand): Promise<void> {
    return this.#group.add(() => this.#expectations.remove(command));
  }

  /** The document that SSCCs belong to: an announced one, else the first SSCC itself; undefined without SSCCs. */
  recognise(ssccs: readonly string[]): DocumentRef | undefined {
    return this.#expectations.recognise(ssccs);
  }

  /** The document a person chose for a door: it stays until changed or forgotten. */
  doorDocument(door: string): DocumentRef | null {
    const row = this.#db.prepare('SELECT document FROM door_documents WHERE door = ?').get(door) as { document: string } | undefined;
    return row === undefined ? null : (JSON.parse(row.document) as DocumentRef);
  }

  /** @throws Fault DOCUMENT_UNKNOWN when the document is not one of the expectations */
  async chooseDocument(door: string, choice: { readonly kind: 'despatchAdvice' | 'order'; readonly number: string } | null): Promise<void> {
    if (choice !== null && this.#expectations.find(choice.kind, choice.number) === undefined) {
      throw new Fault('DOCUMENT_UNKNOWN', `${choice.kind} ${choice.number} is not due here: choose one of the list`);
    }
    await this.#group.add(() => {
      this.#db.prepare('DELETE FROM door_documents WHERE door = ?').run(door);
      if (choice === null) return;
      const document: DocumentRef = { kind: choice.kind, number: choice.number, how: 'chosen' };
      this.#db.prepare('INSERT INTO door_documents (door, document) VALUES (?, ?)').run(door, JSON.stringify(document));
    });
  }

  health(): OutboxHealth {
    const fault = this.#fault;
    return { setAside: this.#setAside, ...(fault === undefined ? {} : { fault: { code: fault.code, text: fault.message } }) };
  }

  /** Calls `changed` after each commit and acknowledgement. Returns the unsubscription. */
  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** Commits what waits. */
  flush(): Promise<void> {
    return this.#group.flush();
  }

  /** Commits what waits, copies the write-ahead log back and closes the file. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#pruning);
    await this.#group.flush();
    try {
      if (this.#records.unsaved) this.#transaction(() => undefined);
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // The log stays beside the file and is copied back at the next start: a full disk must not make a stop fail.
      if (!(error instanceof Fault) && this.#storageFault(error) === undefined) throw error;
    } finally {
      this.#db.close();
    }
  }

  #append(sealed: readonly Sealed[], parts: readonly PassageBody[], notes: readonly DoubtNote[]): Appended {
    const passage = parts[0]?.passage;
    const known = passage === undefined ? undefined : this.#passages.find(passage);
    if (known !== undefined) return { ...known, fresh: false };
    const seq = this.#records.mark.seq + 1;
    for (const record of sealed) this.#records.append(record);
    const { epoch } = this.#records.mark;
    this.#passages.add(parts, notes, epoch, seq);
    return { epoch, seq, fresh: true };
  }

  #transaction(work: () => void): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      work();
      if (this.#commits++ % PRUNE_COMMITS === 0) this.#passages.prune();
      if (this.#records.unsaved) this.#records.save();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#records.undone();
      const fault = this.#storageFault(error);
      if (fault === undefined) throw error;
      this.#fault = fault;
      this.#changed();
      throw fault;
    }
    this.#fault = undefined;
    this.#records.committed();
    if (this.#records.unsaved && !this.#closing) this.#pruneIn(PRUNE_MORE_MS);
    this.#changed();
  }

  /** A commit for the deletions alone, unless another comes first. */
  #pruneIn(ms: number): void {
    this.#pruning ??= setTimeout(() => {
      this.#pruning = undefined;
      // A full disk shows in health; the deletion comes with a later commit.
      if (this.#records.unsaved) this.#group.add(() => undefined).catch(() => undefined);
    }, ms).unref();
  }

  #storageFault(error: unknown): Fault | undefined {
    const { errcode, message } = error as { errcode?: number; message?: string };
    if (typeof errcode !== 'number' || !SQLITE_STORAGE.includes(errcode & 0xff)) return undefined;
    if ((errcode & 0xff) === SQLITE_FULL) {
      return new Fault('OUTBOX_FULL', `no space for the outbox ${this.#path}: free space on its disk; passages wait in memory until then`);
    }
    return new Fault('OUTBOX_WRITE', `the outbox ${this.#path} can't be written (${message ?? errcode}): check its disk`, { errcode });
  }

  /** Later, and once for many changes: a listener must not stand between a commit and its promise. */
  #changed(): void {
    if (this.#notifying) return;
    this.#notifying = true;
    queueMicrotask(() => {
      this.#notifying = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
