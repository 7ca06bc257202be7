import { describe, expect, it } from 'vitest';
import { headingOf, ownDirection } from './direction.ts';
import type { Evidence } from './evidence.ts';
import { DEFAULT_TUNING as TUNING } from './tuning.ts';
import { judge, motionOf } from './verdict.ts';

const passing = (more: Partial<Evidence> = {}): Evidence => ({
  epc: 'E',
  reads: 35,
  first: 0,
  last: 4_000,
  peak: -48,
  resident: false,
  gone: true,
  swing: 9,
  certainty: 40,
  deviation: 6,
  d: 0.16,
  middle: 2_000,
  crossing: 14,
  ...more,
});
const pallet = (more: Partial<Evidence> = {}): Evidence[] => Array.from({ length: 10 }, (_, i) => passing({ epc: `E${i}`, ...more }));
/** The verdict on one tag that comes with a pallet going in. */
const withPallet = (more: Partial<Evidence>) => judge([...pallet(), passing({ epc: 'X', ...more })], TUNING).verdicts.at(-1);

describe('the direction of a tag alone', () => {
  it('is the sign of D, and none under the threshold, from one side only, or against the change of sides', () => {
    expect(ownDirection(passing(), TUNING)).toBe('in');
    expect(ownDirection(passing({ d: -0.16, crossing: -14 }), TUNING)).toBe('out');
    expect(ownDirection(passing({ d: 0.04 }), TUNING)).toBeUndefined();
    expect(ownDirection(passing({ d: null }), TUNING)).toBeUndefined();
    expect(ownDirection(passing({ crossing: -3 }), TUNING)).toBeUndefined();
  });
});

describe('the direction of a group', () => {
  it('is sure for a pallet that agrees, and mirrored for the other way', () => {
    expect(headingOf(pallet(), TUNING)).toMatchObject({ direction: 'in' });
    expect(headingOf(pallet({ d: -0.16, crossing: -14 }), TUNING)).toMatchObject({ direction: 'out' });
    expect(headingOf(pallet(), TUNING).confidence).toBeGreaterThan(0.99);
  });

  it('is unknown when nobody votes, when the halves differ, and when nothing crossed the door plane', () => {
    expect(headingOf([], TUNING)).toMatchObject({ direction: 'unknown', confidence: 0 });
    expect(headingOf([...pallet(), ...pallet({ d: -0.16, crossing: -14 })], TUNING).direction).toBe('unknown');
    expect(headingOf(pallet({ crossing: 2 }), TUNING)).toMatchObject({ direction: 'unknown', confidence: 0 });
  });

  it('grows with the number of agreeing tags, but not beyond what tags of one pallet can prove', () => {
    const confidence = (count: number): number => headingOf(pallet({ d: 0.05 }).slice(0, count), TUNING).confidence;
    expect(confidence(1)).toBeLessThan(confidence(4));
    expect(confidence(10)).toBe(confidence(4));
  });
});

describe('the motion of a tag', () => {
  it('has three zones, and a fourth for too few reads', () => {
    expect(motionOf(passing(), TUNING)).toBe('moved');
    expect(motionOf(passing({ swing: 2 }), TUNING)).toBe('perhaps');
    expect(motionOf(passing({ swing: 0.5 }), TUNING)).toBe('stood');
    expect(motionOf(passing({ reads: 4 }), TUNING)).toBe('unseen');
    expect(motionOf(passing({ reads: 8, swing: 0 }), TUNING)).toBe('unseen');
  });

  it('is no more than perhaps when chance could explain it', () => {
    expect(motionOf(passing({ certainty: 2 }), TUNING)).toBe('perhaps');
    expect(motionOf(passing({ certainty: 6, gone: false }), TUNING)).toBe('perhaps');
  });
});

describe('the verdict on a tag that comes with a sure group', () => {
  it('is moved, also when the tag itself abstains', () => {
    expect(withPallet({})).toEqual({ verdict: 'moved' });
    expect(withPallet({ d: 0.01, crossing: 1 })).toEqual({ verdict: 'moved' });
  });

  it('is a question when it has few reads, moved little, or went the other way', () => {
    expect(withPallet({ reads: 3, swing: 0, first: 1_800, last: 2_200 })).toEqual({ verdict: 'doubt', reason: 'few-reads' });
    expect(withPallet({ swing: 2, d: 0.01, crossing: 1 })).toEqual({ verdict: 'doubt', reason: 'weak-motion' });
    expect(withPallet({ d: -0.2, crossing: -10 })).toEqual({ verdict: 'doubt', reason: 'contradiction' });
  });

  it('is stray when it stood, when its few reads lie far from the group, or when it was there before and stays', () => {
    expect(withPallet({ swing: 0, d: 0.01, crossing: 0 })).toEqual({ verdict: 'stray' });
    expect(withPallet({ reads: 2, swing: 0, first: 5_000, last: 6_000 })).toEqual({ verdict: 'stray' });
    expect(withPallet({ resident: true, gone: false })).toEqual({ verdict: 'stray' });
    expect(withPallet({ resident: true, swing: 2 })).toEqual({ verdict: 'stray' });
  });

  it('is moved for goods that stood there and left with a direction of their own, else a question', () => {
    expect(withPallet({ resident: true })).toEqual({ verdict: 'moved' });
    expect(withPallet({ resident: true, d: 0.01, crossing: 1 })).toEqual({ verdict: 'doubt', reason: 'resident' });
  });
});

describe('the verdict without a sure group', () => {
  it('never accepts: what moved is asked about', () => {
    const { heading, verdicts } = judge(pallet({ d: 0.01, crossing: 0 }), TUNING);
    expect(heading.direction).toBe('unknown');
    expect(verdicts.every((verdict) => verdict.verdict === 'doubt')).toBe(true);
  });

  it('drops weak tags that nothing moved with, and asks about a loud one', () => {
    const few = { reads: 3, swing: 0, deviation: 0, d: null, crossing: null };
    expect(judge([passing({ ...few, peak: -72 })], TUNING).verdicts).toEqual([{ verdict: 'stray' }]);
    expect(judge([passing({ ...few, peak: -45 })], TUNING).verdicts).toEqual([{ verdict: 'doubt', reason: 'few-reads' }]);
  });
});

describe('a passage that was cut right after its start', () => {
  it('asks about tags that were heard a few times, whatever little its one moving tag tells', () => {
    const cut = passing({ epc: 'U', first: 100, last: 100, middle: 100, d: null, crossing: null });
    const heard = [300, 600, 900].map((last, i) =>
      passing({ epc: `T${i}`, reads: 3, first: 150, last, swing: 0, d: null, crossing: null }),
    );
    expect(judge([cut, ...heard], TUNING).verdicts.slice(1)).toEqual(heard.map(() => ({ verdict: 'doubt', reason: expect.any(String) })));
  });
});
