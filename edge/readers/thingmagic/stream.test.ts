import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../protocol/bytes.ts';
import type { Read } from '../../../protocol/read.ts';
import { cycleEnd, type Frame, Metadata, Op, reply, Status, seal, ThingMagicCodec, tagBuffer, tagRecord } from './codec.ts';
import { ReadDecoder, type StreamEvent } from './stream.ts';
import { RECORDS } from './vectors.ts';

const frameOf = (bytes: Uint8Array): Frame => {
  const [frame] = new ThingMagicCodec().push(bytes);
  if (frame === undefined) expect.fail('no frame');
  return frame;
};
const fromVector = (hex: string): Frame => frameOf(fromHex(hex) ?? new Uint8Array());
const tag = { epc: '3034257BF7194E4000001A85', antenna: 2, rssi: -56, timestamp: 100 };
const FULL = 0x01ff;

/** Frames as [arrival, bytes] through one decoder. */
function play(...frames: (readonly [number, Uint8Array])[]): { reads: Read[]; events: StreamEvent[]; decoder: ReadDecoder } {
  const decoder = new ReadDecoder();
  const reads: Read[] = [];
  const events = frames.map(([now, bytes]) => decoder.decode(frameOf(bytes), now, reads));
  return { reads, events, decoder };
}

describe('a tag record', () => {
  it.each(RECORDS)('$name becomes the read it holds', ({ hex, read, timestamp }) => {
    const { reads } = play([5_000, cycleEnd()], [9_000, fromHex(hex) ?? new Uint8Array()]);
    expect(reads).toEqual([{ ...read, at: 5_000 + timestamp }]);
  });

  it('is read with every combination of optional fields', () => {
    for (let flags = 0; flags <= FULL; flags++) {
      const { reads } = play([1_000, cycleEnd()], [2_000, tagRecord({ ...tag, phase: 90, kHz: 866_900 }, flags)]);
      expect(reads).toEqual([
        {
          epc: tag.epc,
          antenna: flags & Metadata.ANTENNA ? 2 : 0,
          rssi: flags & Metadata.RSSI ? -56 : 0,
          at: flags & Metadata.TIMESTAMP ? 1_100 : 2_000,
          ...(flags & Metadata.PHASE ? { phase: 90 } : {}),
          ...(flags & Metadata.FREQUENCY ? { kHz: 866_900 } : {}),
        },
      ]);
    }
  });

  it('of any length gives its EPC back, seen for the first time or again', () => {
    const decoder = new ReadDecoder();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 31 }), fc.boolean(), (half, long) => {
        const epc = [...half, ...half].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
        const text = long ? epc : epc.padEnd(24, '0').slice(0, 24);
        for (let i = 0; i < 2; i++) {
          const reads: Read[] = [];
          decoder.decode(frameOf(tagRecord({ ...tag, epc: text }, FULL)), 0, reads);
          expect(reads[0]?.epc).toBe(text);
        }
      }),
    );
  });

  it('on port 16 is sent as 0 and read as 16', () => {
    expect(play([0, tagRecord({ ...tag, antenna: 16 }, FULL)]).reads[0]?.antenna).toBe(16);
  });

  it('behind a multiplexer is on the antenna that outputs 3 and 4 have switched to, where the settings say so', () => {
    for (const [gpio, antenna] of [
      [0b0000, 2],
      [0b0100, 18],
      [0b1000, 34],
      [0b1100, 50],
    ] as const) {
      const frame = frameOf(tagRecord({ ...tag, gpio }, FULL));
      const reads: Read[] = [];
      new ReadDecoder({ multiplexed: true }).decode(frame, 0, reads);
      new ReadDecoder().decode(frame, 0, reads);
      expect(reads.map((read) => read.antenna)).toEqual([antenna, 2]);
    }
  });

  it('names the transmitting antenna', () => {
    const bytes = tagRecord(tag, FULL);
    bytes[13] = 0x31;
    expect(play([0, seal(bytes)]).reads[0]?.antenna).toBe(3);
  });

  it('behind a prefix byte is read one byte later', () => {
    const plain = tagRecord(tag, FULL);
    const bytes = seal(Uint8Array.from([0xff, (plain[1] as number) + 1, 0x22, 0, 0, 0x88, ...plain.subarray(5)]));
    expect(play([0, bytes]).reads[0]).toMatchObject({ epc: tag.epc, antenna: 2 });
  });

  it('with a PC that announces XPC words leaves them out of the EPC', () => {
    const record = (pc: number): Uint8Array => {
      const words = [pc, 0x00, 0x00, 0x01, 0xab, 0xcd];
      return reply(Op.READ_MULTIPLE, 0, 0x10, 0, 0x1b, 0, 0, 1, 0, 64, ...words, ...crcOf(...words));
    };
    expect(play([0, record(0x10)]).reads[0]?.epc).toBe('0001ABCD');
    expect(play([0, record(0x12)]).reads[0]?.epc).toBe('ABCD');
  });

  it('whose own checksum is wrong is counted and is no read', () => {
    const bytes = tagRecord(tag, FULL);
    // The reader's checksum is right: the error happened between tag and reader.
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] as number) ^ 1;
    const { reads, events, decoder } = play([0, seal(bytes)]);
    expect({ reads, events, ghosts: decoder.ghosts }).toEqual({ reads: [], events: ['ghost'], ghosts: 1 });
  });

  it('whose lengths contradict each other is counted and is no read', () => {
    const bytes = tagRecord(tag, FULL);
    bytes[27] = 0x7f;
    const { reads, decoder } = play([0, seal(bytes)]);
    expect({ reads, malformed: decoder.malformed }).toEqual({ reads: [], malformed: 1 });
  });

  it('never makes the decoder throw or read beyond the frame, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(0xffff), (data, flags) => {
        const { decoder } = play([0, reply(Op.READ_MULTIPLE, 0, 0x10, 0, 0x1b, flags >> 8, flags & 0xff, 1, ...data)]);
        expect(decoder.ghosts + decoder.malformed).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});

