import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeElements } from '../../protocol/epc/encode.ts';
import { encodeSscc96 } from '../../protocol/epc.ts';
import type { Read } from '../../protocol/read.ts';
import { type ClosedPassage, DoorTracker } from './tracker.ts';
import { ANTENNAS, type Body, backAndForth, epcsOf, readsOf, standing, through } from './walk.fixture.ts';

const START = 1_700_000_000_000;
const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);

function play(reads: readonly Read[], tuning = {}): ClosedPassage[] {
  const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS, tuning });
  return [...tracker.push('r1', reads), ...tracker.tick((reads.at(-1)?.at ?? START) + 60_000)];
}

const strays = (seed: number, count = 10): Body[] =>
  epcsOf(5000 + seed, count).map((epc, i) => ({ epcs: [epc], at: standing((i % 2 ? 1 : -1) * (1 + i * 0.3), 1.8 + (i % 5) * 0.3) }));

interface Outcome {
  passages: number;
  right: number;
  wrong: number;
  unknown: number;
  moved: number;
  asked: number;
  lost: number;
  straysMoved: number;
}

/** Plays a scene with every seed; `make` gives the pallet's path and what truly happened. */
function outcome(make: (seed: number) => { at: Body['at']; truth: 'in' | 'out' | 'none' }, seconds: number, others = strays): Outcome {
  const sum: Outcome = { passages: 0, right: 0, wrong: 0, unknown: 0, moved: 0, asked: 0, lost: 0, straysMoved: 0 };
  for (const seed of SEEDS) {
    const epcs = epcsOf(seed, 50);
    const own = new Set(epcs);
    const { at, truth } = make(seed);
    const moved = new Set<string>();
    const asked = new Set<string>();
    for (const passage of play(readsOf([{ epcs, at }, ...others(seed)], seconds, seed))) {
      sum.passages++;
      if (passage.direction === 'unknown') sum.unknown++;
      else if (passage.direction === truth) sum.right++;
      else sum.wrong++;
      for (const epc of passage.moved) {
        if (own.has(epc)) moved.add(epc);
        else sum.straysMoved++;
      }
      for (const { epc } of passage.doubts) if (own.has(epc)) asked.add(epc);
    }
    sum.moved += moved.size;
    sum.asked += asked.size;
    sum.lost += epcs.filter((epc) => !moved.has(epc) && !asked.has(epc)).length;
  }
  return sum;
}

describe('a pallet of 50 tags at 1 to 2 m/s past four antennas, with ten standing tags, ten times', () => {
  const straight = (from: number) => (seed: number) => {
    const inwards = seed % 2 === 0;
    return { at: through(inwards ? 1 : -1, 1 + (seed % 10) / 10, from), truth: inwards ? ('in' as const) : ('out' as const) };
  };

  it('is one passage in the right direction, at least 498 of 500 tags accepted and none lost, when the standing tags are new', () => {
    const found = outcome(straight(0), 14);
    expect(found).toMatchObject({ passages: 10, right: 10, wrong: 0, lost: 0, straysMoved: 0 });
    expect(found.moved).toBeGreaterThanOrEqual(498);
  });

  it('is one passage in the right direction and loses no tag when the standing tags were there before', () => {
    const found = outcome(straight(8), 24);
    expect(found).toMatchObject({ passages: 10, right: 10, wrong: 0, lost: 0, straysMoved: 0 });
    expect(found.moved).toBeGreaterThanOrEqual(497);
  });

  it('is judged as one passage when it stands in the door for 8 s, or before it', () => {
    for (const stop of [0, -1.5]) {
      const waiting: Body['at'] = (seconds) => {
        const there = (5 + stop) / 1.5;
        const x = seconds < there ? -5 + 1.5 * seconds : seconds < there + 8 ? stop : stop + 1.5 * (seconds - there - 8);
        return x > 5 ? undefined : { x, y: 0 };
      };
      const found = outcome(() => ({ at: waiting, truth: 'in' }), 22);
      expect(found).toMatchObject({ wrong: 0, straysMoved: 0 });
      expect(found.right).toBe(10);
      expect(found.moved).toBeGreaterThanOrEqual(475);
    }
  });

  it('never gets a direction when it turns back behind the door, but a person is asked', () => {
    for (const [depth, pause] of [
      [2, 1],
      [0.5, 2],
    ] as const) {
      const found = outcome((seed) => ({ at: backAndForth(seed % 2 === 0 ? 1 : -1, 1.4, depth, pause), truth: 'none' }), 18);
      expect(found).toMatchObject({ passages: 10, unknown: 10, moved: 0, lost: 0, straysMoved: 0 });
    }
  });

  it('never gets a direction when it comes fast and goes back slowly', () => {
    const uneven: Body['at'] = (seconds) => {
      const x = seconds < 3.5 ? -5 + 2 * seconds : 2 - 0.8 * (seconds - 3.5);
      return x < -5 ? undefined : { x, y: 0 };
    };
    expect(outcome(() => ({ at: uneven, truth: 'none' }), 18)).toMatchObject({ unknown: 10, moved: 0 });
  });

  it('gets no direction when it drives along the wall outside', () => {
    const along: Body['at'] = (seconds) => ({ x: -2.5, y: -6 + 1.5 * seconds });
    expect(
      outcome(
        () => ({ at: along, truth: 'none' }),
        14,
        () => [],
      ),
    ).toMatchObject({ right: 0, wrong: 0, moved: 0 });
  });

  it('has moved when it is put down two metres behind the door, where it is heard on and on', () => {
    const put: Body['at'] = (seconds) => ({ x: Math.min(2, -5 + 1.5 * seconds), y: 0 });
    const found = outcome(() => ({ at: put, truth: 'in' }), 22);
    expect(found).toMatchObject({ wrong: 0, straysMoved: 0 });
    expect(found.moved).toBeGreaterThanOrEqual(380);
    expect(found.lost).toBeLessThanOrEqual(25);
  });
});

