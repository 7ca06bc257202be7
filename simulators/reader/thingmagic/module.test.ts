import { describe, expect, it } from 'vitest';
import * as codec from '../../../edge/readers/thingmagic/codec.ts';
import type { Sighting } from '../device.ts';
import { EmulatedModule } from './module.ts';

const { Status } = codec;
const EPC = '3034257BF7194E4000001A85';
const seen = (antenna: number, at?: number): Sighting => ({ epc: EPC, antenna, rssi: -50, ...(at === undefined ? {} : { at }) });

function ask(module: EmulatedModule, command: Uint8Array, now = 0): codec.Frame[] {
  return new codec.ThingMagicCodec().push(Buffer.concat(module.hear(command, now)));
}
const statusOf = (module: EmulatedModule, command: Uint8Array): number | undefined => ask(module, command)[0]?.status;
const kinds = (frames: readonly Uint8Array[]): string[] =>
  frames
    .map((bytes) => new codec.ThingMagicCodec().push(bytes)[0])
    .map((frame) => ((frame?.status ?? 0) ? codec.statusText(frame?.status ?? 0).slice(0, 4) : 'tag'));

function started(connected = [1, 2], filter = false): EmulatedModule {
  const module = new EmulatedModule(4, connected);
  const setUp = [codec.setRegion(8), codec.searchList([1, 2]), ...(filter ? [] : [codec.filterOff()]), codec.startStream(1_000, 0x1ff)];
  for (const command of setUp) expect(statusOf(module, command)).toBe(Status.OK);
  return module;
}

describe('an emulated module', () => {
  it('answers with a status that says why it refuses', () => {
    const module = new EmulatedModule(4, [1]);
    expect(statusOf(module, codec.setRegion(99))).toBe(Status.BAD_REGION);
    expect(statusOf(module, codec.setBaud(12_345))).toBe(Status.BAD_BAUD);
    expect(statusOf(module, codec.readPower(9_999))).toBe(0x0103);
    expect(statusOf(module, codec.searchList([5]))).toBe(0x0507);
    expect(statusOf(module, codec.command(0x55))).toBe(Status.BAD_OPCODE);
  });

  it('does not start without a region', () => {
    const module = new EmulatedModule(4, [1]);
    expect(statusOf(module, codec.startStream(1_000, 0x1ff))).toBe(Status.RADIO_OFF);
    expect(module.streaming).toBe(false);
  });

  it('streams what its searched and connected antennas see, and ends each cycle with a keep-alive', () => {
    const module = started([1, 3]);
    expect(kinds(module.stream(500, [seen(1), seen(2), seen(3)]))).toEqual(['tag']);
    expect(kinds(module.stream(2_100, [seen(1, 900), seen(1, 1_900)]))).toEqual(['tag', '0503', '0400', 'tag', '0503', '0400']);
  });

  it('reports a tag once while its read filter is on', () => {
    const module = started([1, 2], true);
    expect(kinds(module.stream(10, [seen(1), seen(2), seen(1)]))).toEqual(['tag']);
  });

  it('hears only wrapped commands and stop while it streams', () => {
    const module = started();
    expect(ask(module, codec.version())).toEqual([]);
    const [wrapped] = ask(module, codec.wrap(codec.temperature()));
    if (wrapped === undefined) expect.fail('no answer');
    expect([...wrapped.bytes.subarray(wrapped.data, wrapped.data + wrapped.length)]).toEqual([4, 1, 0x72, 0, 0, 41]);
    expect(ask(module, codec.stopStream())).toHaveLength(1);
    expect(module.stream(10, [seen(1)])).toEqual([]);
  });

  it('loses all settings when its power fails', () => {
    const module = started();
    module.reboot();
    expect(module.settings).toMatchObject({ baud: 115_200, region: 0, filter: true, list: [] });
    expect(module.streaming).toBe(false);
  });
});
