import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './bytes.ts';
import { decodeEpc, decodeEpcHex, encodeSgtin96, encodeSscc96, MAX_SERIAL } from './epc.ts';
import { checkDigitOf } from './gtin.ts';
import vectors from './vectors/epc.json' with { type: 'json' };

interface Vector {
  readonly hex: string;
  readonly scheme: string;
  readonly gtin?: string;
  readonly sscc?: string;
  readonly serial?: number;
  readonly filter?: number;
  readonly prefixDigits?: number;
  readonly reason?: string;
  readonly why?: string;
}

describe('EPC decoding', () => {
  it.each(vectors as Vector[])('reads $hex as $scheme', ({ hex, prefixDigits, why: _, ...expected }) => {
    expect(decodeEpcHex(hex)).toMatchObject({ ...expected, ...(expected.scheme === 'raw' ? { hex } : {}) });
    if (expected.gtin !== undefined)
      expect(encodeSgtin96(expected.gtin, expected.serial as number, prefixDigits as number, expected.filter)).toBe(hex);
    if (expected.sscc !== undefined) expect(encodeSscc96(expected.sscc, prefixDigits as number, expected.filter)).toBe(hex);
  });

  it('gives back every GTIN, serial and company prefix length that it encoded', () => {
    const digits = fc.integer({ min: 0, max: 9_999_999_999_999 }).map((n) => String(n).padStart(13, '0'));
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: MAX_SERIAL }), fc.integer({ min: 6, max: 12 }), (key, serial, prefixDigits) => {
        const gtin = key + checkDigitOf(key);
        const hex = encodeSgtin96(gtin, serial, prefixDigits);
        expect(decodeEpcHex(hex)).toEqual({ scheme: 'sgtin-96', gtin, serial, filter: 1 });
      }),
    );
  });

  it('gives back every SSCC that it encoded', () => {
    const digits = fc.bigInt({ min: 0n, max: 99_999_999_999_999_999n }).map((n) => n.toString().padStart(17, '0'));
    fc.assert(
      fc.property(digits, fc.integer({ min: 6, max: 12 }), (key, prefixDigits) => {
        const sscc = key + checkDigitOf(key);
        expect(decodeEpcHex(encodeSscc96(sscc, prefixDigits))).toEqual({ scheme: 'sscc-96', sscc, filter: 6 });
      }),
    );
  });

  it('never throws and never loses a bit, whatever the tag holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 62 }), (bytes) => {
        const epc = decodeEpc(bytes);
        if (epc.scheme === 'raw') expect(epc.hex).toBe(toHex(bytes));
      }),
    );
  });

  it('reads an EPC inside a longer buffer without copying it out', () => {
    const hex = encodeSgtin96('03400930000014', 42, 7);
    const buffer = fromHex(`FFFF${hex}FFFF`) as Uint8Array;
    expect(decodeEpc(buffer, 2, 12)).toMatchObject({ scheme: 'sgtin-96', gtin: '03400930000014', serial: 42 });
  });

  it('accepts zero fill behind the 96 bits and nothing else', () => {
    const hex = encodeSgtin96('03400930000014', 42, 7);
    expect(decodeEpcHex(`${hex}0000`).scheme).toBe('sgtin-96');
    expect(decodeEpcHex(`${hex}0001`)).toMatchObject({ scheme: 'raw', reason: 'length' });
  });
});
