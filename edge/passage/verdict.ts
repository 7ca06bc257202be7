import { CROSSED_DB, type Heading, headingOf, ownDirection } from './direction.ts';
import type { Evidence } from './evidence.ts';
import type { Tuning } from './tuning.ts';

/** Why a person must decide on a tag. */
export type DoubtReason =
  /** Too few reads to tell motion from standing. */
  | 'few-reads'
  /** Its level moved, but less than a tag that goes through does. */
  | 'weak-motion'
  /** It moved, and against the group. */
  | 'contradiction'
  /** It stood there before and left without a direction of its own. */
  | 'resident'
  /** It came with the group and is still heard: it may stand in the door or behind it. */
  | 'still-there'
  /** The group's direction is not sure. */
  | 'direction'
  /** The group came and went on the same side: most likely it turned back. */
  | 'turned-back';

export type Verdict =
  | { readonly verdict: 'moved' }
  | { readonly verdict: 'stray' }
  | { readonly verdict: 'doubt'; readonly reason: DoubtReason };

export interface Judgement {
  readonly heading: Heading;
  /** In the order of the evidence. */
  readonly verdicts: readonly Verdict[];
}

/** Standing needs twice the reads that motion needs: silence proves less than a swing. */
const STOOD_FACTOR = 2;
/** A swing this many standard deviations beyond noise is no chance: with the fat tails of RSSI, one standing tag in some thousands. */
const SURE = 4;
/** A tag whose louder side changed with the group's by this much crossed, however few reads tell of its swing. */
const CROSSED_SURELY_DB = 12;
/** A tag heard a few times only may belong to the group when it was heard while the group was near the door plane. */
const NEAR_SHARE = 0.6;
/** A group that was cut short, by a restart or the cap, tells little of when it passed: this long around it is near, whatever its stay. */
const NEAR_MS = 1_000;

type Motion = 'moved' | 'perhaps' | 'stood' | 'unseen';

const MOVED: Verdict = { verdict: 'moved' };
const STRAY: Verdict = { verdict: 'stray' };
const doubt = (reason: DoubtReason): Verdict => ({ verdict: 'doubt', reason });

/**
 * Three zones: accept, ask, reject. Level swing over time and deviation per antenna, both: the deviation alone calls 17% of
 * standing tags moving in another building, the swing under 1%.
 */
export function motionOf(evidence: Evidence, tuning: Tuning): Motion {
  const { reads, swing, deviation, certainty } = evidence;
  if (reads < tuning.minReads) return 'unseen';
  if (swing >= tuning.motionDb && deviation >= tuning.motionDb && certainty >= (evidence.gone ? SURE : 2 * SURE)) return 'moved';
  if (swing >= tuning.motionDb / 2) return 'perhaps';
  return reads < STOOD_FACTOR * tuning.minReads ? 'unseen' : 'stood';
}

/** True when a tag of few reads was heard only while the group was near the door plane. */
function nearGroup(evidence: Evidence, heading: Heading): boolean {
  const reach = Math.max(NEAR_MS, NEAR_SHARE * heading.dwell);
  return evidence.first >= heading.middle - reach && evidence.last <= heading.middle + reach;
}

function judgeOne(evidence: Evidence, motion: Motion, heading: Heading, voters: number, tuning: Tuning): Verdict {
  const own = ownDirection(evidence, tuning);
  const sure = heading.direction !== 'unknown';
  // What is still heard after the goods have gone stands there, unless it crossed the door plane and was put down in the field.
  if (!evidence.gone) {
    if (evidence.resident || !sure || motion === 'stood' || motion === 'unseen') return STRAY;
    if (own === heading.direction) return motion === 'moved' ? MOVED : doubt('still-there');
    return own === undefined && motion === 'moved' ? doubt('still-there') : STRAY;
  }
  // Something walked past a standing tag: its level swung a little.
  if (evidence.resident && motion !== 'moved') return STRAY;
  // Near the end of the range only the loud reads are heard: a level that seems flat says less than sides that changed.
  const crossed = own === undefined || evidence.reads < tuning.minReads ? 0 : Math.abs(evidence.crossing ?? 0);
  if (motion === 'stood' && crossed < CROSSED_DB) return STRAY;
  if (voters === 0) return motion === 'unseen' && evidence.peak >= tuning.askDbm ? doubt('few-reads') : STRAY;
  if (motion === 'unseen' && !nearGroup(evidence, heading)) return STRAY;
  if (!sure) {
    if (evidence.resident) return doubt('resident');
    return doubt(heading.confidence === 0 && heading.d !== 0 ? 'turned-back' : 'direction');
  }
  if (own !== undefined && own !== heading.direction) return doubt('contradiction');
  if (!evidence.resident && crossed >= CROSSED_SURELY_DB) return MOVED;
  if (motion !== 'moved') return doubt(motion === 'unseen' ? 'few-reads' : 'weak-motion');
  return evidence.resident && own === undefined ? doubt('resident') : MOVED;
}

/** Judges all tags of a passage. A pure function of the evidence: the same reads give the same verdicts. */
export function judge(evidence: readonly Evidence[], tuning: Tuning): Judgement {
  const motions = evidence.map((one) => motionOf(one, tuning));
  const voters = evidence.filter((one, i) => motions[i] === 'moved' && (!one.resident || one.gone));
  const heading = headingOf(voters, tuning);
  return { heading, verdicts: evidence.map((one, i) => judgeOne(one, motions[i] as Motion, heading, voters.length, tuning)) };
}
