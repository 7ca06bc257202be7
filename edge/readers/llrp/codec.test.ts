import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../protocol/bytes.ts';
import { Random } from '../../../simulators/random.ts';
import * as codec from './codec.ts';
import { VECTORS, vectorOf } from './vectors.ts';

const { LlrpCodec, MAX_MESSAGE_BYTES } = codec;
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const hexOf = (frame: codec.Frame): string => toHex(frame.bytes, frame.start, frame.end - frame.start);
const KEEPALIVE = vectorOf('sign of life').hex;
const TAG = vectorOf('tag of 96 bits').hex;

/** All messages of the pieces; every byte is in a message, held or dropped. */
function decode(pieces: readonly Uint8Array[]): { frames: string[]; decoder: codec.LlrpCodec } {
  const decoder = new LlrpCodec();
  const frames: string[] = [];
  let total = 0;
  for (const piece of pieces) {
    frames.push(...decoder.push(piece).map(hexOf));
    total += piece.length;
    expect(decoder.held).toBeLessThan(MAX_MESSAGE_BYTES);
    expect(frames.join('').length / 2 + decoder.held + decoder.counters.dropped).toBe(total);
  }
  decoder.lull();
  expect(frames.join('').length / 2 + decoder.counters.dropped).toBe(total);
  return { frames, decoder };
}

/** The same bytes, cut where `random` says. */
function cut(bytes: Uint8Array, random: Random, longest: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random.int(1, longest);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

describe('a message', () => {
  it.each(VECTORS)('$name ($direction) is read as what it is', ({ hex, type, id }) => {
    const [frame, more] = new LlrpCodec().push(bytesOf(hex));
    expect(more).toBeUndefined();
    expect(frame).toMatchObject({ version: 1, type, id, start: 0, data: 10, end: hex.length / 2 });
  });

  it.each(VECTORS)('$name ($direction) is read when it is cut at any byte, and when each byte comes alone', ({ hex }) => {
    const bytes = bytesOf(hex);
    for (let at = 0; at <= bytes.length; at++) expect(decode([bytes.subarray(0, at), bytes.subarray(at)]).frames).toEqual([hex]);
    expect(decode(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))).frames).toEqual([hex]);
  });

  it('is read when several stand in one chunk, cut at any byte', () => {
    const all = VECTORS.map(({ hex }) => hex);
    const bytes = bytesOf(all.join(''));
    for (let at = 0; at <= bytes.length; at++) expect(decode([bytes.subarray(0, at), bytes.subarray(at)]).frames).toEqual(all);
  });

  it('of LLRP 1.1 is read too', () => {
    expect(new LlrpCodec().push(bytesOf(`08${KEEPALIVE.slice(2)}`))[0]).toMatchObject({ version: 2, type: 62 });
  });

  it('of a type that nobody knows is passed over by its length', () => {
    expect(decode([bytesOf(`06BC0000000C00000001BEEF${KEEPALIVE}`)]).frames.at(-1)).toBe(KEEPALIVE);
  });

  it('points into the chunk it came in, without a copy', () => {
    const chunk = bytesOf(TAG);
    expect(new LlrpCodec().push(chunk)[0]?.bytes).toBe(chunk);
  });

  it('may be as long as the limit, in pieces', () => {
    const long = codec.message(61, 1, new Uint8Array(MAX_MESSAGE_BYTES - 10));
    const decoder = new LlrpCodec();
    const frames = cut(long, new Random(3), 4_096).flatMap((piece) => decoder.push(piece));
    expect(frames.map((frame) => frame.end - frame.start)).toEqual([MAX_MESSAGE_BYTES]);
  });
});

describe('a header that can be none', () => {
  it.each([
    ['of no version', '003E0000000A0000002A', 'version 0'],
    ['of a version to come', '0C3E0000000A0000002A', 'version 3'],
    ['with reserved bits', '243E0000000A0000002A', 'reserved bits 1'],
    ['shorter than itself', '043E000000090000002A', '9 bytes'],
    ['longer than the limit', '043D001000010000002A', '1048577 bytes'],
    ['longer than anything', '043DFFFFFFFF0000002A', '4294967295 bytes'],
  ])('%s ends the connection: nothing behind it is believed, and all of it is counted', (_name, hex, why) => {
    for (const at of [0, 1, 9, 10, 15]) {
      const bytes = bytesOf(TAG + hex + KEEPALIVE);
      const { frames, decoder } = decode([bytes.subarray(0, 56 + at), bytes.subarray(56 + at), bytesOf(KEEPALIVE)]);
      expect(frames).toEqual([TAG]);
      expect(decoder.broken).toContain(why);
      expect(decoder.counters).toEqual({ frames: 1, dropped: 30 });
    }
  });
});

describe('any bytes', () => {
  it('are in a message, held or dropped, and never thrown at', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (pieces) => {
        decode(pieces);
      }),
      { numRuns: 500 },
    );
  });

  it('behind a good header too, whatever the parameters say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(1, 11, 12, 61, 63, 100, 1_023), (data, type) => {
        const [frame] = new LlrpCodec().push(codec.message(type, 1, data));
        if (frame === undefined) expect.fail('no message');
        for (const { at, end } of codec.parameters(frame.bytes, frame.data, frame.end)) {
          expect(at).toBeGreaterThan(frame.data);
          expect(end).toBeGreaterThanOrEqual(at);
          expect(end).toBeLessThanOrEqual(frame.end);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of a long stream come out as the messages that went in, however they are cut', () => {
    const random = new Random(11);
    const sent = Array.from({ length: 3_000 }, () => random.pick(VECTORS).hex);
    expect(decode(cut(bytesOf(sent.join('')), random, 300)).frames).toEqual(sent);
  });
});

describe('parameters', () => {
  const walk = (hex: string): [number, string][] =>
    codec.parameters(bytesOf(hex), 0, hex.length / 2).map(({ type, bytes, at, end }) => [type, toHex(bytes, at, end - at)]);

  it('of both encodings follow each other', () => {
    expect(walk('81000300F8000700028086C4')).toEqual([
      [1, '0003'],
      [248, '000280'],
      [6, 'C4'],
    ]);
  });

  it('end at a length that lies and at a TV that nobody knows', () => {
    expect(walk('810003000000038600')).toEqual([[1, '0003']]);
    expect(walk('81000300F0FFFF00')).toEqual([[1, '0003']]);
    expect(walk('810003FE00')).toEqual([[1, '0003']]);
    expect(walk('8100')).toEqual([]);
  });

  it('come back as they were written', () => {
    const value = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 128, max: 1_023 }), value), { maxLength: 6 }), (list) => {
        const bytes = codec.message(61, 9, ...list.map(([type, data]) => codec.tlv(type, data)));
        const [frame] = new LlrpCodec().push(bytes);
        expect(codec.parameters(bytes, frame?.data ?? 0, bytes.length).map(({ type, at, end }) => [type, bytes.slice(at, end)])).toEqual(
          list,
        );
      }),
    );
  });

  it('carry numbers of 64 bits', () => {
    expect(codec.message(62, 1, codec.be64(2 ** 53 - 1)).slice(10)).toEqual(bytesOf('001FFFFFFFFFFFFF'));
    expect(concat(codec.message(62, 4_294_967_295)).slice(6)).toEqual(bytesOf('FFFFFFFF'));
  });
});
