import { Fault } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import { Code, codeText, type Frame } from './codec.ts';

/** Data of the answer to a command, copied out of the stream. */
export type Answer = Uint8Array;

interface Pending {
  readonly cmd: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: NodeJS.Timeout;
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

/** Commands of one answer over one link: one at a time, because a reader that is busy does not hear the next. */
export class Exchange {
  readonly #link: ByteLink;
  readonly #name: string;
  #pending: Pending | undefined;

  constructor(link: ByteLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  /** Gives a frame to the command that waits for it; false when none does. The address is no criterion: some answer FF with 01. */
  offer(frame: Frame): boolean {
    const pending = this.#pending;
    if (pending === undefined || frame.cmd !== pending.cmd) return false;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    pending.resolve(new Uint8Array(frame.bytes.subarray(frame.data, frame.data + frame.length)));
    return true;
  }

  /** Ends the command that waits, because the link is gone or this side stops. */
  abort(fault: Fault): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    pending.reject(fault);
  }

  /**
   * Sends a command and waits for its answer, whatever it says.
   * @throws Fault READER_SILENT after `ms`, READER_BUSY while another command waits, LINK_LOST, LINK_STUCK
   */
  ask(command: Uint8Array, ms: number): Promise<Answer> {
    const cmd = command[3] as number;
    if (this.#pending !== undefined) {
      return Promise.reject(new Fault('READER_BUSY', `${this.#name}: command ${hex(cmd)} while another waits for its answer`));
    }
    return new Promise((resolve, reject) => {
      const silent = (): void => {
        this.abort(
          new Fault('READER_SILENT', `${this.#name}: no answer to command ${hex(cmd)} in ${ms} ms: check power, cable and baud rate`),
        );
      };
      this.#pending = { cmd, resolve, reject, timer: setTimeout(silent, ms) };
      this.#link.write(command).catch((error: unknown) => {
        this.abort(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
      });
    });
  }

  /** As `ask`; the code of the answer, which must be one byte. @throws Fault READER_REFUSED */
  async code(command: Uint8Array, what: string, ms: number): Promise<number> {
    const answer = await this.ask(command, ms);
    if (answer.length !== 1) throw this.#refused(what, `${answer.length} bytes instead of a code`);
    return answer[0] as number;
  }

  /** As `ask`, and the code must be 10. @throws Fault READER_REFUSED with what was asked for */
  async order(command: Uint8Array, what: string, ms: number): Promise<void> {
    const code = await this.code(command, what, ms);
    if (code !== Code.OK) throw this.#refused(what, codeText(code), code);
  }

  /** As `ask`; undefined when the answer has not `length` bytes, as the code of firmware that does not know the command. */
  async value(command: Uint8Array, length: number, ms: number): Promise<Answer | undefined> {
    const answer = await this.ask(command, ms);
    return answer.length === length ? answer : undefined;
  }

  #refused(what: string, why: string, code = 0): Fault {
    return new Fault('READER_REFUSED', `${this.#name} refused ${what}: ${why}`, { code });
  }
}
