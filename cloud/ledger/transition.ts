import type { Direction } from '../../protocol/record.ts';
import type { Anomaly } from './effects.ts';

/** Where one item is: the site's key while it stands there, the negative key of the site it left, undefined when it was never seen. */
export type Whereabouts = number | undefined;

export interface Transition {
  readonly next: number;
  /** Sites whose quantity changes; 0 for none. */
  readonly minus: number;
  readonly plus: number;
  readonly anomaly: Anomaly['code'] | undefined;
  /** False when the ledger knew it already: nothing is counted twice. */
  readonly effective: boolean;
}

/**
 * The stock rule for one item that goes through a door of `site` (a positive key). What was seen at a door is true: where it
 * contradicts what was known, the item stands where it was seen last, and the contradiction gets a name.
 */
export function transition(known: Whereabouts, site: number, direction: Direction): Transition {
  if (direction === 'in') {
    if (known === site) return { next: known, minus: 0, plus: 0, anomaly: 'REPEATED_READ', effective: false };
    if (known !== undefined && known > 0) return { next: site, minus: known, plus: site, anomaly: 'MISSED_OUT', effective: true };
    return { next: site, minus: 0, plus: site, anomaly: undefined, effective: true };
  }
  if (known === undefined) return { next: -site, minus: site, plus: 0, anomaly: 'NEVER_IN', effective: true };
  if (known < 0) return { next: known, minus: 0, plus: 0, anomaly: 'REPEATED_READ', effective: false };
  return { next: -site, minus: known, plus: 0, anomaly: known === site ? undefined : 'MISSED_IN', effective: true };
}

/** Ordinals as ranges of [first, count], added in ascending order. */
export class Ranges {
  readonly list: [number, number][] = [];
  count = 0;

  add(ordinal: number): void {
    this.count += 1;
    const last = this.list.at(-1);
    if (last !== undefined && last[0] + last[1] === ordinal) last[1] += 1;
    else this.list.push([ordinal, 1]);
  }
}
