/** The first pause: a hub that restarts for a deploy is back in well under a second. */
export const FIRST_MS = 250;
/** The longest pause: a node of a site without internet tries twice a minute. */
export const LAST_MS = 30_000;

/** Growing pauses between attempts, with jitter so that the nodes of a site do not come back in step. */
export class Backoff {
  readonly #first: number;
  readonly #last: number;
  readonly #random: () => number;
  #step: number;

  /** `random` gives [0, 1). */
  constructor(first: number = FIRST_MS, last: number = LAST_MS, random: () => number = Math.random) {
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
