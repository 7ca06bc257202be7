import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Loss } from './loss.ts';

const take = (loss: Loss, numbers: readonly number[], stamp = 1): void => {
  numbers.forEach((number, i) => {
    loss.numbered(number, stamp + i);
  });
};

describe("a reader's loss by its own counting", () => {
  it('is what is missing between its numbers, until it comes after all', () => {
    const loss = new Loss();
    take(loss, [7, 8, 12, 13]);
    expect(loss.lost).toBe(3);
    take(loss, [10]);
    expect(loss.lost).toBe(2);
    take(loss, [9, 11]);
    expect([loss.lost, loss.restarts]).toEqual([0, 0]);
  });

  it('counts nothing for a numbering that begins anew, and goes on from there', () => {
    const loss = new Loss();
    take(loss, [48_211, 48_212]);
    take(loss, [1, 2, 4], 100);
    expect([loss.lost, loss.restarts]).toEqual([1, 1]);
  });

  it('knows a restart after a few events by its time, and a batch out of order from one', () => {
    const loss = new Loss();
    take(loss, [5, 6]);
    take(loss, [1], 1_000);
    expect(loss.restarts).toBe(1);
    const batch = new Loss();
    batch.numbered(5, 50);
    batch.numbered(4, 40);
    batch.numbered(6, 60);
    expect([batch.restarts, batch.lost]).toEqual([0, 0]);
  });

  it('is the number of events left out of any run, whatever the order within a batch', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 2, max: 500 }), { maxLength: 60 }), (left) => {
        const loss = new Loss();
        const numbers = Array.from({ length: 502 }, (_, i) => i).filter((number) => !left.includes(number));
        for (let at = 2; at + 8 < numbers.length; at += 8) numbers.splice(at, 8, ...numbers.slice(at, at + 8).reverse());
        take(loss, numbers, 0);
        // The stamps of a reversed batch rise, as after a restart: only numbers that were missing may come late.
        expect(loss.lost).toBe(left.length);
      }),
    );
  });

  it('is what the reader says it dropped since it was first heard, also over its restart, and not counted twice beside the gaps', () => {
    const loss = new Loss();
    loss.dropped(100);
    expect(loss.lost).toBe(0);
    loss.dropped(103);
    loss.dropped(2);
    expect(loss.lost).toBe(5);
    take(loss, [1, 9]);
    expect(loss.lost).toBe(7);
    loss.overflow();
    expect(loss.lost).toBe(8);
  });
});
