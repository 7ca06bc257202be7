import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, equal, fromBase64url, fromHex, getU64, setU64, toBase64url, toHex } from './bytes.ts';

describe('byte strings', () => {
  it('survive hexadecimal and base64url, which is the same as the platform writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(['A', 'AB=', 'A+', 'AB'])('refuses %s as base64url', (text) => {
    expect(fromBase64url(text)).toBeUndefined();
  });

  it('keep integers up to 2^53 - 1 in eight bytes and refuse larger ones', () => {
    const bytes = new Uint8Array(8);
    for (const value of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      setU64(bytes, 0, value);
      expect(getU64(bytes, 0)).toBe(value);
    }
    expect(getU64(new Uint8Array(8).fill(0xff), 0)).toBeUndefined();
  });

  it('join and compare', () => {
    expect(concat(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  });
});
