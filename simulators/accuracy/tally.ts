import type { Truth } from '../warehouse/physics/scene.ts';
import type { Told } from './door.ts';

/** One verdict that a door was sure of, and whether it was right. */
export interface Sure {
  readonly confidence: number;
  readonly right: boolean;
}

/** What became of the items and strays of some scenes. */
export interface Tally {
  /** Items that went through and were heard at least once. */
  items: number;
  /** Through their door, in their direction, once. */
  right: number;
  /** Another direction, or another door. */
  wrong: number;
  /** A person decides. */
  asked: number;
  /** Called stray, or not mentioned: nobody is asked, the stock is off. */
  dropped: number;
  /** Items that no antenna ever heard. */
  unheard: number;
  strays: number;
  /** Strays that were counted as moved: in any door and direction. */
  straysMoved: number;
  straysAsked: number;
  /** Reads of all items, for the mean per tag. */
  reads: number;
  readonly verdicts: Sure[];
}

export function emptyTally(): Tally {
  return {
    items: 0,
    right: 0,
    wrong: 0,
    asked: 0,
    dropped: 0,
    unheard: 0,
    strays: 0,
    straysMoved: 0,
    straysAsked: 0,
    reads: 0,
    verdicts: [],
  };
}

const isMove = (told: Told): boolean => told.verdict === 'in' || told.verdict === 'out';
const doorOf = (truth: Truth): string | undefined => truth.reader?.replace('r', 'D');

/** Counts a scene: what was told against what happened. `reads` by EPC. Items of the next door count there only when it was played. */
export function count(
  tally: Tally,
  truths: readonly Truth[],
  told: readonly Told[],
  reads: ReadonlyMap<string, number>,
  doors: ReadonlySet<string>,
): void {
  const by = new Map<string, Told[]>();
  for (const one of told) by.set(one.epc, [...(by.get(one.epc) ?? []), one]);
  for (const truth of truths) {
    const own = by.get(truth.epc) ?? [];
    const moves = own.filter(isMove);
    const asked = own.some(({ verdict }) => verdict === 'unknown');
    const door = doorOf(truth);
    for (const one of own) {
      // A stray verdict is right in every door but the one it went through.
      const right = isMove(one) ? one.door === door && one.verdict === truth.direction : one.door !== door;
      if (one.verdict !== 'unknown' && one.confidence !== undefined) tally.verdicts.push({ confidence: one.confidence, right });
    }
    if (door === undefined || !doors.has(door)) {
      tally.strays++;
      if (moves.length > 0) tally.straysMoved++;
      else if (asked) tally.straysAsked++;
      continue;
    }
    const heard = reads.get(truth.epc) ?? 0;
    if (heard === 0) {
      tally.unheard++;
      continue;
    }
    tally.items++;
    tally.reads += heard;
    if (moves.some((one) => one.door !== door || one.verdict !== truth.direction) || moves.length > 1) tally.wrong++;
    else if (moves.length === 1) tally.right++;
    else if (asked) tally.asked++;
    else tally.dropped++;
  }
}

/** Adds `more` to `sum`. */
export function add(sum: Tally, more: Tally): void {
  for (const key of ['items', 'right', 'wrong', 'asked', 'dropped', 'unheard', 'strays', 'straysMoved', 'straysAsked', 'reads'] as const) {
    sum[key] += more[key];
  }
  for (const verdict of more.verdicts) sum.verdicts.push(verdict);
}
