import { Fault } from '../../protocol/fault.ts';
import type { NodeClock } from '../../protocol/record.ts';
import { sleep } from '../backoff.ts';
import type { ClosedPassage } from '../passage/tracker.ts';
import type { Appended, Outbox } from './outbox.ts';
import { passageBodies } from './split.ts';

export interface IntakeOptions {
  readonly outbox: Pick<Outbox, 'append' | 'doorDocument' | 'knows' | 'recognise'>;
  readonly clock: () => NodeClock;
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void;
  /** Between two tries while the disk is full or stuck, milliseconds. */
  readonly retryMs?: number;
}

/** A person may need this long to free a disk; asking it more often helps nobody. */
const RETRY_MS = 2_000;
/**
 * Items of passages that are held in memory while the disk takes nothing, some 60 MB: 4,000 pallets of 50, more than a day of a busy
 * site. Of further passages only the reads in the doors' journals are left, for the next start.
 */
const MAX_HELD_ITEMS = 200_000;

/** From a closed passage to its committed record: finds its document, tries again while the disk takes nothing. */
export class Intake {
  readonly #options: IntakeOptions;
  #held = 0;
  #heldItems = 0;
  #stopped = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Passages that wait for the disk. */
  get held(): number {
    return this.#held;
  }

  /** No more tries: what is not committed stays in the journals. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Resolves when the passage is committed.
   * @throws Fault of the outbox when it was stopped or too many wait; of the record when it can't be written at all
   */
  async take(closed: ClosedPassage): Promise<void> {
    const { outbox, clock, log, retryMs = RETRY_MS } = this.#options;
    const { passage, door, direction, opened } = closed;
    // A journal that was played back after a crash brings what was committed before it.
    if (outbox.knows(passage)) return;
    log('passage.closed', {
      passage,
      door,
      direction,
      confidence: Math.round(closed.confidence * 1000) / 1000,
      moved: closed.moved.length,
      doubts: closed.doubts.length,
      strays: closed.strays.length,
      opened,
      closed: closed.closed,
    });
    // A person's choice stands above what a label says: the person sees the goods.
    const document = outbox.doorDocument(door) ?? outbox.recognise(closed.ssccs);
    const bodies = passageBodies(closed, document, clock());
    const records = bodies.map((body, i) => (i === 0 ? { body, doubts: closed.doubts } : { body }));
    const items = closed.moved.length + closed.doubts.length + 1;
    this.#held++;
    this.#heldItems += items;
    try {
      for (let tries = 0; ; tries++) {
        try {
          this.#tell(await outbox.append(records), passage, bodies.length);
          return;
        } catch (error) {
          const { code, message } = error as Fault;
          if (tries === 0) log('outbox.failed', { passage, code: code ?? 'INTERNAL', text: message });
          const mends = error instanceof Fault && error.code.startsWith('OUTBOX_');
          if (!mends || this.#stopped) throw error;
          if (this.#heldItems > MAX_HELD_ITEMS) {
            log('passage.unheld', { passage, door, held: this.#held, text: 'too many wait in memory: its reads stay in the journal' });
            throw error;
          }
        }
        await sleep(retryMs);
      }
    } finally {
      this.#held--;
      this.#heldItems -= items;
    }
  }

  #tell({ epoch, seq, fresh }: Appended, passage: string, parts: number): void {
    if (!fresh) return;
    for (let part = 0; part < parts; part++) this.#options.log('record.committed', { epoch, seq: seq + part, passage });
  }
}
