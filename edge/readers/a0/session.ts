import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import { type ReaderSession, type SessionCounters, type SessionEvents, type Started, TICK_MS } from '../session.ts';
import { Antennas } from './antennas.ts';
import * as codec from './codec.ts';
import { Exchange } from './exchange.ts';
import { Gap } from './gap.ts';
import { celsius } from './replies.ts';
import { Rounds } from './rounds.ts';
import { type Line, type Ready, startUp, type Timings } from './startup.ts';
import { DIALECT, type Dialect, ReadDecoder } from './stream.ts';

/**
 * Quiet ticks in a row after which an unfinished frame is given up. The longest takes 67 ms at 38400 baud, but a network repeats a lost packet after
 * 200 ms and more; the end of a round that hides behind a false start must come out before it counts as lost.
 */
const LULL_TICKS = 4;
/** Silence beyond the expected round after which its end counts as lost on the line and the next round is begun. */
const LOST_END_MS = 500;
/** A round that fails sooner than this would make a loop that only fails: the next one waits for the next tick. */
const SHORTEST_ROUND_MS = 20;
/** Rounds in a row that failed for another reason than an antenna: about a second. A person must act then. */
const MAX_FAILURES = 10;
/** A door's photo-eyes are asked in each pause, but not in pauses that follow each other fast. */
const POLL_MS = 100;
/** Questions for the inputs without an answer, one after the other. */
const MAX_UNHEARD = 3;

/** One connection to one reader, from the open link to its loss. */
export class Session implements Line, ReaderSession {
  readonly link: ByteLink;
  readonly exchange: Exchange;
  readonly codec = new codec.A0Codec();
  readonly ended: Promise<never>;
  readonly #name: string;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #timings: Timings;
  readonly #dialect: Dialect;
  readonly #graceMs: number;
  readonly #reject: (fault: Fault) => void;
  readonly #gap = new Gap();
  #stream = new ReadDecoder();
  #antennas: Antennas | undefined;
  #rounds: Rounds | undefined;
  #ready: Ready | undefined;
  /** When the running round was begun; undefined between rounds. */
  #since: number | undefined;
  #first = true;
  #failures = 0;
  #waits = false;
  #over = false;
  #polls = true;
  #polled = 0;
  #unheard = 0;
  #quietTicks = 0;
  #lastByte = performance.now();
  #roundOver: (() => void) | undefined;

  constructor(
    link: ByteLink,
    name: string,
    events: SessionEvents,
    now: () => number,
    options: { readonly timings: Timings; readonly graceMs: number; readonly dialect?: Partial<Dialect> },
  ) {
    this.link = link;
    this.#name = name;
    this.#events = events;
    this.#now = now;
    this.#timings = options.timings;
    this.#graceMs = options.graceMs;
    this.#dialect = { ...DIALECT, ...options.dialect };
    this.exchange = new Exchange(link, name);
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    promise.catch(() => undefined);
    this.#reject = reject;
  }

  #end(fault: Fault): void {
    this.#over = true;
    this.#since = undefined;
    this.exchange.abort(fault);
    this.#gap.close(fault);
    this.#roundOver?.();
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

  interrupt(): void {
    // What runs is not cut off: `stop` waits for the end of the round.
    const fault = new Fault('READER_STOPPED', `${this.link.name}: stopped`);
    this.#over = true;
    this.exchange.abort(fault);
    this.#gap.close(fault);
    this.#reject(fault);
  }

  lost(reason: string): void {
    this.#end(new Fault('LINK_LOST', `${this.link.name} is gone (${reason}): check cable and power`));
  }

