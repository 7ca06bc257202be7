import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8 } from './encoding.ts';
import { jsonFault } from './json.ts';

it.each([
  ['zafter":1}', 0],
  ['{"a":1,"b":x}', 11],
  ['{"a":1z"b":2}', 6],
  ['{"a":1}{"b":2}', 7],
  ['{"a"\u0001:1}', 4],
  ['["é\u0001"]', 4],
  ['["\\x"]', 2],
  ['[1,]', 3],
  ['{"a":tru}', 5],
  ['{"a":"b', 7],
  ['', 0],
])('stops reading %j at byte %i', (text, at) => {
  expect(jsonFault(utf8(text))?.at).toBe(at);
});

it('names a byte that is no UTF-8', () => {
  expect(jsonFault(Uint8Array.of(0x22, 0x61, 0xff, 0x22))).toEqual({ at: 2, why: 'is not UTF-8' });
});

it('reads all JSON, and stops at what follows it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(jsonFault(utf8(text))).toBeUndefined();
      expect(jsonFault(utf8(`${text}]`))?.at).toBe(utf8(text).length);
    }),
  );
});
