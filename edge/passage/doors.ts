import type { Read } from '../../protocol/read.ts';
import { GroupSync } from './groupsync.ts';
import { Journal, type SyncFile } from './journal.ts';
import { type ClosedPassage, DoorTracker, type LivePassage, type TrackerOptions } from './tracker.ts';

export interface DoorsOptions {
  readonly doors: readonly TrackerOptions[];
  /** Folder of the journals. */
  readonly dir: string;
  /** Takes a closed passage; resolves when it is committed, so that its reads may be forgotten. Rejects to keep them. */
  readonly onClosed: (passage: ClosedPassage) => Promise<void>;
  /** Frees space on a full disk for the journals. False when there is none left to free. */
  readonly makeRoom?: () => boolean;
  /**
   * Up to when the reads of a reader are here, at `now`: earlier than now for one that sends what it kept, -Infinity for one that is
   * waited for. Passages wait for it. Without it, reads come as they happen.
   */
  readonly horizon?: (reader: string, now: number) => number;
  /** Readers whose reads are acknowledged when they are on the disk. */
  readonly acknowledged?: readonly string[];
  /** For tests. */
  readonly sync?: SyncFile;
}

/** A journal of a free door is begun anew beyond this, or beyond four times its snapshot: mostly reads of standing tags. */
const IDLE_JOURNAL_BYTES = 65_536;
const SNAPSHOT_FACTOR = 4;
/** A journal that its disk refused is begun anew this often at most: each try is a file. */
const REFUSED_RETRY_MS = 10_000;
/** Names of sightings kept for each reader: what it had under way without an answer, many times over. */
const KEYS = 2_048;

class Door {
  readonly tracker: DoorTracker;
  /** Whether a reader of this door waits for its reads to be on the disk. */
  readonly acknowledged: boolean;
  readonly #journal: Journal;
  readonly #onClosed: DoorsOptions['onClosed'];
  readonly #horizon: NonNullable<DoorsOptions['horizon']>;
  readonly #readers: readonly string[];
  readonly #settled: () => Promise<void>;
  /** Names of the latest sightings, by reader. */
  readonly #keys = new Map<string, number[]>();
  /** Closed passages that are not committed yet. */
  #pending = 0;
  #begun = 0;
  #begunAt = 0;

  constructor(options: TrackerOptions, { dir, onClosed, makeRoom, sync, ...more }: DoorsOptions, settled: () => Promise<void>) {
    this.tracker = new DoorTracker(options);
    this.#journal = new Journal(dir, options.door, makeRoom, sync);
    this.#onClosed = onClosed;
    this.#horizon = more.horizon ?? ((_reader, now) => now);
    this.#readers = [...new Set(options.antennas.map(({ reader }) => reader))];
    this.acknowledged = this.#readers.some((reader) => more.acknowledged?.includes(reader) === true);
    this.#settled = settled;
  }

  /** Plays back what the last run left; passages that it had committed are recognised by their name. */
  recover(): void {
    const closed: ClosedPassage[] = [];
    let first = true;
    for (const entry of this.#journal.replay()) {
      if (entry.kind === 'snapshot' && first) this.tracker.restore(entry.snapshot);
      else if (entry.kind === 'reads') {
        this.#note(entry.reader, entry.reads);
        closed.push(...this.tracker.push(entry.reader, entry.reads));
      } else if (entry.kind === 'keys') this.#keys.set(entry.reader, [...entry.keys]);
      else if (entry.kind === 'tick') closed.push(...this.tracker.tick(entry.now));
      first = false;
    }
    this.#hand(closed);
    this.#rotate(true);
  }

