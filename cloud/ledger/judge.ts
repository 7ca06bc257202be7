import type { Direction } from '../../protocol/record.ts';
import type { Whereabouts } from './transition.ts';

/**
 * What a count and the doors say of one item, put in order of when it was so. A door is exact to the moment, a count to its length: what a
 * door saw since the count began stands above the count, what a door saw before is older than it, in whatever order the hub hears of it.
 */

/** The newest count's word on an item. The numbers stand in the table `counted`. */
export const WORD = {
  /** Read where it was known to stand, or explained since. */
  read: 0,
  /** Read though it was not in stock, and booked in: nothing explains it yet. */
  surplus: 1,
  /** Missed by two passes and booked out: nothing explains it yet. */
  lost: -1,
  /** Missed and booked out, and explained since. */
  gone: -2,
} as const;
export type Word = (typeof WORD)[keyof typeof WORD];

/** A count as far as its judgement needs it: keys of its site and zone (0 for the whole site), epoch milliseconds. */
export interface CountSpan {
  readonly site: number;
  readonly zone: number;
  readonly opened: number;
  readonly closed: number;
}

/** What a count said of an item, and the zone it stands in since. */
export interface Counted extends CountSpan {
  readonly word: Word;
}

/** What the doors and earlier counts know of an item. `seen` is the last moment at which a door saw it, 0 for never. */
export interface Known {
  readonly where: Whereabouts;
  readonly seen: number;
  readonly counted: Counted | undefined;
}

/**
 * What a read item turned out to be. In stock: `stands`; `left`, as a door saw since. Not in stock, and booked in: `unknown`, `out` (it had
 * left), `found` (an earlier count had written it off), `elsewhere` (it stood in another site). `older`: a newer count has spoken.
 */
export type ReadOutcome = 'stands' | 'left' | 'unknown' | 'out' | 'found' | 'elsewhere' | 'older';

export interface ReadJudgement {
  readonly outcome: ReadOutcome;
  /** Site that loses the item; 0 for none. */
  readonly minus: number;
  /** Whether the site of the count gains it. */
  readonly plus: boolean;
  /** What to note; undefined to leave what is noted. */
  readonly word: Word | undefined;
}

/** Judges an item that a count read. */
export function judgeRead({ where, seen, counted }: Known, count: CountSpan): ReadJudgement {
  const same = (outcome: ReadOutcome, word: Word | undefined): ReadJudgement => ({ outcome, minus: 0, plus: false, word });
  if (counted !== undefined && counted.closed > count.closed) return same('older', undefined);
  // A surplus that nothing explains stays one, however often it is counted.
  const kept = counted?.word === WORD.surplus ? WORD.surplus : WORD.read;
  if (where === count.site) return same('stands', kept);
  if (seen >= count.opened) return same('left', kept);
  if (where === undefined) return { outcome: 'unknown', minus: 0, plus: true, word: WORD.surplus };
  if (where > 0) return { outcome: 'elsewhere', minus: where, plus: true, word: WORD.surplus };
  if (counted?.word === WORD.lost) return { outcome: 'found', minus: 0, plus: true, word: WORD.read };
  return { outcome: 'out', minus: 0, plus: true, word: WORD.surplus };
}

/** Why a missing item is not booked out, or that it is `lost`. */
export type MissingOutcome = 'lost' | 'older' | 'seen' | 'not-in-stock' | 'other-zone';

/** The zone that an item stands in: the one that the last count saw it in, until a door sees it; 0 for none. */
export function zoneOf({ where, seen, counted }: Known): number {
  if (counted === undefined || where !== counted.site || seen > counted.closed) return 0;
  return counted.zone;
}

/** Judges an item that a count expected and that none of its passes, of at least two, read. */
export function judgeMissing(known: Known, count: CountSpan): MissingOutcome {
  if (known.counted !== undefined && known.counted.closed > count.closed) return 'older';
  if (known.where !== count.site) return 'not-in-stock';
  if (known.seen >= count.opened) return 'seen';
  // The list was made before another count found it elsewhere.
  if (count.zone !== 0 && zoneOf(known) !== count.zone) return 'other-zone';
  return 'lost';
}

/**
 * What a door's word is beside a count's. `usual`: the stock rule decides. `older`: the count is newer, nothing moves. `explains`: it moved as
 * the door says and the count booked it already, so that its booking is taken back and the stock stays. `again`: as usual, and what a count
 * wrote off is there again.
 */
export type MoveJudgement = 'usual' | 'older' | 'explains' | 'again';

/** Judges a door's word of `at` (epoch milliseconds) on an item that was counted and of which `where` is known. */
export function judgeMove(
  counted: Counted,
  where: Whereabouts,
  move: { readonly site: number; readonly direction: Direction; readonly at: number },
): MoveJudgement {
  const { word, opened, closed, site } = counted;
  if (word === WORD.surplus && move.direction === 'in' && move.at <= closed) return 'explains';
  if (word === WORD.lost && move.direction === 'out') return 'explains';
  if (move.at >= opened) return word === WORD.lost ? 'again' : 'usual';
  const isGone = word === WORD.lost || word === WORD.gone;
  // That it was missing at one site does not speak against its coming to another.
  if (isGone && move.direction === 'in' && move.site !== site && where !== undefined && where < 0)
    return word === WORD.lost ? 'again' : 'usual';
  return 'older';
}

/** What is noted once a door has explained a count's booking. */
export const explained = (word: Word): Word => (word === WORD.surplus ? WORD.read : WORD.gone);
