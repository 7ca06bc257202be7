import { Fault } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import { type Frame, Multi, Op, Status, statusText } from './codec.ts';

/** The answer to a command, copied out of the stream. */
export interface Answer {
  readonly status: number;
  readonly data: Uint8Array;
}

interface Pending {
  readonly op: number;
  /** For a multi-protocol command what it was: start, stop or wrapped; its answer begins with the same byte. */
  readonly multi: number | undefined;
  /** The opcode inside a wrapped command: an answer that comes late must not pass for the answer to the next one. */
  readonly inner: number | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: NodeJS.Timeout;
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

/** Lets work on one line run one after another, in the order it came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Commands and their answers over one link: one at a time, because the module answers in order and names only the opcode. */
export class Exchange {
  readonly #link: ByteLink;
  readonly #name: string;
  #pending: Pending | undefined;

  constructor(link: ByteLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  /** Gives a frame to the command that waits for it; false when none does. */
  offer(frame: Frame): boolean {
    const pending = this.#pending;
    if (pending === undefined || !isAnswer(frame, pending)) return false;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    const { bytes, data, length, status } = frame;
    if (pending.multi === Multi.WRAPPED && status === Status.OK) {
      // 04, then LEN OP STATUS DATA of the inner answer.
      const inner = ((bytes[data + 3] as number) << 8) | (bytes[data + 4] as number);
      pending.resolve({ status: inner, data: bytes.slice(data + 5, data + length) });
    } else {
      pending.resolve({ status, data: bytes.slice(data, data + length) });
    }
    return true;
  }

  /** Ends the command that waits, because the link is gone or the module has started again. */
  abort(fault: Fault): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    pending.reject(fault);
  }

  /**
   * Sends a command frame and waits for its answer, whatever its status; for a wrapped command it is the inner answer.
   * @throws Fault READER_SILENT after `ms`, READER_BUSY while another command waits, LINK_LOST, LINK_STUCK
   */
  ask(command: Uint8Array, ms: number): Promise<Answer> {
    const op = command[2] as number;
    if (this.#pending !== undefined) {
      return Promise.reject(new Fault('READER_BUSY', `${this.#name}: command ${hex(op)} while another waits for its answer`));
    }
    return new Promise((resolve, reject) => {
      const silent = (): void => {
        this.abort(
          new Fault('READER_SILENT', `${this.#name}: no answer to command ${hex(op)} in ${ms} ms: check power, cable and baud rate`),
        );
      };
      const multi = op === Op.MULTI_PROTOCOL ? command[5] : undefined;
      const inner = multi === Multi.WRAPPED ? command[7] : undefined;
      this.#pending = { op, multi, inner, resolve, reject, timer: setTimeout(silent, ms) };
      this.#link.write(command).catch((error: unknown) => {
        this.abort(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
      });
    });
  }

  /** As `ask`, and the status must be 0000. @throws Fault READER_REFUSED with `status` and what was asked for */
  async order(command: Uint8Array, what: string, ms: number): Promise<Uint8Array> {
    const answer = await this.ask(command, ms);
    if (answer.status !== Status.OK) {
      throw new Fault('READER_REFUSED', `${this.#name} refused ${what}: ${statusText(answer.status)}`, { status: answer.status });
    }
    return answer.data;
  }
}

function isAnswer(frame: Frame, { op, multi, inner }: Pending): boolean {
  if (frame.op !== op) return false;
  if (multi === undefined || frame.status !== Status.OK) return true;
  const first = frame.length > 0 ? frame.bytes[frame.data] : Multi.START;
  // The answer to a start is not documented to the byte: anything that is not one of the other two.
  if (inner !== undefined && first === Multi.WRAPPED) return frame.bytes[frame.data + 2] === inner;
  return multi === Multi.START ? first !== Multi.STOP && first !== Multi.WRAPPED : first === multi;
}
