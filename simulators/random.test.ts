import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

describe('the seeded generator', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.bits());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(2 ** 40)).not.toEqual(draw(0));
  });

  it('keeps integers, choices and shuffles inside what they were given', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (seed, low, width) => {
        const random = new Random(seed);
        const drawn = random.int(low, low + width);
        expect(drawn).toBeGreaterThanOrEqual(low);
        expect(drawn).toBeLessThanOrEqual(low + width);
        const list = Array.from({ length: width }, (_, i) => i);
        expect(random.shuffle(list).sort((a, b) => a - b)).toEqual(list);
      }),
    );
  });

  it('draws evenly and normally', () => {
    const random = new Random(3);
    const count = 20_000;
    let sum = 0;
    let normal = 0;
    let square = 0;
    for (let i = 0; i < count; i++) {
      sum += random.float();
      const value = random.normal(5, 2);
      normal += value;
      square += (value - 5) ** 2;
    }
    expect(sum / count).toBeCloseTo(0.5, 1);
    expect(normal / count).toBeCloseTo(5, 1);
    expect(Math.sqrt(square / count)).toBeCloseTo(2, 1);
  });

  it('lets one fork draw without moving another', () => {
    const root = new Random(11);
    const alone = new Random(11).fork('door').bits();
    root.fork('pallet').bits();
    root.bits();
    expect(root.fork('door').bits()).toBe(alone);
  });
});
