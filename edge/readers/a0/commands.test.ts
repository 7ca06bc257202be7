import { describe, expect, it } from 'vitest';
import { toHex } from '../../../protocol/bytes.ts';
import * as codec from './codec.ts';
import { describe as decode } from './describe.ts';
import { VECTORS } from './vectors.ts';

const { Command } = codec;
const EPC = '3034257BF7194E4000001A85';
const FIELDS = { epc: EPC, antenna: 3, rssi: -54, kHz: 866_500 };
const named = (name: string): string => VECTORS.find((vector) => vector.name === name)?.hex ?? expect.unreachable(name);

describe('what the host sends', () => {
  it.each([
    ['firmware of any reader', codec.firmware()],
    ['reset', codec.reset()],
    ['115200 baud', codec.setBaud(115_200)],
    ['temporary power', codec.temporaryPower(27)],
    ['fast switch over antennas 1 and 3', codec.fastSwitch([1, 3], 4, 0, 3)],
  ])('is as in the vector: %s', (name, bytes) => {
    expect(toHex(bytes)).toBe(named(name));
  });

  it.each([
    [codec.realTime(255), { name: 'real time', repeat: 255 }],
    [codec.sessionRound(2, 5), { name: 'session', session: 2, target: 'A', repeat: 5 }],
    [codec.setAntenna(4), { name: 'set antenna', antenna: 4 }],
    [codec.setRegion([2, 0, 6]), { name: 'set region', region: 'ETSI' }],
    [codec.storedPower(20), { name: 'set power', powerDbm: [20] }],
    [codec.writeOutput(4, false), { name: 'write gpio', pin: 4, level: 0 }],
    [codec.setDetector(3), { name: 'set detector', thresholdDb: 3 }],
    [codec.beeper(0), { name: 'beeper', mode: 0 }],
  ])('is understood again', (bytes, means) => {
    expect(decode(bytes, 'host').frames).toMatchObject([{ kind: 'command', address: codec.BROADCAST, ...means }]);
  });

  it('has no code for a rate that the family does not have', () => {
    expect(() => codec.setBaud(9_600)).toThrow(RangeError);
  });
});

describe('what a reader sends', () => {
  it.each([
    ['tag of a fast switch on antenna 3', codec.tagRecord(1, Command.FAST_SWITCH, FIELDS)],
    ['tag of a fast switch on antenna 7 of 8', codec.tagRecord(1, Command.FAST_SWITCH, { ...FIELDS, antenna: 7 })],
    ['tag with phase', codec.tagRecord(1, Command.SESSION, { epc: EPC, antenna: 2, rssi: -57, kHz: 918_500, phase: 90 })],
    ['record of the buffer', codec.bufferRecord(1, Command.GET_BUFFER, FIELDS, 0xee2c, 7, 3)],
    ['end of a round of 5 reads', codec.roundEnd(1, Command.REAL_TIME, 1, 17, 5)],
    ['end of a fast switch', codec.switchEnd(1, 75, 180)],
  ])('is as in the vector: %s', (name, bytes) => {
    expect(toHex(bytes)).toBe(named(name));
  });
});

describe('regions', () => {
  it('lie within the frequencies of their names', () => {
    const MHZ: Readonly<Record<string, readonly [number, number]>> = {
      ...{ EU: [865, 868], EU3: [865, 868], IN: [865, 867], NA: [902, 928], PRC: [920, 925], HK: [920, 925], SG: [920, 925] },
      ...{ TH: [920, 925], AU: [920, 926], NZ: [921, 928], TW: [922, 928], MY: [919, 923] },
    };
    for (const [name, band] of Object.entries(codec.A0_REGIONS)) {
      const [plan, from = 0, to = 0] = band.data;
      if (plan === 4) continue;
      expect([
        (codec.indexKHz(from) ?? 0) / 1_000 >= (MHZ[name]?.[0] ?? 0),
        (codec.indexKHz(to) ?? 0) / 1_000 <= (MHZ[name]?.[1] ?? 0),
      ]).toEqual([true, true]);
    }
  });

  it('count frequencies from 865 MHz and from 902 MHz', () => {
    expect([0, 4, 6, 7, 35, 58, 59].map(codec.indexKHz)).toEqual([865_000, 867_000, 868_000, 902_000, 916_000, 927_500, 928_000]);
    expect(codec.indexKHz(60)).toBeUndefined();
    for (let index = 0; index < 60; index++) expect(codec.kHzIndex(codec.indexKHz(index) ?? 0)).toBe(index);
  });
});
