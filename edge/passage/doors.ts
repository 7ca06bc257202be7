import type { Read } from '../../protocol/read.ts';
import { Journal } from './journal.ts';
import { type ClosedPassage, DoorTracker, type LivePassage, type TrackerOptions } from './tracker.ts';

export interface DoorsOptions {
  readonly doors: readonly TrackerOptions[];
  /** Folder of the journals. */
  readonly dir: string;
  /** Takes a closed passage; resolves when it is committed, so that its reads may be forgotten. Rejects to keep them. */
  readonly onClosed: (passage: ClosedPassage) => Promise<void>;
  /** Frees space on a full disk for the journals. False when there is none left to free. */
  readonly makeRoom?: () => boolean;
}

/** A journal of a free door is begun anew beyond this, or beyond four times its snapshot: mostly reads of standing tags. */
const IDLE_JOURNAL_BYTES = 65_536;
const SNAPSHOT_FACTOR = 4;
/** A journal that its disk refused is begun anew this often at most: each try is a file. */
const REFUSED_RETRY_MS = 10_000;

class Door {
  readonly tracker: DoorTracker;
  readonly #journal: Journal;
  readonly #onClosed: DoorsOptions['onClosed'];
  /** Closed passages that are not committed yet. */
  #pending = 0;
  #begun = 0;
  #begunAt = 0;

  constructor(options: TrackerOptions, { dir, onClosed, makeRoom }: DoorsOptions) {
    this.tracker = new DoorTracker(options);
    this.#journal = new Journal(dir, options.door, makeRoom);
    this.#onClosed = onClosed;
  }

  /** Plays back what the last run left; passages that it had committed are recognised by their name. */
  recover(): void {
    const closed: ClosedPassage[] = [];
    let first = true;
    for (const entry of this.#journal.replay()) {
      if (entry.kind === 'snapshot' && first) this.tracker.restore(entry.snapshot);
      else if (entry.kind === 'reads') closed.push(...this.tracker.push(entry.reader, entry.reads));
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
    this.#hand(this.tracker.push(reader, own));
    if (this.tracker.open) this.#journal.sync();
    this.#rotate(
      this.#journal.writing
        ? this.#journal.size > Math.max(IDLE_JOURNAL_BYTES, SNAPSHOT_FACTOR * this.#begun)
        : performance.now() - this.#begunAt > REFUSED_RETRY_MS,
    );
  }

  tick(now: number): void {
    if (!this.tracker.due(now)) return;
    this.#journal.tick(now);
    this.#hand(this.tracker.tick(now));
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
          if (this.#pending === 0) this.#journal.release();
        },
        // Kept: the reads of this passage stay in the journal for the next start.
        () => undefined,
      );
    }
    if (closed.length > 0) this.#rotate(true);
  }

  #rotate(due: boolean): void {
    if (!due || this.tracker.open) return;
    this.#journal.begin(this.tracker.snapshot());
    this.#begun = this.#journal.size;
    this.#begunAt = performance.now();
    if (this.#pending === 0) this.#journal.release();
  }
}

/** All doors of a node: gives each its reads, keeps their journals, hands on what they close. */
export class Doors {
  readonly #doors: ReadonlyMap<string, Door>;

  constructor(options: DoorsOptions) {
    this.#doors = new Map(options.doors.map((door) => [door.door, new Door(door, options)]));
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

  close(): void {
    for (const door of this.#doors.values()) door.close();
  }
}
