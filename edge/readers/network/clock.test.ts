import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReaderClock } from './clock.ts';

const NOW = 1_790_000_000_000;
const HOUR = 3_600_000;

describe("a reader's time on the node's clock", () => {
  it('is never in the future and never goes back, whatever the reader says', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat({ max: 5_000 }),
            fc.oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.double({ noNaN: true, min: -1e13, max: 1e13 }), fc.constant(null)),
          ),
        ),
        (events) => {
          const clock = new ReaderClock();
          let [now, last] = [NOW, Number.NEGATIVE_INFINITY];
          for (const [pause, off] of events) {
            now += pause;
            const at = clock.at(off === null ? null : now + off, now);
            expect(at).toBeLessThanOrEqual(now);
            expect(at).toBeGreaterThanOrEqual(last);
            expect(clock.lag).toBeGreaterThanOrEqual(0);
            last = at;
          }
        },
      ),
    );
  });

  it('is its own when it sends late what it kept, and then what it reads now', () => {
    const clock = new ReaderClock();
    const late = [600_000, 599_000, 598_000];
    expect(late.map((ms, i) => clock.at(NOW - ms, NOW + i) - NOW)).toEqual(late.map((ms) => -ms));
    expect(clock.lag).toBeGreaterThan(500_000);
    expect(clock.at(NOW + 90, NOW + 100)).toBe(NOW + 90);
    expect(clock.lag).toBe(10);
  });

  it.each([
    ['years behind', -50 * 8_766 * HOUR],
    ['two hours ahead', 2 * HOUR],
    ['ten seconds ahead', 10_000],
  ])('keeps the distances of events by a clock that is %s', (_way, off) => {
    const clock = new ReaderClock();
    expect(clock.at(NOW + off, NOW + 5)).toBe(NOW + 5);
    expect(clock.at(NOW + off + 100, NOW + 125)).toBe(NOW + 105);
    expect(clock.at(NOW + off + 200, NOW + 205)).toBe(NOW + 205);
  });

  it('follows a clock that is set forward or back at once', () => {
    const clock = new ReaderClock();
    clock.at(NOW, NOW);
    expect(clock.at(NOW + HOUR + 100, NOW + 100)).toBe(NOW + 100);
    expect(clock.at(NOW + 200, NOW + 200)).toBe(NOW + 200);
    expect(clock.at(NOW - 300_000, NOW + 300)).toBe(NOW + 300);
    expect(clock.at(NOW - 299_900, NOW + 400)).toBe(NOW + 400);
  });

  it('takes a delay that stays the same for an error of the clock, and a queue that shrinks for a queue', () => {
    const slow = new ReaderClock();
    for (let ms = 0; ms < 120_000; ms += 100) slow.at(NOW + ms - 600_000, NOW + ms);
    expect(slow.offset).toBe(600_000);
    const queue = new ReaderClock();
    for (let ms = 0; ms < 120_000; ms += 100) queue.at(NOW + ms - Math.max(0, 600_000 - 5 * ms), NOW + ms);
    expect(queue.offset).toBe(0);
  });

  it('begins anew when the node itself is set back', () => {
    const clock = new ReaderClock();
    clock.at(NOW, NOW);
    expect(clock.at(NOW - 50_000, NOW - 50_000)).toBe(NOW - 50_000);
  });
});
