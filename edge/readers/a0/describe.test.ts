import fc from 'fast-check';
import { expect, it, describe as suite } from 'vitest';
import { fromHex, toHex } from '../../../protocol/bytes.ts';
import * as codec from './codec.ts';
import { describe, describeAs } from './describe.ts';
import { DIALECT } from './stream.ts';
import { BAD_SUM, VECTORS } from './vectors.ts';

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const replies = (hex: string): readonly object[] => describe(bytesOf(hex), 'reader').frames;

suite('a line of A0 frames', () => {
  it.each(VECTORS)('says of "$name" ($direction) what it is', ({ hex, direction, cmd, address, means }) => {
    const { frames, dropped } = describe(bytesOf(hex), direction);
    expect(dropped).toBe(0);
    expect(frames).toHaveLength(1);
    const { meaning, ...rest } = means;
    expect(frames[0]).toMatchObject({ opcode: cmd.toString(16).padStart(2, '0'), address, ...rest });
    if (meaning !== undefined) expect(frames[0]?.['meaning']).toContain(meaning);
  });

  it('counts the bytes that are in no frame', () => {
    expect(describe(bytesOf(BAD_SUM), 'reader')).toEqual({ frames: [], dropped: 12 });
    expect(describe(bytesOf(`00A0${BAD_SUM}A004017410D7A013`), 'reader')).toMatchObject({ frames: [{ kind: 'reply' }], dropped: 16 });
  });

  it('gives every code its meaning', () => {
    const codes = [
      0x11, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x3c, 0x40, 0x41, 0x42, 0x43, 0x44,
    ];
    const more = [0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0xee];
    const meanings = [...codes, ...more].map((code) => {
      const [object] = replies(toHex(codec.frame(1, codec.Command.REAL_TIME, code)));
      expect(object).toMatchObject({ kind: 'fault', code: code.toString(16) });
      return (object as { meaning: string }).meaning;
    });
    expect(new Set(meanings).size).toBe(codes.length + more.length);
    expect(meanings).not.toContain('unknown code');
    expect(replies(toHex(codec.frame(1, 0x74, 0x99)))).toMatchObject([{ kind: 'fault', code: '99', meaning: 'unknown code' }]);
  });

  it('takes a value for a value where the command asks for one, though a code has the same number', () => {
    expect(replies(toHex(codec.frame(1, codec.Command.RETURN_LOSS, 0x11)))).toMatchObject([{ kind: 'reply', returnLossDb: 17 }]);
    expect(replies(toHex(codec.frame(1, codec.Command.GET_POWER, 0x20)))).toMatchObject([{ kind: 'reply', powerDbm: [32] }]);
    expect(replies(toHex(codec.frame(1, codec.Command.GET_POWER, 0x24)))).toMatchObject([{ kind: 'fault', code: '24' }]);
  });

  it('reads units that differ in what was never verified as they are told', () => {
    const whole = { ...DIALECT, antennaBit: false };
    const seventh = bytesOf('A013018A0E30003034257BF7194E4000001A85CB78');
    expect(describeAs(seventh, 'reader', whole).frames).toMatchObject([{ antenna: 3, rssi: 74, rssiRaw: 0xcb }]);
    const phase = codec.frame(1, 0x8b, 0xa1, ...bytesOf('30003034257BF7194E4000001A85'), 0x48, 0x00, 0x5a);
    expect(describeAs(phase, 'reader', { ...DIALECT, phaseLast: true }).frames).toMatchObject([{ rssi: -57, phase: 90 }]);
    const own = describeAs(seventh, 'reader', { ...DIALECT, table: false }).frames;
    expect(own[0]).not.toHaveProperty('frequencyKHz');
  });

  it('says something of every valid frame and never throws', () => {
    const body = fc.tuple(
      fc.nat(255),
      fc.oneof(fc.constantFrom(...Object.values(codec.Command)), fc.nat(255)),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(body, fc.constantFrom('reader' as const, 'host' as const), ([address, cmd, data], direction) => {
        const { frames, dropped } = describe(codec.frame(address, cmd, ...data), direction);
        expect(dropped).toBe(0);
        expect(frames).toHaveLength(1);
        expect(JSON.parse(JSON.stringify(frames))).toEqual(frames);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(describe(bytes, 'reader').dropped).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
