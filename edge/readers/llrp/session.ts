import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { ByteLink } from '../link/link.ts';
import type { ReaderSettings } from '../reader.ts';
import type { AntennaState, ReaderSession, SessionCounters, SessionEvents, Started } from '../session.ts';
import * as codec from './codec.ts';
import { config } from './config.ts';
import { Attempt, type ReaderEvent, readerEvents } from './events.ts';
import { Exchange, UNASKED } from './exchange.ts';
import { ReportDecoder } from './reports.ts';
import { type Ready, ROSPEC_ID, startUp, type Timings } from './startup.ts';

const { Message } = codec;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A reader that leaves out what it has never told would look as if it read: some reports in, it must be plain that none can be used. */
const MAX_UNREADABLE = 100;

/** One connection to one reader, from the open link to its loss. */
export class Session implements ReaderSession {
  readonly link: ByteLink;
  readonly ended: Promise<never>;
  readonly #name: string;
  readonly #events: SessionEvents;
  readonly #now: () => number;
  readonly #timings: Timings;
  readonly #reject: (fault: Fault) => void;
  readonly #exchange: Exchange;
  readonly #codec = new codec.LlrpCodec();
  readonly #greeted = Promise.withResolvers<void>();
  readonly #reports = new ReportDecoder();
  #ready: Ready | undefined;
  /** The reader has greeted and this side has not given it up: it can be told that the connection ends. */
  #open = false;
  #over = false;
  /** A report of this session was a read. */
  #read = false;
  #bufferFull = 0;
  #lost = 0;
  /** Times that the place among the bytes was lost: one at most, because it ends the session. */
  #resync = 0;
  #lastMessage = performance.now();

  constructor(link: ByteLink, name: string, events: SessionEvents, now: () => number, timings: Timings) {
    this.link = link;
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

  #end(fault: Fault, open = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#open &&= open;
    this.#exchange.abort(fault);
    this.#reject(fault);
  }

  interrupt(): void {
    this.#end(new Fault('READER_STOPPED', `${this.link.name}: stopped`), true);
  }

  lost(reason: string): void {
    this.#end(new Fault('LINK_LOST', `${this.link.name} is gone (${reason}): check cable and power`));
  }

