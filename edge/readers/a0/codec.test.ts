import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../protocol/bytes.ts';
import { Random } from '../../../simulators/random.ts';
import * as codec from './codec.ts';
import { BAD_SUM, VECTORS } from './vectors.ts';

const { A0Codec, MAX_FRAME_BYTES } = codec;
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const hexOf = (frame: codec.Frame): string => toHex(frame.bytes, frame.start, frame.data + frame.length + 1 - frame.start);
const GOOD = 'A004017410D7';

/** All frames of the pieces, with what a lull at the end brings out; every byte is in a frame or dropped. */
function decode(pieces: readonly Uint8Array[]): string[] {
  const decoder = new A0Codec();
  const out: string[] = [];
  for (const piece of pieces) {
    out.push(...decoder.push(piece).map(hexOf));
    expect(decoder.held.length).toBeLessThan(MAX_FRAME_BYTES);
  }
  out.push(...decoder.lull().map(hexOf));
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  expect(decoder.counters.garbage + out.join('').length / 2).toBe(total);
  return out;
}

describe('a frame', () => {
  it.each(VECTORS)('$name ($direction) is read as what it is, and written as it was', ({ hex, cmd, address, data }) => {
    const [frame, more] = new A0Codec().push(bytesOf(hex));
    if (frame === undefined) expect.fail('no frame');
    expect(more).toBeUndefined();
    const { bytes, length } = frame;
    expect({ cmd: frame.cmd, address: frame.address, data: toHex(bytes, frame.data, length) }).toEqual({ cmd, address, data });
    expect(toHex(codec.frame(address, cmd, ...bytesOf(data)))).toBe(hex);
  });

  it.each(VECTORS)('$name ($direction) is read when it is cut at any byte, behind garbage too', ({ hex }) => {
    // A0 05: a false start that swallows the frame's first bytes until its checksum fails.
    for (const garbage of ['', '00A0A002FFA005AA']) {
      const bytes = bytesOf(garbage + hex);
      for (let cut = 0; cut <= bytes.length; cut++) expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)]).at(-1)).toBe(hex);
      expect(decode(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual([hex]);
    }
  });

  it('is read twice when two stand in one chunk', () => {
    for (const { hex } of VECTORS) expect(decode([bytesOf(hex + hex)])).toEqual([hex, hex]);
  });

  it('points into the chunk it came in, without a copy', () => {
    const chunk = bytesOf(GOOD);
    expect(new A0Codec().push(chunk)[0]?.bytes).toBe(chunk);
  });

  it('may be as long as its length byte can say', () => {
    const longest = toHex(codec.frame(1, 0x81, ...new Array<number>(252).fill(0xa0)));
    expect(decode([bytesOf(longest)])).toEqual([longest]);
    expect(longest.length / 2).toBe(MAX_FRAME_BYTES);
  });
});

describe('a damaged line', () => {
  it('loses the frame with the wrong checksum, counts it, and keeps the next', () => {
    const decoder = new A0Codec();
    expect(decoder.push(bytesOf(BAD_SUM + GOOD)).map(hexOf)).toEqual([GOOD]);
    expect(decoder.counters).toEqual({ frames: 1, crc: 1, resync: 1, garbage: 12 });
  });

  it('does not wait for a length that no frame has', () => {
    expect(decode([bytesOf('A002'), bytesOf(GOOD)])).toEqual([GOOD]);
  });

  it('gives up a length that lies after a lull and finds the frames behind it', () => {
    const decoder = new A0Codec();
    expect(decoder.push(bytesOf(`A0FF0189${GOOD}A0030172EA`))).toEqual([]);
    expect(decoder.lull().map(hexOf)).toEqual([GOOD, 'A0030172EA']);
    expect(decoder.held.length).toBe(0);
  });

  it('never takes a frame that is wholly inside a good one', () => {
    const outer = toHex(codec.frame(1, 0x81, ...bytesOf(GOOD), ...bytesOf(GOOD)));
    expect(decode([bytesOf(outer)])).toEqual([outer]);
  });

  it('holds less than one frame whatever comes', () => {
    const random = new Random(11);
    const decoder = new A0Codec();
    let bytes = 0;
    let framed = 0;
    while (bytes < 1_000_000) {
      const chunk = Uint8Array.from({ length: random.int(1, 400) }, () => (random.chance(0.2) ? 0xa0 : random.int(0, 255)));
      bytes += chunk.length;
      for (const frame of decoder.push(chunk)) framed += frame.length + 5;
      if (decoder.held.length >= MAX_FRAME_BYTES) expect.fail(`holds ${decoder.held.length} bytes`);
    }
    for (const frame of decoder.lull()) framed += frame.length + 5;
    expect(framed + decoder.counters.garbage).toBe(bytes);
  });
});

/** The rule itself, on all bytes at once: at each place a frame with a good checksum is taken, else one byte is skipped. */
function reference(bytes: Uint8Array): string[] {
  const out: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + (bytes[at + 1] ?? 0) + 2;
    const sum = bytes.subarray(at, end).reduce((total, byte) => total + byte, 0);
    const taken = bytes[at] === 0xa0 && end - at >= 5 && end <= bytes.length && sum % 256 === 0;
    if (taken) out.push(toHex(bytes, at, end - at));
    at = taken ? end : at + 1;
  }
  return out;
}

const frame = fc
  .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 60 }))
  .map(([address, cmd, data]) => codec.frame(address, cmd, ...data));
// Half of the garbage is A0 and small numbers, which look like the start of a frame.
const garbage = fc.array(fc.oneof(fc.constant(0xa0), fc.nat(12), fc.nat(255)), { maxLength: 40 }).map((list) => Uint8Array.from(list));

it('any stream of frames and garbage gives the same frames however it is cut', () => {
  const stream = fc.array(fc.tuple(garbage, frame), { maxLength: 12 });
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1 }), (parts, cuts) => {
      const bytes = concat(...parts.flat());
      const pieces: Uint8Array[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length] as number;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(decode(pieces)).toEqual(reference(bytes));
    }),
    { numRuns: 300 },
  );
});