describe('tags on their own', () => {
  it('accepts a single carton', () => {
    for (const seed of SEEDS) {
      const [passage, more] = play(readsOf([{ epcs: epcsOf(seed, 1), at: through(1, 1.5) }], 14, seed));
      expect(more).toBeUndefined();
      expect(passage).toMatchObject({ direction: 'in', moved: epcsOf(seed, 1), doubts: [] });
    }
  });

  it('opens no passage for tags that only stand there', () => {
    for (const seed of SEEDS) expect(play(readsOf(strays(seed, 30), 60, seed))).toEqual([]);
  });

  it('asks about tags of the pallet that were heard a few times only', () => {
    let asked = 0;
    let lost = 0;
    for (const seed of SEEDS) {
      const weak = epcsOf(seed + 500, 8);
      const bodies = [
        { epcs: epcsOf(seed, 42), at: through(1, 1.5) },
        { epcs: weak, at: through(1, 1.5), loss: 14 },
      ];
      const reads = readsOf(bodies, 14, seed);
      const heard = new Set(reads.map((read) => read.epc));
      const passages = play(reads);
      const accepted = new Set(passages.flatMap((passage) => passage.moved));
      const doubted = new Set(passages.flatMap((passage) => passage.doubts.map((doubt) => doubt.epc)));
      asked += weak.filter((epc) => doubted.has(epc)).length;
      lost += weak.filter((epc) => heard.has(epc) && !accepted.has(epc) && !doubted.has(epc)).length;
    }
    expect(asked).toBeGreaterThan(10);
    expect(lost).toBeLessThanOrEqual(2);
  });

  it('lists the SSCC of the pallet as a logistic unit, not as an item', () => {
    const sscc = '034531200000000011';
    for (const label of [encodeSscc96(sscc, 7), encodeElements({ scheme: 'sscc+', elements: [['00', sscc]] })]) {
      const [passage] = play(readsOf([{ epcs: [label, ...epcsOf(3, 10)], at: through(-1, 1.5) }], 14, 3));
      expect(passage).toMatchObject({ direction: 'out', ssccs: [sscc], moved: epcsOf(3, 10) });
    }
  });

  it('takes a staged pallet that leaves after minutes beside the door as moved or asks, and never as standing', () => {
    const epcs = epcsOf(9, 20);
    const staged: Body['at'] = (seconds) => {
      const x = seconds < 20 ? -2 : -2 + 1.2 * (seconds - 20);
      return x > 5 ? undefined : { x, y: 0 };
    };
    const passages = play(readsOf([{ epcs, at: staged }], 30, 9));
    const told = new Set(passages.flatMap((passage) => [...passage.moved, ...passage.doubts.map((doubt) => doubt.epc)]));
    expect(passages.every((passage) => passage.direction !== 'out')).toBe(true);
    expect(told.size).toBe(20);
  });
});

