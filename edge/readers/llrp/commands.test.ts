import { describe, expect, it } from 'vitest';
import { toHex } from '../../../protocol/bytes.ts';
import * as codec from './codec.ts';
import { vectorOf } from './vectors.ts';

const radio = (port: number): codec.Transmitter => ({ port, hopTable: 0, channel: 1, power: 69 });

describe('what the host says', () => {
  it.each<[string, codec.Command]>([
    ['capabilities?', codec.getCapabilities()],
    ['configuration?', codec.getConfig()],
    ['antennas?', codec.getAntennas()],
    ['configure', codec.configure(1_000)],
    ['inputs 1 and 2 on', codec.enableInputs(2)],
    ['output 3 high', codec.setOutput(3, true)],
    ['delete all ROSpecs', codec.deleteRoSpecs()],
    ['delete all AccessSpecs', codec.deleteAccessSpecs()],
    ['enable ROSpec 1', codec.enableRoSpec(1)],
    ['start ROSpec 1', codec.startRoSpec(1)],
    ['release reports', codec.enableEventsAndReports()],
    ['close', codec.closeConnection()],
    ['sign of life heard', codec.keepaliveAck()],
    ['extensions please', codec.enableImpinj()],
    ['add a ROSpec', codec.addRoSpec(codec.roSpec({ id: 1, transmitters: [radio(1), radio(4)], session: 2, impinj: false }))],
  ])('%s: is what the standard lays down', (name, command) => {
    const vector = vectorOf(name);
    expect(toHex(command(vector.id))).toBe(vector.hex);
  });

  it('asks an Impinj reader for phase, fine strength and Doppler, and no other', () => {
    const hex = (impinj: boolean): string =>
      toHex(codec.addRoSpec(codec.roSpec({ id: 1, transmitters: [radio(1)], session: 1, impinj }))(1));
    const own = ['00000034', '00000035', '00000043'].map((subtype) => `03FF000E0000651A${subtype}0001`).join('');
    expect(hex(true).endsWith(`03FF00360000651A00000032${own}`)).toBe(true);
    expect(hex(false)).not.toContain('0000651A');
  });
});
