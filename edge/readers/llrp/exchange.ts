import { Fault } from '../../../protocol/fault.ts';
import type { ByteLink } from '../link/link.ts';
import { type Command, type Frame, Message, messageName, SUCCESS, statusOf, statusText } from './codec.ts';

interface Pending {
  readonly name: string;
  readonly resolve: (answer: Frame) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: NodeJS.Timeout;
}

/** Start-up asks one thing at a time; the check and a light may ask at the same time as each other. */
const MAX_PENDING = 16;
/** What a reader sends on its own has numbers of its own, which may be those of a question. */
export const UNASKED: ReadonlySet<number> = new Set([Message.RO_ACCESS_REPORT, Message.KEEPALIVE, Message.READER_EVENT_NOTIFICATION]);
const MAX_ID = 0xffffffff;

/** Questions and their answers over one connection; an answer carries the number of its question. */
export class Exchange {
  readonly #link: ByteLink;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  #id = 0;

  constructor(link: ByteLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  /** Gives a message to the question that waits for it; false when none does. */
  offer(frame: Frame): boolean {
    const pending = UNASKED.has(frame.type) ? undefined : this.#pending.get(frame.id);
    if (pending === undefined) return false;
    this.#settle(frame.id, pending);
    pending.resolve(frame);
    return true;
  }

  #settle(id: number, pending: Pending): void {
    clearTimeout(pending.timer);
    this.#pending.delete(id);
  }

  /** Ends all questions that wait, because the connection is gone. */
  abort(fault: Fault): void {
    for (const [id, pending] of this.#pending) {
      this.#settle(id, pending);
      pending.reject(fault);
    }
  }

  /** Sends what has no answer. @throws Fault LINK_LOST, LINK_STUCK */
  async tell(command: Command): Promise<void> {
    await this.#link.write(command(this.#next()));
  }

  #next(): number {
    this.#id = this.#id >= MAX_ID ? 1 : this.#id + 1;
    return this.#id;
  }

  /**
   * Asks and waits for the answer, whatever its status. `what` completes "no answer to the question for".
   * @throws Fault READER_SILENT after `ms`, READER_BUSY while too much waits, LINK_LOST, LINK_STUCK
   */
  ask(command: Command, what: string, ms: number): Promise<Frame> {
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.reject(new Fault('READER_BUSY', `${this.#name}: ${what}: ${MAX_PENDING} other questions wait for their answers`));
    }
    const id = this.#next();
    return new Promise((resolve, reject) => {
      const fail = (fault: Fault): void => {
        const pending = this.#pending.get(id);
        if (pending === undefined) return;
        this.#settle(id, pending);
        reject(fault);
      };
      const silent = (): void =>
        fail(
          new Fault('READER_SILENT', `${this.#name}: no answer to the question for ${what} in ${ms} ms: check power, cable and address`),
        );
      this.#pending.set(id, { name: what, resolve, reject, timer: setTimeout(silent, ms) });
      this.#link.write(command(id)).catch((error: unknown) => {
        fail(error instanceof Fault ? error : new Fault('LINK_LOST', `${this.#name}: ${String(error)}`));
      });
    });
  }

  /** As `ask`, and the status must be success. @throws Fault READER_REFUSED with `status` and what was asked for */
  async order(command: Command, what: string, ms: number): Promise<Frame> {
    const answer = await this.ask(command, what, ms);
    const status = statusOf(answer);
    if (status === undefined) {
      throw new Fault(
        'READER_REFUSED',
        `${this.#name}: ${messageName(answer.type)} without a status as the answer to ${what}: check the firmware`,
      );
    }
    if (status.code !== SUCCESS || answer.type === Message.ERROR_MESSAGE) {
      throw new Fault('READER_REFUSED', `${this.#name} refused ${what}: ${statusText(status)}`, { status: status.code });
    }
    return answer;
  }
}