describe('the cut of a passage', () => {
  const pallet = (seed: number, start: number): Read[] => readsOf([{ epcs: epcsOf(seed, 20), at: through(1, 1.5) }], 8, seed, start);

  it('comes at the cap, and what still moves is judged with the next passage', () => {
    const reads = Array.from({ length: 12 }, (_, i) => pallet(i + 1, START + i * 4_000))
      .flat()
      .sort((a, b) => a.at - b.at);
    const passages = play(reads, { capMs: 12_000 });
    expect(passages.length).toBeGreaterThan(2);
    const moved = passages.flatMap((passage) => passage.moved);
    expect(new Set(moved).size).toBe(moved.length);
    expect(moved.length).toBeGreaterThanOrEqual(12 * 20 * 0.95);
    expect(passages.every((passage) => passage.direction === 'in')).toBe(true);
  });

  it('names a passage by its door and first read, the same for the same reads', () => {
    const [one] = play(pallet(1, START));
    const [two] = play([...readsOf(strays(1), 4, 1, START - 9_000), ...pallet(1, START)]);
    expect(one?.passage).toMatch(/^D1-[0-9a-z]{8}-[0-9a-f]{4}$/);
    expect(two?.passage).toBe(one?.passage);
  });

  it('is not held open by a standing tag after the clock was set back by hours', () => {
    const stands: Body = { epcs: epcsOf(9, 1), at: standing(1, 1.8) };
    const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    expect(tracker.push('r1', readsOf([stands], 10, 1, START + 7_200_000))).toEqual([]);
    const closed = tracker.push('r1', readsOf([stands, { epcs: epcsOf(1, 20), at: through(1, 1.5, 2) }], 30, 2, START));
    expect(closed).toMatchObject([{ direction: 'in' }]);
    expect(closed[0]?.moved).toHaveLength(20);
    expect(tracker.open).toBe(false);
  });

  it('ends when the clock is set back by hours', () => {
    const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    tracker.push('r1', pallet(1, START));
    expect(tracker.open).toBe(true);
    expect(tracker.tick(START - 3_600_000)).toHaveLength(1);
    expect(tracker.open).toBe(false);
  });

  it('does not depend on how reads are grouped, nor on ticks that are not due', () => {
    const reads = [...pallet(1, START), ...pallet(2, START + 20_000)];
    const whole = play(reads);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
        const closed: ClosedPassage[] = [];
        for (let at = 0, i = 0; at < reads.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          closed.push(...tracker.push('r1', reads.slice(at, at + size)));
          at += size;
          closed.push(...tracker.tick(reads[Math.min(at, reads.length) - 1]?.at ?? 0));
        }
        closed.push(...tracker.tick(START + 100_000));
        expect(closed).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('goes on from a snapshot as if nothing had happened', () => {
    const reads = [...readsOf(strays(4), 12, 4), ...pallet(4, START + 13_000)];
    const one = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    const before = reads.filter((read) => read.at < START + 12_500);
    one.push('r1', before);
    one.tick(START + 12_500);
    const two = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    two.restore(JSON.parse(JSON.stringify(one.snapshot())) as ReturnType<typeof one.snapshot>);
    const rest = reads.slice(before.length);
    expect([...two.push('r1', rest), ...two.tick(START + 60_000)]).toEqual([...one.push('r1', rest), ...one.tick(START + 60_000)]);
  });

  it('stays bounded under a flood of different tags', () => {
    const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    for (let i = 0; i < 60_000; i++) {
      const epc = i.toString(16).toUpperCase().padStart(24, 'F');
      tracker.push('r1', [{ epc, antenna: 1, rssi: -60, at: START + i }]);
    }
    expect(tracker.live()?.epcs.length ?? 0).toBeLessThanOrEqual(5_000);
    tracker.tick(START + 10_000_000);
    expect(tracker.snapshot().tracks.length).toBeLessThanOrEqual(20_000);
  });
});

describe('a tag of the pallet that is heard a few times only', () => {
  it('is asked about also when the very last read of the passage is its own', () => {
    for (const seed of SEEDS) {
      const group = readsOf([{ epcs: epcsOf(seed, 20), at: through(1, 1.5) }], 8, seed);
      const [first, last] = [group[0]?.at ?? 0, group.at(-1)?.at ?? 0];
      const hard = epcsOf(9_000 + seed, 1)[0] as string;
      const seldom = [0.45, 0.55, 1].map((share, i): Read => {
        const at = Math.round(first + share * (last - first)) + (share === 1 ? 90 : 0);
        return { epc: hard, antenna: [2, 3, 4][i] as number, rssi: -68, at };
      });
      const reads = [...group, ...seldom].sort((a, b) => a.at - b.at);
      const passages = play(reads);
      expect(passages.flatMap((passage) => passage.strays)).not.toContain(hard);
      expect(passages.flatMap((passage) => passage.doubts.map((doubt) => doubt.epc))).toContain(hard);
    }
  });
});
