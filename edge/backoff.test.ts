import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('pauses double up to the longest, with up to half taken off by chance, and start again', () => {
  const longest = new Backoff(1_000, 30_000, () => 1);
  expect(Array.from({ length: 7 }, () => longest.next())).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  longest.reset();
  expect(longest.next()).toBe(1_000);
  expect(new Backoff(1_000, 30_000, () => 0).next()).toBe(500);
});
