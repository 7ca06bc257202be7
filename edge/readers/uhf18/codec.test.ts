import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../protocol/bytes.ts';
import { command, crc16, type Frame, MAX_FRAME_BYTES, reply, Uhf18Codec } from './codec.ts';
import { BAD_CRC, VECTORS } from './vectors.ts';

type Hears = 'replies' | 'commands';
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const hexOf = ({ bytes, start }: Frame): string => toHex(bytes, start, (bytes[start] as number) + 1);
const good = VECTORS[0]?.hex ?? '';

/** All frames of the pieces, with what a lull at the end brings out; every byte is a frame's or counted. */
function decode(pieces: readonly Uint8Array[], hears: Hears = 'replies'): string[] {
  const codec = new Uhf18Codec(hears);
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
  it.each(VECTORS)('$name is read as what it is', ({ hears, hex, cmd, status, data }) => {
    const [frame, more] = new Uhf18Codec(hears).push(bytesOf(hex));
    if (frame === undefined) expect.fail('no frame');
    expect(more).toBeUndefined();
    expect({ cmd: frame.cmd, status: frame.status, data: toHex(frame.bytes, frame.data, frame.length) }).toEqual({ cmd, status, data });
  });

  it.each(VECTORS)('$name is written as it was read', ({ hears, hex, cmd, status, data }) => {
    const address = bytesOf(hex)[1] as number;
    const made = hears === 'replies' ? reply(cmd, status, [...bytesOf(data)], address) : command(cmd, [...bytesOf(data)], address);
    expect(toHex(made)).toBe(hex);
  });

  it.each(VECTORS)('$name is read when it is cut at any byte', ({ hears, hex }) => {
    const bytes = bytesOf(hex);
    for (let cut = 0; cut <= bytes.length; cut++) expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], hears)).toEqual([hex]);
    expect(
      decode(
        Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
        hears,
      ),
    ).toEqual([hex]);
  });

  it.each(VECTORS)('$name is read behind garbage, cut at any byte', ({ hears, hex }) => {
    // 07: a false start that swallows the frame's first bytes until its checksum fails.
    const bytes = concat(bytesOf('0003010407'), bytesOf(hex));
    for (let cut = 0; cut <= bytes.length; cut++) expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], hears)).toEqual([hex]);
  });

  it('is read twice when two stand in one chunk', () => {
    for (const { hears, hex } of VECTORS) expect(decode([bytesOf(hex + hex)], hears)).toEqual([hex, hex]);
  });

  it('points into the chunk it came in, without a copy', () => {
    const chunk = bytesOf(good);
    expect(new Uhf18Codec().push(chunk)[0]?.bytes).toBe(chunk);
  });

  it('with its checksum has the checksum 0', () => {
    for (const { hex } of VECTORS) expect(crc16(bytesOf(hex), 0, hex.length / 2)).toBe(0);
  });
});

describe('a damaged line', () => {
  it('loses the frame with the wrong checksum, counts it, and keeps the next', () => {
    const codec = new Uhf18Codec();
    const frames = [...codec.push(bytesOf(BAD_CRC + good)), ...codec.lull()];
    expect(frames.map(hexOf)).toEqual([good]);
    expect(codec.counters).toEqual({ frames: 1, crc: 1, resync: 1, garbage: 22 });
  });

  it('gives up a false start after a lull and finds the frames behind it', () => {
    const codec = new Uhf18Codec();
    expect(codec.push(bytesOf(`F0${good}${good}`))).toEqual([]);
    expect(codec.lull().map(hexOf)).toEqual([good, good]);
  });

  it('drops an unfinished frame after a lull, so that the next one is read at once', () => {
    const codec = new Uhf18Codec();
    expect(codec.push(bytesOf(good.slice(0, 20)))).toEqual([]);
    expect(codec.lull()).toEqual([]);
    expect(codec.push(bytesOf(good)).map(hexOf)).toEqual([good]);
  });

  it('never takes a frame that is wholly inside a good one', () => {
    const inner = [...bytesOf('050001FBF23D')];
    const outer = toHex(reply(0x02, 0, [...inner, ...inner]));
    expect(decode([bytesOf(outer)])).toEqual([outer]);
  });

  it('holds less than one frame whatever comes', () => {
    const codec = new Uhf18Codec();
    for (let i = 0; i < 2_000; i++) {
      codec.push(new Uint8Array(97).fill(0xff));
      codec.push(Uint8Array.from([0xff, 0xfe]));
      expect(codec.held.length).toBeLessThan(MAX_FRAME_BYTES);
    }
  });
});

/** The rule itself, on all bytes at once: at each place a frame with a good checksum is taken, else one byte is skipped. */
function reference(bytes: Uint8Array): string[] {
  const out: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + (bytes[at] as number) + 1;
    const taken = (bytes[at] as number) >= 5 && end <= bytes.length && crc16(bytes, at, end) === 0;
    if (taken) out.push(toHex(bytes, at, end - at));
    at = taken ? end : at + 1;
  }
  return out;
}

const frame = fc
  .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 60 }))
  .map(([cmd, status, data]) => reply(cmd, status, [...data]));
// Half of the garbage are small numbers, which look like a length.
const garbage = fc.array(fc.oneof(fc.nat(24), fc.nat(255)), { maxLength: 40 }).map((list) => Uint8Array.from(list));
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
        expect(decode(pieces)).toEqual(reference(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('gives every good frame that a false start with a good checksum does not cover', () => {
    fc.assert(
      fc.property(stream, (parts) => {
        const sent = parts.map(([, sealed]) => toHex(sealed));
        const found = decode(parts.flat());
        // A false start passes the checksum once in 65,536; when it does it is among what was found.
        if (found.every((hex) => sent.includes(hex))) expect(found).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  it('of a million random bytes loses none without counting it', () => {
    let state = 7;
    const next = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    };
    const codec = new Uhf18Codec();
    let taken = 0;
    for (let i = 0; i < 1_000; i++) {
      for (const { bytes, start } of codec.push(Uint8Array.from({ length: 1_000 }, next))) taken += (bytes[start] as number) + 1;
    }
    for (const { bytes, start } of codec.lull()) taken += (bytes[start] as number) + 1;
    expect(taken + codec.counters.garbage).toBe(1_000_000);
  });
});
