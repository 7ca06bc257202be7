import { describe, expect, it } from 'vitest';
import { Limiter } from './limiter.ts';

describe('the brake on requests', () => {
  it('lets a burst through, then as many as it refills, and says how long to wait', () => {
    const limiter = new Limiter({ burst: 3, perSecond: 2 });
    expect([1, 2, 3].map(() => limiter.take('a', 1000))).toEqual([0, 0, 0]);
    expect(limiter.take('a', 1000)).toBe(1);
    expect(limiter.take('b', 1000)).toBe(0);
    expect([1, 2, 3].map(() => limiter.take('a', 2000))).toEqual([0, 0, 1]);
  });

  it('never holds more than a burst, and a clock that steps back gives nothing', () => {
    const limiter = new Limiter({ burst: 2, perSecond: 100 });
    expect([1, 2, 3].map(() => limiter.take('a', 1_000_000))).toEqual([0, 0, 1]);
    expect(limiter.take('a', 5)).toBe(1);
    expect([1, 2, 3].map(() => limiter.take('a', 2_000_000))).toEqual([0, 0, 1]);
  });

  it('lets what was wrong run into debt, but no deeper than a burst', () => {
    const limiter = new Limiter({ burst: 3, perSecond: 1 });
    for (let i = 0; i < 100; i++) limiter.charge('a', 0);
    expect(limiter.wait('a', 0)).toBe(4);
    expect(limiter.wait('a', 4000)).toBe(0);
  });

  it('forgets the caller seen longest ago when there are too many', () => {
    const limiter = new Limiter({ burst: 1, perSecond: 1 });
    limiter.take('first', 0);
    expect(limiter.wait('first', 0)).toBe(1);
    for (let i = 0; i < 10_000; i++) limiter.take(`flood ${i}`, 0);
    expect(limiter.wait('first', 0)).toBe(0);
    expect(limiter.wait('flood 9999', 0)).toBe(1);
  });
});
