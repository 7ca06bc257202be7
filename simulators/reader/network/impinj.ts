import type { Sighting } from '../device.ts';

/** An event of the Impinj IoT device interface; nanoseconds are made up from the milliseconds. */
export function impinjEvent(name: string, content: object, at: number): object {
  const timestamp = new Date(at).toISOString().replace('Z', '184233Z');
  return { timestamp, hostname: 'impinj-1a-2b-3c', eventType: name, [`${name}Event`]: content };
}

/** The same as older firmware sends it. */
export function withoutType(event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'eventType'));
}

/** A tag as an R700 reports it with every field on but `epcHex`. `at` by the reader's clock. */
export function impinjTag({ epc, antenna, rssi, phase, kHz }: Sighting, at: number): object {
  return impinjEvent(
    'tagInventory',
    {
      epc: Buffer.from(epc, 'hex').toString('base64'),
      antennaPort: antenna,
      antennaName: `Antenna ${antenna}`,
      peakRssiCdbm: Math.round(rssi * 100),
      ...(kHz === undefined ? {} : { frequency: kHz }),
      transmitPowerCdbm: 2_700,
      ...(phase === undefined ? {} : { phaseAngle: phase }),
      lastSeenTime: new Date(at).toISOString(),
    },
    at,
  );
}
