import { randomUUID } from 'node:crypto';
import { Fault } from '../../../protocol/fault.ts';

/** A reader answers within a second; longer, and a lamp is no lamp any more. */
const ANSWER_MS = 3_000;
/** Lamps of a door are four; more unanswered commands mean a reader that does not listen. */
const MAX_WAITING = 16;

interface Waiting {
  readonly done: (failure?: string) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Commands to a Zebra reader and their answers. That `set_gpo` takes `port` and `state` is how public programs use it; whether the reader expects
 * it on its management or its control interface depends on its settings, so both may listen to the one topic of commands.
 */
export class ZebraCommands {
  readonly #send: (text: string) => boolean;
  readonly #waiting = new Map<string, Waiting>();

  /** @param send publishes a command; false when nobody listens */
  constructor(send: (text: string) => boolean) {
    this.#send = send;
  }

  /** Resolves when the reader says that it did. @throws Fault READER_OUTPUT */
  async output(reader: string, pin: number, high: boolean): Promise<void> {
    const what = `${reader}: output ${pin} is not set`;
    if (this.#waiting.size >= MAX_WAITING) throw new Fault('READER_OUTPUT', `${what}: the reader answers no commands`);
    const id = randomUUID();
    const answer = new Promise<string | undefined>((resolve) => {
      const done = (failure?: string): void => {
        clearTimeout(this.#waiting.get(id)?.timer);
        this.#waiting.delete(id);
        resolve(failure);
      };
      const timer = setTimeout(done, ANSWER_MS, `no answer within ${ANSWER_MS / 1_000} s: its command topic is not this node's`);
      this.#waiting.set(id, { done, timer });
    });
    const command = { command: 'set_gpo', command_id: id, payload: { port: pin, state: high } };
    if (!this.#send(JSON.stringify(command))) this.#waiting.get(id)?.done('the broker is not running');
    const failure = await answer;
    if (failure !== undefined) throw new Fault('READER_OUTPUT', `${what}: ${failure}`);
  }

  answered(id: string, success: boolean, text: string): void {
    this.#waiting.get(id)?.done(success ? undefined : `the reader refused it (${text})`);
  }

  stop(): void {
    for (const { done } of [...this.#waiting.values()]) done('the reader is stopped');
  }
}
