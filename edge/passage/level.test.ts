import { describe, expect, it } from 'vitest';
import { DoorTracker } from './tracker.ts';
import { ANTENNAS, epcsOf, readsOf, standing, through } from './walk.fixture.ts';

/** Ten pallets past ten standing tags, by a reader whose levels are `shift` dB off. */
function play(shift: number): { right: number; wrong: number; moved: number; asked: number; strays: number } {
  const sum = { right: 0, wrong: 0, moved: 0, asked: 0, strays: 0 };
  for (let seed = 1; seed <= 10; seed++) {
    const epcs = epcsOf(seed, 50);
    const own = new Set(epcs);
    const others = epcsOf(5_000 + seed, 10).map((epc, i) => ({
      epcs: [epc],
      at: standing((i % 2 ? 1 : -1) * (1 + i * 0.3), 1.8 + (i % 5) * 0.3),
    }));
    const inwards = seed % 2 === 0;
    const walk = readsOf([{ epcs, at: through(inwards ? 1 : -1, 1 + seed / 10, 0) }, ...others], 14, seed);
    const reads = walk.map((read) => ({ ...read, rssi: read.rssi + shift }));
    const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
    for (const passage of [...tracker.push('r1', reads), ...tracker.tick((reads.at(-1)?.at ?? 0) + 60_000)]) {
      if (passage.direction === (inwards ? 'in' : 'out')) sum.right++;
      else if (passage.direction !== 'unknown') sum.wrong++;
      sum.moved += passage.moved.filter((epc) => own.has(epc)).length;
      sum.strays += passage.moved.filter((epc) => !own.has(epc)).length;
      sum.asked += passage.doubts.filter(({ epc }) => own.has(epc)).length;
    }
  }
  return sum;
}

describe('a reader whose levels have another zero than dBm', () => {
  it.each([10, 20])('is believed as well when they are %i dB too high', (shift) => {
    expect(play(shift)).toEqual(play(0));
  });

  it.each([-10, -20])('makes people decide more, and nothing wrong, when they are %i dB off', (shift) => {
    const found = play(shift);
    expect(found).toMatchObject({ wrong: 0, strays: 0 });
    expect(found.moved + found.asked).toBe(500);
  });
});
