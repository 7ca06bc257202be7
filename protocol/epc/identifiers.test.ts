import { describe, expect, it } from 'vitest';
import { fromHex } from '../bytes.ts';
import { checkDigitOf } from '../gtin.ts';
import { BitReader, BitWriter } from './bits.ts';
import { IDENTIFIERS, readAi, readValue, writeAi, writeValue } from './identifiers.ts';

/** Digits of every length with a right check digit, and texts of every format; a GTIN with four digits more. */
const keys = Array.from({ length: 20 }, (_, i) => '0'.padEnd(i, '7')).map((text) => text + checkDigitOf(text));
const CANDIDATES = [
  ...keys,
  ...keys.map((key) => `${key}1`),
  ...keys.map((key) => `${key}0102`),
  ...[
    '260131',
    '26013107',
    '2601310759',
    '260131075959',
    '260131260228',
    'FR',
    '0',
    '1',
    '3/7',
    '000012',
    '000012-',
    'A-1',
    '250x/Y',
    '-_',
  ],
];

function written(ai: string, value: string): BitReader | undefined {
  const writer = new BitWriter();
  try {
    writeAi(writer, ai);
    writeValue(writer, ai, value);
  } catch {
    return undefined;
  }
  return new BitReader(fromHex(writer.hex()) as Uint8Array);
}

describe('application identifiers in an EPC', () => {
  it('give back what was written, each of table F', () => {
    expect(IDENTIFIERS.length).toBeGreaterThan(500);
    for (const ai of IDENTIFIERS) {
      let count = 0;
      for (const value of CANDIDATES) {
        const reader = written(ai, value);
        if (reader === undefined) continue;
        count++;
        expect([readAi(reader), readValue(reader, ai)]).toEqual([ai, value]);
        expect(reader.restIsZero() && reader.left < 16).toBe(true);
      }
      expect([ai, count]).not.toEqual([ai, 0]);
    }
  });

  it('refuse a wrong check digit, a wrong date and a text that is too long', () => {
    expect(written('02', '09506000134353')).toBeUndefined();
    expect(written('17', '261301')).toBeUndefined();
    expect(written('17', '260230')).toBeUndefined();
    expect(written('17', '280229')).toBeDefined();
    expect(written('17', '270229')).toBeUndefined();
    expect(written('10', 'A'.repeat(21))).toBeUndefined();
    expect(written('9', '1')).toBeUndefined();
  });
});
