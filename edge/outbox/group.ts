import { Fault } from '../../protocol/fault.ts';

/** One thing to do inside the next commit. `apply` may throw to undo the whole group. */
interface Entry {
  readonly apply: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** At most this many commits a second under load: each costs an erase block on a flash card. */
const COMMITS_PER_SECOND = 20;
/** Commits that may follow at once after a quiet time: a person's click or a single pallet never waits. */
const BURST = 4;
/** A group this large fills its own pages: it is committed at once, whatever the rate. No dock brings that much. */
const FULL_GROUP = 250;
/** Entries that may wait: 10 seconds of the fastest dock. More means the disk does not keep up, and memory must stay bounded. */
const MAX_WAITING = 100_000;
/** Entries in one commit: some 30 ms of work, so that the event loop stays live. */
const MAX_GROUP = 1_000;

export interface GroupOptions {
  /** Runs `work` in one transaction that is on disk when it returns; throws when it is not. */
  readonly transaction: (work: () => void) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/**
 * Commits what callers bring in groups: at once while commits are rare, and at a bounded rate under load, when whatever
 * arrives meanwhile is the next group.
 */
export class GroupCommit {
  readonly #transaction: GroupOptions['transaction'];
  readonly #now: () => number;
  #waiting: Entry[] = [];
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #tokens = BURST;
  #refilled: number;

  constructor({ transaction, now = () => performance.now() }: GroupOptions) {
    this.#transaction = transaction;
    this.#now = now;
    this.#refilled = now();
  }

  /** Runs `apply` inside the next commit; resolves with its result when that commit is on disk. */
  add<T>(apply: () => T): Promise<T> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new Fault('OUTBOX_BUSY', `${MAX_WAITING} records wait for the disk: it is too slow or stuck`));
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ apply, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits; does not hold the rate. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) this.#commit();
    await Promise.resolve();
  }

  #schedule(): void {
    const waiting = this.#waiting.length;
    if (this.#soon !== undefined || waiting === 0) return;
    if (this.#later !== undefined) {
      if (waiting < FULL_GROUP) return;
      clearTimeout(this.#later);
      this.#later = undefined;
    }
    this.#refill();
    // Immediate, not at once: what the same turn of the event loop brings joins the group.
    if (this.#tokens >= 1 || waiting >= FULL_GROUP) this.#soon = setImmediate(() => this.#run());
    else this.#later = setTimeout(() => this.#run(), Math.ceil(((1 - this.#tokens) * 1000) / COMMITS_PER_SECOND));
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#refilled) * COMMITS_PER_SECOND) / 1000);
    this.#refilled = now;
  }

  #run(): void {
    this.#soon = undefined;
    this.#later = undefined;
    // What came in while it waited is what this commit costs.
    this.#refill();
    this.#tokens = Math.max(0, this.#tokens - 1);
    this.#commit();
    this.#schedule();
  }

  #commit(): void {
    const group = this.#waiting.splice(0, MAX_GROUP);
    if (group.length === 0) return;
    const results: unknown[] = [];
    try {
      this.#transaction(() => {
        // A transaction may run twice, when the first try found the disk full.
        results.length = 0;
        for (const entry of group) results.push(entry.apply());
      });
    } catch (error) {
      if (group.length > 1 && !isDisk(error)) {
        // One entry is wrong, not the disk: the others must not fail with it.
        for (const entry of group) this.#alone(entry);
        return;
      }
      for (const entry of group) entry.reject(error);
      return;
    }
    group.forEach((entry, i) => {
      entry.resolve(results[i]);
    });
  }

  #alone(entry: Entry): void {
    let result: unknown;
    try {
      this.#transaction(() => {
        result = entry.apply();
      });
    } catch (error) {
      entry.reject(error);
      return;
    }
    entry.resolve(result);
  }
}

function isDisk(error: unknown): boolean {
  return error instanceof Fault && error.code.startsWith('OUTBOX_');
}
