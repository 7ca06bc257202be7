import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import { type ReaderSession, type SessionCounters, type SessionEvents, type Started, TICK_MS } from '../session.ts';
import * as codec from './codec.ts';
import { Exchange } from './exchange.ts';
import { ReadDecoder } from './stream.ts';

/** Waiting times; a test shortens them. */
export interface Timings {
  readonly answerMs: number;
  /** Answer while the rate is looked for. */
  readonly probeMs: number;
}

export const TIMINGS: Timings = { answerMs: 500, probeMs: 150 };

const RATES = [115_200, 9_600, 19_200, 38_400, 57_600];
/** The most that the module takes; after them it is silent and is armed again. */
const ROUNDS = 0xffff;
/** Every round is answered, also an empty one, within some 50 ms: a longer silence means that the rounds are over, or the module is gone. */
const SILENCE_MS = 400;
const LULL_TICKS = 2;
const PINS = 4;
/** The default of settings is meant for doors, and an M100 ends below it. More than the default was meant, and is refused by name. */
const DEFAULT_CDBM = 2_700;
const MAX_CDBM = 2_600;

const { Cmd } = codec;

/** One connection to one M100 module, from the open link to its loss. */
export class Session implements ReaderSession {
  /** Rejects with the Fault that ends the session. */
  readonly ended: Promise<never>;
  readonly #link: ByteLink;
  readonly #name: string;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #timings: Timings;
  readonly #exchange: Exchange;
  readonly #codec = new codec.BbCodec();
  readonly #decoder = new ReadDecoder();
  readonly #reject: (fault: Fault) => void;
  #settings: ReaderSettings | undefined;
  /** As the module took it. */
  #powerCdbm = 0;
  #reading = false;
  #lastByte = performance.now();
  #quietTicks = 0;
  #arming = false;

  constructor(link: ByteLink, name: string, events: SessionEvents, now: () => number, timings: Timings) {
    this.#link = link;
    this.#name = name;
    this.#events = events;
    this.#now = now;
    this.#timings = timings;
    this.#exchange = new Exchange(link, name);
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    promise.catch(() => undefined);
    this.#reject = reject;
  }

