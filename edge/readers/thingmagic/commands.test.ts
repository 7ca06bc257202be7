import { describe, expect, it } from 'vitest';
import { toHex } from '../../../protocol/bytes.ts';
import * as codec from './codec.ts';
import { VECTORS } from './vectors.ts';

const hexOf = (name: string): string => VECTORS.find((vector) => vector.name === name)?.hex ?? '';

describe('the commands of the driver', () => {
  it.each([
    ['stop', codec.stopStream()],
    ['start', codec.startStream(1_000, 0x01ff)],
    ['start with statistics', codec.startStream(1_000, 0x01ff, 0x0100)],
    ['output 3 high', codec.setOutput(3, true)],
    ['power 10.00 dBm', codec.readPower(1_000)],
    ['search antennas 1 and 2', codec.searchList([1, 2])],
    ['detect antennas', codec.detectAntennas()],
    ['version', codec.version()],
    ['region EU', codec.setRegion(codec.REGIONS['EU'] ?? 0)],
    ['region NA', codec.setRegion(codec.REGIONS['NA'] ?? 0)],
    ['read filter off', codec.filterOff()],
    ['protocol Gen2', codec.setGen2()],
  ])('%s has the bytes that modules know', (name, bytes) => {
    expect(toHex(bytes)).toBe(hexOf(name));
  });

  it('a rate above 65,535 takes all four bytes', () => {
    expect(toHex(codec.setBaud(921_600), 3, 4)).toBe('000E1000');
  });

  it('a wrapped command carries length, opcode and data of the inner one and no second checksum', () => {
    expect(toHex(codec.wrap(codec.setOutput(3, true)), 3, 7)).toBe('00000402960301');
  });

  it('a negative power is sent as two’s complement', () => {
    expect(toHex(codec.readPower(-100), 3, 2)).toBe('FF9C');
  });

  it('a status reads as its number and what it means', () => {
    expect(codec.statusText(0x0503)).toBe('0503 antenna not connected');
    expect(codec.statusText(0x0abc)).toBe('0ABC unknown status');
  });
});
