import { Fault, faultCode } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import { Cmd, type Frame, Status, statusText } from './codec.ts';

/** The answer to a command, copied out of the stream. */
export interface Answer {
  readonly status: number;
  readonly data: Uint8Array;
}

interface Pending {
  readonly cmd: number;
  /** True for a frame that is part of the answer but not its last. */
  readonly more: (frame: Frame) => boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: NodeJS.Timeout;
}

/** A reader that is busy loses a command without a word: it is sent so often. */
const ATTEMPTS = 3;

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');
const single = (): boolean => false;

/** Commands and their answers over one link: one at a time, because a busy reader hears nothing. */
export class Exchange {
  readonly #link: ByteLink;
  readonly #name: string;
  #pending: Pending | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(link: ByteLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  /** Gives a frame to the command that waits for it; false when none does. */
  offer(frame: Frame): boolean {
    const pending = this.#pending;
    if (pending === undefined) return false;
    // A command that the reader could not read is answered as command 00.
    const unread = frame.cmd === Cmd.NONE && frame.status === Status.BAD_COMMAND;
    if (frame.cmd !== pending.cmd && !unread) return false;
    if (pending.more(frame)) {
      pending.timer.refresh();
      return true;
    }
    clearTimeout(pending.timer);
    this.#pending = undefined;
    pending.resolve({ status: frame.status, data: frame.bytes.slice(frame.data, frame.data + frame.length) });
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

  /** Runs `work`, which may send several commands, when those before it are done. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * Sends a command frame once and waits for its answer, whatever its status; `more` says which frames are not the last.
   * @throws Fault READER_SILENT after `ms` without a frame of the answer, READER_BUSY, LINK_LOST, LINK_STUCK
   */
  ask(command: Uint8Array, ms: number, more: (frame: Frame) => boolean = single): Promise<Answer> {
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
      this.#pending = { cmd, more, resolve, reject, timer: setTimeout(silent, ms) };
      // In one piece: a pause of 15 ms between two bytes ends the frame for the reader.
      this.#link.write(command).catch((error: unknown) => {
        this.abort(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
      });
    });
  }

  /** As `ask`, sent again when nothing comes: for commands that may be carried out twice. */
  async insist(command: Uint8Array, ms: number, attempts = ATTEMPTS): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.ask(command, ms);
      } catch (error) {
        if (faultCode(error) !== 'READER_SILENT' || attempt >= attempts) throw error;
      }
    }
  }

  /** As `insist`, and the reader must do it. @throws Fault READER_REFUSED with `status` and what was asked for */
  async order(command: Uint8Array, what: string, ms: number): Promise<Uint8Array> {
    const { status, data } = await this.insist(command, ms);
    // 13: done, only not stored for the next start, and each start sets it again.
    if (status !== Status.OK && status !== Status.SAVE_FAILED) {
      throw new Fault('READER_REFUSED', `${this.#name} refused ${what}: ${statusText(status)}`, { status });
    }
    return data;
  }
}