  async start(settings: ReaderSettings, known: number | undefined): Promise<Started> {
    const ready = await Promise.race([startUp(this, settings, known, this.#timings), this.ended]);
    const { started, plan, detects, table } = ready;
    this.#ready = ready;
    this.#stream = new ReadDecoder({ ...this.#dialect, table: this.#dialect.table && table });
    this.#antennas = new Antennas(started.antennas, detects);
    this.#rounds = new Rounds(plan);
    this.#gapOver();
    return started;
  }

  counters(): SessionCounters {
    const { crc, resync } = this.codec.counters;
    return { crc, resync, ghosts: this.#stream.ghosts, bufferFull: 0, lost: 0 };
  }

  data(chunk: Uint8Array): void {
    this.#lastByte = performance.now();
    this.#take(this.codec.push(chunk));
  }

  #take(frames: readonly codec.Frame[]): void {
    const now = this.#now();
    const reads: Read[] = [];
    for (const frame of frames) this.#frame(frame, now, reads);
    if (reads.length > 0 && !this.#over) this.#events.reads(reads);
  }

  #frame(frame: codec.Frame, now: number, reads: Read[]): void {
    if (this.exchange.offer(frame)) return;
    if (this.#rounds === undefined) return;
    const event = this.#stream.decode(frame, now, reads);
    // A round that was given up too early: its reads count, its end ends nothing.
    if (this.#since === undefined) return;
    if (event === 'antenna') this.#refused(this.#stream.fault, [this.#stream.port]);
    if (event === 'fault') this.#refused(this.#stream.fault, this.#rounds.ports);
    if (event === 'end' || event === 'fault') this.#roundEnded(this.#rounds, event === 'fault');
  }

  /** A code within a round, about these ports. */
  #refused(code: number, ports: readonly number[]): void {
    if (code === codec.Code.ANTENNA_MISSING) for (const port of ports) this.#antennas?.missing(port);
    this.#events.warned('READER_STATUS', `${this.#name}: antenna ${ports.join(', ')}: ${codec.codeText(code)}`);
  }

  #roundEnded(rounds: Rounds, failed: boolean): void {
    const ms = performance.now() - (this.#since ?? 0);
    this.#since = undefined;
    const changed = this.#antennas?.round(rounds.ports) ?? [];
    if (changed.length > 0) this.#events.antennas(changed);
    const missing = failed && this.#stream.fault === codec.Code.ANTENNA_MISSING;
    const none = this.#antennas?.none === true;
    rounds.ended(ms, failed || none);
    this.#failures = failed && !missing ? this.#failures + 1 : 0;
    this.#roundOver?.();
    if (this.#over) return;
    if (this.#failures >= MAX_FAILURES) {
      this.#end(new Fault('READER_REFUSED', `${this.#name} refuses to read: ${codec.codeText(this.#stream.fault)}`));
    } else if (ms < SHORTEST_ROUND_MS && (none || this.#failures > 0)) this.#waits = true;
    else this.#gapOver();
  }

  /** Between two rounds: one question at most, so that reading never pauses for longer than that. */
  #gapOver(): void {
    const job = this.#gap.next() ?? this.#poll();
    if (job === undefined && this.#rounds?.antenna(this.#first) === undefined) this.#arm();
    else void this.#askThenArm(job);
  }

  async #askThenArm(job: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await job?.();
      const port = this.#rounds?.antenna(this.#first);
      if (port !== undefined && !this.#over) await this.exchange.order(codec.setAntenna(port), `antenna ${port}`, this.#timings.answerMs);
      this.#first = false;
    } catch (error) {
      // Without its antenna the round would read another one; the watchdog ends a reader that answers nothing.
      if (!this.#over) this.#events.warned('READER_STATUS', error instanceof Error ? error.message : String(error));
      this.#waits = true;
      return;
    }
    this.#arm();
  }

  /** Begins a round. */
  #arm(): void {
    if (this.#over || this.#rounds === undefined) return;
    this.#waits = false;
    this.#since = performance.now();
    // Silence counts from here: between two rounds nothing is due.
    this.#lastByte = this.#since;
    this.link.write(this.#rounds.command()).catch((error: unknown) => {
      this.#end(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
    });
  }

  /** The question for the inputs, when it is due. */
  #poll(): (() => Promise<void>) | undefined {
    if (!this.#polls || performance.now() - this.#polled < POLL_MS) return undefined;
    return async () => {
      this.#polled = performance.now();
      const levels = await this.exchange.value(codec.readInputs(), codec.INPUT_PINS.length, this.#timings.answerMs).catch(() => null);
      this.#unheard = levels === null ? this.#unheard + 1 : 0;
      // Firmware without inputs refuses, or says nothing: it is not asked again. One answer may be lost on the line.
      if (levels === undefined || this.#unheard >= MAX_UNHEARD) this.#polls = false;
      if (levels) this.#events.inputs(codec.INPUT_PINS.map((pin, i) => ({ pin, high: levels[i] !== 0 })));
    };
  }

  tick(): void {
    this.#quietTicks = this.quiet() >= TICK_MS ? this.#quietTicks + 1 : 0;
    if (this.#quietTicks >= LULL_TICKS) this.#take(this.codec.lull());
    if (this.#over || this.#rounds === undefined) return;
    if (this.#waits) {
      this.#waits = false;
      this.#gapOver();
    }
    this.#watch(this.#rounds.expectedMs);
  }

  /** Notices a round whose end was lost on the line, and a reader that is gone. */
  #watch(expectedMs: number): void {
    const ms = this.quiet();
    if (ms > expectedMs + this.#graceMs) {
      // It may hang in its round: when it hears anything it is this. Nobody waits for it.
      this.link.write(codec.reset()).catch(() => undefined);
      this.#end(new Fault('READER_SILENT', `${this.link.name}: nothing for ${Math.round(ms)} ms while reading: check cable and power`));
    } else if (ms > expectedMs + LOST_END_MS && this.#since !== undefined) {
      this.#since = undefined;
      void this.#resume();
    }
  }

  /**
   * The end of a round did not come. A reader that answers has lost it on the line, or its power in between: the power level, which
   * it then forgot, is set again.
   */
  async #resume(): Promise<void> {
    while (!this.#over) {
      try {
        await this.exchange.ask(codec.temporaryPower(this.#ready?.dbm ?? 0), this.#timings.answerMs);
      } catch (error) {
        // It may be in a long round: the watchdog goes on counting.
        if (faultCode(error) === 'READER_SILENT') continue;
        return this.#end(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
      }
      this.#first = true;
      this.#events.warned('READER_STATUS', `${this.#name}: the end of a round was lost on the line`);
      return this.#gapOver();
    }
  }

  async check(): Promise<{ temperatureC?: number }> {
    const [sign, value] = (await this.#between(() => this.exchange.value(codec.temperature(), 2, this.#timings.answerMs))) ?? [];
    return sign === undefined || value === undefined ? {} : { temperatureC: celsius(sign, value) };
  }

  async output(pin: number, high: boolean): Promise<void> {
    if (!(codec.OUTPUT_PINS as readonly number[]).includes(pin)) {
      throw new Fault('READER_OUTPUT', `${this.#name}: there is no output ${pin}: use ${codec.OUTPUT_PINS.join(' or ')}`);
    }
    const code = await this.#between(() => this.exchange.code(codec.writeOutput(pin, high), `output ${pin}`, this.#timings.answerMs));
    if (code !== codec.Code.OK) throw new Fault('READER_OUTPUT', `${this.#name}: output ${pin} is not set: ${codec.codeText(code)}`);
  }

  /** Does it in the next pause between two rounds. @throws Fault READER_OUTPUT when too much waits, or what ended the session */
  #between<T>(work: () => Promise<T>): Promise<T> {
    return this.#gap.add(work, this.#name);
  }

  /** Begins no further round, waits for the end of the running one as long as it may take, and closes the link. */
  async stop(): Promise<void> {
    this.#over = true;
    if (this.#since !== undefined && this.#rounds !== undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#roundOver = resolve;
      const timer = setTimeout(resolve, Math.min(this.#rounds.expectedMs, this.#timings.roundMs));
      await promise;
      clearTimeout(timer);
    }
    await this.link.close();
  }
}
