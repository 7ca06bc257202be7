import { describe, expect, it } from 'vitest';
import * as codec from '../../../edge/readers/a0/codec.ts';
import type { Sighting } from '../device.ts';
import { VISIT_MS } from './settings.ts';
import { EmulatedA0 } from './unit.ts';

const { Code, Command } = codec;
const EPC = '3034257BF7194E4000001A85';
const seen = (antenna: number): Sighting => ({ epc: EPC, antenna, rssi: -50 });

const framesOf = (bytes: readonly Uint8Array[]): codec.Frame[] => new codec.A0Codec().push(Buffer.concat(bytes));
const ask = (unit: EmulatedA0, command: Uint8Array, now = 0): number[][] =>
  framesOf(unit.hear(command, now)).map(({ bytes, data, length }) => [...bytes.subarray(data, data + length)]);
/** By the bytes of data that tell them apart. */
const kinds = (bytes: readonly Uint8Array[]): string[] =>
  framesOf(bytes).map(({ length }) => ({ 1: 'fault', 2: 'antenna', 7: 'end' })[length] ?? 'tag');

describe('an emulated A0 reader', () => {
  it('has all but its rate wrong from the factory, and answers 01 to a request for all', () => {
    const unit = new EmulatedA0(4, [1]);
    expect(unit.stored).toEqual({ baud: 115_200, address: 1, region: [1, 7, 59], dbm: 20, detector: 0, beeper: 2 });
    expect(framesOf(unit.hear(codec.firmware(), 0))[0]).toMatchObject({ address: 1, cmd: Command.FIRMWARE });
    expect(unit.hear(codec.frame(7, Command.FIRMWARE), 0)).toEqual([]);
  });

  it('answers with a code that says why it refuses', () => {
    const unit = new EmulatedA0(4, [1]);
    expect(ask(unit, codec.setRegion([2, 0, 9]))).toEqual([[Code.REGION]]);
    expect(ask(unit, codec.temporaryPower(5))).toEqual([[Code.POWER]]);
    expect(ask(unit, codec.setAntenna(5))).toEqual([[Code.ANTENNA]]);
    expect(ask(unit, codec.frame(0xff, Command.SET_BAUD, 9))).toEqual([[Code.BAUD]]);
    expect(ask(unit, codec.beeper(3))).toEqual([[Code.BEEPER]]);
    expect(ask(unit, codec.frame(0xff, 0x55))).toEqual([[Code.FAIL]]);
    expect(ask(unit, codec.fastSwitch([1], 8, 0, 1))).toEqual([[Code.PARAMETER]]);
  });

  it('reads one round and ends it, deaf meanwhile', () => {
    const unit = new EmulatedA0(4, [1, 2]);
    expect(ask(unit, codec.fastSwitch([1, 2], 4, 0, 2))).toEqual([]);
    expect(kinds(unit.stream(10, [seen(1), seen(2), seen(3)]))).toEqual(['tag', 'tag']);
    expect(ask(unit, codec.firmware(), 20)).toEqual([]);
    expect(unit.ignored).toBe(1);
    const end = 4 * VISIT_MS;
    expect(kinds(unit.stream(end - 1, []))).toEqual([]);
    expect(kinds(unit.stream(end, [seen(1)]))).toEqual(['tag', 'end']);
    expect(unit.stream(end + 10, [seen(1)])).toEqual([]);
    expect(ask(unit, codec.firmware(), end + 20)).toEqual([[1, 9]]);
  });

  it('names missing antennas once in a round, and only when its detector is on', () => {
    const unit = new EmulatedA0(4, [1]);
    const round = (): string[] => {
      ask(unit, codec.fastSwitch([1, 2], 4, 0, 1));
      return kinds([...unit.stream(0, [seen(1)]), ...unit.stream(2 * VISIT_MS, [])]);
    };
    expect(round()).toEqual(['tag', 'end']);
    ask(unit, codec.setDetector(3));
    expect(round()).toEqual(['antenna', 'tag', 'end']);
    ask(unit, codec.setAntenna(2));
    expect(ask(unit, codec.sessionRound(0, 1))).toEqual([[Code.ANTENNA_MISSING]]);
    expect(unit.streaming).toBe(false);
  });

  it('reports a tag once in a round of session 1, as often as it is seen in session 0', () => {
    const unit = new EmulatedA0(4, [1]);
    const counts = [1, 0].map((session) => {
      ask(unit, codec.sessionRound(session, 1));
      return kinds([...unit.stream(0, [seen(1), seen(1)]), ...unit.stream(VISIT_MS, [])]);
    });
    expect(counts).toEqual([
      ['tag', 'end'],
      ['tag', 'tag', 'end'],
    ]);
  });

  it('answers a change of rate at the old one, and is deaf while it starts again', () => {
    const unit = new EmulatedA0(4, [1], { baud: 38_400 });
    expect(ask(unit, codec.setBaud(115_200))).toEqual([[Code.OK]]);
    expect(unit.baud).toBe(115_200);
    expect(ask(unit, codec.firmware(), 100)).toEqual([]);
    expect(ask(unit, codec.firmware(), 400)).toEqual([[1, 9]]);
  });

  it('forgets its temporary power when it loses its own, and keeps what is stored', () => {
    const unit = new EmulatedA0(4, [1]);
    ask(unit, codec.temporaryPower(30));
    ask(unit, codec.setRegion([2, 0, 6]));
    expect(unit.dbm).toBe(30);
    unit.reboot();
    expect([unit.dbm, unit.stored.region]).toEqual([20, [2, 0, 6]]);
  });

  it('measures antennas, tells levels of inputs and sets outputs', () => {
    const unit = new EmulatedA0(4, [1]);
    ask(unit, codec.setAntenna(1));
    const [[here = 0] = []] = ask(unit, codec.returnLoss(3));
    ask(unit, codec.setAntenna(2));
    const [[gone = 0] = []] = ask(unit, codec.returnLoss(3));
    expect(here).toBeGreaterThan(gone);
    unit.input(2, true);
    expect(ask(unit, codec.readInputs())).toEqual([[0, 1]]);
    expect(ask(unit, codec.writeOutput(3, true))).toEqual([[Code.OK]]);
    expect(ask(unit, codec.writeOutput(1, true))).toEqual([[Code.PARAMETER]]);
    expect(unit.outputs).toEqual(new Map([[3, true]]));
  });
});
