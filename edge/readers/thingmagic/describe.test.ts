import fc from 'fast-check';
import { expect, describe as group, it } from 'vitest';
import { concat, fromHex } from '../../../protocol/bytes.ts';
import type { Described, Direction } from '../described.ts';
import { command, reply } from './codec.ts';
import { describe } from './describe.ts';
import vectors from './describe.vectors.json' with { type: 'json' };
import { BAD_CRC } from './vectors.ts';

/**
 * Frames with all that they say. Frames and checksums were made by an independent program from the layouts of the Mercury API sources, or are
 * the captures of vectors.ts; what each says was checked by hand against the same layouts.
 */
const DESCRIBED = vectors as readonly { name: string; direction: Direction; hex: string; frames: readonly Described[] }[];
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? expect.fail(`${hex} is not hex`);
const KINDS = ['tag', 'keepalive', 'end', 'heartbeat', 'fault', 'reply', 'command'];

group('a line of the ThingMagic protocol', () => {
  it.each(DESCRIBED)('$direction: $name', ({ direction, hex, frames }) => {
    expect(describe(bytesOf(hex), direction)).toEqual({ frames, dropped: 0 });
  });

  it('with several frames and noise gives each frame and counts the rest', () => {
    const readers = DESCRIBED.filter(({ direction }) => direction === 'reader');
    const noise = bytesOf('00FF55');
    const line = concat(...readers.flatMap(({ hex }) => [noise, bytesOf(hex)]));
    expect(describe(line, 'reader')).toEqual({ frames: readers.flatMap(({ frames }) => frames), dropped: 3 * readers.length });
  });

  it('with a wrong checksum, or cut off, gives nothing but its count', () => {
    expect(describe(bytesOf(BAD_CRC), 'reader')).toEqual({ frames: [], dropped: 7 });
    for (const { hex, direction } of DESCRIBED) {
      const bytes = bytesOf(hex);
      for (let size = 0; size < bytes.length; size++) {
        const cut = describe(bytes.subarray(0, size), direction);
        if (cut.frames.length === 0) expect(cut.dropped).toBe(size);
      }
    }
  });

  it('of any good frame gives at least one object of a known kind, never throws, and loses no byte', () => {
    const data = fc.uint8Array({ maxLength: 90 });
    const op = fc.oneof(fc.constantFrom(0x03, 0x21, 0x22, 0x29, 0x2f, 0x61, 0x62, 0x66, 0x6a, 0x6b, 0x91, 0x96, 0x9b), fc.nat(255));
    const status = fc.oneof(fc.constant(0), fc.constantFrom(0x0400, 0x0503, 0x7f01), fc.nat(0xffff));
    fc.assert(
      fc.property(op, status, data, (opcode, word, body) => {
        const told = describe(reply(opcode, word, ...body), 'reader');
        const asked = describe(command(opcode, ...body), 'host');
        for (const { frames, dropped } of [told, asked]) {
          expect(frames.length).toBeGreaterThan(0);
          expect(dropped).toBe(0);
          for (const { kind } of frames) expect(KINDS).toContain(kind);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
