import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { countItems, decodeBody, eachItem, encodeBody, groupItems, itemOf, type PassageBody } from '../../protocol/record.ts';
import type { ClosedPassage } from '../passage/tracker.ts';
import { CLOCK } from './outbox.fixture.ts';
import { passageBodies } from './split.ts';

function closed(moved: readonly string[], doubtful: readonly string[], more: Partial<ClosedPassage> = {}): ClosedPassage {
  return {
    passage: 'D1-loyw3v3m-1025',
    door: 'D1',
    opened: 1_700_000_000_000,
    closed: 1_700_000_004_000,
    direction: 'in',
    confidence: 0.98765,
    moved,
    doubts: doubtful.map((epc) => ({ epc, reason: 'few-reads', reads: 2, d: null })),
    strays: ['E28011'],
    ssccs: ['034531200000000011'],
    ...more,
  };
}

const long = (i: number): string => `36${i.toString(16).toUpperCase().padStart(122, '0')}`;
const sgtin = (i: number): string => encodeSgtin96(i % 3 === 0 ? '03453120000011' : '03453120000028', i * 977, 7);
const names = (bodies: readonly PassageBody[], key: 'items' | 'doubts'): string[] =>
  bodies.flatMap((body) => [...eachItem(body[key] ?? [])].map((item) => JSON.stringify(item))).sort();

describe('the records of a passage', () => {
  it('are one for a pallet, with what belongs to the passage', () => {
    const document = { kind: 'order', number: 'O-1', how: 'chosen' } as const;
    const [body, more] = passageBodies(closed([sgtin(1), sgtin(2)], ['E2FF']), document, CLOCK);
    expect(more).toBeUndefined();
    expect(body).toMatchObject({
      part: 1,
      parts: 1,
      confidence: 988,
      document,
      strays: 1,
      ssccs: ['034531200000000011'],
      doubts: [{ raw: ['E2FF'] }],
    });
    expect(body === undefined ? undefined : decodeBody(encodeBody(body))).toEqual(body);
  });

  it('hold every item and doubt once in parts that a hub takes, whatever their number and length', () => {
    const tag = fc.constantFrom(long, sgtin);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_600 }), fc.integer({ min: 0, max: 1_200 }), tag, tag, (moving, doubtful, a, b) => {
        const moved = Array.from({ length: moving }, (_, i) => a(i));
        const asked = Array.from({ length: doubtful }, (_, i) => b(5_000 + i));
        const bodies = passageBodies(closed(moved, asked), undefined, CLOCK);
        expect(bodies.map((body) => [body.part, body.parts])).toEqual(bodies.map((_, i) => [i + 1, bodies.length]));
        for (const body of bodies) expect(decodeBody(encodeBody(body))).toEqual(body);
        expect(names(bodies, 'items')).toEqual([...eachItem(groupItems(moved.map(itemOf)))].map((item) => JSON.stringify(item)).sort());
        expect(names(bodies, 'doubts')).toEqual([...eachItem(groupItems(asked.map(itemOf)))].map((item) => JSON.stringify(item)).sort());
        expect(bodies.reduce((sum, body) => sum + (body.strays ?? 0), 0)).toBe(1);
        expect(bodies.every((body, i) => i === bodies.length - 1 || countItems(body.items) + countItems(body.doubts ?? []) === 1_000)).toBe(
          true,
        );
      }),
      { numRuns: 20 },
    );
  });
});
