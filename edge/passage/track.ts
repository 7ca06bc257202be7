/** One tag as a door's antennas see it: streaming sums of fixed size, whatever the number of reads. */

/** Time bins of a tag's stay. They start 125 ms wide and double when the stay outgrows them: 16 reach past the 60 s cap. */
export const BINS = 16;
const FIRST_BIN_MS = 125;

/** Share of a new level in the smoothed one: over 5 reads the noise of one read (2 to 3 dB) falls to a third. */
const SMOOTHING = 0.2;
/** The reference is a mean over at most this many reads, so that it follows slow drift (temperature, a door leaf). */
const REFERENCE_READS = 50;
/** Weight of a fresh reference: less, and noise of its first reads would look like motion. */
const REFERENCE_START = 5;
/** The smoothed level of a tag at rest strays about 1 dB from its reference: 4 dB is motion. */
const MOVED_DB = 4;

/** Power in units of -100 dBm for levels in steps of 0.1 dB: Math.pow would cost more than the rest of a read. */
const POWER_STEPS = 10;
const POWER_FLOOR = -128;
const POWER = Float64Array.from({ length: 128 * POWER_STEPS + 1 }, (_, i) => 10 ** ((i / POWER_STEPS + POWER_FLOOR + 100) / 10));

/** 10^(dBm/10) relative to -100 dBm; levels outside -128 to 0 dBm count as the nearest of them. */
export function power(rssi: number): number {
  const step = Math.round((rssi - POWER_FLOOR) * POWER_STEPS);
  return POWER[step < 0 ? 0 : step >= POWER.length ? POWER.length - 1 : step] as number;
}

/** Sums per antenna in one array: count, mean and squared deviations of the level (Welford), last level and its age. */
export const STATS = 5;
/** Two reads of one antenna this close saw the tag at the same place: their difference is noise alone. */
const PAIR_MS = 60;
/** Sums per antenna and bin: count, level, power. */
export const BIN_SUMS = 3;

/** A track as a snapshot keeps it: what a door knows of a tag between passages. */
export type TrackState = [
  epc: string,
  idleFirst: number,
  idleLast: number,
  idleReads: number,
  movedAt: number,
  levels: number[],
  references: number[],
  weights: number[],
];

export class Track {
  readonly epc: string;
  /** Number of the passage the sums belong to; 0 before the first. */
  passage = 0;
  /** Whether it was read in the quiet time before the passage. */
  resident = false;
  first = 0;
  last = 0;
  reads = 0;
  peak = Number.NEGATIVE_INFINITY;
  /** When its level last moved, or when it was first seen. */
  movedAt: number;
  idleFirst: number;
  idleLast: number;
  idleReads = 0;
  /** Weight, and weight times time since `first`, of the outside and the inside. */
  readonly centroid = new Float64Array(4);
  /** Squared differences of reads in quick succession, and how many: the noise of single reads, whatever the tag does. */
  readonly pairs = new Float64Array(2);
  /** Per antenna: count, mean, squared deviations, last level, its age. */
  stats: Float64Array;
  /** Per antenna and bin: count, sum of levels, sum of powers. */
  bins: Float64Array;
  binMs = FIRST_BIN_MS;
  readonly #levels: Float64Array;
  readonly #references: Float64Array;
  readonly #weights: Float64Array;

  constructor(epc: string, antennas: number, at: number) {
    this.epc = epc;
    this.movedAt = at;
    this.idleFirst = at;
    this.idleLast = at;
    this.stats = EMPTY;
    this.bins = EMPTY;
    this.#levels = new Float64Array(antennas);
    this.#references = new Float64Array(antennas);
    this.#weights = new Float64Array(antennas);
  }

  /** Starts the sums of a passage. */
  begin(passage: number, at: number, resident: boolean): void {
    const antennas = this.#levels.length;
    this.passage = passage;
    this.resident = resident;
    this.first = at;
    this.last = at;
    this.reads = 0;
    this.peak = Number.NEGATIVE_INFINITY;
    this.binMs = FIRST_BIN_MS;
    this.centroid.fill(0);
    this.pairs.fill(0);
    this.stats = new Float64Array(antennas * STATS);
    this.bins = new Float64Array(antennas * BINS * BIN_SUMS);
  }