  get #port(): number {
    return this.#settings?.ports?.[0] ?? 1;
  }

  #end(fault: Fault): void {
    this.#reading = false;
    this.#exchange.abort(fault);
    this.#reject(fault);
  }

  interrupt(): void {
    const fault = new Fault('READER_STOPPED', `${this.#link.name}: stopped`);
    this.#exchange.abort(fault);
    this.#reject(fault);
  }

  lost(reason: string): void {
    this.#end(new Fault('LINK_LOST', `${this.#link.name} is gone (${reason}): check cable and power`));
  }

  async start(settings: ReaderSettings, known: number | undefined): Promise<Started> {
    this.#settings = settings;
    return Promise.race([this.#startUp(settings, known), this.ended]);
  }

  /** @throws Fault READER_SILENT, READER_REGION, READER_REFUSED, LINK_LOST */
  async #startUp(settings: ReaderSettings, known: number | undefined): Promise<Started> {
    const exchange = this.#exchange;
    const { answerMs } = this.#timings;
    const region = Object.hasOwn(codec.REGIONS, settings.region) ? codec.REGIONS[settings.region] : undefined;
    if (region === undefined) {
      const names = Object.keys(codec.REGIONS).join(', ');
      throw new Fault('READER_REGION', `region "${settings.region}" is none of this reader's: use one of ${names}`);
    }
    const baud = await this.#probe(settings, known);
    const hardware = codec.infoText(await exchange.order(codec.info(0), 'to say what it is', answerMs));
    const firmware = codec.infoText(await exchange.order(codec.info(1), 'to say its version', answerMs));
    const set = await exchange.ask(codec.setRegion(region), answerMs);
    if (set.error !== undefined) {
      const why = codec.errorText(set.error);
      throw new Fault('READER_REGION', `${this.#link.name} refused region ${settings.region} (${why}): choose another`);
    }
    this.#powerCdbm = await this.#setPower(settings.powerCdbm);
    await this.#setSession(settings.session);
    await exchange.send(codec.multiPoll(ROUNDS));
    this.#lastByte = performance.now();
    this.#reading = true;
    return { model: hardware, firmware, ...(baud === undefined ? {} : { baud }), antennas: [{ port: this.#port, connected: null }] };
  }

  /** Finds the rate at which the module answers. */
  async #probe(settings: ReaderSettings, known: number | undefined): Promise<number | undefined> {
    const { probeMs, answerMs } = this.#timings;
    const first = known ?? settings.baud ?? RATES[0];
    const rates = [first, first, ...RATES.filter((rate) => rate !== first)];
    for (const rate of this.#link.hasBaud ? rates : [undefined, undefined]) {
      if (rate !== undefined) await this.#link.setBaud(rate);
      this.#codec.lull();
      try {
        // It may still be polling for an earlier host; one that is idle answers this, too.
        await this.#exchange.ask(codec.stopPoll(), rate === undefined ? answerMs : probeMs);
        return rate;
      } catch (error) {
        if (faultCode(error) !== 'READER_SILENT') throw error;
      }
    }
    const tried = this.#link.hasBaud ? ` at ${[...new Set(rates)].join(', ')} baud` : '';
    throw new Fault('READER_SILENT', `${this.#link.name}: no M100 module answers${tried}: check power, cable and that the model is right`);
  }

  /** The power that the module took, in hundredths of a dBm: the one asked for, or a little less. @throws Fault READER_REFUSED */
  async #setPower(wanted: number): Promise<number> {
    const { answerMs } = this.#timings;
    if (wanted > MAX_CDBM && wanted <= DEFAULT_CDBM) {
      // Stronger modules of the family take it.
      const { error } = await this.#exchange.ask(codec.setPower(wanted), answerMs);
      if (error === undefined) return wanted;
      wanted = MAX_CDBM;
    }
    await this.#exchange.order(codec.setPower(wanted), `power ${wanted / 100} dBm`, answerMs);
    return wanted;
  }

  /** A module that does not know the command keeps its own session, which is enough for a desk. */
  async #setSession(session: number): Promise<void> {
    const { answerMs } = this.#timings;
    const { data } = await this.#exchange.ask(codec.getQuery(), answerMs);
    if (data?.length !== 2) return;
    const query = ((data[0] as number) << 8) | (data[1] as number);
    const wanted = codec.withSession(query, session);
    if (wanted !== query) await this.#exchange.ask(codec.setQuery(wanted), answerMs);
  }

  tick(): void {
    const quiet = performance.now() - this.#lastByte;
    this.#quietTicks = quiet >= TICK_MS ? this.#quietTicks + 1 : 0;
    if (this.#quietTicks >= LULL_TICKS) this.#take(this.#codec.lull());
    if (this.#reading && quiet > SILENCE_MS && !this.#arming) void this.#arm();
  }

  /** The rounds are over: starts them again, after a look whether the module is the one that was set up and not one that has started anew. */
  async #arm(): Promise<void> {
    this.#arming = true;
    try {
      const { answerMs } = this.#timings;
      await this.#exchange.exclusive(async () => {
        const power = await this.#exchange.ask(codec.getPower(), answerMs);
        const region = await this.#exchange.ask(codec.getRegion(), answerMs);
        if (!this.#reading) return;
        const cdbm = power.data?.length === 2 ? ((power.data[0] as number) << 8) | (power.data[1] as number) : undefined;
        const { region: name = '' } = this.#settings ?? {};
        if (cdbm !== this.#powerCdbm || region.data?.[0] !== codec.REGIONS[name]) {
          return this.#end(new Fault('READER_REBOOT', `${this.#name} has lost its settings: check its power supply; it is set up again`));
        }
        await this.#exchange.send(codec.multiPoll(ROUNDS));
      });
    } catch (error) {
      if (!this.#reading) return;
      const silent = new Fault('READER_SILENT', `${this.#link.name}: the module does not answer: check cable and power`);
      this.#end(error instanceof Fault && error.code !== 'READER_SILENT' ? error : silent);
    } finally {
      this.#arming = false;
      this.#lastByte = performance.now();
    }
  }

  data(chunk: Uint8Array): void {
    this.#lastByte = performance.now();
    this.#take(this.#codec.push(chunk));
  }

  #take(frames: readonly codec.Frame[]): void {
    const now = this.#now();
    const reads: Read[] = [];
    for (const frame of frames) {
      if (this.#reading) this.#decoder.decode(frame, now, reads, this.#port);
      this.#exchange.offer(frame);
      if (frame.cmd === Cmd.ERROR && this.#reading) this.#warn(frame.bytes[frame.data] as number);
    }
    if (reads.length > 0) this.#events.reads(reads);
  }

  #warn(code: number): void {
    // An empty round is no news.
    if (code === codec.ErrorCode.NO_TAG) return;
    this.#events.warned('READER_STATUS', `${this.#name}: ${codec.errorText(code)}`);
  }

  counters(): SessionCounters {
    const { crc, resync } = this.#codec.counters;
    return { crc, resync, ghosts: this.#decoder.ghosts, bufferFull: 0, lost: 0 };
  }

  /** The module tells neither of its antenna nor of its temperature. */
  check(): Promise<Record<string, never>> {
    return Promise.resolve({});
  }

  /** The rounds pause for it. */
  async output(pin: number, high: boolean): Promise<void> {
    if (pin < 1 || pin > PINS || !this.#reading) {
      throw new Fault('READER_OUTPUT', `${this.#name}: output ${pin} is not set: this reader has pins 1 to ${PINS}`);
    }
    const { answerMs } = this.#timings;
    await this.#exchange.exclusive(async () => {
      try {
        await this.#exchange.order(codec.stopPoll(), 'to pause', answerMs);
        await this.#exchange.order(codec.ioDirection(pin), `pin ${pin} as an output`, answerMs);
        await this.#exchange.order(codec.ioLevel(pin, high), `output ${pin}`, answerMs);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Fault('READER_OUTPUT', `${this.#name}: output ${pin} is not set: ${why}`);
      } finally {
        await this.#exchange.send(codec.multiPoll(ROUNDS));
      }
    });
  }

  /** Ends the rounds and closes the link. */
  async stop(): Promise<void> {
    const reading = this.#reading;
    this.#reading = false;
    try {
      if (reading) await this.#exchange.exclusive(() => this.#exchange.ask(codec.stopPoll(), this.#timings.answerMs));
    } catch {
      // The link went away meanwhile: then there is nothing to end.
    }
    await this.#link.close();
  }
}
