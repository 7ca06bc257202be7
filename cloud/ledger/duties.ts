/**
 * Something that a ledger does between calls, by its one alarm: outbound commands, work that commits had no room for, the archive, a
 * rebuild, the inspection. Each run is one slice: some 20 ms of work, so that commits get their turn between.
 */
export interface Duty {
  readonly name: string;
  /**
   * Does a slice. Returns in how many milliseconds to go on (0: at once), or null when nothing is left: it is then asked again whenever
   * the alarm goes off, so it must be cheap and harmless when nothing is to be done. A throw is logged and tried again later.
   */
  run(): Promise<number | null> | number | null;
}

/** What the duties need of the object that has the alarm. */
export interface DutyHost {
  setAlarm(at: number): Promise<void>;
  now(): number;
  log(event: { readonly event: string; readonly duty: string; readonly text: string }): void;
}

/** First and longest wait after a duty threw, milliseconds: it is a bug or damage, which a faster retry would not mend. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

/**
 * Shares one alarm among duties. When each is due is kept in memory alone (an alarm that is set is a row written): after a start every duty
 * runs once and says when it wants to go on, so nothing is forgotten by an eviction as long as the alarm itself stands.
 */
export class Duties {
  readonly #duties: readonly Duty[];
  readonly #host: DutyHost;
  readonly #due = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  /** When the alarm is set for, as far as this start knows. */
  #alarm = Number.POSITIVE_INFINITY;

  constructor(duties: readonly Duty[], host: DutyHost) {
    this.#duties = duties;
    this.#host = host;
    for (const { name } of duties) this.#due.set(name, 0);
  }

  /** Sets the alarm for duties that were never heard since the start: to be called when something was committed. Costs nothing when it is set. */
  async begin(): Promise<void> {
    await this.#set();
  }

  /** Makes a duty due in `ms` from now, unless it is due earlier. */
  async wake(name: string, ms = 0): Promise<void> {
    const at = this.#host.now() + ms;
    if ((this.#due.get(name) ?? Number.POSITIVE_INFINITY) > at) this.#due.set(name, at);
    await this.#set();
  }

  /** The alarm went off: runs what is due, one slice each, in the order of the list, and sets it for what comes next. */
  async alarm(): Promise<void> {
    this.#alarm = Number.POSITIVE_INFINITY;
    for (const duty of this.#duties) {
      if ((this.#due.get(duty.name) ?? 0) > this.#host.now()) continue;
      // Woken while it runs, it is due again.
      this.#due.delete(duty.name);
      const wait = await this.#run(duty);
      if (wait === null) continue;
      const at = this.#host.now() + wait;
      if ((this.#due.get(duty.name) ?? Number.POSITIVE_INFINITY) > at) this.#due.set(duty.name, at);
    }
    await this.#set();
  }

  async #run(duty: Duty): Promise<number | null> {
    try {
      const wait = await duty.run();
      this.#failures.delete(duty.name);
      return wait;
    } catch (error) {
      const failures = this.#failures.get(duty.name) ?? 0;
      this.#failures.set(duty.name, failures + 1);
      this.#host.log({ event: 'duty.failed', duty: duty.name, text: error instanceof Error ? error.message : String(error) });
      return Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** failures);
    }
  }

  async #set(): Promise<void> {
    const next = Math.min(Number.POSITIVE_INFINITY, ...this.#due.values());
    if (next >= this.#alarm) return;
    this.#alarm = next;
    await this.#host.setAlarm(Math.max(next, this.#host.now()));
  }
}
