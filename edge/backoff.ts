/** Growing pauses between attempts, with jitter so that what failed together does not come back in step. */
export class Backoff {
  readonly #first: number;
  readonly #last: number;
  readonly #random: () => number;
  #step: number;

  /** Pauses from `first` to `last` milliseconds; `random` gives [0, 1). */
  constructor(first: number, last: number, random: () => number = Math.random) {
    this.#first = first;
    this.#last = last;
    this.#random = random;
    this.#step = first;
  }

  /** Milliseconds until the next attempt: 50 to 100 % of a step that doubles. */
  next(): number {
    const step = this.#step;
    this.#step = Math.min(this.#last, step * 2);
    return Math.round(step * (0.5 + this.#random() / 2));
  }

  /** Something worked: the next failure starts with the first pause again. */
  reset(): void {
    this.#step = this.#first;
  }
}

/** Resolves after `ms` milliseconds, or at once when the signal says so. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