  push(reader: string, reads: readonly Read[]): void {
    const own = reads.filter((read) => this.tracker.covers(reader, read.antenna));
    if (own.length === 0) return;
    this.#journal.reads(reader, own);
    this.#note(reader, own);
    this.#hand(this.tracker.push(reader, own));
    if (this.tracker.open) this.#journal.sync();
    if (this.#journal.writing) this.#rotate(this.#journal.size > Math.max(IDLE_JOURNAL_BYTES, SNAPSHOT_FACTOR * this.#begun));
    else this.#retry();
  }

  tick(now: number): void {
    if (!this.tracker.due(now)) return;
    const here = Math.min(now, ...this.#readers.map((reader) => this.#horizon(reader, now)));
    // A reader that lags behind another one must not look like a clock that was set back.
    if (here < now && !(here > this.tracker.openedAt && this.tracker.due(here))) return;
    this.#journal.tick(here);
    this.#hand(this.tracker.tick(here));
  }

  /** The latest sightings of a reader by name. */
  keys(reader: string): readonly number[] {
    return this.#keys.get(reader) ?? [];
  }

  /** Resolves with the number of syncs when all that was pushed is on the disk. @throws Fault JOURNAL_FULL, JOURNAL_SYNC */
  async settle(): Promise<number> {
    // A reader that is not answered sends nothing new, so that only this looks whether the disk is well again.
    if (!this.#journal.writing) this.#retry();
    const syncs = this.#journal.settled ? 0 : await this.#journal.settle();
    if (this.#pending === 0) this.#journal.release(true);
    return syncs;
  }

  close(): void {
    this.#journal.close();
  }

  #hand(closed: readonly ClosedPassage[]): void {
    for (const passage of closed) {
      this.#pending++;
      this.#onClosed(passage).then(
        () => {
          this.#pending--;
          this.#release();
        },
        // Kept: the reads of this passage stay in the journal for the next start.
        () => undefined,
      );
    }
    if (closed.length > 0) this.#rotate(true);
  }

  #rotate(due: boolean): void {
    if (!due || this.tracker.open) return;
    this.#journal.begin(this.tracker.snapshot(), this.#keys);
    this.#begun = this.#journal.size;
    this.#begunAt = performance.now();
    this.#release();
  }

  #retry(): void {
    this.#rotate(performance.now() - this.#begunAt > REFUSED_RETRY_MS);
  }

  #release(): void {
    if (this.#pending > 0 || this.#journal.release(this.acknowledged)) return;
    // Released once the new segment is on the disk; a disk that fails is told to who waits for an acknowledgement.
    this.#settled().catch(() => undefined);
  }

  #note(reader: string, reads: readonly Read[]): void {
    if (reads[0]?.key === undefined) return;
    const keys = this.#keys.get(reader) ?? [];
    for (const { key } of reads) if (key !== undefined) keys.push(key);
    if (keys.length > 2 * KEYS) keys.splice(0, keys.length - KEYS);
    this.#keys.set(reader, keys);
  }
}

/** All doors of a node: gives each its reads, keeps their journals, hands on what they close. */
export class Doors {
  readonly #doors: ReadonlyMap<string, Door>;
  readonly #group: GroupSync;

  constructor(options: DoorsOptions) {
    this.#group = new GroupSync(() => this.#settle());
    this.#doors = new Map(options.doors.map((door) => [door.door, new Door(door, options, () => this.#group.settled())]));
  }

  /** Once, before the first read: what stood in the doors when the last run ended. */
  recover(): void {
    for (const door of this.#doors.values()) door.recover();
  }

  push(reader: string, reads: readonly Read[]): void {
    for (const door of this.#doors.values()) door.push(reader, reads);
  }

  /** Ends passages whose time has come; call it some times a second. */
  tick(now: number): void {
    for (const door of this.#doors.values()) door.tick(now);
  }

  /** The open passage of a door; undefined while it is free. */
  live(door: string): LivePassage | undefined {
    return this.#doors.get(door)?.tracker.live();
  }

  /** Names of the latest sightings of a reader that were pushed, also before the last stop. */
  keys(reader: string): number[] {
    return [...this.#doors.values()].flatMap((door) => door.keys(reader));
  }

  /**
   * Resolves when every read that was pushed so far is on the disk, or its passage is committed: 20 syncs a second at most, for all who wait together.
   * Rejects with a Fault JOURNAL_FULL or JOURNAL_SYNC when a crash could cost one of them.
   */
  settled(): Promise<void> {
    return this.#group.settled();
  }

  async #settle(): Promise<number> {
    let syncs = 0;
    for (const door of this.#doors.values()) if (door.acknowledged) syncs += await door.settle();
    return syncs;
  }

  close(): void {
    for (const door of this.#doors.values()) door.close();
  }
}
