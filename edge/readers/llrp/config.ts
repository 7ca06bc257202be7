import type { AntennaState, InputLevel } from '../session.ts';
import { type Frame, Param, parameters, u16 } from './codec.ts';

/** What GET_READER_CONFIG_RESPONSE tells that the session needs. */
export interface Config {
  readonly antennas: readonly AntennaState[];
  readonly inputs: readonly InputLevel[];
  /** Hop table and channel by antenna port, as the reader itself chose them. */
  readonly transmitters: ReadonlyMap<number, { readonly hopTable: number; readonly channel: number }>;
}

const GPI_LOW = 0;
const GPI_HIGH = 1;

/** Reads what is there; parts that are cut short are passed over. Never throws (LLRP 1.0.1 section 16.2, configuration). */
export function config({ bytes, data, end }: Frame): Config {
  const antennas: AntennaState[] = [];
  const inputs: InputLevel[] = [];
  const transmitters = new Map<number, { hopTable: number; channel: number }>();
  for (const { type, at, end: to } of parameters(bytes, data, end)) {
    if (type === Param.ANTENNA_PROPERTIES && to - at >= 5) {
      antennas.push({ port: u16(bytes, at + 1), connected: ((bytes[at] as number) & 0x80) !== 0 });
    } else if (type === Param.GPI_PORT_CURRENT_STATE && to - at >= 4) {
      const level = bytes[at + 3];
      if (level === GPI_LOW || level === GPI_HIGH) inputs.push({ pin: u16(bytes, at), high: level === GPI_HIGH });
    } else if (type === Param.ANTENNA_CONFIGURATION && to - at >= 2) {
      const radio = parameters(bytes, at + 2, to).find((one) => one.type === Param.RF_TRANSMITTER && one.end - one.at >= 6);
      if (radio !== undefined) transmitters.set(u16(bytes, at), { hopTable: u16(bytes, radio.at), channel: u16(bytes, radio.at + 2) });
    }
  }
  return { antennas, inputs, transmitters };
}
