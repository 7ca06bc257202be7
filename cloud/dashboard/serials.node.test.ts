import { describe, expect, it } from 'vitest';
import { groupItems } from '../../protocol/record.ts';
import { readRecord } from './serials.ts';

const TEA = '03400000000012';
const COFFEE = '03400000000029';
const items = groupItems([
  ...[5, 7, 8, 20].map((serial) => ({ gtin: TEA, serial })),
  ...[1, 9].map((serial) => ({ gtin: COFFEE, serial })),
  { raw: 'E2801191' },
]);

describe('the serial numbers behind a line', () => {
  it('are those that the ordinals name, counted through the whole record', () => {
    const { serials, origin } = readRecord(JSON.stringify({ type: 'passage', passage: 'D1-1', items }), [
      [1, 2],
      [4, 1],
    ]);
    expect(serials).toEqual([
      { gtin: TEA, numbers: [7, 8] },
      { gtin: COFFEE, numbers: [1] },
    ]);
    expect(origin).toEqual({ passage: 'D1-1' });
  });

  it('come with who decided on them and why', () => {
    const body = { type: 'decision', passage: 'D1-1', items, by: 'Awa', reason: 'seen on the pallet' };
    expect(readRecord(JSON.stringify(body), [[0, 1]])).toEqual({
      serials: [{ gtin: TEA, numbers: [5] }],
      origin: { passage: 'D1-1', by: 'Awa', reason: 'seen on the pallet' },
    });
  });

  it('are none where the record has none', () => {
    expect(readRecord('{"type":"epoch"}', [[0, 4]]).serials).toEqual([]);
  });
});
