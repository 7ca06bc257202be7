/** Ranges of missing numbers that are remembered: events that come late fill them again. */
const MAX_RANGES = 64;
/** Numbers this little below the last one are the order of a batch, not a new start. */
const DISORDER = 64;
/** A longer gap than a day at full speed is no gap: the reader counts otherwise than we think. */
const MAX_GAP = 100_000_000;

/**
 * What a reader lost, by its own counting: gaps in the numbers of its events, and the messages that it says it threw away. Both
 * see the same loss, so the larger counts. A number that begins anew is a reader that was switched on again.
 */
export class Loss {
  /** Times the numbering began anew. */
  restarts = 0;
  #last: number | undefined;
  #lastStamp = Number.NEGATIVE_INFINITY;
  #missing: { from: number; to: number }[] = [];
  #gaps = 0;
  #dropped = 0;
  #droppedBefore: number | undefined;
  #overflows = 0;

  /** Events that never came. An overflow counts as one: the reader does not say how many it stands for. */
  get lost(): number {
    return Math.max(this.#gaps, this.#dropped) + this.#overflows;
  }

  /** Takes the number of an event that was not seen before, with its time by the reader's clock. */
  numbered(number: number, stamp: number | null): void {
    const last = this.#last;
    if (last === undefined || number === last + 1) this.#last = number;
    else if (number > last) {
      if (number - last <= MAX_GAP) this.#miss(last + 1, number - 1);
      this.#last = number;
    } else if (!this.#filled(number) && (last - number > DISORDER || (stamp ?? 0) > this.#lastStamp)) {
      this.restarts++;
      this.#last = number;
      // What was missing before the start never comes; its place may be taken by new numbers.
      this.#missing = [];
      this.#lastStamp = Number.NEGATIVE_INFINITY;
    }
    if (stamp !== null) this.#lastStamp = Math.max(this.#lastStamp, stamp);
  }

  /** Takes the reader's count of dropped messages: since it was switched on, so that the first one heard counts for nothing. */
  dropped(count: number): void {
    const before = this.#droppedBefore;
    if (before !== undefined) this.#dropped += count >= before ? count - before : count;
    this.#droppedBefore = count;
  }

  overflow(): void {
    this.#overflows++;
  }

  #miss(from: number, to: number): void {
    this.#gaps += to - from + 1;
    this.#missing.push({ from, to });
    if (this.#missing.length > MAX_RANGES) this.#missing.shift();
  }

  /** True when the number was missing: it came after all. */
  #filled(number: number): boolean {
    const at = this.#missing.findIndex(({ from, to }) => number >= from && number <= to);
    const range = this.#missing[at];
    if (range === undefined) return false;
    this.#gaps--;
    const parts = [
      { from: range.from, to: number - 1 },
      { from: number + 1, to: range.to },
    ];
    this.#missing.splice(at, 1, ...parts.filter(({ from, to }) => from <= to));
    return true;
  }
}
