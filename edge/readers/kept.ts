import { Fault, faultCode } from '../../protocol/fault.ts';
import { Backoff, sleep } from '../backoff.ts';
import type { OpenLink } from './link/link.ts';
import { openLink } from './link/open.ts';
import { networkPath } from './link/tcp.ts';
import type { Reader, ReaderEvents, ReaderHealth, ReaderSettings } from './reader.ts';
import { type Family, type ReaderParts, type ReaderSession, type SessionEvents, TICK_MS } from './session.ts';
import { Tally } from './tally.ts';

/** A reader that is switched on or plugged in again is read within two seconds, so a missing one is looked for at least this often. */
const FIRST_PAUSE_MS = 250;
const LINK_PAUSE_MS = 1_000;
/** Settings that the reader refuses stay refused until somebody acts: that person looks at the panel for half a minute. */
const LAST_PAUSE_MS = 30_000;
/** Faults of cable and power, which end by themselves when the device is back, or when another program lets go of it. */
const ABSENT: ReadonlySet<string> = new Set([
  ...['LINK_OPEN', 'LINK_LOST', 'LINK_STUCK', 'READER_SILENT', 'READER_ENDED', 'READER_REBOOT', 'READER_FRAME', 'READER_TAKEN'],
]);
const HEALTH_MS = 1_000;
/** Temperature and antennas change slowly, and each question costs a few milliseconds of the line. */
const CHECK_MS = 30_000;
/** How soon after a check a missing antenna makes for another. */
const RECHECK_MS = 5_000;
/** A warning stays on the panel this long after the reader last repeated it; most repeat it about once a second. */
const WARNING_MS = 10_000;
/** A stream that lasted this long was a good one: the next pause is short again. */
const GOOD_MS = 10_000;

export interface KeptParts extends ReaderParts {
  /** Pauses after faults that a person must end. */
  readonly backoff?: Backoff;
  /** Pauses while the reader is not there. */
  readonly absent?: Backoff;
}

/** Keeps one reader of any family reading: connects, starts, watches and starts again, until it is stopped. */
export class KeptReader implements Reader {
  readonly id: string;
  readonly #settings: ReaderSettings;
  readonly #family: Family;
  readonly #events: ReaderEvents;
  readonly #open: OpenLink;
  readonly #now: () => number;
  readonly #backoff: Backoff;
  readonly #absent: Backoff;
  readonly #tally: Tally;
  #session: ReaderSession | undefined;
  #baud: number | undefined;
  #maxBaud: number | undefined;
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #checked = 0;
  #checking = false;
  #warnedAt: number | undefined;

