import { describe, expect, it } from 'vitest';
import * as codec from '../../../edge/readers/uhf18/codec.ts';
import type { Sighting } from '../device.ts';
import { EmulatedUhfReader } from './device.ts';

const { Cmd, Mode, Status } = codec;
const EPC = '3034257BF7194E4000001A85';
const seen = (antenna: number): Sighting => ({ epc: EPC, antenna, rssi: -50 });
const heard = (frames: readonly Uint8Array[]): [number, number][] =>
  new codec.Uhf18Codec().push(Buffer.concat(frames)).map(({ cmd, status }) => [cmd, status]);
const ask = (reader: EmulatedUhfReader, command: Uint8Array): [number, number] | undefined => heard(reader.hear(command, 0))[0];

describe('an emulated 288', () => {
  it('holds back repeats until its filter is switched off', () => {
    const reader = new EmulatedUhfReader(4, [1, 2]);
    ask(reader, codec.workMode(Mode.PUSH));
    expect(
      [reader.stream(1, [seen(1)]), reader.stream(500, [seen(1)]), reader.stream(3_100, [seen(1)])].map((sent) => sent.length),
    ).toEqual([1, 0, 1]);
    ask(reader, codec.workMode(Mode.ANSWER));
    ask(reader, codec.pushParameters(4, 1));
    ask(reader, codec.workMode(Mode.PUSH));
    expect(reader.stream(4_000, [seen(1), seen(1)])).toHaveLength(2);
  });

  it('answers only three commands while it pushes', () => {
    const reader = new EmulatedUhfReader(4, [1]);
    ask(reader, codec.workMode(Mode.PUSH));
    expect([codec.pins(), codec.temperature(), codec.inventory288(4, 0, 1, 3)].map((command) => ask(reader, command))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(ask(reader, codec.info())).toEqual([Cmd.INFO, Status.OK]);
    expect(ask(reader, codec.readParameters())).toEqual([Cmd.READ_PARAMETERS, Status.OK]);
  });

  it('sends a heartbeat when it has seen nothing for the set time', () => {
    const reader = new EmulatedUhfReader(8, [1]);
    ask(reader, codec.heartbeatTime(1));
    ask(reader, codec.workMode(Mode.PUSH));
    expect(reader.stream(29_000, [])).toEqual([]);
    const [beat] = reader.stream(30_000, []);
    if (beat === undefined) expect.fail('no heartbeat');
    expect(codec.heartbeatOf(beat, 4, beat.length - 2)).toMatchObject({ packet: 1, antennas: ['ok', ...Array(7).fill('idle')] });
  });

  it('hears nothing while it is busy with a round', () => {
    const reader = new EmulatedUhfReader(4, [1]);
    expect(reader.hear(codec.inventory288(4, 0, 1, 3), 0)).toEqual([]);
    expect(reader.hear(codec.info(), 5)).toEqual([]);
    expect(heard(reader.stream(100, [seen(1), seen(1)]))).toEqual([
      [Cmd.INVENTORY, Status.MORE],
      [Cmd.INVENTORY, Status.DONE],
    ]);
    expect(ask(reader, codec.info())).toEqual([Cmd.INFO, Status.OK]);
  });

  it('goes on in its stored mode, with its stored power and antennas, after a loss of power', () => {
    const reader = new EmulatedUhfReader(4, [1, 2]);
    for (const command of [codec.setPower(20, false), codec.setAntennas(3, false), codec.workMode(Mode.PUSH)]) ask(reader, command);
    reader.reboot();
    expect(reader.settings).toMatchObject({ mode: Mode.PUSH, activePower: 26, activeMask: 1 });
  });
});

it('an emulated 18 does not know what came after it', () => {
  const reader = new EmulatedUhfReader(1, [1], '18');
  expect(ask(reader, codec.readParameters())).toEqual([Cmd.NONE, Status.BAD_COMMAND]);
  expect(ask(reader, codec.inventory288(4, 0, 1, 3))).toEqual([Cmd.INVENTORY, Status.LENGTH]);
});
