import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteSums } from '../../ledger/bytesums.ts';
import { changedBySums, NO_SUMS, summed } from './sums.ts';

it('the sums of a file, in whatever pieces it is read, are those that the hub writes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (pieces) => {
      const hub = new ByteSums();
      let sums = NO_SUMS;
      let before = 0;
      for (const piece of pieces) {
        hub.add(piece);
        sums = summed(sums, piece, before);
        before += piece.length;
      }
      expect(`${sums.plain} ${sums.weighted}`).toBe(String(hub));
    }),
  );
});

it('the sums of a file tell which byte was changed, and what it was, at any place of the largest original', () => {
  const file = new Uint8Array(20_000_000).fill(0xff);
  const then = summed(NO_SUMS, file, 0);
  for (const [at, value] of [
    [0, 0],
    [9_999_999, 0x0a],
    [19_999_999, 0xfe],
  ] as const) {
    const changed = Uint8Array.from(file);
    changed[at] = value;
    const found = changedBySums(changed, summed(NO_SUMS, changed, 0), then);
    expect(found?.at).toBe(at);
    expect(Buffer.compare(found?.bytes ?? changed, file)).toBe(0);
  }
  expect(changedBySums(file, then, then)).toBeUndefined();
});

it('the sums of a file in which more than one byte was changed tell no place outside of it and no value that is no byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2 }), fc.uint8Array({ minLength: 2 }), (a, b) => {
      const found = changedBySums(a, summed(NO_SUMS, a, 0), summed(NO_SUMS, b, 0));
      expect(found === undefined || (Number.isInteger(found.at) && found.at >= 0 && found.at < a.length)).toBe(true);
    }),
  );
});
