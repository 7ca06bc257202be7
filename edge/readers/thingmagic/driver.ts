import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../../../protocol/fault.ts';
import { Backoff } from '../../backoff.ts';
import type { OpenLink } from '../link/link.ts';
import { openLink } from '../link/open.ts';
import type { Reader, ReaderEvents, ReaderHealth, ReaderSettings } from '../reader.ts';
import { Status, statusText, temperature } from './codec.ts';
import { Session } from './session.ts';
import { TIMINGS, type Timings } from './startup.ts';
import { Tally } from './tally.ts';

/** A reader that is being switched on is back within a second or two; people who plug a cable in again look at the panel for half a minute. */
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 30_000;
const DEFAULT_BAUD = 115_200;
const TICK_MS = 100;
/**
 * Quiet ticks in a row after which an unfinished frame is given up: the longest frame takes 265 ms at 9600 baud, and keep-alives are a second
 * apart. More than one in any case: after a pause of this process the first tick may run before the bytes that wait are read.
 */
const LULL_TICKS = 5;
/** Silence beyond one search cycle that means a dead link. */
const GRACE_MS = 2_000;
const HEALTH_MS = 1_000;
/** Temperature and antennas change slowly, and each question costs a few milliseconds of the line. */
const CHECK_MS = 30_000;
/** How soon after a check a missing antenna makes for another. */
const RECHECK_MS = 5_000;
/** A warning stays on the panel this long after the module last repeated it; it repeats about once a second. */
const WARNING_MS = 10_000;
/** A stream that lasted this long was a good one: the next pause is short again. */
const GOOD_MS = 10_000;

/** Parts that tests replace. */
export interface DriverParts {
  readonly open?: OpenLink;
  readonly now?: () => number;
  readonly timings?: Timings;
  readonly graceMs?: number;
  readonly backoff?: Backoff;
}

/** Keeps one ThingMagic module reading: connects, starts, watches and starts again, until it is stopped. */
export class ThingMagicReader implements Reader {
  readonly id: string;
  readonly #settings: ReaderSettings;
  readonly #events: ReaderEvents;
  readonly #open: OpenLink;
  readonly #now: () => number;
  readonly #timings: Timings;
  readonly #graceMs: number;
  readonly #backoff: Backoff;
  readonly #tally: Tally;
  #baud: number | undefined;
  #maxBaud: number | undefined;
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  /** Counters of the sessions that are over. */
  #past = { crc: 0, resync: 0, ghosts: 0 };
  #checked = 0;
  #warnedAt: number | undefined;

  constructor(settings: ReaderSettings, events: ReaderEvents, parts: DriverParts = {}) {
    this.id = settings.id;
    this.#settings = settings;
    this.#events = events;
    this.#open = parts.open ?? openLink;
    this.#now = parts.now ?? Date.now;
    this.#timings = parts.timings ?? TIMINGS;
    this.#graceMs = parts.graceMs ?? GRACE_MS;
    this.#backoff = parts.backoff ?? new Backoff(FIRST_PAUSE_MS, LAST_PAUSE_MS);
    this.#maxBaud = settings.maxBaud;
    this.#tally = new Tally(settings.id, settings.model, settings.link, this.#now());
    this.#tally.antennas((settings.ports ?? []).map((port) => ({ port, connected: null })));
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#stop = new AbortController();
    this.#running = this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#running = undefined;
  }

  health(): ReaderHealth {
    return this.#tally.health();
  }

