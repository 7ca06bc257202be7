import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSgtin96, encodeSscc96 } from '../../protocol/epc.ts';
import { countItems, decodeBody, eachItem, encodeBody, groupItems, type Item, MAX_ITEMS, type NodeClock } from '../../protocol/record.ts';
import { Count, isCountHead, MAX_COUNTED, type ZoneList } from './count.ts';
import { countBodies } from './record.ts';

const NOW = 1_795_507_200_000;
const TEA = '03400930000014';
const COFFEE = '03400930000021';
const SSCC = encodeSscc96('340345312000000018', 7);
const clock = (seconds: number, more: Partial<NodeClock> = {}): NodeClock => ({
  ...{ wall: NOW + seconds * 1_000, mono: seconds * 1_000, boot: 'b00710ad', synced: true },
  ...more,
});
const tea = (...serials: number[]): string[] => serials.map((serial) => encodeSgtin96(TEA, serial, 7));
const items = (gtin: string, serials: readonly number[]): Item[] => serials.map((serial) => ({ gtin, serial }));
const list = (serials: readonly number[], at = NOW - 1_000): ZoneList => ({
  ...{ zone: 'A', at, items: groupItems(items(TEA, serials)), names: { [TEA]: 'Thé' } },
});
const begun = (of?: ZoneList): Count => Count.begin({ count: 'c1', zone: 'A', name: 'Allée A' }, clock(0), of);

describe('a count of a zone', () => {
  it('compares what is read with what is expected, each item once', () => {
    const count = begun(list([1, 2, 3]));
    expect(count.see([...tea(1, 2, 9), ...tea(1)])).toEqual(tea(1, 2, 9));
    expect(count.see(tea(2))).toEqual([]);
    count.see(['E2801160', SSCC]);
    expect(count.sums()).toEqual({ expected: 3, read: 4, missing: 1, unexpected: 2, raw: 1, ssccs: 1, full: false });
    expect(count.articles(10)).toEqual([
      { gtin: TEA, name: 'Thé', expected: 3, read: 3, missing: 1, unexpected: 1 },
      { gtin: null, expected: 0, read: 1, missing: 0, unexpected: 1 },
    ]);
    expect(count.serials(TEA, 10)).toEqual({ missing: [3], unexpected: [9] });
  });

  it('reads in a pass only, and finds in another what the first did not see', () => {
    const count = begun(list([1, 2, 3]));
    count.see(tea(1));
    count.endPass(NOW + 60_000);
    expect(count.see(tea(2))).toEqual([]);
    count.again();
    count.see(tea(2));
    count.endPass(NOW + 90_000);
    expect(count.head).toMatchObject({ phase: 'review', pass: 2, closed: NOW + 90_000 });
    expect(count.sums()).toMatchObject({ read: 2, missing: 1 });
  });

  it('has two passes only when a tag was heard in both: a reader that is off must not empty the zone', () => {
    const count = begun(list([1, 2, 3]));
    count.endPass(NOW + 1_000);
    expect([count.passes, count.head.silent]).toEqual([1, true]);
    count.again();
    count.see(tea(1));
    count.endPass(NOW + 2_000);
    expect([count.passes, count.head.silent]).toEqual([1, false]);
    count.again();
    count.endPass(NOW + 3_000);
    expect(countBodies(count, 'Léa', clock(4))[0]).toMatchObject({ passes: 1 });
    count.again();
    // Nothing new, and yet the reader reads.
    expect(count.see(tea(1))).toEqual([]);
    count.endPass(NOW + 4_000);
    expect(countBodies(count, 'Léa', clock(5))[0]).toMatchObject({ passes: 2 });
  });

  it('proves no loss once tags had to be left out, after a crash neither', () => {
    const expected = Array.from({ length: 10 }, (_, serial) => serial);
    const count = begun(list(expected));
    const others = Array.from({ length: MAX_COUNTED }, (_, serial) => encodeSgtin96(COFFEE, serial, 7));
    count.see(others);
    count.endPass(NOW + 1_000);
    count.again();
    count.see(tea(...expected));
    expect(count.sums()).toMatchObject({ missing: 10, full: true });
    expect(count.passes).toBe(1);
    const torn = Count.resume(count.head, others, list(expected));
    expect([torn.passes, torn.sums().full]).toEqual([1, true]);
  });

  it('takes a newer list while its first pass reads, and none when people look for what is missing', () => {
    const count = begun(list([1, 2, 3]));
    count.see(tea(1, 4));
    expect(count.expect(list([1, 2, 4], NOW + 5))).toBe(true);
    expect(count.sums()).toMatchObject({ expected: 3, missing: 1, unexpected: 0 });
    expect(count.expect(list([7], NOW - 9_000))).toBe(false);
    expect(count.expect({ ...list([7], NOW + 9), zone: 'B' })).toBe(false);
    count.endPass(NOW + 60_000);
    count.again();
    expect(count.expect(list([7], NOW + 70_000))).toBe(false);
    expect(count.head.expected).toBe(NOW + 5);
  });

  it('misses nothing and finds nothing odd when nothing was expected', () => {
    const count = begun();
    count.see([...tea(1, 2), 'E2801160']);
    count.endPass(NOW + 60_000);
    expect(count.sums()).toMatchObject({ expected: 0, read: 3, missing: 0, unexpected: 0 });
    const [body] = countBodies(count, 'Léa', clock(70));
    expect(body).not.toHaveProperty('expected');
    expect(body).not.toHaveProperty('missing');
  });

  it('begins when it began, whatever was done to the clock meanwhile', () => {
    const count = begun(list([1]));
    // The clock was set one hour back after 10 minutes; the node counted 20.
    count.endPass(NOW + 1_200_000 - 3_600_000);
    const later = clock(1_260, { wall: NOW + 1_260_000 - 3_600_000 });
    const [body] = countBodies(count, 'Léa', later);
    expect(body).toMatchObject({ opened: NOW - 3_600_000, approved: later.wall });
    expect((body?.closed ?? 0) >= (body?.opened ?? 0)).toBe(true);
  });
});

