import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import { type ReaderSession, type SessionCounters, type SessionEvents, type Started, TICK_MS } from '../session.ts';
import * as codec from './codec.ts';
import { Exchange } from './exchange.ts';
import { inputLevels, type Line, type Reading, SCAN_STEPS, START_Q, startUp, type Timings, temperatureOf } from './startup.ts';
import { ReadDecoder } from './stream.ts';

/**
 * The protocol ends a frame after 15 ms without a byte. Adapters and networks hold bytes back for longer, so an unfinished frame is given up
 * after so many quiet ticks; more than one, because after a pause of this process the first tick may run before the bytes that wait are read.
 */
const LULL_TICKS = 2;
/** A reader that pushes says nothing while it sees nothing, and its heartbeats are 30 s apart: after so long it is asked whether it is there. */
const QUIET_MS = 1_000;
/** And as often while it pushes: a reader that lost its power for a moment goes on with other settings than those of this node. */
const VERIFY_MS = 5_000;
/** Between two looks at the inputs of a reader that is asked for rounds. */
const PINS_MS = 100;
/** Rounds without any answer after which the reader counts as gone. */
const SILENT_ROUNDS = 2;
/** How much longer than its scan time a round may take. */
const ROUND_GRACE_MS = 700;
const OUTPUTS = 2;

const { Cmd, Status } = codec;

/** One connection to one UHFReader18, 86 or 288, from the open link to its loss. */
export class Session implements Line, ReaderSession {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  readonly codec = new codec.Uhf18Codec();
  /** Rejects with the Fault that ends the session. */
  readonly ended: Promise<never>;
  readonly #name: string;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #timings: Timings;
  readonly #reject: (fault: Fault) => void;
  #decoder = new ReadDecoder();
  #reading: Reading | undefined;
  /** The rounds that are asked for; undefined while the reader pushes by itself. */
  #rounds: Promise<void> | undefined;
  #port = 1;
  #outputs = 0;
  #packet = -1;
  readonly #connected = new Map<number, boolean | null>();
  #lastByte = performance.now();
  #quietTicks = 0;
  #asking = false;
  #asked = 0;
  #bufferFull = 0;

  constructor(link: ByteLink, name: string, events: SessionEvents, now: () => number, timings: Timings) {
    this.link = link;
    this.#name = name;
    this.#events = events;
    this.#now = now;
    this.#timings = timings;
    this.exchange = new Exchange(link, name);
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    promise.catch(() => undefined);
    this.#reject = reject;
  }

