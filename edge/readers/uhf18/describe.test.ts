import fc from 'fast-check';
import { expect, it, describe as suite } from 'vitest';
import { fromHex, toHex } from '../../../protocol/bytes.ts';
import { Cmd, command, inventory288, inventoryReply18, inventoryReply288, pushHeartbeat, pushTag, reply, Status, tagsOf } from './codec.ts';
import { describe } from './describe.ts';
import { BAD_CRC, VECTORS } from './vectors.ts';

const EPC = '3034257BF7194E4000001A85';
const TID = 'E2801160200074CF01234567';
const hexBytes = (hex: string): number[] => [...(fromHex(hex) ?? [])];

suite('a line', () => {
  it.each(VECTORS)('with $name is described', ({ hears, hex, frames }) => {
    const line = describe(fromHex(hex) ?? new Uint8Array(), hears === 'replies' ? 'reader' : 'host');
    expect(line).toMatchObject({ frames, dropped: 0 });
    expect(line.frames).toHaveLength(frames.length);
  });

  it('with a wrong checksum has no frame and says how much was dropped', () => {
    expect(describe(fromHex(BAD_CRC) ?? new Uint8Array(), 'reader')).toEqual({ frames: [], dropped: 22 });
  });

  it('with a mask of several antennas names the lowest', () => {
    expect(describe(pushTag(0b1100, { epc: EPC, rssi: 80 }), 'reader').frames).toMatchObject([{ kind: 'tag', antenna: 3, antMask: 12 }]);
    expect(describe(pushTag(0x80, { epc: EPC, rssi: 80 }), 'reader').frames).toMatchObject([{ antenna: 8 }]);
  });

  it('with a FastID gives EPC and TID, whether the length counts the TID or not', () => {
    for (const len of [0x80 | 24, 0x80 | 12]) {
      const polled = reply(Cmd.INVENTORY, Status.DONE, [2, 1, len, ...hexBytes(EPC), ...hexBytes(TID), 0x55]);
      const pushed = reply(Cmd.PUSH, Status.OK, [2, len, ...hexBytes(EPC), ...hexBytes(TID), 0x55]);
      const wanted = [{ kind: 'tag', epc: EPC.toLowerCase(), tid: TID.toLowerCase(), antenna: 2, rssiRaw: 0x55 }];
      expect(describe(polled, 'reader').frames).toMatchObject(wanted);
      expect(describe(pushed, 'reader').frames).toMatchObject(wanted);
    }
  });

  it('with phase and frequency behind the level gives them', () => {
    const bytes = reply(Cmd.INVENTORY, Status.DONE, [1, 1, 0x40 | 12, ...hexBytes(EPC), 0x55, 0, 0, 1, 2, 0x0d, 0x37, 0xfc]);
    expect(describe(bytes, 'reader').frames).toMatchObject([
      { epc: EPC.toLowerCase(), rssiRaw: 0x55, phaseRaw: 258, frequencyKHz: 866_300 },
    ]);
  });

  it.each([4, 8])('with a heartbeat of a reader with %i connectors tells each of them', (ports) => {
    const antennas = Array.from({ length: ports }, (_, i) => (['ok', 'idle', 'disconnected'] as const)[i % 3] ?? 'ok');
    const [frame] = describe(pushHeartbeat({ packet: 70_000, antennas, total: 4_000_000_000 }), 'reader').frames;
    expect(frame).toMatchObject({ kind: 'heartbeat', packetNo: 70_000, totalCount: 4_000_000_000 });
    expect(frame?.['antennas']).toEqual(antennas.map((state, i) => ({ port: i + 1, state })));
  });

  it.each([0x05, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x10, 0x11, 0x12, 0x13, 0x14, 0x19, 0x1a, 0xf8, 0xf9, 0xfa, 0xfb, 0xfd, 0xfe, 0xff])(
    'with status %i of a command is a fault that says what it means',
    (status) => {
      const [frame] = describe(reply(0x02, status), 'reader').frames;
      expect(frame).toMatchObject({
        kind: 'fault',
        code: status.toString(16).padStart(2, '0'),
        meaning: expect.stringMatching(/^(?!unknown status)/),
      });
    },
  );

  it('with status FC says what the tag said', () => {
    const lines = [0, 3, 4, 0x0b, 0x0f].map((code) => describe(reply(0x03, Status.TAG_ERROR, [code]), 'reader').frames[0]);
    expect(lines.map((line) => line?.['tagMeaning'])).toEqual([
      'other error',
      'memory overrun or bad PC',
      'memory locked',
      'too little power',
      'no specific code',
    ]);
  });

  it('with a round that ended without a tag has one object for each status', () => {
    const kinds = [1, 2, 3, 4].map((status) => describe(inventoryReply288(status, 4, []), 'reader').frames.map(({ kind }) => kind));
    expect(kinds).toEqual([['end'], ['end'], ['keepalive'], ['fault']]);
  });

  it('of the host says what is asked for', () => {
    expect(describe(inventory288(4, 1, 3, 3), 'host').frames).toMatchObject([
      { kind: 'command', q: 4, session: 1, antenna: 3, scanTimeMs: 300 },
    ]);
    expect(describe(command(Cmd.POWER, [0x80 | 27]), 'host').frames).toMatchObject([{ powerDbm: 27, save: false }]);
  });
});

const epc = fc.uint8Array({ minLength: 1, maxLength: 8 }).map((half) => toHex(Uint8Array.from([...half, ...half])));
const tags = fc.array(fc.record({ epc, rssi: fc.integer({ min: 0x30, max: 0x7f }) }), { maxLength: 8 });

suite('the two shapes of a round', () => {
  it('are told apart by their lengths', () => {
    fc.assert(
      fc.property(tags, fc.constantFrom(1, 2, 4, 8), (list, mask) => {
        const bytes = inventoryReply288(Status.MORE, mask, list);
        const found = tagsOf(bytes, 4, bytes.length - 2);
        expect(found?.map((tag) => [tag.mask, toHex(bytes, tag.epc, tag.epcLength), tag.rssi])).toEqual(
          list.map((tag) => [mask, tag.epc, tag.rssi]),
        );
      }),
    );
    fc.assert(
      fc.property(tags, (list) => {
        const epcs = list.map((tag) => tag.epc);
        const bytes = inventoryReply18(Status.MORE, epcs);
        expect(tagsOf(bytes, 4, bytes.length - 2)?.map((tag) => [tag.mask, toHex(bytes, tag.epc, tag.epcLength)])).toEqual(
          epcs.map((one) => [null, one]),
        );
      }),
    );
  });

  it('never make the description throw, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(255), fc.constantFrom(1, 0x0f, 0x21, 0xee, 0x92), (data, status, cmd) => {
        expect(describe(reply(cmd, status, [...data]), 'reader').frames.length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
