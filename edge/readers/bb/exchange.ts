import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import { Cmd, ErrorCode, errorText, type Frame, Type } from './codec.ts';

interface Pending {
  readonly cmd: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: NodeJS.Timeout;
}

/** The data of a response, or the code of the error that came instead. */
export type Answer = { readonly data: Uint8Array; readonly error?: undefined } | { readonly data?: undefined; readonly error: number };

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

/** Commands and their responses over one link, one at a time. */
export class Exchange {
  readonly #link: ByteLink;
  readonly #name: string;
  #pending: Pending | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(link: ByteLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  /** Gives a frame to the command that waits for it. */
  offer({ type, cmd, bytes, data, length }: Frame): void {
    const pending = this.#pending;
    if (pending === undefined || type !== Type.RESPONSE) return;
    const failed = cmd === Cmd.ERROR;
    // "No tag" answers a round, never a command that waits here.
    if (failed ? length === 0 || bytes[data] === ErrorCode.NO_TAG : cmd !== pending.cmd) return;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    pending.resolve(failed ? { error: bytes[data] as number } : { data: bytes.slice(data, data + length) });
  }

  /** Ends the command that waits, because the link is gone or this side stops. */
  abort(fault: Fault): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    pending.reject(fault);
  }

  /** Runs `work`, which may send several commands, when those before it are done. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Sends a command that is answered by tags. @throws Fault LINK_LOST, LINK_STUCK */
  send(command: Uint8Array): Promise<void> {
    return this.#link.write(command);
  }

  /**
   * Sends a command and waits for its response or error; a command that was lost on the way is sent again.
   * @throws Fault READER_SILENT, READER_BUSY while another command waits, LINK_LOST, LINK_STUCK
   */
  async ask(command: Uint8Array, ms: number, attempts = 2): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(command, ms);
      } catch (error) {
        if (faultCode(error) !== 'READER_SILENT' || attempt >= attempts) throw error;
      }
    }
  }

  #once(command: Uint8Array, ms: number): Promise<Answer> {
    const cmd = command[2] as number;
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

  /** As `ask`, and the module must do it. @throws Fault READER_REFUSED with what was asked for */
  async order(command: Uint8Array, what: string, ms: number): Promise<Uint8Array> {
    const { data, error } = await this.ask(command, ms);
    if (data === undefined) throw new Fault('READER_REFUSED', `${this.#name} refused ${what}: ${errorText(error)}`, { error });
    return data;
  }
}
