/** What the literature measures on recordings, without anything trained: by it the radio model is held to what real walks show. */
export interface Heard {
  /** Seconds. */
  readonly t: number;
  readonly antenna: number;
  /** dBm. */
  readonly rssi: number;
}

const SIDES_NEEDED = 2;

function linear(rssi: number): number {
  return 10 ** (rssi / 10);
}

/** Power-weighted time centroid; undefined without reads. */
function centroid(reads: readonly Heard[]): number | undefined {
  let weight = 0;
  let time = 0;
  for (const { t, rssi } of reads) {
    weight += linear(rssi);
    time += linear(rssi) * t;
  }
  return reads.length === 0 ? undefined : time / weight;
}

/** D = (T_end - T_start) / dwell of two sides; undefined when a side heard nothing. Positive when it went from start to end. */
export function dOf(reads: readonly Heard[], start: readonly number[], end: readonly number[]): number | undefined {
  const a = centroid(reads.filter(({ antenna }) => start.includes(antenna)));
  const b = centroid(reads.filter(({ antenna }) => end.includes(antenna)));
  const times = reads.map(({ t }) => t);
  const dwell = Math.max(...times) - Math.min(...times);
  return a === undefined || b === undefined || dwell <= 0 ? undefined : (b - a) / dwell;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

function perAntenna(reads: readonly Heard[], least: number): (readonly Heard[])[] {
  const by = new Map<number, Heard[]>();
  for (const read of reads) by.set(read.antenna, [...(by.get(read.antenna) ?? []), read]);
  return [...by.values()].filter((own) => own.length >= least);
}

/** Mean over the antennas of the deviation of the level, dB. */
export function spreadPerAntenna(reads: readonly Heard[]): number {
  return mean(perAntenna(reads, 3).map((own) => deviation(own.map(({ rssi }) => rssi))));
}

/** Mean over the antennas of the change of a straight line through the levels over the whole stay, dB, without its sign. */
export function trendPerAntenna(reads: readonly Heard[]): number {
  const times = reads.map(({ t }) => t);
  const dwell = Math.max(...times) - Math.min(...times);
  return mean(perAntenna(reads, 3).map((own) => Math.abs(slope(own)) * dwell));
}

/** Least squares, dB per second. */
function slope(reads: readonly Heard[]): number {
  const t0 = mean(reads.map(({ t }) => t));
  const r0 = mean(reads.map(({ rssi }) => rssi));
  let above = 0;
  let below = 0;
  for (const { t, rssi } of reads) {
    above += (t - t0) * (rssi - r0);
    below += (t - t0) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

/** Distance between the earliest and the latest centroid of the antennas, as a share of the stay. */
export function centroidSpread(reads: readonly Heard[]): number {
  const own = perAntenna(reads, 1).map((one) => centroid(one) ?? 0);
  const times = reads.map(({ t }) => t);
  const dwell = Math.max(...times) - Math.min(...times);
  return own.length < SIDES_NEEDED || dwell <= 0 ? 0 : (Math.max(...own) - Math.min(...own)) / dwell;
}

/** Chance that a positive scores above a negative: the area under the ROC curve. Ties count half. */
export function auc(positives: readonly number[], negatives: readonly number[]): number {
  let wins = 0;
  for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
  return wins / (positives.length * negatives.length);
}

export function share<T>(values: readonly T[], holds: (value: T) => boolean): number {
  return values.filter(holds).length / Math.max(1, values.length);
}
