import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Range } from './facts.ts';
import { count, overlaps, same, subtract, takeFirst, union } from './ranges.ts';

const set = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }).map((list) => list.sort((a, b) => a - b));
const rangesOf = (ordinals: readonly number[]): Range[] =>
  ordinals.map((ordinal): Range => [ordinal, 1]).reduce((all, one) => union(all, [one]), [] as Range[]);
const members = (ranges: readonly Range[]): number[] => ranges.flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i));

it('ranges behave as the sets of ordinals that they stand for', () => {
  fc.assert(
    fc.property(set, set, fc.nat(25), (a, b, quantity) => {
      const [left, right] = [rangesOf(a), rangesOf(b)];
      expect(members(left)).toEqual(a);
      expect(count(left)).toBe(a.length);
      expect(members(subtract(left, right))).toEqual(a.filter((ordinal) => !b.includes(ordinal)));
      expect(members(union(left, right))).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y));
      expect(overlaps(left, right)).toBe(a.some((ordinal) => b.includes(ordinal)));
      expect(same(left, right)).toBe(JSON.stringify(a) === JSON.stringify(b));
      const { taken, rest } = takeFirst(left, quantity);
      expect(members(taken)).toEqual(a.slice(0, quantity));
      expect(members(rest)).toEqual(a.slice(quantity));
    }),
  );
});
