import type { Sure } from './tally.ts';

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence and share that was right. */
  readonly said: number;
  readonly right: number;
}

/** Narrow where verdicts are: nearly all of them are over 0.9. */
const BOUNDS = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.000_001] as const;

/** Reliability: of the verdicts with about this confidence, how many were right. Empty bins are left out. */
export function calibrationOf(verdicts: readonly Sure[]): Bin[] {
  const bins: Bin[] = [];
  for (let i = 0; i + 1 < BOUNDS.length; i++) {
    const [from, to] = [BOUNDS[i] as number, BOUNDS[i + 1] as number];
    const own = verdicts.filter(({ confidence }) => confidence >= from && confidence < to);
    if (own.length === 0) continue;
    const said = own.reduce((sum, { confidence }) => sum + confidence, 0) / own.length;
    bins.push({ from, to: Math.min(1, to), count: own.length, said, right: own.filter(({ right }) => right).length / own.length });
  }
  return bins;
}

/** Expected calibration error: how far said and right are apart, weighted by how often. 0 without verdicts. */
export function calibrationError(bins: readonly Bin[]): number {
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  return all === 0 ? 0 : bins.reduce((sum, { count, said, right }) => sum + count * Math.abs(said - right), 0) / all;
}
