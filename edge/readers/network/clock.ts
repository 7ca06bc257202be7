/** A reader that was cut off for longer has thrown its oldest events away; a clock that is wrong, is mostly wrong by more. */
const LATE_MS = 3_600_000;
/** A clock that is right may be this far ahead. */
const AHEAD_MS = 2_000;
/** Events of one reader are at most this much out of order: more is a clock that was set back. */
const DISORDER_MS = 2_000;
/** How long the shortest delay is looked for before it is taken for the clock's own error. */
const WINDOW_MS = 30_000;
/** Delays that change by less from window to window are a clock, not a queue that is being emptied. */
const STEADY_MS = 1_000;
/** The node's own clock went back by more than this: what was handed on before says nothing any more. */
const STEP_MS = 1_000;

/**
 * Brings the times of a reader to the node's clock: never later than their arrival, never back. At first a reader is believed when its time is
 * at most an hour old, because it may send what it kept while nobody listened; else, and when its clock is set back, its event counts as
 * having happened when it came. What comes before its time corrects the clock at once. A delay that stays the same is the
 * clock's error, and is taken off.
 */
export class ReaderClock {
  /** Node time minus reader time, milliseconds; undefined before the first event. */
  #offset: number | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #lastStamp = Number.NEGATIVE_INFINITY;
  #arrived = Number.NEGATIVE_INFINITY;
  /** The shortest delay of the window before this one and of this one. */
  #before: number | undefined;
  #shortest = Number.POSITIVE_INFINITY;
  #windowFrom = Number.NEGATIVE_INFINITY;

  /** How far the reader's clock is behind the node's, as far as known. */
  get offset(): number {
    return this.#offset ?? 0;
  }

  /** How old the newest event was when it came. */
  get lag(): number {
    return this.#arrived === Number.NEGATIVE_INFINITY ? 0 : Math.max(0, this.#arrived - this.#last);
  }

  /** When an event happened by the node's clock. `stamp` is the reader's time or null, `now` when it came: both epoch milliseconds. */
  at(stamp: number | null, now: number): number {
    if (now < this.#arrived - STEP_MS) this.#forget();
    const at = Math.max(this.#last, stamp === null ? now : this.#mapped(stamp, now));
    this.#arrived = Math.max(this.#arrived, now);
    this.#last = Math.min(at, this.#arrived);
    return this.#last;
  }

  #mapped(stamp: number, now: number): number {
    const delay = now - stamp;
    if (this.#offset === undefined) this.#offset = delay >= -AHEAD_MS && delay <= LATE_MS ? Math.min(0, delay) : delay;
    else if (stamp < this.#lastStamp - DISORDER_MS) this.#restart(delay);
    else if (delay < this.#offset - STEADY_MS) this.#restart(delay);
    else if (delay < this.#offset) this.#offset = delay;
    this.#lastStamp = stamp;
    this.#watch(delay, now);
    return stamp + this.#offset;
  }

  #restart(offset: number): void {
    this.#offset = offset;
    this.#before = undefined;
    this.#shortest = Number.POSITIVE_INFINITY;
    this.#windowFrom = Number.NEGATIVE_INFINITY;
  }

  #watch(delay: number, now: number): void {
    if (this.#windowFrom === Number.NEGATIVE_INFINITY) this.#windowFrom = now;
    this.#shortest = Math.min(this.#shortest, delay);
    if (now - this.#windowFrom < WINDOW_MS) return;
    const [before, shortest] = [this.#before, this.#shortest];
    if (before !== undefined && Math.abs(shortest - before) < STEADY_MS) this.#offset = Math.max(this.offset, Math.min(before, shortest));
    this.#before = shortest;
    this.#shortest = Number.POSITIVE_INFINITY;
    this.#windowFrom = now;
  }

  #forget(): void {
    this.#last = Number.NEGATIVE_INFINITY;
    this.#lastStamp = Number.NEGATIVE_INFINITY;
    this.#arrived = Number.NEGATIVE_INFINITY;
    this.#restart(0);
    this.#offset = undefined;
  }
}
