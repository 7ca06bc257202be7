import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReaderClock } from './clock.ts';

const NOW = 1_764_000_000_000;

describe("a reader's clock", () => {
  it.each([
    ['that is right', NOW],
    ['that is an hour fast', NOW + 3_600_000],
    ['that is years slow', 86_400_000],
    ['that counts from power-on', 5_000],
  ])('%s gives the order and the distances of its stamps', (_name, base) => {
    const clock = new ReaderClock();
    // The first message is the quickest one; the others were held up on their way.
    const instants = [0, 40, 80, 120].map((ms, i) => clock.toHost(base + ms, NOW + ms + ([0, 30, 5, 200][i] ?? 0)));
    expect(instants).toEqual([NOW, NOW + 40, NOW + 80, NOW + 120]);
  });

  it('learns from the quickest message, and never tells an instant that is to come', () => {
    const clock = new ReaderClock();
    expect(clock.toHost(0, NOW + 300)).toBe(NOW + 300);
    expect(clock.toHost(100, NOW + 110)).toBe(NOW + 110);
    expect(clock.toHost(200, NOW + 500)).toBe(NOW + 210);
  });

  it.each([-3_600_000, -5_000, 5_000, 3_600_000])('that is set by %i ms is followed at once', (step) => {
    const clock = new ReaderClock();
    for (let ms = 0; ms < 1_000; ms += 20) clock.toHost(NOW + ms, NOW + ms + 5);
    expect(clock.toHost(NOW + 1_000 + step, NOW + 1_005)).toBe(NOW + 1_005);
    expect(clock.toHost(NOW + 1_100 + step, NOW + 1_125)).toBe(NOW + 1_105);
  });

  it('that goes slower than the host is followed within two minutes', () => {
    const clock = new ReaderClock();
    let last = 0;
    // 100 ppm for a day: without forgetting, the last instants would be 8.6 s early.
    for (let ms = 0; ms < 86_400_000; ms += 1_000) last = clock.toHost(ms * 0.9999, NOW + ms) - NOW - ms;
    expect(last).toBeGreaterThan(-10);
    expect(last).toBeLessThanOrEqual(0);
  });

  it('never tells an instant after the arrival, whatever it says', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 2e15, noNaN: true }), fc.nat(100_000)), { maxLength: 50 }), (steps) => {
        const clock = new ReaderClock();
        let now = NOW;
        for (const [stamp, ms] of steps) {
          now += ms;
          expect(clock.toHost(stamp, now)).toBeLessThanOrEqual(now + 0.5);
        }
      }),
    );
  });
});
