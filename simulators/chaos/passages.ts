import type { ClosedPassage } from '../../edge/passage/tracker.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { checkDigitOf } from '../../protocol/gtin.ts';

const PREFIX_DIGITS = 7;
/** Articles of the feeder; company prefix 952, which GS1 keeps for demonstrations. */
const GTINS = ['0952123400001', '0952123400002', '0952123400003'].map((digits) => `${digits}${checkDigitOf(digits)}`);
/** One passage in three takes out what the one before it brought in. */
const CYCLE = 3;
const LEAST_ITEMS = 2;
const ITEM_SPREAD = 6;
/** Serials of one passage stay under this distance from those of the next. */
const SERIALS = 16;

/** What passage `n` moves: the same for every run, so that a node that was killed goes on with exactly the passage it had not committed. */
export interface Move {
  readonly passage: string;
  readonly direction: 'in' | 'out';
  readonly gtin: string;
  readonly serials: readonly number[];
}

/** @param n from 0 */
export function moveOf(n: number): Move {
  const out = n % CYCLE === CYCLE - 1;
  const source = out ? n - 1 : n;
  const count = LEAST_ITEMS + ((source * 7) % ITEM_SPREAD);
  return {
    passage: `f-${n}`,
    direction: out ? 'out' : 'in',
    gtin: GTINS[source % GTINS.length] ?? '',
    serials: Array.from({ length: count }, (_, i) => source * SERIALS + i + 1),
  };
}

/** The number of a passage of the feeder; undefined for any other name. */
export function numberOf(passage: string): number | undefined {
  const digits = /^f-(\d+)$/.exec(passage)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The passage as a door would have closed it at `now`, epoch milliseconds. */
export function closedPassage(n: number, now: number): ClosedPassage {
  const { passage, direction, gtin, serials } = moveOf(n);
  return {
    passage,
    door: 'F1',
    opened: now - 900,
    closed: now,
    direction,
    confidence: 0.99,
    moved: serials.map((serial) => encodeSgtin96(gtin, serial, PREFIX_DIGITS)),
    doubts: [],
    strays: [],
    ssccs: [],
  };
}

/** Stock by article after the first `count` passages, without zeros. */
export function stockAfter(count: number): Map<string, number> {
  const stock = new Map<string, number>();
  for (let n = 0; n < count; n++) {
    const { gtin, direction, serials } = moveOf(n);
    stock.set(gtin, (stock.get(gtin) ?? 0) + (direction === 'in' ? serials.length : -serials.length));
  }
  for (const [gtin, quantity] of stock) if (quantity === 0) stock.delete(gtin);
  return stock;
}
