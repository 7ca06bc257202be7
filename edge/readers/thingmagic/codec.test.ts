import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../protocol/bytes.ts';
import { type Frame, frameCrc, MAX_FRAME_BYTES, reply, ThingMagicCodec } from './codec.ts';
import { BAD_CRC, VECTORS } from './vectors.ts';

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const hexOf = (frame: Frame): string => toHex(frame.bytes, frame.start, frame.data + frame.length + 2 - frame.start);

/** All frames of the pieces, with what a lull at the end brings out. */
function decode(pieces: readonly Uint8Array[], hears: 'replies' | 'commands' = 'replies'): string[] {
  const codec = new ThingMagicCodec(hears);
  const out: string[] = [];
  for (const piece of pieces) {
    out.push(...codec.push(piece).map(hexOf));
    expect(codec.held.length).toBeLessThan(MAX_FRAME_BYTES);
  }
  return [...out, ...codec.lull().map(hexOf)];
}

describe('a frame', () => {
  it.each(VECTORS)('$name is read as what it is', ({ hears, hex, op, status, data }) => {
    const [frame, more] = new ThingMagicCodec(hears).push(bytesOf(hex));
    if (frame === undefined) expect.fail('no frame');
    expect(more).toBeUndefined();
    expect({ op: frame.op, status: frame.status, data: toHex(frame.bytes, frame.data, frame.length) }).toEqual({ op, status, data });
  });

  it.each(VECTORS)('$name is read when it is cut at any byte', ({ hears, hex }) => {
    const bytes = bytesOf(hex);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], hears)).toEqual([hex]);
    }
    expect(
      decode(
        Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
        hears,
      ),
    ).toEqual([hex]);
  });

  it.each(VECTORS)('$name is read behind garbage, cut at any byte', ({ hears, hex }) => {
    // FF 05: a false start that swallows the frame's first bytes until its checksum fails.
    const garbage = bytesOf('00FFFFF9FF05AA');
    const bytes = concat(garbage, bytesOf(hex));
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)], hears)).toEqual([hex]);
    }
  });

  it('is read twice when two stand in one chunk', () => {
    for (const { hears, hex } of VECTORS) expect(decode([bytesOf(hex + hex)], hears)).toEqual([hex, hex]);
  });

  it('points into the chunk it came in, without a copy', () => {
    const chunk = bytesOf(VECTORS[0]?.hex ?? '');
    expect(new ThingMagicCodec().push(chunk)[0]?.bytes).toBe(chunk);
  });
});

describe('a damaged line', () => {
  it('loses the frame with the wrong checksum, counts it, and keeps the next', () => {
    const good = 'FF00920000273B';
    const codec = new ThingMagicCodec();
    expect(codec.push(bytesOf(BAD_CRC + good)).map(hexOf)).toEqual([good]);
    expect(codec.counters).toEqual({ frames: 1, crc: 1, resync: 1, garbage: 7 });
  });

  it('does not wait for a length that no module sends', () => {
    expect(decode([bytesOf('FFF9'), bytesOf('FF00920000273B')])).toEqual(['FF00920000273B']);
  });

  it('gives up a false start after a lull and finds the frames behind it', () => {
    const codec = new ThingMagicCodec();
    expect(codec.push(bytesOf('FFF0220000FF00920000273BFF00970000779E'))).toEqual([]);
    expect(codec.lull().map(hexOf)).toEqual(['FF00920000273B', 'FF00970000779E']);
    expect(codec.held.length).toBe(0);
  });

  it('never takes a frame that is wholly inside a good one', () => {
    const inner = [...bytesOf('FF0022040084E0')];
    const outer = toHex(reply(0x29, 0, ...inner, ...inner));
    expect(decode([bytesOf(outer)])).toEqual([outer]);
  });

  it('holds less than one frame whatever comes', () => {
    const codec = new ThingMagicCodec();
    for (let i = 0; i < 2_000; i++) {
      codec.push(new Uint8Array(97).fill(0xff));
      codec.push(Uint8Array.from([0xff, 0xf8]));
      expect(codec.held.length).toBeLessThan(MAX_FRAME_BYTES);
    }
  });
});

/** The rule itself, on all bytes at once: at each place a frame with a good checksum is taken, else one byte is skipped. */
function reference(bytes: Uint8Array): string[] {
  const out: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at + 1] ?? 0xff;
    const end = at + length + 7;
    const taken =
      bytes[at] === 0xff &&
      length <= 0xf8 &&
      end <= bytes.length &&
      frameCrc(bytes, at + 1, end - 2) === (((bytes[end - 2] as number) << 8) | (bytes[end - 1] as number));
    if (taken) out.push(toHex(bytes, at, end - at));
    at = taken ? end : at + 1;
  }
  return out;
}

const frame = fc
  .tuple(fc.nat(255), fc.nat(0xffff), fc.uint8Array({ maxLength: 60 }))
  .map(([op, status, data]) => reply(op, status, ...data));
// Half of the garbage is FF and small numbers, which look like the start of a frame.
const garbage = fc.array(fc.oneof(fc.constant(0xff), fc.nat(12), fc.nat(255)), { maxLength: 40 }).map((list) => Uint8Array.from(list));

describe('any stream of frames and garbage', () => {
  const stream = fc.array(fc.tuple(garbage, frame), { maxLength: 12 });

  it('gives the same frames however it is cut', () => {
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
        const sent = parts.map(([, good]) => toHex(good));
        const found = decode(parts.flat());
        // A false start passes the checksum once in 65,536; when it does it is among what was found.
        if (found.every((hex) => sent.includes(hex))) expect(found).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });
});
