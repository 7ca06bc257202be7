import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { toBase64url } from '../../protocol/bytes.ts';
import type { Command, ExpectCommand, ForgetCommand } from '../../protocol/command.ts';
import { Fault } from '../../protocol/fault.ts';
import { type DocumentRef, encodeBody, type NodeClock, type PassageBody } from '../../protocol/record.ts';
import type { ChainHead } from '../../protocol/refusal.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { CountStore } from './counts.ts';
import { type Decision, decisionBodies } from './decision.ts';
import { limitFault, Pages, storageFault } from './disk.ts';
import { Expectations } from './expectations.ts';
import { GroupCommit } from './group.ts';
import { openFile } from './open.ts';
import { type Doubt, type DoubtNote, Passages, type StoredPassage } from './passages.ts';
import { type Appended, itemsOf, type NewRecord, Records, type Sealed, type Slice, seal } from './records.ts';
import { DEFAULT_LIMITS, type OutboxLimits } from './space.ts';
import { type OutboxHealth, type OutboxLog, Watch } from './watch.ts';

export type { Decision } from './decision.ts';
export type { Notice } from './notice.ts';
export type { Doubt, DoubtNote, StoredPassage } from './passages.ts';
export type { Appended, NewRecord, Slice, StoredRecord } from './records.ts';
export type { OutboxHealth } from './watch.ts';

export interface OutboxOptions {
  /** The database file; its folder is made. */
  readonly path: string;
  readonly address: NodeAddress;
  readonly clock: () => NodeClock;
  readonly limits?: Partial<OutboxLimits>;
  /** Something else shows that this node ran before: then a missing file is no first start. */
  readonly ranBefore?: boolean;
  /** outbox.level, outbox.fault, outbox.mended, outbox.reserve. */
  readonly log?: OutboxLog;
  /** The largest file in 4 KB pages; the disk's size when left out. */
  readonly maxPages?: number;
}

/** Acknowledged records are deleted with the next commit, or after this long without one. */
const PRUNE_MS = 5_000;
/** After a long catch-up, until all are deleted. */
const PRUNE_MORE_MS = 250;
/** Old passages and doubts are looked for once in so many commits. */
const PRUNE_COMMITS = 200;
/** Part of the reserve that becomes the file's own when it is given up; the log takes as much, the journals have the rest. */
const CLAIMED = 1 / 4;

/**
 * What the node knows and the hub may not: records in one gapless chain, undecided items, announced documents. A promise
 * resolves when its change is on disk.
 */
export class Outbox {
  /** The open count and the lists of the zones. */
  readonly counts: CountStore;
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #clock: () => NodeClock;
  readonly #records: Records;
  readonly #passages: Passages;
  readonly #expectations: Expectations;
  readonly #group: GroupCommit;
  readonly #listeners = new Set<() => void>();
  readonly #limits: OutboxLimits;
  readonly #pages: Pages;
  readonly #watch: Watch;
  readonly #log: OutboxLog;
  #fault: Fault | undefined;
  /** Items of records that wait for their commit. */
  #coming = 0;
  /** The last record did not fit the limits; until one does or the hub takes some. */
  #refused: Fault | undefined;
  #pruning: NodeJS.Timeout | undefined;
  #commits = 0;
  #notifying = false;
  #closing = false;

  /** @throws Fault OUTBOX_IN_USE, OUTBOX_UNUSABLE, OUTBOX_VERSION, OUTBOX_ADDRESS */
  constructor({ path, address, clock, limits, ranBefore = false, log = () => undefined, maxPages }: OutboxOptions) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#db = openFile(path, address, clock().wall, ranBefore);
    if (maxPages !== undefined) this.#db.exec(`PRAGMA max_page_count = ${maxPages}`);
    try {
      this.#records = new Records(this.#db, address);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#passages = new Passages(this.#db);
    this.#expectations = new Expectations(this.#db);
    this.#pages = new Pages(this.#db);
    this.#group = new GroupCommit({ transaction: (work) => this.#transaction(work) });
    this.counts = new CountStore({
      db: this.#db,
      commit: (work) => this.#group.add(work),
      admit: (items) => this.#admit(items),
      append: (body) => this.#append([seal(encodeBody(body), itemsOf(body))], [], []),
    });
    this.#watch = new Watch({
      path,
      limits: this.#limits,
      log,
      usage: () => ({ items: this.#records.waiting, bytes: this.#pages.used }),
      mark: () => this.#records.mark,
      fault: () => this.#fault,
      // It shows in health whether it fails.
      probe: () => void this.#group.add(() => this.#records.save()).catch(() => undefined),
      changed: () => this.#changed(),
    });
  }

  /**
   * Appends one record, or several in one commit. The same passage again changes nothing and resolves with where it stands.
   * @throws Fault NOT_CANONICAL (the body), OUTBOX_FULL, OUTBOX_WRITE, OUTBOX_BUSY
   */
  async append(records: NewRecord | readonly NewRecord[]): Promise<Appended> {
    const list: readonly NewRecord[] = Array.isArray(records) ? records : [records];
    const sealed = list.map(({ body }) => seal(encodeBody(body), itemsOf(body)));
    const items = sealed.reduce((sum, record) => sum + record.items, 0);
    this.#admit(items);
    const parts = list.flatMap(({ body }) => (body.type === 'passage' ? [body] : []));
    const notes = list.flatMap(({ doubts = [] }) => doubts);
    this.#coming += items;
    try {
      return await this.#group.add(() => this.#append(sealed, parts, notes));
    } finally {
      this.#coming -= items;
    }
  }

