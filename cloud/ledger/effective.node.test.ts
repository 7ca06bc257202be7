import { describe, expect, it } from 'vitest';
import type { DecisionBody } from '../../protocol/record.ts';
import { effectiveTimes } from './effective.ts';
import { clockAt, MORNING, passage } from './warehouse.fixture.ts';

const T = MORNING + 3_600_000;
const at = (seconds: number, more = {}) => passage('p', 'in', [], seconds, { clock: more });

describe('the effective time of a record', () => {
  it('is the wall time corrected by the measured offset, and never after receipt', () => {
    expect(effectiveTimes([at(10, { offset: 5000 })], T, undefined).times).toEqual([MORNING + 15_000]);
    expect(effectiveTimes([at(10, { offset: -4000 })], T, undefined).times).toEqual([MORNING + 6000]);
    expect(effectiveTimes([at(10, { offset: 9_999_999 })], T, undefined).times).toEqual([T]);
    expect(effectiveTimes([at(10)], MORNING, undefined).times).toEqual([MORNING]);
  });

  it('never falls within one boot, and starts afresh with the next', () => {
    const { times, boot } = effectiveTimes([at(20), at(10), at(30)], T, undefined);
    expect(times).toEqual([20, 20, 30].map((s) => MORNING + s * 1000));
    expect(effectiveTimes([at(25)], T, boot).times).toEqual([MORNING + 30_000]);
    expect(effectiveTimes([at(25, { boot: '0000beef' })], T, boot).times).toEqual([MORNING + 25_000]);
  });

  it('is receipt minus monotonic age when nobody vouches for the clock', () => {
    const dead = (mono: number) => at(0, { wall: 946_684_800_000 + mono, mono, synced: false });
    const { times, boot } = effectiveTimes([dead(1000), dead(61_000)], T, undefined);
    expect(times).toEqual([T - 60_000, T]);
    expect(effectiveTimes([dead(62_000)], T + 10_000, boot).times).toEqual([T + 1000]);
  });

  it('of a decision is that of its passage, and it leaves the order of passages alone', () => {
    const closed = MORNING + 1000;
    const decision: DecisionBody = {
      ...{ type: 'decision', v: 1, decision: 'd', passage: 'p', door: 'D1', verdict: 'in', by: 'Ada' },
      ...{ opened: closed, closed, items: [], clock: clockAt(600) },
    };
    const { times, boot } = effectiveTimes([at(500), decision, at(510)], T, undefined);
    expect(times).toEqual([MORNING + 500_000, closed, MORNING + 510_000]);
    expect(boot?.effective).toBe(MORNING + 510_000);
  });
});
