import { describe, expect, it } from 'vitest';
import { concat, fromHex } from '../../../protocol/bytes.ts';
import type { Read } from '../../../protocol/read.ts';
import * as codec from './codec.ts';
import { countReads } from './decoder.ts';
import { DIALECT, type Dialect, ReadDecoder } from './stream.ts';
import { VECTORS } from './vectors.ts';

const EPC = '3034257BF7194E4000001A85';
const tag = (antenna: number, rssi = -54): Uint8Array =>
  codec.tagRecord(1, codec.Command.FAST_SWITCH, { epc: EPC, antenna, rssi, kHz: 866_500 });

function decode(bytes: Uint8Array, decoder = new ReadDecoder(), now = 1_000): { events: string[]; reads: Read[] } {
  const reads: Read[] = [];
  const events = new codec.A0Codec().push(bytes).map((frame) => decoder.decode(frame, now, reads));
  return { events, reads };
}

describe('the frames of a round', () => {
  it('give the reads that the vectors say', () => {
    const tags = VECTORS.filter(({ means, cmd }) => means.kind === 'tag' && codec.isRound(cmd));
    expect(tags.length).toBeGreaterThan(8);
    for (const { hex, means } of tags) {
      const { reads } = decode(fromHex(hex) ?? new Uint8Array());
      const { epc, antenna, rssi, frequencyKHz } = means;
      expect(reads).toEqual([{ epc: String(epc).toUpperCase(), antenna, rssi, kHz: frequencyKHz, at: 1_000 }]);
    }
  });

  it('tell tags, missing antennas, faults and ends apart, whatever address answers', () => {
    const { events } = decode(
      concat(
        tag(1),
        codec.frame(1, codec.Command.FAST_SWITCH, 2, codec.Code.ANTENNA_MISSING),
        codec.switchEnd(0xff, 1, 100),
        codec.frame(1, codec.Command.SESSION, 0x31),
        codec.roundEnd(1, codec.Command.SESSION, 1, 10, 1),
        codec.frame(1, codec.Command.FIRMWARE, 1, 9),
      ),
    );
    expect(events).toEqual(['read', 'antenna', 'end', 'fault', 'end', 'other']);
  });

  it('whose lengths contradict their PC word are ghosts, and so is an empty EPC', () => {
    const decoder = new ReadDecoder();
    const lie = codec.frame(1, 0x89, 4, 0x38, 0, ...new Array<number>(12).fill(1), 0x40);
    expect(decode(concat(lie, codec.frame(1, 0x89, 4, 0, 0, 0x40)), decoder)).toEqual({ events: ['ghost', 'ghost'], reads: [] });
    expect(decoder.ghosts).toBe(2);
  });

  it('give antennas 1 to 8 on a unit with 8 connectors, 1 to 4 on one whose level has all its bits', () => {
    const antennas = (dialect: Dialect): number[] =>
      decode(concat(...[1, 2, 3, 4, 5, 6, 7, 8].map((antenna) => tag(antenna))), new ReadDecoder(dialect)).reads.map(
        (read) => read.antenna,
      );
    expect(antennas(DIALECT)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(antennas({ ...DIALECT, antennaBit: false })).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });

  it('carry no frequency in a region of own channels', () => {
    expect(decode(tag(1), new ReadDecoder({ ...DIALECT, table: false })).reads).toEqual([{ epc: EPC, antenna: 1, rssi: -54, at: 1_000 }]);
  });
});

describe('the instant of a read', () => {
  it('is its arrival, never before the last one, unless the clock was set back', () => {
    const decoder = new ReadDecoder();
    const at = (now: number): number | undefined => decode(tag(1), decoder, now).reads[0]?.at;
    expect([10_000, 10_005, 10_003, 10_010, 5_000, 5_001].map(at)).toEqual([10_000, 10_005, 10_005, 10_010, 5_000, 5_001]);
  });
});

it('every tag of a long buffer becomes a read, whatever the size of its pieces', () => {
  const buffer = concat(...Array.from({ length: 1_000 }, (_, i) => (i % 100 === 99 ? codec.switchEnd(1, 99, 250) : tag((i % 4) + 1))));
  for (const piece of [1, 21, 64, 4_095, buffer.length]) expect(countReads(buffer, 0, piece)).toBe(990);
});