  /** Makes room on a full disk for what is under way. False when there is no reserve left. */
  makeRoom(): boolean {
    return this.#watch.release();
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
    this.#refused = undefined;
    this.#watch.update();
    this.#changed();
    // Full: the space is needed now.
    this.#pruneIn(this.#watch.space.level === 'full' ? PRUNE_MORE_MS : PRUNE_MS);
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
    const { passage } = decision;
    this.#admit(decision.epcs.length);
    const result = await this.#group.add(() => {
      const wanted = new Set(decision.epcs);
      const found = this.#passages.undecided(passage, decision.epcs);
      if (found.length === 0 || found.length !== wanted.size) {
        const missing = [...wanted].find((epc) => !found.some((doubt) => doubt.epc === epc)) ?? passage;
        return new Fault('DOUBT_UNKNOWN', `${missing} of passage ${passage} is not undecided: somebody decided it, look at the list again`);
      }
      const appended = decisionBodies(decision, found, this.#clock()).map(({ body, epcs }) => {
        const at = this.#append([seal(encodeBody(body), itemsOf(body))], [], []);
        this.#passages.decide(body, epcs);
        return at;
      });
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

  /** Stores what the hub tells; the same again changes nothing. */
  obey(command: Command): Promise<void> {
    if (command.type === 'zone') return this.counts.expect(command);
    return command.type === 'expect' ? this.expect(command) : this.forget(command);
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
    return this.#expectations.ofDoor(door);
  }

  /** @throws Fault DOCUMENT_UNKNOWN when the document is not one of the expectations */
  async chooseDocument(door: string, choice: { readonly kind: 'despatchAdvice' | 'order'; readonly number: string } | null): Promise<void> {
    if (choice !== null && this.#expectations.find(choice.kind, choice.number) === undefined) {
      throw new Fault('DOCUMENT_UNKNOWN', `${choice.kind} ${choice.number} is not due here: choose one of the list`);
    }
    await this.#group.add(() => this.#expectations.choose(door, choice));
  }

  health(): OutboxHealth {
    const { space, reserve, notices } = this.#watch;
    const at = { space, reserve, notices };
    const fault = this.#fault ?? this.#refused;
    if (fault === undefined) return at;
    return { ...at, fault: { code: fault.code, text: fault.message, ...(this.#fault === undefined ? { limit: true as const } : {}) } };
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
      if (!(error instanceof Fault) && storageFault(error, this.#path) === undefined) throw error;
    } finally {
      this.#watch.stop();
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

  /** Throws when records of so many items do not fit the limits. One alone always fits, however small the limit. */
  #admit(items: number): void {
    const { maxItems, maxBytes } = this.#limits;
    const waiting = this.#records.waiting + this.#coming;
    const { bytes } = this.#watch.space;
    const before = this.#refused;
    this.#refused = (waiting > 0 && waiting + items > maxItems) || bytes >= maxBytes ? limitFault(this.#path, waiting, bytes) : undefined;
    if ((before === undefined) !== (this.#refused === undefined)) {
      this.#tell(this.#refused);
      this.#changed();
    }
    if (this.#refused !== undefined) throw this.#refused;
  }

  #transaction(work: () => void): void {
    let fault = this.#try(work);
    // First by what is its own already: a log that is copied back is written over from its start.
    if (fault?.code === 'OUTBOX_FULL' && this.#pages.rewind()) fault = this.#try(work);
    if (fault?.code === 'OUTBOX_FULL' && this.#watch.release()) {
      this.#pages.claim(this.#limits.reserveBytes * CLAIMED);
      fault = this.#try(work);
    }
    if (fault?.code !== this.#fault?.code) this.#tell(fault);
    this.#fault = fault;
    this.#watch.update();
    this.#changed();
    if (fault !== undefined) throw fault;
    if (this.#records.unsaved && !this.#closing) this.#pruneIn(PRUNE_MORE_MS);
  }

  #tell(fault: Fault | undefined): void {
    if (fault === undefined) this.#log('outbox.mended', {});
    else this.#log('outbox.fault', { code: fault.code, text: fault.message });
  }

  /** One transaction. Returns the fault of a disk that does not take it. */
  #try(work: () => void): Fault | undefined {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      work();
      if (this.#commits++ % PRUNE_COMMITS === 0) this.#passages.prune();
      if (this.#records.unsaved) this.#records.save();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#records.undone();
      const fault = storageFault(error, this.#path);
      if (fault === undefined) throw error;
      return fault;
    }
    this.#records.committed();
    return undefined;
  }

  /** A commit for the deletions alone, unless another comes first. */
  #pruneIn(ms: number): void {
    this.#pruning ??= setTimeout(() => {
      this.#pruning = undefined;
      // A full disk shows in health; the deletion comes with a later commit.
      if (this.#records.unsaved) this.#group.add(() => undefined).catch(() => undefined);
    }, ms).unref();
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
