import { faultCode } from '../../protocol/fault.ts';
import type { Read } from '../../protocol/read.ts';
import type { ReaderHealth, ReaderState } from './reader.ts';
import type { AntennaState, SessionCounters } from './session.ts';

interface Antenna {
  connected: boolean | null;
  reads: number;
  fault: string | undefined;
}

/** Readers have at most 16 logical ports of their own and 64 with a multiplexer; a port beyond is a decoding error, not an antenna. */
const MAX_ANTENNAS = 64;
/** Readers have two to four inputs. */
const MAX_PINS = 16;
const NONE: SessionCounters = { crc: 0, resync: 0, ghosts: 0, bufferFull: 0, lost: 0 };

/** The numbers and states behind a reader's health. */
export class Tally {
  model: string;
  link: string;
  firmware: string | undefined;
  temperatureC: number | undefined;
  readonly #id: string;
  readonly #antennas = new Map<number, Antenna>();
  readonly #inputs = new Map<number, boolean>();
  /** Counters of the sessions that are over, and of all. */
  #past = NONE;
  #errors = NONE;
  #state: ReaderState = 'stopped';
  #since: number;
  #message: { code: string; text: string } | undefined;
  #reads = 0;
  #rateFrom: { readonly reads: number; readonly at: number };
  #rate = 0;

  constructor(id: string, model: string, link: string, now: number) {
    this.#id = id;
    this.model = model;
    this.link = link;
    this.#since = now;
    this.#rateFrom = { reads: 0, at: now };
  }

  get state(): ReaderState {
    return this.#state;
  }

  /** Enters a state. `fault` undefined clears the message, except that `connecting` and `starting` keep the last one visible. */
  enter(state: ReaderState, now: number, fault?: unknown): void {
    if (state !== this.#state) this.#since = now;
    this.#state = state;
    if (state !== 'reading') this.#rate = 0;
    if (fault !== undefined) this.#message = { code: faultCode(fault), text: fault instanceof Error ? fault.message : String(fault) };
    else if (state === 'reading' || state === 'stopped') this.#message = undefined;
  }

  /** A fault that does not end the stream; undefined when it is over. */
  say(code: string | undefined, text = ''): void {
    this.#message = code === undefined ? undefined : { code, text };
  }

  count(reads: readonly Read[]): void {
    this.#reads += reads.length;
    for (const read of reads) {
      const antenna = this.#antenna(read.antenna);
      if (antenna !== undefined) antenna.reads++;
    }
  }

  /** Adds a session's counters to those of the sessions before; `last` when the session is over. */
  collect(counters: SessionCounters, last: boolean): void {
    const { crc, resync, ghosts, bufferFull, lost, unknown } = counters;
    const past = this.#past;
    this.#errors = {
      crc: past.crc + crc,
      resync: past.resync + resync,
      ghosts: past.ghosts + ghosts,
      bufferFull: past.bufferFull + bufferFull,
      lost: past.lost + lost,
      ...(unknown === undefined ? {} : { unknown: (past.unknown ?? 0) + unknown }),
    };
    if (last) this.#past = this.#errors;
  }

  /** Takes the level of an input; true when it has changed or is told for the first time. */
  input(pin: number, high: boolean): boolean {
    if (this.#inputs.get(pin) === high) return false;
    if (this.#inputs.has(pin) || this.#inputs.size < MAX_PINS) this.#inputs.set(pin, high);
    return true;
  }

  /** Takes what the reader says of its ports; a port that is in use and not connected is a fault. */
  antennas(states: readonly AntennaState[]): void {
    for (const { port, connected } of states) {
      const antenna = this.#antenna(port);
      if (antenna === undefined) continue;
      antenna.connected = connected;
      antenna.fault = connected === false ? `port ${port}: antenna not connected: check its cable` : undefined;
    }
  }

  /** The ports known to be in use. */
  ports(): number[] {
    return [...this.#antennas.keys()].sort((a, b) => a - b);
  }

  #antenna(port: number): Antenna | undefined {
    let antenna = this.#antennas.get(port);
    if (antenna === undefined && port >= 1 && port <= MAX_ANTENNAS) {
      antenna = { connected: null, reads: 0, fault: undefined };
      this.#antennas.set(port, antenna);
    }
    return antenna;
  }

  /** Renews the rate from the reads since the last call. */
  measure(now: number): void {
    const ms = now - this.#rateFrom.at;
    if (ms > 0) this.#rate = Math.round(((this.#reads - this.#rateFrom.reads) * 1_000) / ms);
    this.#rateFrom = { reads: this.#reads, at: now };
  }

  health(): ReaderHealth {
    return {
      id: this.#id,
      model: this.model,
      state: this.#state,
      link: this.link,
      since: this.#since,
      readsPerSecond: this.#rate,
      antennas: this.ports().map((port) => {
        const { connected, reads, fault } = this.#antennas.get(port) ?? { connected: null, reads: 0, fault: undefined };
        return { port, connected, reads, ...(fault === undefined ? {} : { fault }) };
      }),
      errors: {
        crc: this.#errors.crc,
        resync: this.#errors.resync,
        tagCrc: this.#errors.ghosts,
        bufferFull: this.#errors.bufferFull,
        lost: this.#errors.lost,
        ...(this.#errors.unknown === undefined ? {} : { unknown: this.#errors.unknown }),
      },
      ...(this.firmware === undefined ? {} : { firmware: this.firmware }),
      ...(this.#inputs.size === 0 ? {} : { inputs: [...this.#inputs].map(([pin, high]) => ({ pin, high })).sort((a, b) => a.pin - b.pin) }),
      ...(this.temperatureC === undefined ? {} : { temperatureC: this.temperatureC }),
      ...(this.#message === undefined ? {} : { message: this.#message }),
    };
  }
}