/** The tag's checksum bit by bit, as the Gen2 standard words it. */
function crcOf(...bytes: number[]): [number, number] {
  let register = 0xffff;
  for (const byte of bytes) {
    register ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) register = (register & 0x8000 ? (register << 1) ^ 0x1021 : register << 1) & 0xffff;
  }
  return [(register >> 8) ^ 0xff, (register & 0xff) ^ 0xff];
}

describe('the instant of a read', () => {
  const at = (timestamp: number): Uint8Array => tagRecord({ ...tag, timestamp }, FULL);

  it('is the arrival before the first cycle has a start', () => {
    expect(play([7_000, at(100)]).reads[0]?.at).toBe(7_000);
  });

  it('counts from the answer to the start command, then from each end of a cycle', () => {
    const { reads } = play([1_000, reply(Op.MULTI_PROTOCOL, 0, 1)], [1_500, at(400)], [2_000, cycleEnd()], [2_900, at(30)]);
    expect(reads.map((read) => read.at)).toEqual([1_400, 2_030]);
  });

  it('is never after the arrival', () => {
    expect(play([1_000, cycleEnd()], [1_010, at(900)]).reads[0]?.at).toBe(1_010);
  });

  it('never decreases, whatever time stamps and arrivals come', () => {
    const step = fc.tuple(fc.nat(300), fc.nat(2_000), fc.boolean());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let now = 10_000;
        const after = (ms: number): number => {
          now += ms;
          return now;
        };
        const frames = steps.map(([wait, stamp, end]) => [after(wait), end ? cycleEnd() : at(stamp)] as const);
        const instants = play(...frames).reads.map((read) => read.at);
        expect(instants).toEqual([...instants].sort((a, b) => a - b));
      }),
    );
  });

  it('starts again when the host’s clock was set back', () => {
    const { reads } = play([90_000, cycleEnd()], [90_500, at(400)], [10_000, at(900)], [10_100, cycleEnd()], [10_300, at(100)]);
    expect(reads.map((read) => read.at)).toEqual([90_400, 10_000, 10_200]);
  });
});

