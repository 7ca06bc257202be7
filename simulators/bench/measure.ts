/** One figure of the bench: what `npm run bench -- --json` prints, one object a line. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure depends on: sizes, repetitions, how much data stood there. */
  readonly params: Readonly<Record<string, string | number | boolean>>;
}

/** Runs one or more members that share a set-up. */
export type Member = () => Promise<readonly Measure[]>;

/** The value below which the share `p` of the samples lies, by nearest rank. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle of repeated runs: one slow run on a noisy machine does not move it. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** Four significant digits: more would pretend. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}
