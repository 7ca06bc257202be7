import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import { type ReaderSession, type SessionCounters, type SessionEvents, type Started, TICK_MS } from '../session.ts';
import * as codec from './codec.ts';
import { Exchange } from './exchange.ts';
import { CYCLE_MS, type Line, silence, startUp, type Timings } from './startup.ts';
import { portStates } from './statistics.ts';
import { ReadDecoder } from './stream.ts';

/**
 * Quiet ticks in a row after which an unfinished frame is given up: the longest frame takes 265 ms at 9600 baud, and keep-alives are a second
 * apart. More than one in any case: after a pause of this process the first tick may run before the bytes that wait are read.
 */
const LULL_TICKS = 5;

const { Multi, Op, Status } = codec;

/** One connection to one module, from the open link to its loss. A new connection is a new session: nothing carries over. */
export class Session implements Line, ReaderSession {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  readonly codec = new codec.ThingMagicCodec();
  readonly stream = new ReadDecoder();
  /** Rejects with the Fault that ends the session. */
  readonly ended: Promise<never>;
  readonly #name: string;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #timings: Timings;
  readonly #graceMs: number;
  readonly #reject: (fault: Fault) => void;
  #streaming = false;
  #lastByte = performance.now();
  #quietTicks = 0;
  #bufferFull = 0;

  constructor(link: ByteLink, name: string, events: SessionEvents, now: () => number, timings: Timings, graceMs: number) {
    this.link = link;
    this.#name = name;
    this.#timings = timings;
    this.#graceMs = graceMs;
    this.exchange = new Exchange(link, name);
    this.#events = events;
    this.#now = now;
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    promise.catch(() => undefined);
    this.#reject = reject;
  }

  #end(fault: Fault): void {
    this.#streaming = false;
    this.exchange.abort(fault);
    this.#reject(fault);
  }

  frames(): number {
    return this.codec.counters.frames;
  }

  quiet(): number {
    return performance.now() - this.#lastByte;
  }

  clear(): void {
    this.codec.lull();
  }

  /** Ends start-up or reading because this side wants to stop; `stop` then ends the stream. */
  interrupt(): void {
    const fault = new Fault('READER_STOPPED', `${this.link.name}: stopped`);
    this.exchange.abort(fault);
    this.#reject(fault);
  }

  lost(reason: string): void {
    this.#end(new Fault('LINK_LOST', `${this.link.name} is gone (${reason}): check cable and power`));
  }

  /** Start-up, ended early when the session ends. */
  async start(settings: ReaderSettings, known: number | undefined): Promise<Started> {
    return Promise.race([startUp(this, settings, known, this.#timings), this.ended]);
  }

  tick(): void {
    this.#quietTicks = this.quiet() >= TICK_MS ? this.#quietTicks + 1 : 0;
    if (this.#quietTicks < LULL_TICKS) return;
    this.#take(this.codec.lull());
    this.#watch();
  }

  counters(): SessionCounters {
    const { crc, resync } = this.codec.counters;
    return { crc, resync, ghosts: this.stream.ghosts + this.stream.malformed, bufferFull: this.#bufferFull, lost: 0 };
  }

  data(chunk: Uint8Array): void {
    this.#lastByte = performance.now();
    this.#take(this.codec.push(chunk));
  }

  #take(frames: readonly codec.Frame[]): void {
    const now = this.#now();
    const reads: Read[] = [];
    for (const frame of frames) this.#frame(frame, now, reads);
    if (reads.length > 0) this.#events.reads(reads);
  }

  #frame(frame: codec.Frame, now: number, reads: Read[]): void {
    const asked = this.exchange.offer(frame);
    if (frame.op === Op.READ_MULTIPLE) {
      // Records of a stream that an earlier host started have no known instant: they are not reads.
      if (!this.#streaming) return;
      const event = this.stream.decode(frame, now, reads);
      if (event === 'ended') this.#end(new Fault('READER_ENDED', 'the module ended its stream: it is started again'));
      if (event === 'fault') this.#warn(this.stream.fault);
      return;
    }
    if (frame.op === Op.MULTI_PROTOCOL) {
      const first = frame.length > 0 ? frame.bytes[frame.data] : Multi.START;
      if (asked && frame.status === Status.OK && first !== Multi.STOP && first !== Multi.WRAPPED) {
        this.#streaming = true;
        this.stream.decode(frame, now, reads);
      }
      if (first === Multi.STOP && this.#streaming && !asked) {
        this.#end(new Fault('READER_ENDED', 'the module ended its stream: it is started again'));
      }
      if (first === Multi.STOP) this.#streaming = false;
      return;
    }
    if (frame.op === Op.BOOT_FIRMWARE && !asked) {
      this.#end(new Fault('READER_REBOOT', 'the module started again by itself: check its power supply'));
    }
  }

  #warn(status: number): void {
    if (status === Status.RADIO_OFF) {
      this.#end(new Fault('READER_ENDED', `the module stopped reading: ${codec.statusText(status)}: it is started again`));
      return;
    }
    if (status === Status.BUFFER_FULL) this.#bufferFull++;
    this.#events.warned('READER_STATUS', `${this.#name}: ${codec.statusText(status)}`);
    // The status does not name the port: the next check asks, and comes soon.
    if (status === Status.ANTENNA_MISSING) this.#events.antennas([]);
  }

  /** Ends the session when the module has been silent for longer than it can be while it streams. */
  #watch(): void {
    const ms = this.quiet();
    if (this.#streaming && ms > CYCLE_MS + this.#graceMs) {
      this.#end(new Fault('READER_SILENT', `${this.link.name}: nothing for ${Math.round(ms)} ms while reading: check cable and power`));
    }
  }

  /** Asks for antennas and temperature without stopping the stream. */
  async check(): Promise<{ antennas?: { port: number; connected: boolean }[]; temperatureC?: number }> {
    const ports = await this.#whileStreaming(codec.detectAntennas());
    const data = await this.#whileStreaming(codec.temperature());
    const temperatureC = data?.length === 1 ? ((data[0] as number) << 24) >> 24 : this.stream.statistics.temperatureC;
    return {
      ...(ports === undefined ? {} : { antennas: portStates(ports, 1, ports.length) }),
      ...(temperatureC === undefined ? {} : { temperatureC }),
    };
  }

  async output(pin: number, high: boolean): Promise<void> {
    if ((await this.#whileStreaming(codec.setOutput(pin, high))) === undefined) {
      throw new Fault('READER_OUTPUT', `${this.#name}: output ${pin} is not set: this firmware takes no command while it reads`);
    }
  }

  /** Asks a streaming module for something; undefined when its firmware does not take commands while it streams. */
  async #whileStreaming(inner: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.#streaming) return undefined;
    try {
      const answer = await this.exchange.ask(codec.wrap(inner), this.#timings.answerMs);
      return answer.status === Status.OK ? answer.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends the stream and closes the link. */
  async stop(): Promise<void> {
    try {
      if (this.#streaming) await silence(this, this.#timings);
    } catch {
      // The link went away meanwhile: then there is nothing to end.
    }
    await this.link.close();
  }
}
