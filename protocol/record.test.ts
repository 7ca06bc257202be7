import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { canonical, type Json } from './canonical.ts';
import {
  type CountBody,
  countItems,
  decodeBody,
  eachItem,
  encodeBody,
  groupItems,
  type Item,
  itemOf,
  MAX_ITEMS,
  type PassageBody,
} from './record.ts';

const clock = { wall: 1_764_000_000_500, mono: 90_000, boot: '0123abcd', synced: true, offset: -3 };
const passage: PassageBody = {
  type: 'passage',
  v: 1,
  passage: 'D1-mi8q0w-1f2e',
  door: 'D1',
  part: 1,
  parts: 1,
  direction: 'out',
  opened: 1_764_000_000_000,
  closed: 1_764_000_000_400,
  confidence: 998,
  document: { kind: 'despatchAdvice', number: 'DA-1', how: 'chosen' },
  ssccs: ['106141412345678908'],
  items: [{ gtin: '03400930000014', serials: [7, 3, 90] }, { raw: ['E2009A9040060AF000000372'] }],
  strays: 2,
  clock,
};

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    gtin: fc.constantFrom('03400930000014', '03400930000021', '09521141123453'),
    serial: fc.integer({ min: 0, max: 2 ** 38 - 1 }),
  }),
  fc.record({ raw: fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase()) }),
);
const key = (one: Item): string => ('raw' in one ? one.raw : `${one.gtin}/${one.serial}`);
const change = (what: object): Uint8Array => utf8(canonical({ ...passage, ...what } as unknown as Json));

describe('item groups', () => {
  it('hold each item once, in one order whatever the order it was given in', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        const groups = groupItems(items);
        expect(groupItems([...items].reverse())).toEqual(groups);
        const back = [...eachItem(groups)].map(key);
        expect(new Set(back)).toEqual(new Set(items.map(key)));
        expect(back.length).toBe(countItems(groups));
        expect(back.length).toBe(new Set(items.map(key)).size);
        if (items.length > 0) expect(() => decodeBody(encodeBody({ ...passage, items: groups }))).not.toThrow();
      }),
    );
  });

  it('count an item once, however often it was tagged and in whichever scheme', () => {
    // GTIN 09506000134352, serial 7: SGTIN-96, SGTIN-198, SGTIN+, DSGTIN+ with a date.
    const epcs = [
      '30364433400D1EC000000007',
      '36364433400D1EDB800000000000000000000000000000000000',
      'F7109506000134352017',
      'FB14359F09506000134352017000',
    ];
    expect(groupItems(epcs.map(itemOf))).toEqual([{ gtin: '09506000134352', serials: [7] }]);
  });

  it('keep a tag that names no item which an SGTIN-96 can hold as its EPC', () => {
    expect(itemOf('F73795211411234538566CB0AFC4')).toEqual({ raw: 'F73795211411234538566CB0AFC4' });
    expect(itemOf('e2009a9040060af000000372')).toEqual({ raw: 'E2009A9040060AF000000372' });
  });
});