  #tell(): void {
    this.#events.health(this.id, this.#tally.health());
  }

  #enter(state: Parameters<Tally['enter']>[0], fault?: unknown): void {
    this.#tally.enter(state, this.#now(), fault);
    this.#tell();
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#enter('connecting');
      try {
        await this.#connect(stop);
      } catch (error) {
        if (stop.aborted) break;
        this.#enter('failed', error);
        await pause(this.#backoff.next(), undefined, { signal: stop }).catch(() => undefined);
      }
    }
    this.#enter('stopped');
  }

  /** One connection from open to loss. Always throws: the Fault that ended it. */
  async #connect(stop: AbortSignal): Promise<never> {
    let session: Session | undefined;
    const link = await this.#open(this.#settings.link, this.#baud ?? this.#settings.baud ?? DEFAULT_BAUD, {
      data: (chunk) => session?.data(chunk),
      lost: (reason) => session?.lost(reason),
    });
    session = new Session(link, this.id, this.#sessionEvents(), this.#now);
    const interrupt = (): void => session.interrupt();
    stop.addEventListener('abort', interrupt);
    if (stop.aborted) interrupt();
    const ticker = this.#tick(session);
    try {
      await this.#read(session);
      return await session.ended;
    } catch (error) {
      // The module stands at a rate that this line does not carry: once it was switched off and on, stay below that rate.
      if (error instanceof Fault && error.code === 'READER_BAUD') this.#maxBaud = Number(error.details['baud']) - 1;
      if (this.#tally.state === 'reading' && this.#now() - this.#tally.health().since > GOOD_MS) this.#backoff.reset();
      throw error;
    } finally {
      stop.removeEventListener('abort', interrupt);
      clearInterval(ticker);
      await session.stop(this.#timings);
      this.#collect(session, true);
    }
  }

  /** Brings a fresh session to its stream. */
  async #read(session: Session): Promise<void> {
    this.#enter('starting');
    const settings = this.#maxBaud === undefined ? this.#settings : { ...this.#settings, maxBaud: this.#maxBaud };
    const module = await session.start(settings, this.#baud, this.#timings);
    this.#baud = module.baud;
    this.#tally.model = module.model;
    this.#tally.link = module.baud === undefined ? session.link.name : `${session.link.name} ${module.baud}`;
    this.#tally.antennas(module.antennas);
    this.#enter('reading');
  }

  #sessionEvents(): ConstructorParameters<typeof Session>[2] {
    const { id } = this;
    return {
      reads: (reads) => {
        this.#tally.count(reads);
        this.#events.reads(id, reads);
      },
      warned: (status) => this.#warned(status),
    };
  }

  #warned(status: number): void {
    if (status === Status.BUFFER_FULL) this.#tally.bufferFull++;
    this.#warnedAt = performance.now();
    this.#tally.say('READER_STATUS', `${this.id}: ${statusText(status)}`);
    // The status does not name the port: ask, but not in each cycle.
    if (status === Status.ANTENNA_MISSING) this.#checked = Math.min(this.#checked, performance.now() - CHECK_MS + RECHECK_MS);
  }

  /** Adds a session's counters to those of the sessions before. */
  #collect(session: Session, last: boolean): void {
    const { crc, resync } = session.codec.counters;
    const { ghosts: wrong, malformed, statistics } = session.stream;
    const ghosts = wrong + malformed;
    if (statistics.temperatureC !== undefined) this.#tally.temperatureC = statistics.temperatureC;
    this.#tally.crc = this.#past.crc + crc;
    this.#tally.resync = this.#past.resync + resync;
    this.#tally.ghosts = this.#past.ghosts + ghosts;
    if (last) this.#past = { crc: this.#tally.crc, resync: this.#tally.resync, ghosts: this.#tally.ghosts };
  }

  #tick(session: Session): NodeJS.Timeout {
    let reported = performance.now();
    let quietTicks = 0;
    this.#checked = reported;
    return setInterval(() => {
      const at = performance.now();
      quietTicks = session.quiet() >= TICK_MS ? quietTicks + 1 : 0;
      if (quietTicks >= LULL_TICKS) {
        session.lull();
        session.watch(this.#graceMs);
      }
      if (this.#tally.state !== 'reading') return;
      if (at - this.#checked >= CHECK_MS) {
        this.#checked = at;
        void this.#check(session);
      }
      if (at - reported < HEALTH_MS) return;
      reported = at;
      this.#collect(session, false);
      this.#tally.measure(this.#now());
      if (this.#warnedAt !== undefined && at - this.#warnedAt > WARNING_MS) {
        this.#warnedAt = undefined;
        this.#tally.say(undefined);
      }
      this.#tell();
    }, TICK_MS);
  }

  /** Asks for antennas and temperature without stopping the stream. */
  async #check(session: Session): Promise<void> {
    const states = await session.antennas(this.#timings.answerMs);
    const ports = this.#tally.ports();
    if (states !== undefined) this.#tally.antennas(states.filter((state) => ports.includes(state.port)));
    const data = await session.whileStreaming(temperature(), this.#timings.answerMs);
    if (data?.length === 1) this.#tally.temperatureC = ((data[0] as number) << 24) >> 24;
  }
}
