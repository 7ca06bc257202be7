import { BIN_SUMS, BINS, STATS, type Track } from './track.ts';

/** What a passage tells about one tag, derived from its sums when the passage closes. */
export interface Evidence {
  readonly epc: string;
  readonly reads: number;
  /** First and last read, epoch milliseconds. */
  readonly first: number;
  readonly last: number;
  /** Loudest read, dBm. */
  readonly peak: number;
  /** Read in the quiet time before: it stood there. */
  readonly resident: boolean;
  /** Not read any more when the last moving tag had gone. */
  readonly gone: boolean;
  /** How far the smoothed level swings over time around each antenna's mean, both ways, beyond what noise explains, dB. */
  readonly swing: number;
  /** By how many standard deviations the swing exceeds what noise alone would show. */
  readonly certainty: number;
  /** The widest standard deviation of the level on one antenna, dB. */
  readonly deviation: number;
  /** (T_in - T_out) / dwell with power-weighted centroids: positive means inwards. Null when one side never saw it. */
  readonly d: number | null;
  /** Middle of the centroids of the two sides, epoch milliseconds: when it passed the door plane, if it did. */
  readonly middle: number;
  /** By how many dB the inside gained on the outside from the start to the end of the stay; null for a short stay. */
  readonly crossing: number | null;
}

/** Segments a stay is cut into to tell motion from noise: a door pass is a hump, which four means show. */
const SEGMENTS = 6;
/** The ends of a stay are at most its quarters, and so short: goods that wait in the door must not wait at both ends. */
const END_MS = 1_000;
/** Reads an antenna needs for a deviation that means something. */
const DEVIATION_READS = 3;
/** Usual noise of a single read in dB, and how many pairs of reads it takes to know better. */
const USUAL_NOISE = 2;
const USUAL_PAIRS = 4;
/** A side that hears nothing at one end is at most this much quieter: the reader's range ends there. */
const LEAD_LIMIT_DB = 20;
/** Stands for silence: the power of a read at -75 dBm, where readers of this class go deaf. */
const SILENCE = 10 ** ((-75 + 100) / 10);

/** Squares of the smoothed level around its mean, per antenna: what motion and noise make together. */
interface Between {
  squares: number;
  freedom: number;
  reads: number;
}

function addBetween(track: Track, antenna: number, sum: Between): void {
  const { stats, bins } = track;
  const count = stats[antenna * STATS] as number;
  if (count < 2) return;
  const mean = stats[antenna * STATS + 1] as number;
  const share = count / SEGMENTS;
  let segments = 0;
  let reads = 0;
  let levels = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const b = (antenna * BINS + bin) * BIN_SUMS;
    reads += bins[b] as number;
    levels += bins[b + 1] as number;
    if (reads < share && (bin < BINS - 1 || reads === 0)) continue;
    sum.squares += reads * (levels / reads - mean) ** 2;
    sum.reads += reads;
    segments++;
    reads = 0;
    levels = 0;
  }
  sum.freedom += segments - 1;
}

/** Variance of a single read, dB squared, from reads in quick succession. */
function noiseOf(track: Track): number {
  const [squares = 0, pairs = 0] = track.pairs;
  // A few pairs say little: they are mixed with the usual noise of such a reader.
  return (squares / 2 + USUAL_PAIRS * USUAL_NOISE ** 2) / (pairs + USUAL_PAIRS);
}

/** By how many dB the inside is louder than the outside, over the bins from `from` up to `to`. */
function lead(track: Track, sides: readonly (0 | 1)[], from: number, to: number): number {
  const sums = [0, 0];
  const reads = [0, 0];
  for (let antenna = 0; antenna < sides.length; antenna++) {
    const side = sides[antenna] as 0 | 1;
    for (let bin = from; bin < to; bin++) {
      const b = (antenna * BINS + bin) * BIN_SUMS;
      reads[side] = (reads[side] as number) + (track.bins[b] as number);
      sums[side] = (sums[side] as number) + (track.bins[b + 2] as number);
    }
  }
  // Means, not sums: a tag at rest is read less often while a pallet is in the door.
  const mean = (side: 0 | 1): number => (reads[side] === 0 ? SILENCE : (sums[side] as number) / (reads[side] as number));
  const db = 10 * Math.log10(mean(1) / mean(0));
  return Math.max(-LEAD_LIMIT_DB, Math.min(LEAD_LIMIT_DB, db));
}

/** The evidence of a tag. What was heard after `leftAt`, when the goods had gone, is not gone. */
export function evidenceOf(track: Track, sides: readonly (0 | 1)[], leftAt: number): Evidence {
  const between: Between = { squares: 0, freedom: 0, reads: 0 };
  let deviation = 0;
  for (let antenna = 0; antenna < sides.length; antenna++) {
    addBetween(track, antenna, between);
    const count = track.stats[antenna * STATS] as number;
    if (count >= DEVIATION_READS) deviation = Math.max(deviation, Math.sqrt((track.stats[antenna * STATS + 2] as number) / count));
  }
  const noise = noiseOf(track);
  const excess = between.reads === 0 ? 0 : (between.squares - between.freedom * noise) / between.reads;
  const swing = 2 * Math.sqrt(Math.max(0, excess));
  const certainty = between.freedom === 0 ? 0 : (between.squares / noise - between.freedom) / Math.sqrt(2 * between.freedom);
  const [out = 0, outTime = 0, inside = 0, insideTime = 0] = track.centroid;
  const dwell = track.last - track.first;
  const d = out > 0 && inside > 0 && dwell > 0 ? (insideTime / inside - outTime / out) / dwell : null;
  const middle =
    track.first + (out > 0 && inside > 0 ? (outTime / out + insideTime / inside) / 2 : (outTime + insideTime) / (out + inside));
  const used = Math.min(BINS, Math.floor(dwell / track.binMs) + 1);
  const end = Math.max(1, Math.min(Math.round(used / 4), Math.ceil(END_MS / track.binMs)));
  const crossing = used >= 4 ? lead(track, sides, used - end, used) - lead(track, sides, 0, end) : null;
  return {
    epc: track.epc,
    reads: track.reads,
    first: track.first,
    last: track.last,
    peak: track.peak,
    resident: track.resident,
    gone: track.last <= leftAt,
    swing,
    certainty,
    deviation,
    d,
    middle,
    crossing,
  };
}
