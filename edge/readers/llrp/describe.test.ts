import fc from 'fast-check';
import { expect, describe as group, it } from 'vitest';
import { fromHex } from '../../../protocol/bytes.ts';
import { describe } from './describe.ts';
import { STAMP_MS, VECTORS, vectorOf } from './vectors.ts';

const EPC = '3034257bf7194e4000001a85';
const of = (name: string): unknown => describe(fromHex(vectorOf(name).hex) ?? new Uint8Array(), vectorOf(name).direction).frames;

group('a described message', () => {
  it.each<[string, object]>([
    [
      ...(['tag of 96 bits'] as const),
      { kind: 'tag', epc: EPC, antenna: 3, rssi: -60, readCount: 1, channel: 2, timestampMs: STAMP_MS + 1 },
    ],
    ['tag with what Impinj adds', { kind: 'tag', epc: EPC, antenna: 1, rssi: -51.5, phase: 90, doppler: -2 }],
    ['tag with fields that nobody asked for', { kind: 'tag', epc: EPC, antenna: 4, rssi: -64, pc: '3000' }],
    ['sign of life', { kind: 'keepalive', message: 'KEEPALIVE', id: 42 }],
    ['another client has the connection', { kind: 'fault', code: '0002', meaning: 'the connection is refused' }],
    ['input 2 is high', { kind: 'reply', event: 'input', pin: 2, high: true }],
    ['ROSpec 1 has ended', { kind: 'end', spec: 1 }],
    [
      ...(['message not supported'] as const),
      { kind: 'fault', code: '006d', meaning: '109 message not supported: "what"', message: 'ERROR_MESSAGE' },
    ],
    ['configured', { kind: 'reply', message: 'SET_READER_CONFIG_RESPONSE', id: 11 }],
    ['close', { kind: 'command', message: 'CLOSE_CONNECTION', id: 12 }],
  ])('%s', (name, described) => {
    expect(of(name)).toEqual([described]);
  });

  it('is given for every message, and none for a header that can be none', () => {
    for (const { hex, direction } of VECTORS) {
      const { frames, dropped } = describe(fromHex(`${hex}0000`) ?? new Uint8Array(), direction);
      expect(frames.length).toBeGreaterThan(0);
      expect(dropped).toBe(2);
    }
    expect(describe(fromHex('FFFF0000000A0000002A') ?? new Uint8Array(), 'reader')).toEqual({ frames: [], dropped: 10 });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...VECTORS), fc.uint8Array({ maxLength: 60 }), fc.nat(200), ({ hex, direction }, noise, at) => {
        const bytes = fromHex(hex + hex) ?? new Uint8Array();
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        expect(describe(bytes, direction).dropped).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1_000 },
    );
  });
});
