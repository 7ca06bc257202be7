/** How far a stamp may lie behind what is expected: beyond it the reader's clock was set, and the stamp is taken as of now. */
const STEP_MS = 2_000;
/** Clocks drift by 100 ppm at most, 3 ms in this time: after one or two of these what was the fastest way no longer counts. */
const WINDOW_MS = 30_000;

/**
 * A reader's clock against the host's. A stamp is never later than its arrival, and the quickest messages are hardly earlier: the smallest
 * difference of arrival and stamp within the last minute is the offset of the clocks. It does not matter whether the reader knows the date.
 */
export class ReaderClock {
  #now = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #since = 0;

  /** Host time, epoch milliseconds, of a `stamp` (milliseconds by the reader's clock) that arrived at `now`; never after `now`. */
  toHost(stamp: number, now: number): number {
    const offset = now - stamp;
    const least = Math.min(this.#now, this.#before);
    if (offset > least + STEP_MS) {
      // Set back, or a line that stood still for longer than a passage may be cut by: both begin anew.
      this.#before = Number.POSITIVE_INFINITY;
      this.#now = offset;
      this.#since = now;
      return now;
    }
    if (now - this.#since > WINDOW_MS || now < this.#since) {
      this.#before = this.#now;
      this.#now = offset;
      this.#since = now;
    } else if (offset < this.#now) this.#now = offset;
    return stamp + Math.min(this.#now, this.#before);
  }
}
