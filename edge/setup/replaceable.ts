import type { Read } from '../../protocol/read.ts';
import { openLink } from '../readers/link/open.ts';
import { NetworkReader } from '../readers/network/reader.ts';
import { type OpenParts, openReader } from '../readers/open.ts';
import type { Reader, ReaderEvents, ReaderHealth, ReaderSettings } from '../readers/reader.ts';
import { Tap } from './recording/tap.ts';

/** A reader of the node that can be given other settings while the node runs, and that can be listened in on. */
export class ReplaceableReader implements Reader {
  readonly id: string;
  readonly tap = new Tap();
  readonly #events: ReaderEvents;
  #settings: ReaderSettings;
  #reader: Reader;
  #running = false;
  /** One replacement at a time: a line has one owner. */
  #turn: Promise<void> = Promise.resolve();

  readonly #parts: OpenParts;

  /** `heard` is told the reads before the events are. */
  constructor(settings: ReaderSettings, events: ReaderEvents, heard: (id: string, reads: readonly Read[]) => void, parts: OpenParts = {}) {
    this.id = settings.id;
    this.#parts = parts;
    this.#settings = settings;
    this.#events = {
      ...events,
      reads: (id, reads) => {
        this.tap.reads(reads);
        heard(id, reads);
        events.reads(id, reads);
      },
    };
    this.#reader = this.#make(settings);
  }

  #make(settings: ReaderSettings): Reader {
    return openReader(settings, this.#events, { ...this.#parts, open: this.tap.through(openLink) });
  }

  /** The reader itself where it publishes to the node's broker: the broker holds on to it, so it is never replaced. */
  get network(): NetworkReader | undefined {
    return this.#reader instanceof NetworkReader ? this.#reader : undefined;
  }

  get settings(): ReaderSettings {
    return this.#settings;
  }

  start(): void {
    this.#running = true;
    this.#reader.start();
  }

  stop(): Promise<void> {
    this.#running = false;
    return this.#after(() => this.#reader.stop());
  }

  /** Ends the reader and starts it with other settings. @throws Fault READER_MODEL, and then nothing has changed */
  replace(settings: ReaderSettings): Promise<void> {
    const next = this.#make(settings);
    return this.#after(async () => {
      await this.#reader.stop();
      this.#settings = settings;
      this.#reader = next;
      if (this.#running) next.start();
    });
  }

  #after(step: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(step);
    return this.#turn;
  }

  health(): ReaderHealth {
    return this.#reader.health();
  }

  output(pin: number, high: boolean): Promise<void> {
    return this.#reader.output(pin, high);
  }
}
