import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import * as codec from './codec.ts';
import { Exchange } from './exchange.ts';
import { CYCLE_MS, type Line, type Module, silence, startUp, TIMINGS, type Timings } from './startup.ts';
import { portStates } from './statistics.ts';
import { ReadDecoder } from './stream.ts';

/** What a session tells the driver. */
export interface SessionEvents {
  reads(reads: Read[]): void;
  /** A status in the stream that does not end it: 0503, 0504, 0505, 0601. */
  warned(status: number): void;
}

const { Multi, Op, Status } = codec;

/** One connection to one module, from the open link to its loss. A new connection is a new session: nothing carries over. */
export class Session implements Line {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  readonly codec = new codec.ThingMagicCodec();
  readonly stream = new ReadDecoder();
  /** Rejects with the Fault that ends the session. */
  readonly ended: Promise<never>;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #reject: (fault: Fault) => void;
  #streaming = false;
  #lastByte = performance.now();

  constructor(link: ByteLink, name: string, events: SessionEvents, now: () => number) {
    this.link = link;
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
  async start(settings: ReaderSettings, known: number | undefined, timings: Timings = TIMINGS): Promise<Module> {
    return Promise.race([startUp(this, settings, known, timings), this.ended]);
  }

  data(chunk: Uint8Array): void {
    this.#lastByte = performance.now();
    this.#take(this.codec.push(chunk));
  }

  /** To be called when the line has been quiet for longer than a frame takes. */
  lull(): void {
    this.#take(this.codec.lull());
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
    this.#events.warned(status);
  }

  /** Ends the session when the module has been silent for longer than it can be while it streams. */
  watch(graceMs: number): void {
    const ms = this.quiet();
    if (this.#streaming && ms > CYCLE_MS + graceMs) {
      this.#end(new Fault('READER_SILENT', `${this.link.name}: nothing for ${Math.round(ms)} ms while reading: check cable and power`));
    }
  }

  /** Asks a streaming module for something; undefined when its firmware does not take commands while it streams. */
  async whileStreaming(inner: Uint8Array, ms: number): Promise<Uint8Array | undefined> {
    if (!this.#streaming) return undefined;
    try {
      const answer = await this.exchange.ask(codec.wrap(inner), ms);
      return answer.status === Status.OK ? answer.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** The state of the antenna ports while streaming; undefined when the module does not tell. */
  async antennas(ms: number): Promise<{ port: number; connected: boolean }[] | undefined> {
    const data = await this.whileStreaming(codec.detectAntennas(), ms);
    return data === undefined ? undefined : portStates(data, 1, data.length);
  }

  /** Ends the stream and closes the link. */
  async stop(timings: Timings = TIMINGS): Promise<void> {
    const streaming = this.#streaming;
    try {
      if (streaming) await silence(this, timings);
    } catch {
      // The link went away meanwhile: then there is nothing to end.
    }
    await this.link.close();
  }
}
