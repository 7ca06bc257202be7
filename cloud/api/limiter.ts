/** A token bucket for each caller: `burst` requests at once, `perSecond` in the long run. */
export interface Limit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Callers remembered at once: some 100 bytes each, so a flood of addresses costs at most about a megabyte. */
const MAX_CALLERS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
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
    const { tokens } = this.#refilled(caller, now);
    return tokens < 1 ? Math.max(1, Math.ceil((1 - tokens) / this.#limit.perSecond)) : 0;
  }

  /** Takes one token even where there is none, up to a burst of debt: for what turned out wrong only after it was let in. */
  charge(caller: string, now: number): void {
    const bucket = this.#refilled(caller, now);
    bucket.tokens = Math.max(-this.#limit.burst, bucket.tokens - 1);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size <= MAX_CALLERS) return;
    const oldest = this.#buckets.keys().next();
    if (oldest.done !== true) this.#buckets.delete(oldest.value);
  }

  #refilled(caller: string, now: number): Bucket {
    const bucket = this.#buckets.get(caller);
    if (bucket === undefined) return { tokens: this.#limit.burst, at: now };
    // The clock of an isolate may step back: time that did not pass refills nothing.
    const passed = Math.max(0, now - bucket.at) / 1000;
    return { tokens: Math.min(this.#limit.burst, bucket.tokens + passed * this.#limit.perSecond), at: now };
  }
}