describe('record bodies', () => {
  it('are read back as they were written', () => {
    expect(decodeBody(encodeBody(passage))).toEqual(passage);
  });

  it('keep fields of a later minor version', () => {
    expect(decodeBody(change({ temperature: 4 }))).toMatchObject({ temperature: 4 });
  });

  it('keep a type they do not know, which then moves nothing', () => {
    expect(decodeBody(utf8(canonical({ type: 'seal', v: 1, clock })))).toMatchObject({ type: 'seal' });
  });

  it.each([
    ['a newer major version', { v: 2 }, 'RECORD_VERSION'],
    ['no clock', { clock: undefined }, 'RECORD_INVALID'],
    ['a boot id that is none', { clock: { ...clock, boot: 'x' } }, 'RECORD_INVALID'],
    ['a door with a slash', { door: 'a/b' }, 'RECORD_INVALID'],
    ['closed before opened', { closed: 1 }, 'RECORD_INVALID'],
    ['items in an unknown direction', { direction: 'unknown' }, 'RECORD_INVALID'],
    ['serials that do not ascend', { items: [{ gtin: '03400930000014', serials: [7, 0] }] }, 'RECORD_INVALID'],
    [
      'GTINs out of order',
      {
        items: [
          { gtin: '03400930000021', serials: [1] },
          { gtin: '03400930000014', serials: [1] },
        ],
      },
      'RECORD_INVALID',
    ],
    ['a serial over 38 bits', { items: [{ gtin: '03400930000014', serials: [2 ** 38 - 1, 1] }] }, 'RECORD_INVALID'],
    ['a GTIN of 13 digits', { items: [{ gtin: '3400930000014', serials: [1] }] }, 'RECORD_INVALID'],
    ['a raw EPC in lower case', { items: [{ raw: ['e2'] }] }, 'RECORD_INVALID'],
    ['a group that is null', { items: [null] }, 'RECORD_INVALID'],
    ['a doubt that is null', { doubts: [null] }, 'RECORD_INVALID'],
    ['serials and raw EPCs in one group', { items: [{ gtin: '03400930000014', serials: [1], raw: ['E2'] }] }, 'RECORD_INVALID'],
    ['serials in a group whose raw is null', { items: [{ gtin: '03400930000014', serials: [1], raw: null }] }, 'RECORD_INVALID'],
    ['an SSCC in a list of its own', { ssccs: [['106141412345678908']] }, 'RECORD_INVALID'],
    ['part 2 of 1', { part: 2 }, 'RECORD_INVALID'],
    ['a confidence over 1000 per mille', { confidence: 1001 }, 'RECORD_INVALID'],
    ['a document of an unknown kind', { document: { kind: 'x', number: '1', how: 'chosen' } }, 'RECORD_INVALID'],
    ['an SSCC of 17 digits', { ssccs: ['10614141234567890'] }, 'RECORD_INVALID'],
    ['too many items', { items: [{ gtin: '03400930000014', serials: Array.from({ length: MAX_ITEMS + 1 }, () => 1) }] }, 'RECORD_INVALID'],
  ])('are refused with %s', (_, what, code) => {
    expect(() => decodeBody(change(what))).toThrowError(expect.objectContaining({ code }));
  });

  it('are refused when not canonical, not UTF-8 or not an object', () => {
    for (const bytes of [utf8('{"v":1, "type":"x"}'), Uint8Array.of(0xff, 0xfe), utf8('[]'), utf8('')]) {
      expect(() => decodeBody(bytes)).toThrowError(
        expect.objectContaining({ code: expect.stringMatching(/NOT_CANONICAL|RECORD_INVALID/) }),
      );
    }
  });

  it('never throw anything but a Fault, whatever single byte is changed', () => {
    const bytes = encodeBody(passage);
    for (let at = 0; at < bytes.length; at++) {
      const other = Uint8Array.from(bytes);
      other[at] = (other[at] as number) ^ 0x11;
      try {
        decodeBody(other);
      } catch (error) {
        expect(error).toMatchObject({ name: 'Fault' });
      }
    }
  });
});

describe('counts', () => {
  const count: CountBody = {
    ...{ type: 'count', v: 1, count: 'c-mi8q0w-1f2e', zone: 'A', name: 'Allée A', part: 1, parts: 2, passes: 2 },
    ...{ opened: 1_764_000_000_000, closed: 1_764_000_000_400, expected: 1_763_999_000_000, by: 'Léa', approved: 1_764_000_000_450 },
    items: [{ gtin: '03400930000014', serials: [7, 3, 90] }, { raw: ['E2009A9040060AF000000372'] }],
    missing: [{ gtin: '03400930000014', serials: [8] }],
    ssccs: ['106141412345678908'],
    clock,
  };
  const changed = (what: object): Uint8Array => utf8(canonical({ ...count, ...what } as unknown as Json));

  it('are read back as they were written', () => {
    expect(decodeBody(encodeBody(count))).toEqual(count);
    expect(decodeBody(changed({ zone: '*' }))).toMatchObject({ zone: '*' });
  });

  it.each([
    ['a zone that is no name', { zone: 'A 1' }],
    ['nobody who approved it', { by: '' }],
    ['an end before its begin', { closed: 1 }],
    ['no pass', { passes: 0 }],
    ['a part beyond the last', { part: 3 }],
    ['a logistic unit that is none', { ssccs: ['12'] }],
    ['missing items out of order', { missing: [{ gtin: '03400930000014', serials: [8, 0] }] }],
  ])('are refused with %s', (_what, change) => {
    expect(() => decodeBody(changed(change))).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
  });

  it('are refused with missing items when nothing was expected', () => {
    const { expected, ...blind } = count;
    expect(() => decodeBody(utf8(canonical(blind as unknown as Json)))).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
    expect(expected).toBeDefined();
  });

  it('hold at most as many read and missing items together as a record may', () => {
    const serials = (n: number): number[] => Array.from({ length: n }, (_, i) => (i === 0 ? 0 : 1));
    const half = (n: number) => [{ gtin: '03400930000014', serials: serials(n) }];
    expect(() => decodeBody(changed({ items: half(MAX_ITEMS - 10), missing: half(10) }))).not.toThrow();
    expect(() => decodeBody(changed({ items: half(MAX_ITEMS - 10), missing: half(11) }))).toThrow('split the count');
  });
});
