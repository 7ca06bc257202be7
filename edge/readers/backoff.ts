/** A reader that is being switched on is back within a second or two. */
const FIRST_MS = 1_000;
/** People who plug a cable in again look at the panel for about this long. */
const LAST_MS = 30_000;

/** Growing pauses between attempts, 1 to 30 s, with jitter so that the readers of a site do not come in step. */
export class Backoff {
  readonly #random: () => number;
  readonly #scale: number;
  #next = FIRST_MS;

  /** `random` gives [0, 1); `scale` shortens the pauses in tests. */
  constructor(random: () => number = Math.random, scale = 1) {
    this.#random = random;
    this.#scale = scale;
  }

  /** Milliseconds to wait before the next attempt: 50 to 100 % of the step. */
  next(): number {
    const step = this.#next;
    this.#next = Math.min(LAST_MS, step * 2);
    return Math.round(step * (0.5 + this.#random() / 2) * this.#scale);
  }

  reset(): void {
    this.#next = FIRST_MS;
  }
}
