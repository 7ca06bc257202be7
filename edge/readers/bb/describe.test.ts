import fc from 'fast-check';
import { expect, it, describe as suite } from 'vitest';
import { concat, fromHex } from '../../../protocol/bytes.ts';
import type { Read } from '../../../protocol/read.ts';
import { BbCodec, frame, response, tagNotice } from './codec.ts';
import { describe } from './describe.ts';
import { countReads, ReadDecoder } from './stream.ts';
import { BAD_SUM, VECTORS } from './vectors.ts';

const EPC = '3034257BF7194E4000001A85';

function reads(bytes: Uint8Array, now = 5_000, decoder = new ReadDecoder()): { reads: Read[]; ghosts: number } {
  const out: Read[] = [];
  for (const one of new BbCodec().push(bytes)) decoder.decode(one, now, out, 2);
  return { reads: out, ghosts: decoder.ghosts };
}

suite('a line', () => {
  it.each(VECTORS)('with $name is described', ({ hears, hex, frame: wanted }) => {
    const line = describe(fromHex(hex) ?? new Uint8Array(), hears === 'replies' ? 'reader' : 'host');
    expect(line).toMatchObject({ frames: [wanted], dropped: 0 });
  });

  it('with a wrong sum has no frame and says how much was dropped', () => {
    expect(describe(fromHex(BAD_SUM) ?? new Uint8Array(), 'reader')).toEqual({ frames: [], dropped: 24 });
  });

  it.each([0x09, 0x10, 0x12, 0x13, 0x16, 0x17, 0x20, 0xa3, 0xb3, 0xc4, 0xd0])(
    'with error %i is a fault that says what it means',
    (code) => {
      const [one] = describe(response(0xff, code), 'reader').frames;
      expect(one).toMatchObject({
        kind: 'fault',
        code: code.toString(16).padStart(2, '0'),
        meaning: expect.not.stringMatching(/unknown (error|code)/),
      });
    },
  );

  it('with a level above zero or an EPC of any length gives it', () => {
    expect(describe(tagNotice('E280', 3), 'reader').frames).toMatchObject([{ kind: 'tag', epc: 'e280', rssi: 3, pc: '0800' }]);
    expect(describe(tagNotice(EPC + EPC, -128), 'reader').frames).toMatchObject([{ epc: (EPC + EPC).toLowerCase(), rssi: -128 }]);
  });

  it('never makes the description throw, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(1, 2),
        fc.constantFrom(0x22, 0xff, 0x03, 0xb7, 0x08),
        (data, type, cmd) => {
          expect(describe(frame(type, cmd, [...data]), 'reader').frames).toHaveLength(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

suite('a tag notice', () => {
  it('becomes a read', () => {
    expect(reads(tagNotice(EPC, -61))).toEqual({ reads: [{ epc: EPC, antenna: 2, rssi: -61, at: 5_000 }], ghosts: 0 });
  });

  it('whose own checksum is wrong is counted and is no read', () => {
    const notice = tagNotice(EPC, -61);
    const broken = [...notice.subarray(5, notice.length - 2)];
    broken[4] = (broken[4] as number) ^ 1;
    // The sum of the frame is right: the error happened between tag and module.
    expect(reads(frame(2, 0x22, broken))).toEqual({ reads: [], ghosts: 1 });
  });

  it('is read whatever the size of the pieces', () => {
    const buffer = concat(...Array.from({ length: 500 }, (_, i) => (i % 10 === 9 ? response(0xff, 0x15) : tagNotice(EPC, -40 - (i % 30)))));
    for (const piece of [1, 24, 64, 4_095, buffer.length]) expect(countReads(buffer, 0, piece)).toBe(450);
  });
});