  #end(fault: Fault): void {
    this.#reading = undefined;
    this.exchange.abort(fault);
    this.#reject(fault);
  }

  frames = (): number => this.codec.counters.frames;

  clear(): void {
    this.codec.lull();
  }

  interrupt(): void {
    const fault = new Fault('READER_STOPPED', `${this.link.name}: stopped`);
    this.exchange.abort(fault);
    this.#reject(fault);
  }

  lost(reason: string): void {
    this.#end(new Fault('LINK_LOST', `${this.link.name} is gone (${reason}): check cable and power`));
  }

  async start(settings: ReaderSettings, known: number | undefined): Promise<Started> {
    const reading = await Promise.race([startUp(this, settings, known, this.#timings), this.ended]);
    this.#decoder = new ReadDecoder(settings.rssiOffset, 'shape' in reading.how ? reading.how.shape : undefined);
    this.#reading = reading;
    this.#outputs = ((reading.pins ?? 0) >> 4) & 3;
    this.#lastByte = performance.now();
    this.#asked = this.#lastByte;
    for (const { port, connected } of reading.antennas) this.#connected.set(port, connected);
    if (reading.inputs.length > 0) this.#events.inputs(reading.inputs);
    if ('shape' in reading.how) this.#rounds = this.#ask(reading, reading.how.shape, settings.session);
    return reading;
  }

  tick(): void {
    const quiet = performance.now() - this.#lastByte;
    this.#quietTicks = quiet >= TICK_MS ? this.#quietTicks + 1 : 0;
    if (this.#quietTicks >= LULL_TICKS) this.#take(this.codec.lull());
    const reading = this.#reading;
    if (reading === undefined || this.#rounds !== undefined || this.#asking) return;
    const since = performance.now() - this.#asked;
    if (since > VERIFY_MS || (quiet > QUIET_MS && since > QUIET_MS)) void this.#verify(reading);
  }

  counters(): SessionCounters {
    const { crc, resync } = this.codec.counters;
    return { crc, resync, ghosts: this.#decoder.ghosts, bufferFull: this.#bufferFull, lost: 0 };
  }

  data(chunk: Uint8Array): void {
    this.#lastByte = performance.now();
    this.#take(this.codec.push(chunk));
  }

  #take(frames: readonly codec.Frame[]): void {
    const now = this.#now();
    const reads: Read[] = [];
    for (const frame of frames) {
      // Decoded first: what waits for the answer may look at the decoder.
      if (this.#reading !== undefined) this.#frame(this.#reading, frame, now, reads);
      this.exchange.offer(frame);
    }
    if (reads.length > 0) this.#events.reads(reads);
  }

  #frame({ how, ports }: Reading, frame: codec.Frame, now: number, reads: Read[]): void {
    // A reader that is asked for rounds pushes nothing, and one that pushes does no rounds: what comes nevertheless is from an earlier host.
    if ((frame.cmd === Cmd.PUSH) !== 'mode' in how) return;
    const event = this.#decoder.decode(frame, now, reads, this.#port);
    if (event === 'heartbeat') this.#beat(ports);
    if (event === 'fault') this.#warn(this.#decoder.fault);
  }

  #beat(ports: readonly number[]): void {
    const beat = this.#decoder.heartbeat;
    if (beat === undefined) return;
    if (beat.packet < this.#packet) this.#end(new Fault('READER_REBOOT', `${this.#name} started again by itself: check its power supply`));
    this.#packet = beat.packet;
    const states = ports.map((port) => ({ port, state: beat.antennas[port - 1] }));
    for (const { port, state } of states) this.#antenna(port, state === 'ok' ? true : state === 'disconnected' ? false : undefined);
  }

  /** Tells what has changed. */
  #antenna(port: number, connected: boolean | undefined): void {
    if (connected === undefined || this.#connected.get(port) === connected) return;
    this.#connected.set(port, connected);
    this.#events.antennas([{ port, connected }]);
  }

  #warn(status: number): void {
    if (status === Status.MEMORY_FULL) this.#bufferFull++;
    if (status === Status.ANTENNA) this.#antenna(this.#port, false);
    const port = status === Status.ANTENNA && this.#rounds !== undefined ? ` (antenna ${this.#port})` : '';
    this.#events.warned('READER_STATUS', `${this.#name}: ${codec.statusText(status)}${port}`);
  }

  /**
   * Asks a reader that pushes whether it is there and as it was set: after a loss of power it goes on pushing by itself, but with the stored
   * power and antennas. Modes 1 and 2 answer these two commands without leaving.
   */
  async #verify(reading: Reading): Promise<void> {
    this.#asking = true;
    this.#asked = performance.now();
    try {
      const { info, mode } = await this.exchange.exclusive(async () => {
        const { data } = await this.exchange.insist(codec.info(), this.#timings.answerMs);
        const state = await this.exchange.insist(codec.readParameters(), this.#timings.answerMs);
        return { info: codec.infoOf(data, 0, data.length), mode: state.data[0] };
      });
      if (info === undefined || this.#reading !== reading || !('mode' in reading.how)) return;
      const { max, min, powerDbm, mask } = reading.info;
      if (info.powerDbm !== powerDbm || info.max !== max || info.min !== min || info.mask !== mask) {
        this.#end(new Fault('READER_REBOOT', `${this.#name} has lost its settings: check its power supply; it is set up again`));
      } else if (mode !== reading.how.mode) this.#end(new Fault('READER_ENDED', `${this.#name} left its push mode: it is started again`));
    } catch (error) {
      this.#gone(error);
    } finally {
      this.#asking = false;
    }
  }

  /** A command failed in a way that another try does not mend. */
  #gone(error: unknown): void {
    if (this.#reading === undefined) return;
    const silent = new Fault('READER_SILENT', `${this.link.name}: the reader does not answer: check cable and power`);
    this.#end(error instanceof Fault && error.code !== 'READER_SILENT' ? error : silent);
  }

  /** Asks for one round after the other, each on the next antenna. Ends with the session. */
  async #ask({ ports }: Reading, shape: '18' | '288', session: number): Promise<void> {
    let silent = 0;
    let looked = 0;
    const more = ({ status }: codec.Frame): boolean => status === Status.MORE;
    while (this.#reading !== undefined) {
      for (const port of ports) {
        try {
          await this.exchange.exclusive(async () => {
            this.#port = port;
            const command = shape === '18' ? codec.inventory18() : codec.inventory288(START_Q, session, port, SCAN_STEPS);
            const { status } = await this.exchange.ask(command, SCAN_STEPS * 100 + ROUND_GRACE_MS, more);
            // With the antenna check on, a round on an open connector is answered with F8.
            if (shape === '288' && (status <= Status.TIME_OUT || status === Status.NO_TAG)) this.#antenna(port, true);
            if (performance.now() - looked < PINS_MS || this.#reading?.pins === undefined) return;
            looked = performance.now();
            const pins = await this.exchange.ask(codec.pins(), this.#timings.answerMs);
            if (pins.status === Status.OK) this.#events.inputs(inputLevels(pins.data[0]));
          });
          silent = 0;
        } catch (error) {
          if (faultCode(error) === 'READER_SILENT' && ++silent < SILENT_ROUNDS) continue;
          this.#gone(error);
        }
        if (this.#reading === undefined) return;
      }
    }
  }

  /** In push mode the heartbeats tell of antennas, the temperature is that of the start, and nothing else can be asked without leaving the mode. */
  async check(): Promise<{ temperatureC?: number }> {
    const reading = this.#reading;
    if (reading === undefined) return {};
    if ('mode' in reading.how) {
      if (!this.#asking) await this.#verify(reading);
      return reading.temperatureC === undefined ? {} : { temperatureC: reading.temperatureC };
    }
    if (reading.temperatureC === undefined) return {};
    const { status, data } = await this.exchange.exclusive(() => this.exchange.ask(codec.temperature(), this.#timings.answerMs));
    const temperatureC = status === Status.OK ? temperatureOf(data) : undefined;
    return temperatureC === undefined ? {} : { temperatureC };
  }

  /** A reader that pushes must leave its mode for this: three commands and their answers, some 10 ms at 115200 baud, in which it reads nothing. */
  async output(pin: number, high: boolean): Promise<void> {
    const reading = this.#reading;
    if (pin < 1 || pin > OUTPUTS || reading === undefined) {
      throw new Fault('READER_OUTPUT', `${this.#name}: output ${pin} is not set: this reader has outputs 1 to ${OUTPUTS}`);
    }
    const bit = 1 << (pin - 1);
    const mask = high ? this.#outputs | bit : this.#outputs & ~bit;
    const { answerMs } = this.#timings;
    await this.exchange.exclusive(async () => {
      try {
        if ('mode' in reading.how) await this.exchange.order(codec.workMode(codec.Mode.ANSWER), 'to pause', answerMs);
        await this.exchange.order(codec.outputs(mask), `output ${pin}`, answerMs);
        this.#outputs = mask;
      } catch (error) {
        throw new Fault(
          'READER_OUTPUT',
          `${this.#name}: output ${pin} is not set: ${error instanceof Error ? error.message : String(error)}`,
        );
      } finally {
        if ('mode' in reading.how) await this.#resume(reading.how.mode);
      }
    });
  }

  async #resume(mode: number): Promise<void> {
    try {
      await this.exchange.order(codec.workMode(mode), 'to go on reading', this.#timings.answerMs);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#end(new Fault('READER_ENDED', `${this.#name} does not read any more after an output was set (${why}): it is started again`));
    }
  }

  /** Ends the push, so that the reader does not send on without a host, and closes the link. */
  async stop(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    try {
      await this.#rounds;
      if (reading !== undefined && 'mode' in reading.how) {
        await this.exchange.exclusive(() => this.exchange.insist(codec.workMode(codec.Mode.ANSWER), this.#timings.answerMs));
      }
    } catch {
      // The link went away meanwhile: then there is nothing to end.
    }
    await this.link.close();
  }
}