const serials = fc.uniqueArray(fc.integer({ min: 0, max: 4_000 }), { maxLength: 1_500 });

describe('whatever is expected and read', () => {
  it('the records hold every item once, read or missing, in parts that a hub takes', () => {
    fc.assert(
      fc.property(serials, serials, serials, (expected, first, second) => {
        const count = begun(list(expected));
        count.see(first.map((serial) => encodeSgtin96(TEA, serial, 7)));
        count.endPass(NOW + 60_000);
        count.again();
        count.see(second.map((serial) => encodeSgtin96(COFFEE, serial, 7)));
        count.endPass(NOW + 90_000);
        const bodies = countBodies(count, 'Léa', clock(100));
        const read = bodies.flatMap((body) => [...eachItem(body.items)]);
        const missing = bodies.flatMap((body) => [...eachItem(body.missing ?? [])]);
        const keys = (all: readonly Item[]): string[] => all.map((one) => JSON.stringify(one)).sort();
        expect(keys(read)).toEqual(keys([...items(TEA, first), ...items(COFFEE, second)]));
        expect(keys(missing)).toEqual(
          keys(
            items(
              TEA,
              expected.filter((serial) => !first.includes(serial)),
            ),
          ),
        );
        expect(bodies.map(({ part, parts }) => [part, parts])).toEqual(bodies.map((_, i) => [i + 1, bodies.length]));
        for (const body of bodies) {
          expect(countItems(body.items) + countItems(body.missing ?? [])).toBeLessThanOrEqual(MAX_ITEMS);
          expect(decodeBody(encodeBody(body))).toEqual(body);
        }
        const { read: seen, missing: missed, unexpected } = count.sums();
        expect([seen, missed]).toEqual([read.length, missing.length]);
        expect(unexpected).toBe(read.filter((one) => 'raw' in one || one.gtin !== TEA || !expected.includes(one.serial)).length);
      }),
      { numRuns: 40 },
    );
  });

  it('a count that goes on after a crash at any moment comes to the same', () => {
    const step = fc.oneof(
      fc.record({ see: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }) }),
      fc.constant({ do: 'end' as const }),
      fc.constant({ do: 'again' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(20), fc.boolean(), (steps, crash, isBlind) => {
        const of = isBlind ? undefined : list([1, 2, 3, 4, 5]);
        const whole = begun(of);
        let torn = begun(of);
        const kept: string[] = [];
        steps.forEach((one, i) => {
          for (const count of [whole, torn]) {
            if ('see' in one) {
              const fresh = count.see(tea(...one.see));
              if (count === torn) kept.push(...fresh);
            } else if (one.do === 'end') count.endPass(NOW + i);
            else count.again();
          }
          if (i !== crash) return;
          expect(isCountHead(JSON.parse(JSON.stringify(torn.head)))).toBe(true);
          torn = Count.resume(torn.head, kept, of);
        });
        expect(torn.head).toEqual(whole.head);
        expect(torn.sums()).toEqual(whole.sums());
        expect(torn.articles(10)).toEqual(whole.articles(10));
      }),
    );
  });
});
