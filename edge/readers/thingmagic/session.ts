import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import { type ReaderSession, type SessionCounters, type SessionEvents, type Started, TICK_MS } from '../session.ts';
import * as codec from './codec.ts';
import { Control } from './control.ts';
import { Exchange } from './exchange.ts';
import { pollTags } from './poll.ts';
import { type Line, silence, type Timings, WAKE } from './rates.ts';
import { type Begun, CYCLE_MS, startUp } from './startup.ts';
import { type PortState, pinStates, portStates } from './statistics.ts';
import { ReadDecoder } from './stream.ts';

/**
 * Quiet ticks in a row after which an unfinished frame is given up: the longest frame takes 265 ms at 9600 baud, and keep-alives are a second
 * apart. More than one in any case: after a pause of this process the first tick may run before the bytes that wait are read.
 */
const LULL_TICKS = 5;
/** A cycle that ends this much late makes for a question; a module that does not answer it in this time was switched off. */
const LATE_MS = 300;
/** A module repeats a fault of an antenna in each cycle: it is asked which one this often at most. */
const ANTENNA_MS = 5_000;
/** Longer than a network takes, and short enough not to stand in the way of the question whether the module is still there. */
const PINS_MS = 500;
/** Modules stop transmitting at 85 degrees; from here on somebody should look at the airing. */
const HOT_C = 75;
/** A warning is shown for ten seconds after it was told. */
const REPEAT_MS = 5_000;

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
  #over = false;
  #streaming = false;
  #begun: Begun | undefined;
  #control: Control | undefined;
  #inputs: readonly number[] = [];
  #gpio: number | undefined;
  #lastByte = performance.now();
  #quietTicks = 0;
  #bufferFull = 0;
  /** What goes on meanwhile, one of each at a time. */
  #asking = { pins: false, late: false };
  #antennaAsked = Number.NEGATIVE_INFINITY;
  /** The ports that detection found open, as words. */
  #missing = '';
  /** An antenna is in doubt: the next check is worth a gap in the stream. */
  #doubt = false;
  #hot: { readonly text: string; told: number } | undefined;

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
    this.#over = true;
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
    this.#over = true;
    const fault = new Fault('READER_STOPPED', `${this.link.name}: stopped`);
    this.exchange.abort(fault);
    this.#reject(fault);
  }

  lost(reason: string): void {
    this.#end(new Fault('LINK_LOST', `${this.link.name} is gone (${reason}): check cable and power`));
  }

  /** Start-up, ended early when the session ends. */
  async start(settings: ReaderSettings, known: number | undefined): Promise<Started> {
    const begun = await Promise.race([startUp(this, settings, known, this.#timings), this.ended]);
    this.#begun = begun;
    this.#inputs = settings.inputs ?? [];
    const control = new Control(this.exchange, begun, this.#timings);
    this.#control = control;
    if (begun.mode === 'poll') {
      const searching = (): void => this.stream.searching(this.#now());
      pollTags(control, begun.metadata, { searching }, () => this.#over).catch((error: unknown) => {
        this.#end(error instanceof Fault ? error : new Fault('READER_ENDED', `${this.#name}: ${String(error)}`));
      });
    }
    void this.#look(control);
    return begun;
  }

  /** How warm it is, at once; and whether this firmware takes a question while it streams. */
  async #look(control: Control): Promise<void> {
    const data = await control.question(codec.temperature());
    if (!this.#over && data?.length === 1) this.#warm(((data[0] as number) << 24) >> 24);
  }

  tick(): void {
    this.#quietTicks = this.quiet() >= TICK_MS ? this.#quietTicks + 1 : 0;
    if (this.#inputs.length > 0) void this.#askPins();
    const hot = this.#hot;
    if (hot !== undefined && performance.now() - hot.told >= REPEAT_MS) {
      hot.told = performance.now();
      this.#events.warned('READER_HOT', hot.text);
    }
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
    if (this.stream.gpio !== this.#gpio) this.#gpioChanged(this.stream.gpio as number);
  }

  /** Inputs stand in the high nibble of a record's byte, input 1 in its lowest bit. */
  #gpioChanged(gpio: number): void {
    this.#gpio = gpio;
    const pins = this.#inputs.length > 0 ? this.#inputs.filter((pin) => pin <= 4) : [1, 2, 3, 4];
    this.#events.inputs(pins.map((pin) => ({ pin, high: ((gpio >> (3 + pin)) & 1) === 1 })));
  }

  #frame(frame: codec.Frame, now: number, reads: Read[]): void {
    const asked = this.exchange.offer(frame);
    if (frame.op === Op.READ_MULTIPLE || frame.op === Op.TAG_BUFFER) {
      // Records of a stream that an earlier host started have no known instant: they are not reads.
      if (!this.#streaming && this.#begun?.mode !== 'poll') return;
      const event = this.stream.decode(frame, now, reads);
      if (event === 'ended') this.#end(new Fault('READER_ENDED', 'the module ended its stream: it is started again'));
      if (event === 'fault') this.#warn(this.stream.fault);
      return;
    }
    if (frame.op === Op.MULTI_PROTOCOL) this.#multi(frame, asked, now, reads);
    if (frame.op === Op.BOOT_FIRMWARE && !asked) {
      this.#end(new Fault('READER_REBOOT', 'the module started again by itself: check its power supply'));
    }
  }

  #multi(frame: codec.Frame, asked: boolean, now: number, reads: Read[]): void {
    const first = frame.length > 0 ? frame.bytes[frame.data] : Multi.START;
    if (frame.status !== Status.OK) {
      if (!asked && this.#streaming) this.#warn(frame.status);
      return;
    }
    if (asked && first !== Multi.STOP && first !== Multi.WRAPPED) {
      this.#streaming = true;
      this.stream.decode(frame, now, reads);
    }
    if (first !== Multi.STOP) return;
    if (this.#streaming && !asked) this.#end(new Fault('READER_ENDED', 'the module ended its stream: it is started again'));
    this.#streaming = false;
  }

  #warn(status: number): void {
    const text = `${this.#name}: ${codec.statusText(status)}`;
    if (status === Status.RADIO_OFF || status === Status.ASSERT) {
      this.#end(new Fault('READER_ENDED', `the module stopped reading: ${codec.statusText(status)}: it is started again`));
    } else if (status === Status.BUFFER_FULL) {
      this.#bufferFull++;
      this.#events.warned('READER_BUFFER', text);
    } else if (status === Status.TEMPERATURE) {
      this.#events.warned('READER_HOT', `${text}: give it air, it reads again when it has cooled`);
    } else if (status === Status.ANTENNA_MISSING || status === Status.RETURN_LOSS) {
      // Each antenna shows its own fault: a module that is about to stop comes first.
      if (this.#hot === undefined) this.#events.warned('READER_ANTENNA', `${text}${this.#missing}`);
      void this.#findAntenna(text);
    } else this.#events.warned('READER_STATUS', text);
  }

  /** The status does not name the port: detection does. */
  async #findAntenna(text: string): Promise<void> {
    const now = performance.now();
    if (this.#begun === undefined || now - this.#antennaAsked < ANTENNA_MS) return;
    this.#antennaAsked = now;
    this.#doubt = true;
    // Firmware that must stop for the question is asked by the check that follows soon.
    const states = this.#own(await this.#control?.question(codec.detectAntennas()));
    this.#events.antennas(states ?? []);
    if (states === undefined) return;
    const missing = states.filter(({ connected }) => !connected).map(({ port }) => port);
    this.#missing = missing.length > 0 ? `: port ${missing.join(', ')}` : '';
    this.#events.warned('READER_ANTENNA', `${text}${this.#missing}`);
  }

  /** Of an answer to detection, the ports that are searched. */
  #own(data: Uint8Array | undefined): PortState[] | undefined {
    if (data === undefined) return undefined;
    const ports = this.#begun?.antennas.map(({ port }) => port) ?? [];
    return portStates(data, 1, data.length).filter(({ port }) => ports.includes(port));
  }

  /** The levels of the inputs where no tag is read that would bring them. */
  async #askPins(): Promise<void> {
    const control = this.#control;
    if (control === undefined || !control.free || this.#asking.pins || this.#over) return;
    this.#asking.pins = true;
    const data = await control.question(codec.pins(), PINS_MS);
    this.#asking.pins = false;
    if (data === undefined || this.#over) return;
    const levels = pinStates(data, 1, data.length).filter(({ pin }) => this.#inputs.includes(pin));
    if (levels.length > 0) this.#events.inputs(levels.map(({ pin, high }) => ({ pin, high })));
  }

  /**
   * Ends the session when the module has been silent for longer than it can be while it streams. Where a question costs nothing it is asked
   * as soon as a cycle is late, so that a module that was switched off and on is looked for before it is back.
   */
  #watch(): void {
    const ms = this.quiet();
    if (!this.#streaming) return;
    if (ms < CYCLE_MS + LATE_MS) {
      if (this.#control?.proven === false) this.#asking.late = false;
      return;
    }
    if (ms > CYCLE_MS + this.#graceMs) this.#silent(ms);
    else void this.#askLate();
  }

  async #askLate(): Promise<void> {
    const control = this.#control;
    if (this.#asking.late || control === undefined) return;
    this.#asking.late = true;
    if (!control.proven) {
      // Nothing to ask, but a line that has gone without a word says so when it is written to.
      this.link.write(WAKE).catch((error: unknown) => this.lost(error instanceof Error ? error.message : String(error)));
      return;
    }
    const from = performance.now();
    const answer = await control.question(codec.temperature(), LATE_MS);
    this.#asking.late = false;
    const ms = this.quiet();
    if (answer === undefined && this.#streaming && ms >= performance.now() - from) this.#silent(ms);
  }

  #silent(ms: number): void {
    this.#end(new Fault('READER_SILENT', `${this.link.name}: nothing for ${Math.round(ms)} ms while reading: check cable and power`));
  }

  /** Asks for antennas and temperature; firmware that must stop for it only when an antenna is in doubt. */
  async check(): Promise<{ antennas?: PortState[]; temperatureC?: number }> {
    const control = this.#control;
    if (control === undefined || this.#over) return {};
    const commands = [codec.detectAntennas(), codec.temperature()];
    const doubt = this.#doubt;
    this.#doubt = false;
    const [ports, data] = doubt
      ? await this.#demand(control, commands)
      : [await control.question(commands[0] as Uint8Array), await control.question(commands[1] as Uint8Array)];
    const antennas = this.#own(ports);
    const temperatureC = data?.length === 1 ? ((data[0] as number) << 24) >> 24 : this.stream.statistics.temperatureC;
    this.#warm(temperatureC);
    return { ...(antennas === undefined ? {} : { antennas }), ...(temperatureC === undefined ? {} : { temperatureC }) };
  }

  /** @throws Fault that also ends the session: its stream did not start again */
  async #demand(control: Control, commands: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    try {
      return await control.demand(commands);
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('READER_ENDED', `${this.#name}: ${String(error)}`);
      this.#end(fault);
      throw fault;
    }
  }

  #warm(temperatureC: number | undefined): void {
    if (temperatureC === undefined || temperatureC < HOT_C) {
      this.#hot = undefined;
      return;
    }
    const text = `${this.#name}: ${temperatureC} °C: give it air, it stops reading when it gets hotter`;
    this.#hot = { text, told: performance.now() };
    this.#events.warned('READER_HOT', text);
  }

  async output(pin: number, high: boolean): Promise<void> {
    const control = this.#control;
    const fault = (): Fault =>
      new Fault('READER_OUTPUT', `${this.#name}: output ${pin} is not set: the module refused it or does not answer`);
    if (control === undefined || this.#over) throw fault();
    const [done] = await this.#demand(control, [codec.setOutput(pin, high)]);
    if (done === undefined) throw fault();
  }

  /** Ends the stream and closes the link. */
  async stop(): Promise<void> {
    this.#over = true;
    try {
      if (this.#streaming) await silence(this, this.#timings);
    } catch {
      // The link went away meanwhile: then there is nothing to end.
    }
    await this.link.close();
  }
}