describe('a piece of the tag buffer', () => {
  const tags = [1, 2, 3].map((antenna) => ({ ...tag, antenna, timestamp: 50 * antenna }));
  const flags = 0x005f;

  it('gives each of its tags, with time from the start of the search', () => {
    const decoder = new ReadDecoder();
    decoder.searching(1_000);
    const reads: Read[] = [];
    expect(decoder.decode(frameOf(tagBuffer(tags, flags).bytes), 2_000, reads)).toBe('buffer');
    expect(reads.map(({ antenna, at }) => [antenna, at])).toEqual([
      [1, 1_050],
      [2, 1_100],
      [3, 1_150],
    ]);
  });

  it('holds as many tags as fit into one answer', () => {
    const many = Array.from({ length: 20 }, () => tag);
    const { bytes, taken } = tagBuffer(many, flags);
    expect(bytes.length).toBeLessThanOrEqual(0xff);
    const reads: Read[] = [];
    new ReadDecoder().decode(frameOf(bytes), 0, reads);
    expect(reads).toHaveLength(taken);
    expect(taken).toBeGreaterThan(5);
  });

  it('whose count is a lie gives what is there', () => {
    const { bytes } = tagBuffer(tags, flags);
    bytes[8] = 200;
    const reads: Read[] = [];
    const decoder = new ReadDecoder();
    decoder.decode(frameOf(seal(bytes)), 0, reads);
    expect(reads).toHaveLength(3);
    expect(decoder.malformed).toBe(1);
  });

  it('with a ghost among its tags gives the others', () => {
    const { bytes } = tagBuffer(tags, flags);
    // In the EPC of the first.
    bytes[27] = (bytes[27] as number) ^ 1;
    const reads: Read[] = [];
    const decoder = new ReadDecoder();
    decoder.decode(frameOf(seal(bytes)), 0, reads);
    expect([reads.length, decoder.ghosts]).toEqual([2, 1]);
  });
});

describe('the other messages of a stream', () => {
  it.each([
    ['0503 is a fault', reply(Op.READ_MULTIPLE, Status.ANTENNA_MISSING), 'fault'],
    ['0504 is a fault', reply(Op.READ_MULTIPLE, Status.TEMPERATURE), 'fault'],
    ['0505 is a fault', reply(Op.READ_MULTIPLE, Status.RETURN_LOSS), 'fault'],
    ['0601 is a fault', reply(Op.READ_MULTIPLE, Status.BUFFER_FULL), 'fault'],
    ['0400 ends a cycle', cycleEnd(), 'cycle'],
    ['an empty one ends a cycle', reply(Op.READ_MULTIPLE, 0), 'cycle'],
    ['type 00 ends the stream', reply(Op.READ_MULTIPLE, 0, 0x10, 0, 0x1b, 0, 0, 0), 'ended'],
    ['the count of a polled search is no record', reply(Op.READ_MULTIPLE, 0, 0, 0, 3, 1), 'other'],
    ['totals are no record', reply(Op.READ_MULTIPLE, 0, 0x01, 0, 0x5b, 1, 0, 0, 9), 'other'],
    ['a frame of another command', reply(Op.VERSION, 0, 1, 2, 3), 'other'],
  ] as const)('%s', (_name, bytes, event) => {
    expect(play([0, bytes]).events).toEqual([event]);
  });

  it('a status record tells the temperature', () => {
    const { events, decoder } = play([0, fromVector('FF0A22000010011B0000028200012AF0A2').bytes]);
    expect(events).toEqual(['statistics']);
    expect(decoder.statistics).toEqual({ temperatureC: 42 });
  });

  it('a status record tells connected antennas, with unknown parts named and stepped over', () => {
    const record = [0x10, 0x01, 0x1b, 0, 0, 2, 0x02, 3, 1, 1, 0xc0, 0x90, 0x00, 4, 1, 1, 2, 0];
    expect(play([0, reply(Op.READ_MULTIPLE, 0, ...record)]).decoder.statistics).toEqual({
      antennas: [
        { port: 1, connected: true },
        { port: 2, connected: false },
      ],
      unknown: [{ flag: 2, from: 13, length: 3 }],
    });
  });

  it('a record tells the level of the inputs', () => {
    expect(play([0, tagRecord({ ...tag, gpio: 0x1f }, FULL)]).decoder.gpio).toBe(0x1f);
  });
});
