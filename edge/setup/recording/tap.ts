import type { Read } from '../../../protocol/read.ts';
import type { ByteLink, OpenLink } from '../../readers/link/link.ts';
import type { TapeEntry } from './tape.ts';

/** What a listener is told of a line; `t` is added by the recording. */
export type Heard = TapeEntry extends infer E ? (E extends { t: number } ? Omit<E, 't'> : never) : never;

export type Listener = (heard: Heard) => void;

/** Longest run of bytes or reads in one entry: keeps a line of the recording short. */
const MAX_BYTES = 65_536;
const MAX_READS = 500;

/**
 * Listens in on one reader without touching it: the program that has the line open is the only one that can, since a second one on a serial
 * line would take half of the bytes away. Costs nothing while nobody listens.
 */
export class Tap {
  readonly #listeners = new Set<Listener>();
  #baud: number | undefined;

  /** Passes what goes over the line on to the listeners. */
  through(open: OpenLink): OpenLink {
    return async (path, baud, events) => {
      const link = await open(path, baud, {
        data: (chunk) => {
          this.#bytes('reader', chunk);
          events.data(chunk);
        },
        lost: (reason) => {
          this.#closed(reason);
          events.lost(reason);
        },
      });
      this.#rate(link.hasBaud ? baud : 0);
      return this.#watched(link);
    };
  }

  /** Called with the reads that the driver hands on. */
  reads(reads: readonly Read[]): void {
    if (this.#listeners.size === 0) return;
    for (let from = 0; from < reads.length; from += MAX_READS) this.#tell({ kind: 'reads', reads: reads.slice(from, from + MAX_READS) });
  }

  /** Tells `listener` everything from now on, at first the rate of an open line. Returns the end of it. */
  listen(listener: Listener): () => void {
    if (this.#baud !== undefined) listener({ kind: 'open', baud: this.#baud });
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #watched(link: ByteLink): ByteLink {
    return {
      name: link.name,
      hasBaud: link.hasBaud,
      write: (bytes) => {
        this.#bytes('host', bytes);
        return link.write(bytes);
      },
      setBaud: async (baud) => {
        await link.setBaud(baud);
        this.#rate(baud);
      },
      close: async () => {
        this.#closed('closed by this side');
        await link.close();
      },
    };
  }

  #rate(baud: number): void {
    this.#baud = baud;
    this.#tell({ kind: 'open', baud });
  }

  #closed(reason: string): void {
    if (this.#baud === undefined) return;
    this.#baud = undefined;
    this.#tell({ kind: 'close', reason });
  }

  #bytes(kind: 'reader' | 'host', bytes: Uint8Array): void {
    if (this.#listeners.size === 0) return;
    for (let from = 0; from < bytes.length; from += MAX_BYTES) this.#tell({ kind, bytes: bytes.subarray(from, from + MAX_BYTES) });
  }

  #tell(heard: Heard): void {
    for (const listener of this.#listeners) listener(heard);
  }
}
