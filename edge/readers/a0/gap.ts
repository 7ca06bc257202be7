import { Fault } from '../../../protocol/fault.ts';

/** Two outputs and a temperature wait at most; more comes from a caller that does not wait for what it asked. */
const MAX_WAITING = 8;

/** What waits for the pause between two rounds, in order. */
export class Gap {
  readonly #waiting: { readonly run: () => Promise<void>; readonly reject: (fault: Fault) => void }[] = [];
  #closed: Fault | undefined;

  /** Does `work` when its turn comes. @throws Fault READER_OUTPUT when too much waits, or the one that closed the session */
  add<T>(work: () => Promise<T>, name: string): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new Fault('READER_OUTPUT', `${name}: ${MAX_WAITING} commands wait for a pause already: set outputs less often`),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run: () => work().then(resolve, reject), reject });
    });
  }

  /** What to do in this pause; it never throws. */
  next(): (() => Promise<void>) | undefined {
    return this.#waiting.shift()?.run;
  }

  /** Nothing will be done any more. */
  close(fault: Fault): void {
    this.#closed = fault;
    for (const { reject } of this.#waiting.splice(0)) reject(fault);
  }
}
