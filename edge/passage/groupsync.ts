/** At most this many syncs a second under load, all doors together: each costs an erase block on a flash card. */
const SYNCS_PER_SECOND = 20;
/** Syncs that may follow at once after a quiet time. */
const BURST = 4;

/**
 * Has what waits settled in groups: at once while syncs are rare, at a bounded rate under load. Who comes while a group is under way
 * waits for the next one, because it may not hold what he brought.
 */
export class GroupSync {
  readonly #settle: () => Promise<number>;
  readonly #now: () => number;
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #running = false;
  #tokens = BURST;
  #refilled: number;

  /** @param settle settles everything; resolves with the number of syncs that it took */
  constructor(settle: () => Promise<number>, now: () => number = () => performance.now()) {
    this.#settle = settle;
    this.#now = now;
    this.#refilled = now();
  }

  /** Resolves when everything that was brought before is on the disk. Rejects with the reason why it is not. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#running) return;
      this.#running = true;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // A turn of the event loop, at least: what it brings joins the group.
      await this.#turn();
      const group = this.#waiting.splice(0);
      try {
        this.#tokens -= await this.#settle();
        for (const { resolve } of group) resolve();
      } catch (error) {
        // A disk in trouble is not asked more often than a good one.
        this.#tokens -= 1;
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = false;
  }

  #turn(): Promise<void> {
    const now = this.#now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#refilled) * SYNCS_PER_SECOND) / 1_000);
    this.#refilled = now;
    if (this.#tokens >= 1) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => setTimeout(resolve, Math.ceil(((1 - this.#tokens) * 1_000) / SYNCS_PER_SECOND)));
  }
}
