import { describe, expect, it } from 'vitest';
import { concat } from '../../../protocol/bytes.ts';
import type { Read } from '../../../protocol/read.ts';
import { Cmd, inventoryReply18, inventoryReply288, pushHeartbeat, pushTag, reply, Status, Uhf18Codec } from './codec.ts';
import { countReads } from './decoder.ts';
import { NO_LEVEL, ReadDecoder, RSSI_OFFSET } from './stream.ts';

const EPC = '3034257BF7194E4000001A85';

function play(bytes: Uint8Array, now = 5_000, decoder = new ReadDecoder(), port = 1): { events: string[]; reads: Read[] } {
  const reads: Read[] = [];
  const events = new Uhf18Codec().push(bytes).map((frame) => decoder.decode(frame, now, reads, port));
  return { events, reads };
}

describe('a frame of a stream', () => {
  it('becomes a read with the arrival as its instant and a relative level', () => {
    expect(play(pushTag(0b0100, { epc: EPC, rssi: 0x4e }))).toEqual({
      events: ['read'],
      reads: [{ epc: EPC, antenna: 3, rssi: 0x4e + RSSI_OFFSET, at: 5_000 }],
    });
  });

  it('has its level moved by the offset of the settings', () => {
    expect(play(pushTag(1, { epc: EPC, rssi: 0x4e }), 0, new ReadDecoder(-100)).reads[0]?.rssi).toBe(-22);
  });

  it('of a round gives all its tags', () => {
    const list = [1, 2, 3].map((i) => ({ epc: `${EPC.slice(0, -1)}${i}`, rssi: 60 + i }));
    const { events, reads } = play(inventoryReply288(Status.MORE, 2, list));
    expect(events).toEqual(['read']);
    expect(reads.map((read) => [read.epc, read.antenna, read.rssi])).toEqual(list.map(({ epc, rssi }) => [epc, 2, rssi + RSSI_OFFSET]));
  });

  it('of a UHFReader18 has the same level for all', () => {
    expect(play(inventoryReply18(Status.MORE, [EPC]), 0, undefined, 4).reads).toEqual([{ epc: EPC, antenna: 4, rssi: NO_LEVEL, at: 0 }]);
  });

  it('of a tag that was never written is no read', () => {
    expect(play(reply(Cmd.INVENTORY, Status.MORE, [1, 1, 0, 0x50]))).toEqual({ events: ['read'], reads: [] });
  });

  it('whose lengths contradict each other is counted and is no read', () => {
    const decoder = new ReadDecoder();
    expect(play(reply(Cmd.PUSH, Status.OK, [1, 40, 1, 2, 3, 4]), 0, decoder)).toEqual({ events: ['ghost'], reads: [] });
    expect(decoder.ghosts).toBe(1);
  });

  it.each([
    ['the end of a round', inventoryReply288(Status.DONE, 1, []), 'round'],
    ['a round out of time', inventoryReply288(Status.TIME_OUT, 1, []), 'round'],
    ['no tag', reply(Cmd.INVENTORY, Status.NO_TAG), 'round'],
    ['statistics', reply(Cmd.INVENTORY, Status.STATISTICS, [1, 0, 9, 0, 0, 0, 9]), 'round'],
    ['an antenna that is missing', reply(Cmd.INVENTORY, Status.ANTENNA), 'fault'],
    ['a full memory', inventoryReply288(Status.MEMORY_FULL, 1, []), 'fault'],
    ['a heartbeat', pushHeartbeat({ packet: 1, antennas: ['ok', 'idle', 'idle', 'idle'], total: 5 }), 'heartbeat'],
    ['an answer to another command', reply(Cmd.INFO, Status.OK, [1, 2]), 'other'],
  ])('that is %s is known as such', (_name, bytes, event) => {
    expect(play(bytes).events).toEqual([event]);
  });

  it('never goes back in time, except when the clock was set back', () => {
    const decoder = new ReadDecoder();
    const at = (now: number): number | undefined => play(pushTag(1, { epc: EPC, rssi: 70 }), now, decoder).reads[0]?.at;
    expect([at(10_000), at(9_500), at(10_100), at(1_000), at(1_010)]).toEqual([10_000, 10_000, 10_100, 1_000, 1_010]);
  });
});

it('every push of a long buffer becomes a read, whatever the size of its pieces', () => {
  const buffer = concat(...Array.from({ length: 1_000 }, (_, i) => pushTag(1 << (i % 4), { epc: EPC, rssi: 60 + (i % 30) })));
  for (const piece of [1, 21, 64, 4_095, 4_096, buffer.length]) expect(countReads(buffer, 0, piece)).toBe(1_000);
});