  /** Lets go of the sums after a passage; the tag stays known as one that stands there. */
  rest(): void {
    this.idleFirst = this.resident ? this.idleFirst : this.first;
    this.idleReads += this.reads;
    this.idleLast = this.last;
    this.passage = 0;
    this.stats = EMPTY;
    this.bins = EMPTY;
  }

  /** Follows the level of one antenna. Returns true when it left its reference: the tag, or something before it, moved. */
  follow(antenna: number, rssi: number, at: number): boolean {
    const weight = this.#weights[antenna] as number;
    if (weight === 0) {
      this.#levels[antenna] = rssi;
      this.#references[antenna] = rssi;
      this.#weights[antenna] = REFERENCE_START;
      return false;
    }
    const level = (this.#levels[antenna] as number) + SMOOTHING * (rssi - (this.#levels[antenna] as number));
    const reference = this.#references[antenna] as number;
    this.#levels[antenna] = level;
    if (level - reference >= MOVED_DB || reference - level >= MOVED_DB) {
      this.#references[antenna] = level;
      this.#weights[antenna] = REFERENCE_START;
      this.movedAt = at;
      return true;
    }
    this.#references[antenna] = reference + (rssi - reference) / (weight + 1);
    if (weight < REFERENCE_READS) this.#weights[antenna] = weight + 1;
    return false;
  }

  /** Adds one read to the sums of the passage; `side` is 0 outside, 1 inside. */
  add(antenna: number, side: 0 | 1, rssi: number, at: number): void {
    this.reads++;
    if (at > this.last) this.last = at;
    if (rssi > this.peak) this.peak = rssi;
    // Reads of two readers may come a little out of order: one before the first counts at the first.
    const age = at > this.first ? at - this.first : 0;
    const weight = power(rssi);
    const { centroid, stats, pairs } = this;
    centroid[2 * side] = (centroid[2 * side] as number) + weight;
    centroid[2 * side + 1] = (centroid[2 * side + 1] as number) + weight * age;

    const s = antenna * STATS;
    const count = (stats[s] as number) + 1;
    const deviation = rssi - (stats[s + 1] as number);
    const mean = (stats[s + 1] as number) + deviation / count;
    stats[s] = count;
    stats[s + 1] = mean;
    stats[s + 2] = (stats[s + 2] as number) + deviation * (rssi - mean);
    if (count > 1 && age - (stats[s + 4] as number) <= PAIR_MS) {
      pairs[0] = (pairs[0] as number) + (rssi - (stats[s + 3] as number)) ** 2;
      pairs[1] = (pairs[1] as number) + 1;
    }
    stats[s + 3] = rssi;
    stats[s + 4] = age;

    while (age >= this.binMs * BINS) this.#widen();
    const { bins } = this;
    const b = (antenna * BINS + Math.floor(age / this.binMs)) * BIN_SUMS;
    bins[b] = (bins[b] as number) + 1;
    bins[b + 1] = (bins[b + 1] as number) + rssi;
    bins[b + 2] = (bins[b + 2] as number) + weight;
  }

  state(): TrackState {
    return [
      this.epc,
      this.idleFirst,
      this.idleLast,
      this.idleReads,
      this.movedAt,
      [...this.#levels],
      [...this.#references],
      [...this.#weights],
    ];
  }

  static of(state: TrackState): Track {
    const [epc, idleFirst, idleLast, idleReads, movedAt, levels, references, weights] = state;
    const track = new Track(epc, levels.length, idleFirst);
    track.idleLast = idleLast;
    track.idleReads = idleReads;
    track.movedAt = movedAt;
    track.#levels.set(levels);
    track.#references.set(references);
    track.#weights.set(weights);
    return track;
  }

  /** Merges bins in pairs, so that the same memory covers twice the time. */
  #widen(): void {
    const { bins } = this;
    const antennas = this.#levels.length;
    for (let antenna = 0; antenna < antennas; antenna++) {
      const base = antenna * BINS * BIN_SUMS;
      for (let bin = 0; bin < BINS; bin++) {
        for (let sum = 0; sum < BIN_SUMS; sum++) {
          const from = base + 2 * bin * BIN_SUMS + sum;
          const merged = bin < BINS / 2 ? (bins[from] as number) + (bins[from + BIN_SUMS] as number) : 0;
          bins[base + bin * BIN_SUMS + sum] = merged;
        }
      }
    }
    this.binMs *= 2;
  }
}

const EMPTY = new Float64Array(0);