  async start(settings: ReaderSettings): Promise<Started> {
    return Promise.race([this.#start(settings), this.ended]);
  }

  async #start(settings: ReaderSettings): Promise<Started> {
    await this.#greeting();
    const ready = await startUp(this.#exchange, this.#name, settings, this.#timings);
    const { model, firmware } = ready.capabilities;
    this.#reports.frequencies = ready.capabilities.frequencies;
    this.#ready = ready;
    if (ready.inputs.length > 0) this.#events.inputs(ready.inputs);
    return { model, ...(firmware === '' ? {} : { firmware }), antennas: ready.antennas };
  }

  /**
   * A reader says first how it takes the connection (LLRP 1.0.1, ConnectionAttemptEvent). One that hung meanwhile, or stands behind a device that ate its
   * words, is asked now and then: who answers has taken the connection.
   */
  async #greeting(): Promise<void> {
    const { greetMs, probeMs } = this.#timings;
    const greeted = this.#greeted.promise.then(() => true);
    const until = performance.now() + greetMs;
    if (await Promise.race([greeted, this.ended, sleep(probeMs).then(() => false)])) return;
    while (performance.now() < until) {
      if (await Promise.race([greeted, this.ended, this.#answers(probeMs)])) {
        this.#open = true;
        return;
      }
    }
    throw new Fault(
      'READER_SILENT',
      `${this.link.name} takes the connection but says nothing in ${greetMs} ms: check that LLRP is on at this port`,
    );
  }

  #answers(ms: number): Promise<boolean> {
    return this.#exchange.ask(codec.getCapabilities(), 'a sign of life', ms).then(
      () => true,
      () => false,
    );
  }

  data(chunk: Uint8Array): void {
    // After the end only the answers to a farewell matter.
    if (this.#over && !this.#open) return;
    const now = this.#now();
    const reads: Read[] = [];
    for (const frame of this.#codec.push(chunk)) this.#frame(frame, now, reads);
    if (reads.length > 0 && !this.#over) this.#events.reads(reads);
    const { broken } = this.#codec;
    if (broken === undefined) return;
    this.#resync++;
    this.#end(new Fault('READER_FRAME', `${this.link.name}: ${broken}: the place among the bytes is lost, the connection is opened again`));
  }

  #frame(frame: codec.Frame, now: number, reads: Read[]): void {
    const { type } = frame;
    const asked = this.#exchange.offer(frame);
    // A message that nobody knows is no sign of life: it may be what a wrong length has made of others.
    if (asked || UNASKED.has(type)) this.#lastMessage = performance.now();
    if (this.#over) return;
    switch (type) {
      case Message.RO_ACCESS_REPORT:
        // What a ROSpec of an earlier host reports is not ours, but the reader will leave out later what it has said here.
        if (this.#ready === undefined) this.#reports.each(frame, () => undefined);
        else this.#report(frame, now, reads);
        return;
      case Message.KEEPALIVE:
        this.#send(codec.keepaliveAck()(frame.id));
        return;
      case Message.READER_EVENT_NOTIFICATION:
        for (const event of readerEvents(frame)) this.#event(event, now);
        return;
      default:
        if (!asked && type === Message.ERROR_MESSAGE) this.#complain(codec.statusText(codec.statusOf(frame) ?? { code: 0, words: '' }));
    }
  }

  #report(frame: codec.Frame, now: number, reads: Read[]): void {
    this.#reports.decode(frame, now, reads);
    this.#read ||= reads.length > 0;
    if (this.#read || this.#reports.ghosts < MAX_UNREADABLE) return;
    const fault = `${this.link.name}: ${MAX_UNREADABLE} reports without EPC, antenna or strength: the connection is opened again`;
    this.#end(new Fault('READER_REPORTS', fault), true);
  }

  #send(bytes: Uint8Array): void {
    this.link.write(bytes).catch((error: unknown) => {
      this.#end(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
    });
  }

  #complain(what: string): void {
    this.#events.warned('READER_STATUS', `${this.#name}: ${what}`);
  }

  #event(event: ReaderEvent, now: number): void {
    switch (event.kind) {
      case 'time':
        this.#reports.stamp(event.ms, event.utc, now);
        return;
      case 'attempt':
        this.#attempt(event.status);
        return;
      case 'close':
        this.#end(new Fault('READER_ENDED', `${this.link.name}: the reader ends the connection: it is opened again`));
        return;
      case 'input':
        this.#events.inputs([{ pin: event.pin, high: event.high }]);
        return;
      case 'antenna':
        this.#antenna(event);
        return;
      case 'ended':
        if (event.spec === ROSPEC_ID && this.#ready !== undefined) {
          this.#end(new Fault('READER_ENDED', `${this.link.name}: the reader has stopped reading: it is started again`), true);
        }
        return;
      case 'exception':
        this.#complain(event.words === '' ? 'an exception without words' : event.words);
        return;
      case 'warning':
        this.#bufferFull++;
        this.#complain(`its buffer is full to ${event.percent} %: the network is too slow`);
        return;
      case 'overflow':
        this.#lost++;
        this.#complain('its buffer was full, reads were lost: the network is too slow');
        return;
    }
  }

  #attempt(status: number): void {
    if (status === Attempt.OK) {
      this.#open = true;
      this.#greeted.resolve();
    } else if (status === Attempt.ANOTHER) {
      this.#complain('another program tries to connect to this reader: it must be told to leave it alone');
    } else if (status === Attempt.TAKEN_BY_CLIENT || status === Attempt.TAKEN_BY_READER) {
      this.#end(
        new Fault('READER_TAKEN', `${this.link.name}: another program is connected to this reader, which serves one: stop that program`, {
          status,
        }),
      );
    } else {
      this.#end(
        new Fault('READER_REFUSED', `${this.link.name} refuses the connection (status ${status}): look at its own page`, { status }),
      );
    }
  }

  #antenna({ port, connected }: { readonly port: number; readonly connected: boolean }): void {
    // A port that no door uses may be open.
    if (this.#ready?.antennas.some((antenna) => antenna.port === port) !== true) return;
    this.#events.antennas([{ port, connected }]);
    if (!connected) this.#complain(`antenna ${port} is not connected`);
  }

  tick(): void {
    const ms = performance.now() - this.#lastMessage;
    if (this.#ready === undefined || ms <= this.#timings.silentMs) return;
    this.#end(new Fault('READER_SILENT', `${this.link.name}: nothing for ${Math.round(ms)} ms while reading: check cable and power`));
  }

  counters(): SessionCounters {
    return { crc: 0, resync: this.#resync, ghosts: this.#reports.ghosts, bufferFull: this.#bufferFull, lost: this.#lost };
  }

  async check(): Promise<{ antennas?: readonly AntennaState[] }> {
    const { antennas } = config(await this.#exchange.order(codec.getAntennas(), 'its antennas', this.#timings.answerMs));
    return antennas.length === 0 ? {} : { antennas };
  }

  async output(pin: number, high: boolean): Promise<void> {
    const outputs = this.#ready?.capabilities.outputs ?? 0;
    if (pin < 1 || pin > outputs) throw new Fault('READER_OUTPUT', `${this.#name}: there is no output ${pin}, the reader has ${outputs}`);
    try {
      await this.#exchange.order(codec.setOutput(pin, high), `output ${pin}`, this.#timings.answerMs);
    } catch (error) {
      throw new Fault(
        'READER_OUTPUT',
        `${this.#name}: output ${pin} is not set: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** Ends the stream, takes leave where the reader still listens, and closes the link. */
  async stop(): Promise<void> {
    if (this.#open) {
      const ms = this.#timings.closeMs;
      await this.#exchange.ask(codec.deleteRoSpecs(), 'to stop reading', ms).catch(() => undefined);
      await this.#exchange.ask(codec.closeConnection(), 'the end of the connection', ms).catch(() => undefined);
    }
    this.#over = true;
    this.#open = false;
    await this.link.close();
  }
}