  constructor(settings: ReaderSettings, family: Family, events: ReaderEvents, parts: KeptParts = {}) {
    this.id = settings.id;
    this.#settings = settings;
    this.#family = family;
    this.#events = events;
    this.#open = parts.open ?? openLink;
    this.#now = parts.now ?? Date.now;
    this.#backoff = parts.backoff ?? new Backoff(FIRST_PAUSE_MS, LAST_PAUSE_MS);
    this.#absent = parts.absent ?? new Backoff(FIRST_PAUSE_MS, LINK_PAUSE_MS);
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

  async output(pin: number, high: boolean): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#tally.state !== 'reading') {
      throw new Fault('READER_OUTPUT', `${this.id}: output ${pin} is not set: the reader is ${this.#tally.state}`);
    }
    await session.output(pin, high);
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
        await sleep((ABSENT.has(faultCode(error)) ? this.#absent : this.#backoff).next(), stop);
      }
    }
    this.#enter('stopped');
  }

  /** One connection from open to loss. Always throws: the Fault that ended it. */
  async #connect(stop: AbortSignal): Promise<never> {
    let session: ReaderSession | undefined;
    const early: Uint8Array[] = [];
    const { network } = this.#family;
    const path = network === undefined ? this.#settings.link : networkPath(this.#settings.link, network.port);
    const link = await this.#open(path, this.#baud ?? this.#settings.baud ?? this.#family.defaultBaud, {
      data: (chunk) => (session === undefined ? void early.push(chunk) : session.data(chunk)),
      lost: (reason) => session?.lost(reason),
    });
    session = this.#family.session(link, this.id, this.#sessionEvents(), this.#now);
    for (const chunk of early) session.data(chunk);
    const { interrupt } = { interrupt: () => session.interrupt() };
    stop.addEventListener('abort', interrupt);
    if (stop.aborted) interrupt();
    this.#session = session;
    const ticker = this.#tick(session);
    try {
      await this.#read(session);
      return await session.ended;
    } catch (error) {
      // The reader stands at a rate that this line does not carry: once it was switched off and on, stay below that rate.
      if (error instanceof Fault && error.code === 'READER_BAUD') this.#maxBaud = Number(error.details['baud']) - 1;
      if (this.#tally.state === 'reading') {
        this.#absent.reset();
        if (this.#now() - this.#tally.health().since > GOOD_MS) this.#backoff.reset();
      }
      throw error;
    } finally {
      stop.removeEventListener('abort', interrupt);
      clearInterval(ticker);
      this.#session = undefined;
      await session.stop();
      this.#tally.collect(session.counters(), true);
    }
  }

  /** Brings a fresh session to its stream. */
  async #read(session: ReaderSession): Promise<void> {
    this.#enter('starting');
    const settings = this.#maxBaud === undefined ? this.#settings : { ...this.#settings, maxBaud: this.#maxBaud };
    const { model, firmware, baud, antennas } = await session.start(settings, this.#baud);
    this.#baud = baud;
    this.#tally.model = model;
    this.#tally.firmware = firmware;
    this.#tally.link = baud === undefined ? this.#settings.link : `${this.#settings.link} ${baud}`;
    this.#tally.antennas(antennas);
    this.#enter('reading');
  }

  #sessionEvents(): SessionEvents {
    const { id } = this;
    return {
      reads: (reads) => {
        this.#tally.count(reads);
        this.#events.reads(id, reads);
      },
      warned: (code, text = '') => {
        this.#warnedAt = code === undefined ? undefined : performance.now();
        this.#tally.say(code, text);
      },
      inputs: (levels) => {
        for (const { pin, high } of levels) if (this.#tally.input(pin, high)) this.#events.input?.(id, pin, high, this.#now());
      },
      antennas: (states) => {
        this.#tally.antennas(states);
        // A missing antenna: ask again soon, but not in each cycle.
        this.#checked = Math.min(this.#checked, performance.now() - CHECK_MS + RECHECK_MS);
      },
    };
  }

  #tick(session: ReaderSession): NodeJS.Timeout {
    let reported = performance.now();
    this.#checked = reported;
    return setInterval(() => {
      const at = performance.now();
      session.tick();
      if (this.#tally.state !== 'reading') return;
      if (at - this.#checked >= CHECK_MS) {
        this.#checked = at;
        void this.#check(session);
      }
      if (at - reported < HEALTH_MS) return;
      reported = at;
      this.#tally.collect(session.counters(), false);
      this.#tally.measure(this.#now());
      if (this.#warnedAt !== undefined && at - this.#warnedAt > WARNING_MS) {
        this.#warnedAt = undefined;
        this.#tally.say(undefined);
      }
      this.#tell();
    }, TICK_MS);
  }

  async #check(session: ReaderSession): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const { antennas, temperatureC } = await session.check();
      const ports = this.#tally.ports();
      if (antennas !== undefined) this.#tally.antennas(antennas.filter(({ port }) => ports.includes(port)));
      if (temperatureC !== undefined) this.#tally.temperatureC = temperatureC;
    } catch {
      // A question that the reader does not answer: its watchdog tells when it is gone.
    } finally {
      this.#checking = false;
    }
  }
}
