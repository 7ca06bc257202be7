import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { planShots } from './aim.ts';
import { STATES, statesOf } from './look.ts';

describe('a kill', () => {
  it('is planned the same for the same seed, and each round aims at every state', () => {
    const shots = planShots(8, new Random(7));
    expect(planShots(8, new Random(7))).toEqual(shots);
    expect(planShots(8, new Random(8))).not.toEqual(shots);
    expect(new Set(shots.map(({ cue }) => cue))).toEqual(new Set(['closed', 'committed', 'sent', 'forwarded', 'anything']));
  });

  it('is counted for each state in which it found a record', () => {
    const idle = { victim: 'edge' as const, open: 0, committed: 9, sent: 9, posted: 9, acknowledged: 9 };
    expect(statesOf(idle)).toEqual([]);
    expect(statesOf({ ...idle, open: 1, committed: 12, sent: 11, posted: 10 })).toEqual(STATES);
    // The death of a hub hits nothing that is still with the node.
    expect(statesOf({ ...idle, victim: 'hub', open: 1, committed: 12 })).toEqual([]);
    // Records that went over an older connection are on no wire.
    expect(statesOf({ ...idle, sent: 3 })).toEqual([]);
  });
});
