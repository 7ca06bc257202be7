import type { Read } from '../../protocol/read.ts';
import type { ByteLink } from './link/link.ts';
import type { AntennaState } from './session.ts';

/** A reader that answered on an unknown line. */
export interface Identified {
  /** Model as people name it. */
  readonly model: string;
  readonly firmware?: string;
  /** Its connectors; empty when it can't tell. */
  readonly antennas: readonly AntennaState[];
  readonly temperatureC?: number;
  /** Why it can't be used now; it is then not read. */
  readonly fault?: string;
}

/** How to find a reader of one family. What it sends changes nothing that a reader keeps without power. */
export interface Probe {
  /** Rates of a serial line at which such a reader may stand, the most likely first. None: it is on a network only, and speaks first. */
  readonly bauds: readonly number[];
  /** How long `identify` takes where nobody answers, milliseconds. */
  readonly silentMs: number;
  /**
   * How a found reader is read for a moment: by a session that is started and stopped, where that writes nothing that the reader keeps without
   * power, or by a way of its own with what it has stored.
   */
  readonly read: 'session' | ((line: ProbeLine, found: Identified, ms: number) => Promise<readonly Read[]>);
  /** Asks at the rate that the line has now; undefined when no reader of this family answers. Ends a stream that is running. @throws Fault LINK_LOST */
  identify(line: ProbeLine): Promise<Identified | undefined>;
}

/** An open line with questions and answers, before anybody knows what is at its other end. */
export class ProbeLine {
  readonly link: ByteLink;
  #take: ((chunk: Uint8Array) => void) | undefined;

  constructor(link: ByteLink) {
    this.link = link;
  }

  data(chunk: Uint8Array): void {
    this.#take?.(chunk);
  }

  /**
   * Sends `question` (nothing, when it is empty) and gives what comes to `answer` until it finds something; undefined after `ms`.
   * @throws Fault LINK_LOST, LINK_STUCK
   */
  async ask<T>(question: Uint8Array, answer: (chunk: Uint8Array) => T | undefined, ms: number): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const timer = setTimeout(() => resolve(undefined), ms);
    this.#take = (chunk) => {
      const found = answer(chunk);
      if (found !== undefined) resolve(found);
    };
    try {
      if (question.length > 0) await this.link.write(question);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#take = undefined;
    }
  }
}
