import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameCrc, tagCrc } from './crc.ts';

/** Both as they are worded, bit by bit. */
function frameBits(bytes: Uint8Array): number {
  let register = 0xffff;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const top = register >> 15;
      register = ((register << 1) | ((byte >> bit) & 1)) & 0xffff;
      if (top === 1) register ^= 0x1021;
    }
  }
  return register;
}
function tagBits(bytes: Uint8Array): number {
  let register = 0xffff;
  for (const byte of bytes) {
    register ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) register = (register & 0x8000 ? (register << 1) ^ 0x1021 : register << 1) & 0xffff;
  }
  return register ^ 0xffff;
}

it('the checksums in steps of several bytes are those bit by bit, for any bytes from any place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(8), (bytes, from) => {
      const part = bytes.subarray(Math.min(from, bytes.length));
      expect(frameCrc(bytes, bytes.length - part.length, bytes.length)).toBe(frameBits(part));
      expect(tagCrc(bytes, bytes.length - part.length, bytes.length)).toBe(tagBits(part));
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  ['0003', 0x1d0c],
  ['0004', 0x1d0b],
  ['019701', 0x4bbc],
  ['029203E8', 0x42b1],
])('of %s is as published', (hex, crc) => {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  expect(frameCrc(bytes, 0, bytes.length)).toBe(crc);
});
