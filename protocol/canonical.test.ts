import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, type Json, parseCanonical } from './canonical.ts';

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
})).value;

describe('canonical JSON', () => {
  it('sorts keys by UTF-16 code units, as RFC 8785 does', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect(Object.keys(JSON.parse(canonical(Object.fromEntries(keys.map((key) => [key, 0])))))).toEqual([
      '1',
      ...sorted.filter((key) => key !== '1'),
    ]);
    expect(canonical(Object.fromEntries(keys.map((key) => [key, 0])))).toBe(
      `{${sorted.map((key) => `${JSON.stringify(key)}:0`).join(',')}}`,
    );
  });

  it('writes the same text for the same value in any key order, and reads it back', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonical(value);
        expect(canonical(parseCanonical(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['a float', '1.5'],
    ['an exponent', '1e3'],
    ['an unsafe integer', '9007199254740993'],
    ['white space', '{"a": 1}'],
    ['keys out of order', '{"b":1,"a":2}'],
    ['a key twice', '{"a":1,"a":2}'],
    ['minus zero', '-0'],
    ['an escaped letter', '"\\u0041"'],
    ['no JSON', '{"a":'],
    ['too much nesting', `${'['.repeat(40)}${']'.repeat(40)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseCanonical(text)).toThrowError(expect.objectContaining({ code: 'NOT_CANONICAL' }));
  });

  it('refuses a lone surrogate', () => {
    expect(() => canonical('\ud800')).toThrowError(expect.objectContaining({ code: 'NOT_CANONICAL' }));
  });
});
