import type { Range } from './facts.ts';

/** Sets of ordinals as ascending ranges of [first, count]; all functions keep them ascending, apart and without empty ranges. */

export function count(ranges: readonly Range[]): number {
  let sum = 0;
  for (const [, length] of ranges) sum += length;
  return sum;
}

/** The first `quantity` ordinals, and the rest. */
export function takeFirst(ranges: readonly Range[], quantity: number): { taken: Range[]; rest: Range[] } {
  const taken: Range[] = [];
  const rest: Range[] = [];
  let left = quantity;
  for (const [start, length] of ranges) {
    const part = Math.min(left, length);
    if (part > 0) taken.push([start, part]);
    if (part < length) rest.push([start + part, length - part]);
    left -= part;
  }
  return { taken, rest };
}

/** Ordinals of `from` that are not in `what`. */
export function subtract(from: readonly Range[], what: readonly Range[]): Range[] {
  if (what.length === 0) return [...from];
  const out: Range[] = [];
  for (const [start, length] of from) {
    let at = start;
    const end = start + length;
    for (const [gone, goneLength] of what) {
      if (gone >= end || gone + goneLength <= at) continue;
      if (gone > at) out.push([at, gone - at]);
      at = gone + goneLength;
      if (at >= end) break;
    }
    if (at < end) out.push([at, end - at]);
  }
  return out;
}

/** All ordinals of both; neighbours are joined. */
export function union(a: readonly Range[], b: readonly Range[]): Range[] {
  const sorted = [...a, ...b].sort((x, y) => x[0] - y[0]);
  const out: [number, number][] = [];
  for (const [start, length] of sorted) {
    const last = out.at(-1);
    if (last !== undefined && start <= last[0] + last[1]) last[1] = Math.max(last[1], start + length - last[0]);
    else out.push([start, length]);
  }
  return out;
}

/** Ordinals that are in both. */
export function overlap(a: readonly Range[], b: readonly Range[]): Range[] {
  return subtract(a, subtract(a, b));
}

export function overlaps(a: readonly Range[], b: readonly Range[]): boolean {
  return count(subtract(a, b)) < count(a);
}

export function same(a: readonly Range[], b: readonly Range[]): boolean {
  return a.length === b.length && a.every(([start, length], i) => b[i]?.[0] === start && b[i]?.[1] === length);
}
