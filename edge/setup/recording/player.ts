import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import { type ClosedPassage, DoorTracker } from '../../passage/tracker.ts';
import { FAMILIES } from '../../readers/open.ts';
import type { ReadsOfBytes } from '../../readers/reads.ts';
import type { TapeEntry, TapeHeader } from './tape.ts';

/** As often as a running node looks at its doors: the same recording gives the same passages, whatever the speed. */
const TICK_MS = 50;
/** Silence after which an unfinished frame is given up, as the drivers do. */
const LULL_MS = 500;
/** The recording is over: every door comes to rest within its longest quiet interval. */
const REST_MS = 60_000;

/** What comes out of a recording at one instant. */
export interface Played {
  /** Epoch milliseconds of the recording. */
  readonly at: number;
  readonly reads: readonly Read[];
  readonly passages: readonly ClosedPassage[];
}

/** Plays a recording through the codec and the doors, without a clock: what the doors would have decided. */
export class Player {
  readonly #header: TapeHeader;
  readonly #doors: readonly DoorTracker[];
  #decoder: ReadsOfBytes | undefined;
  #at: number;
  #ticked: number;
  #heard: number;

  /** @throws Fault REPLAY_FAMILY when the bytes of this family can't be played */
  constructor(header: TapeHeader) {
    this.#header = header;
    this.#doors = header.doors.map(({ id, antennas, passage }) => new DoorTracker({ door: id, antennas, tuning: passage }));
    this.#decoder = header.what === 'bytes' ? this.#newDecoder() : undefined;
    this.#at = header.start;
    this.#ticked = header.start;
    this.#heard = header.start;
  }

  #newDecoder(): ReadsOfBytes {
    const { model } = this.#header;
    const decoder = FAMILIES.get(model)?.().decoder?.(this.#header);
    if (decoder !== undefined) return decoder;
    throw new Fault('REPLAY_FAMILY', `the bytes of a "${model}" reader can't be played without it: record its reads (--what reads)`);
  }

  /** Plays one entry. */
  play(entry: TapeEntry): Played {
    // A damaged file may have lost lines, never its order.
    this.#at = Math.max(this.#at, this.#header.start + entry.t);
    const passages = this.#tick(this.#at);
    const reads = this.#reads(entry);
    for (const door of this.#doors) passages.push(...door.push(this.#header.reader, reads));
    return { at: this.#at, reads, passages };
  }

  /** The recording is over: what still stands in the doors is judged. */
  end(): Played {
    const reads = this.#decoder?.lull(this.#at) ?? [];
    const passages: ClosedPassage[] = [];
    for (const door of this.#doors) passages.push(...door.push(this.#header.reader, reads));
    passages.push(...this.#tick(this.#at + REST_MS));
    return { at: this.#at, reads, passages };
  }

  #reads(entry: TapeEntry): readonly Read[] {
    if (entry.kind === 'reads') return entry.reads;
    // Another connection or rate: what was unfinished stays so, and the stream begins anew.
    if (entry.kind === 'open' && this.#decoder !== undefined) this.#decoder = this.#newDecoder();
    if (entry.kind !== 'reader' || this.#decoder === undefined) return [];
    const lull = this.#at - this.#heard >= LULL_MS ? this.#decoder.lull(this.#at) : [];
    this.#heard = this.#at;
    return [...lull, ...this.#decoder.push(this.#at, entry.bytes)];
  }

  /** Each door is looked at at the same instants, as in a node; those at which nothing is due are passed over. */
  #tick(until: number): ClosedPassage[] {
    const passages: ClosedPassage[] = [];
    for (; this.#ticked + TICK_MS <= until; this.#ticked += TICK_MS) {
      if (this.#doors.every((door) => !door.open)) {
        this.#ticked += Math.floor((until - this.#ticked) / TICK_MS - 1) * TICK_MS;
        continue;
      }
      for (const door of this.#doors) passages.push(...door.tick(this.#ticked + TICK_MS));
    }
    return passages;
  }
}
