/** A token bucket: `burst` at once, `perSecond` in the long run. */
export interface Limit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Callers remembered at once: some 100 bytes each, so a flood of addresses costs at most about a megabyte. */
const MAX_CALLERS = 10_000;

/** One token bucket. Instants are epoch milliseconds. */
export class Bucket {
  readonly #limit: Limit;
  #tokens: number;
  #at: number;

  constructor(limit: Limit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#at = now;
  }

  /** Takes what is asked for if it is there. @returns 0, or the seconds until it would be. */
  take(now: number, amount = 1): number {
    const wait = this.wait(now, amount);
    if (wait === 0) this.charge(now, amount);
    return wait;
  }

  /** The seconds until there is enough; 0 when there is. */
  wait(now: number, amount = 1): number {
    this.#refill(now);
    return this.#tokens < amount ? Math.max(1, Math.ceil((amount - this.#tokens) / this.#limit.perSecond)) : 0;
  }

  /** Takes even what is not there, up to a burst of debt: for what turned out wrong only after it was let in. */
  charge(now: number, amount = 1): void {
    this.#refill(now);
    this.#tokens = Math.max(-this.#limit.burst, this.#tokens - amount);
  }

  #refill(now: number): void {
    // The clock may step back: time that did not pass refills nothing.
    const passed = Math.max(0, now - this.#at) / 1000;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + passed * this.#limit.perSecond);
    this.#at = now;
  }
}

/**
 * Bounds what one caller may ask of one isolate. It is a brake, not an accounting: every isolate has its own, and a restart
 * forgets. The caller seen longest ago is forgotten first.
 */
export class Limiter {
  readonly #limit: Limit;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** Takes one token. @returns 0, or the seconds until there is one. */
  take(caller: string, now: number): number {
    const wait = this.wait(caller, now);
    if (wait === 0) this.charge(caller, now);
    return wait;
  }

  /** The seconds until there is a token; 0 when there is one. */
  wait(caller: string, now: number): number {
    return (this.#buckets.get(caller) ?? new Bucket(this.#limit, now)).wait(now);
  }

  /** Takes one token even where there is none, up to a burst of debt: for what turned out wrong only after it was let in. */
  charge(caller: string, now: number): void {
    const bucket = this.#buckets.get(caller) ?? new Bucket(this.#limit, now);
    bucket.charge(now);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size <= MAX_CALLERS) return;
    const oldest = this.#buckets.keys().next();
    if (oldest.done !== true) this.#buckets.delete(oldest.value);
  }
}
