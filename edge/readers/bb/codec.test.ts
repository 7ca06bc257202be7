import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../protocol/bytes.ts';
import { BbCodec, type Frame, MAX_FRAME_BYTES, frame as makeFrame, Type } from './codec.ts';
import { BAD_SUM, VECTORS } from './vectors.ts';

type Hears = 'replies' | 'commands';
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const hexOf = ({ bytes, start, length }: Frame): string => toHex(bytes, start, length + 7);
const good = VECTORS[0]?.hex ?? '';

/** All frames of the pieces, with what a lull at the end brings out; every byte is a frame's or counted. */
function decode(pieces: readonly Uint8Array[], hears: Hears = 'replies'): string[] {
  const codec = new BbCodec(hears);
  const out: string[] = [];
  for (const piece of pieces) {
    out.push(...codec.push(piece).map(hexOf));
    expect(codec.held.length).toBeLessThan(MAX_FRAME_BYTES);
  }
  out.push(...codec.lull().map(hexOf));
  expect(codec.held.length).toBe(0);
  expect(out.join('').length / 2 + codec.counters.garbage).toBe(pieces.reduce((sum, piece) => sum + piece.length, 0));
  return out;
}

describe('a frame', () => {
  it.each(VECTORS)('$name is read as what it is', ({ hears, hex, cmd, data }) => {
    const [frame, more] = new BbCodec(hears).push(bytesOf(hex));
    if (frame === undefined) expect.fail('no frame');
    expect(more).toBeUndefined();
    expect({ cmd: frame.cmd, data: toHex(frame.bytes, frame.data, frame.length) }).toEqual({ cmd, data });
  });

  it.each(VECTORS)('$name is written as it was read', ({ hex, cmd, data }) => {
    expect(toHex(makeFrame(bytesOf(hex)[1] as number, cmd, [...bytesOf(data)]))).toBe(hex);
  });

  it.each(VECTORS)('$name is read when it is cut at any byte, alone and behind garbage', ({ hears, hex }) => {
    // A header of each direction, and one whose LEN swallows the frame's first bytes until its sum fails.
    for (const garbage of ['', '7EBBBB0300BB022200037E', 'BB00220002']) {
      const bytes = bytesOf(garbage + hex);
      for (let cut = 0; cut <= bytes.length; cut++) expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], hears)).toEqual([hex]);
      expect(
        decode(
          Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
          hears,
        ),
      ).toEqual([hex]);
    }
  });

  it('is read twice when two stand in one chunk', () => {
    for (const { hears, hex } of VECTORS) expect(decode([bytesOf(hex + hex)], hears)).toEqual([hex, hex]);
  });

  it('with 7E and BB in its data is read by its length', () => {
    const hex = toHex(makeFrame(Type.NOTICE, 0x22, [0x7e, 0xbb, 0x02, 0x22, 0x7e]));
    expect(decode([bytesOf(hex)])).toEqual([hex]);
  });
});

describe('a damaged line', () => {
  it('loses the frame with the wrong sum, counts it, and keeps the next', () => {
    const codec = new BbCodec();
    expect([...codec.push(bytesOf(BAD_SUM + good)), ...codec.lull()].map(hexOf)).toEqual([good]);
    expect(codec.counters).toEqual({ frames: 1, crc: 1, resync: 1, garbage: 24 });
  });

  it('does not wait for a length that no module sends', () => {
    expect(decode([bytesOf('BB02220100'), bytesOf(good)])).toEqual([good]);
  });

  it('gives up a false start after a lull and finds the frames behind it', () => {
    const codec = new BbCodec();
    expect(codec.push(bytesOf(`BB022200F0${good}${good}`))).toEqual([]);
    expect(codec.lull().map(hexOf)).toEqual([good, good]);
  });

  it('holds less than one frame whatever comes', () => {
    const codec = new BbCodec();
    for (let i = 0; i < 2_000; i++) {
      codec.push(new Uint8Array(97).fill(0xbb));
      codec.push(Uint8Array.from([0xbb, 0x02, 0x22, 0x00, 0xff]));
      expect(codec.held.length).toBeLessThan(MAX_FRAME_BYTES);
    }
  });
});

const frame = fc
  .tuple(fc.constantFrom(1, 2), fc.nat(255), fc.uint8Array({ maxLength: 60 }))
  .map(([type, cmd, data]) => makeFrame(type, cmd, [...data]));
const garbage = fc
  .array(fc.oneof(fc.constantFrom(0xbb, 0x7e, 0x02, 0x00), fc.nat(255)), { maxLength: 40 })
  .map((list) => Uint8Array.from(list));
const stream = fc.array(fc.tuple(garbage, frame), { maxLength: 12 });

describe('any stream of frames and garbage', () => {
  it('gives the same frames however it is cut, and accounts for every byte', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1 }), (parts, cuts) => {
        const bytes = concat(...parts.flat());
        const pieces: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % cuts.length] as number;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(decode(pieces)).toEqual(decode([bytes]));
      }),
      { numRuns: 300 },
    );
  });

  it('gives every good frame that no false start covers', () => {
    fc.assert(
      fc.property(stream, (parts) => {
        const sent = parts.map(([, sealed]) => toHex(sealed));
        const found = decode(parts.flat());
        if (found.every((hex) => sent.includes(hex))) expect(found).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  it('of a million bytes, many of them as in the start of a frame, loses none without counting it', () => {
    const START = [0xbb, 0x02, 0x22, 0x00, 0x7e];
    let state = 7;
    const next = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const mixed = (state ^ (state >>> 13)) >>> 7;
      return mixed % 3 === 0 ? (mixed >>> 8) & 0xff : (START[mixed % 5] as number);
    };
    const codec = new BbCodec();
    let taken = 0;
    for (let i = 0; i < 1_000; i++) for (const one of codec.push(Uint8Array.from({ length: 1_000 }, next))) taken += one.length + 7;
    for (const one of codec.lull()) taken += one.length + 7;
    expect(taken).toBeGreaterThan(0);
    expect(taken + codec.counters.garbage).toBe(1_000_000);
  });
});
