import { AsyncLocalStorage } from 'node:async_hooks';

/** Turns of the event loop without an end: real code that never comes to rest is a finding, not something to wait for. */
const MAX_TURNS = 100_000;

/** One life of a process or object: what it set in motion ends with it. */
export class Life {
  readonly name: string;
  ended = false;

  constructor(name: string) {
    this.name = name;
  }
}

interface Timer {
  at: number;
  readonly every: number | undefined;
  readonly run: () => void;
  readonly life: Life | undefined;
}

/** What setTimeout returns here. */
class Handle {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  refresh(): this {
    time.refresh(this.id);
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.id;
  }
}

const real = { setImmediate: globalThis.setImmediate, clearImmediate: globalThis.clearImmediate };
const lives = new AsyncLocalStorage<Life>();

/**
 * The time of a simulated world. After `install` the process's timers and clocks are these: they move only when the simulation says
 * so, and the code under test runs unchanged on them.
 */
class VirtualTime {
  #now = 0;
  #next = 1;
  #timers = new Map<number, Timer>();
  readonly #immediates = new Set<NodeJS.Immediate>();
  /** Real work outside the event loop (a thread pool) that must end before time may move. */
  #outside = 0;
  /** What Date.now says, epoch milliseconds: the hub's wall clock. Nodes are given their own. */
  wall: () => number = () => 0;
  /** An error that left a timer: it would end a process. */
  uncaught: (error: unknown) => void = (error) => {
    throw error;
  };

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** A new world: nothing of the one before goes on. */
  begin(): void {
    this.#now = 0;
    this.#next = 1;
    this.#timers = new Map();
  }

  /** Replaces the globals of this process, for good. */
  install(): void {
    const set =
      (every: boolean) =>
      (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
        new Handle(this.#add(() => run(...args), Math.max(every ? 1 : 0, Number(ms) || 0), every, lives.getStore()));
    const clear = (handle: unknown): void => {
      if (handle instanceof Handle) this.#timers.delete(handle.id);
      else if (typeof handle === 'number') this.#timers.delete(handle);
    };
    const immediate = (run: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => {
      const handle: NodeJS.Immediate = real.setImmediate(() => {
        this.#immediates.delete(handle);
        run(...args);
      });
      this.#immediates.add(handle);
      return handle;
    };
    const clearImmediate = (handle: NodeJS.Immediate | undefined): void => {
      if (handle === undefined) return;
      this.#immediates.delete(handle);
      real.clearImmediate(handle);
    };
    Object.assign(globalThis, {
      setTimeout: set(false),
      setInterval: set(true),
      clearTimeout: clear,
      clearInterval: clear,
      setImmediate: immediate,
      clearImmediate,
    });
    Date.now = () => this.wall();
    performance.now = () => this.#now;
  }

  #add(run: () => void, ms: number, every: boolean, life: Life | undefined): number {
    const id = this.#next++;
    // What has ended waits for nothing any more.
    if (life?.ended !== true) this.#timers.set(id, { at: this.#now + ms, every: every ? ms : undefined, run, life });
    return id;
  }

  /** Runs `work` at `at` (milliseconds of the world), for the simulation itself. */
  at(at: number, work: () => void): void {
    this.#add(work, Math.max(0, at - this.#now), false, undefined);
  }

  refresh(id: number): void {
    const timer = this.#timers.get(id);
    if (timer?.every !== undefined) timer.at = this.#now + timer.every;
  }

  /** Runs `work` as a part of `life`: timers that it sets end with that life. */
  as<T>(life: Life, work: () => T): T {
    return lives.run(life, work);
  }

  /** The life that runs now. */
  get life(): Life | undefined {
    return lives.getStore();
  }

  /** Ends a life: its timers never ring. */
  end(life: Life): void {
    life.ended = true;
    for (const [id, timer] of this.#timers) if (timer.life === life) this.#timers.delete(id);
  }

  /** Counts real asynchronous work, which time waits for. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#outside++;
    try {
      return await work;
    } finally {
      this.#outside--;
    }
  }

  /** Lets everything run that needs no time. @throws RangeError when it never comes to rest */
  async settle(): Promise<void> {
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      // One turn runs the immediates that wait and, after each, all microtasks.
      await new Promise<void>((resolve) => real.setImmediate(resolve));
      if (this.#immediates.size === 0 && this.#outside === 0) return;
    }
    throw new RangeError(`the world does not come to rest at ${this.#now} ms: something runs in a circle without waiting`);
  }

  /** Moves on by `ms`, ringing what is due on the way, each alone and to its end. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let due = this.#first(until); due !== undefined; due = this.#first(until)) {
      const [id, timer] = due;
      this.#now = Math.max(this.#now, timer.at);
      if (timer.every === undefined) this.#timers.delete(id);
      else timer.at = this.#now + timer.every;
      try {
        if (timer.life === undefined) timer.run();
        else lives.run(timer.life, timer.run);
      } catch (error) {
        this.uncaught(error);
      }
      await this.settle();
    }
    this.#now = until;
  }

  /** The timer that is due first, the older of two at one instant. */
  #first(until: number): [number, Timer] | undefined {
    let found: [number, Timer] | undefined;
    for (const entry of this.#timers) {
      if (entry[1].at > until) continue;
      if (found === undefined || entry[1].at < found[1].at || (entry[1].at === found[1].at && entry[0] < found[0])) found = entry;
    }
    return found;
  }
}

export const time = new VirtualTime();
