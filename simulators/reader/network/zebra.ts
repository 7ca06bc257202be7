import type { Sighting } from '../device.ts';

/** Zebra writes the offset without a colon. */
const timeOf = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');

/** A tag event of the IoT Connector in a custom mode with everything on. `at` by the reader's clock. */
export function zebraTag({ epc, antenna, rssi, phase, kHz }: Sighting, eventNum: number, at: number): object {
  const data = {
    ...{ eventNum, format: 'epc', idHex: epc.toLowerCase(), PC: '3000', CRC: '0f3a', antenna, peakRssi: Math.round(rssi), reads: 1 },
    ...(phase === undefined ? {} : { phase }),
    ...(kHz === undefined ? {} : { channel: kHz / 1_000 }),
  };
  return { type: 'CUSTOM', timestamp: timeOf(at), data };
}

export interface ZebraCounters {
  readonly retained: number;
  readonly dropped: number;
  /** Antennas that are there, by port. */
  readonly antennas: ReadonlyMap<number, boolean>;
  readonly inputs: ReadonlyMap<number, boolean>;
}

export function zebraHeartbeat({ retained, dropped, antennas, inputs }: ZebraCounters, eventNum: number, at: number): object {
  const state = (connected: boolean): string => (connected ? 'connected' : 'disconnected');
  const data = {
    radio_control: {
      ...{ status: 'running', radioActivity: 'active', radioConnection: 'connected' },
      antennas: Object.fromEntries([...antennas].map(([port, connected]) => [port, state(connected)])),
    },
    // As newer firmware groups them.
    reader_gateway: { dataPathStatistics: [{ numDataMessagesRetained: retained, numDataMessagesDropped: dropped }] },
    system: {
      temperature: { ambient: 41, pa: 52 },
      GPI: Object.fromEntries([...inputs].map(([pin, high]) => [pin, high ? 'HIGH' : 'LOW'])),
    },
  };
  return { type: 'heartbeat', timestamp: timeOf(at), component: 'RG', eventNum, data };
}

export function zebraInput(pin: number, high: boolean, eventNum: number, at: number): object {
  return { type: 'gpi', timestamp: timeOf(at), component: 'RG', eventNum, data: { pin, state: high ? 'HIGH' : 'LOW' } };
}
