import { faultCode } from '../../../protocol/fault.ts';
import * as codec from './codec.ts';
import { type Exchange, Turns } from './exchange.ts';
import type { Timings } from './rates.ts';
import { type Begun, CYCLE_MS } from './startup.ts';

const { Status } = codec;

/**
 * Commands to a module that reads. One that streams takes them wrapped; older firmware must stop, be asked and start again, which costs the
 * reads of a few tens of milliseconds; one that is polled takes them between two searches.
 */
export class Control {
  readonly #exchange: Exchange;
  readonly #begun: Begun;
  readonly #timings: Timings;
  readonly #turns = new Turns();
  #wraps: boolean;
  /** A wrapped command was answered once: a later one without an answer is then no question of firmware. */
  #proven = false;

  constructor(exchange: Exchange, begun: Begun, timings: Timings) {
    this.#exchange = exchange;
    this.#begun = begun;
    this.#timings = timings;
    this.#wraps = begun.wraps;
  }

  /** Whether a command leaves the reading as it is. */
  get free(): boolean {
    return this.#wraps || this.#begun.mode === 'poll';
  }

  /** Whether it has answered a command while it streamed: when it does not any more, it is gone. */
  get proven(): boolean {
    return this.#proven;
  }

  /** Asks with the line for itself, as a polled module is. @throws Fault READER_SILENT, LINK_LOST */
  ask(command: Uint8Array, ms = this.#timings.answerMs): Promise<{ status: number; data: Uint8Array }> {
    return this.#turns.take(() => this.#exchange.ask(command, ms));
  }

  /**
   * Asks without ending the reading; undefined when the module refuses or does not answer, and where it would have to stop for it.
   */
  question(command: Uint8Array, ms = this.#timings.answerMs): Promise<Uint8Array | undefined> {
    return this.#turns.take(async () => {
      if (!this.free) return undefined;
      try {
        const { status, data } = await this.#exchange.ask(this.#wraps ? codec.wrap(command) : command, ms);
        if (status === Status.OK) {
          if (this.#wraps) this.#proven = true;
          return data;
        }
        if (this.#wraps && (status === Status.BAD_OPCODE || status === Status.UNIMPLEMENTED)) this.#unwrapped();
        return undefined;
      } catch (error) {
        if (faultCode(error) === 'READER_SILENT') this.#unwrapped();
        return undefined;
      }
    });
  }

  #unwrapped(): void {
    if (!this.#proven) this.#wraps = false;
  }

  /**
   * Asks at the price of a gap in the stream where there is no other way; undefined for each question that the module refuses.
   * @throws Fault when the stream does not start again
   */
  async demand(commands: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const answers: (Uint8Array | undefined)[] = [];
    for (const command of commands) {
      const answer = await this.question(command);
      if (answer === undefined && !this.free) return this.#between(commands);
      answers.push(answer);
    }
    return answers;
  }

  #between(commands: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const { answerMs, stopMs } = this.#timings;
    return this.#turns.take(async () => {
      const answers: (Uint8Array | undefined)[] = [];
      // The module first sends what it has queued; those reads count.
      await this.#exchange.order(codec.stopStream(), 'to pause', stopMs);
      try {
        for (const command of commands) {
          const { status, data } = await this.#exchange.ask(command, answerMs);
          answers.push(status === Status.OK ? data : undefined);
        }
      } finally {
        await this.#exchange.order(codec.startStream(CYCLE_MS, this.#begun.metadata), 'to go on reading', answerMs);
      }
      return answers;
    });
  }
}
