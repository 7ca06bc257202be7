import { type Frame, Param, parameters, u16, u32, Vendor } from './codec.ts';
import { wordsAt } from './status.ts';

/** What a reader is and can, of GET_READER_CAPABILITIES_RESPONSE. */
export interface Capabilities {
  readonly vendor: number;
  readonly model: string;
  readonly firmware: string;
  /** Antenna ports are 1 to this. */
  readonly antennas: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Communications standard of RegulatoryCapabilities; 0 is unspecified. */
  readonly standard: number;
  /** Transmit power table: hundredths of a dBm by index. */
  readonly powers: ReadonlyMap<number, number>;
  readonly hopping: boolean;
  /** The hop table that antennas use when nothing else is said; 0 without hopping. */
  readonly hopTable: number;
  /** kHz by channel index, which counts from 1; of the first hop table or the fixed frequencies. */
  readonly frequencies: readonly number[];
}

/** Model numbers of Impinj; from memory, not verified on devices: an unknown one is shown as its number. */
const IMPINJ_MODELS: Readonly<Record<number, string>> = {
  2001001: 'Speedway R220',
  2001002: 'Speedway R420',
  2001003: 'xPortal',
  2001007: 'xArray',
  2001008: 'xSpan',
  2001009: 'Speedway R120',
  2001052: 'R700',
};
const MAKERS: Readonly<Record<number, string>> = { [Vendor.IMPINJ]: 'Impinj', [Vendor.ZEBRA]: 'Zebra' };

function modelName(vendor: number, model: number): string {
  const name = vendor === Vendor.IMPINJ ? IMPINJ_MODELS[model] : undefined;
  return `${MAKERS[vendor] ?? `LLRP vendor ${vendor}`} ${name ?? `model ${model}`}`;
}

interface Drafted {
  vendor: number;
  model: string;
  firmware: string;
  antennas: number;
  inputs: number;
  outputs: number;
  standard: number;
  readonly powers: Map<number, number>;
  hopping: boolean;
  hopTable: number;
  frequencies: number[];
}

/** Reads the parts that are there; what is missing or cut short stays empty. Never throws (LLRP 1.0.1 section 16.2, reader capabilities). */
export function capabilities({ bytes, data, end }: Frame): Capabilities {
  const draft: Drafted = {
    ...{ vendor: 0, model: 'LLRP reader', firmware: '', antennas: 0, inputs: 0, outputs: 0, standard: 0 },
    ...{ powers: new Map<number, number>(), hopping: false, hopTable: 0, frequencies: [] },
  };
  for (const parameter of parameters(bytes, data, end)) {
    if (parameter.type === Param.GENERAL_DEVICE_CAPABILITIES) general(bytes, parameter.at, parameter.end, draft);
    if (parameter.type === Param.REGULATORY_CAPABILITIES) regulatory(bytes, parameter.at, parameter.end, draft);
  }
  return draft;
}

/** Antenna count u16, flags u16, maker u32, model u32, firmware text, then parameters. */
function general(bytes: Uint8Array, at: number, end: number, draft: Drafted): void {
  if (end - at < 14) return;
  draft.antennas = u16(bytes, at);
  draft.vendor = u32(bytes, at + 4);
  draft.model = modelName(draft.vendor, u32(bytes, at + 8));
  draft.firmware = wordsAt(bytes, at + 12, end);
  for (const parameter of parameters(bytes, at + 14 + u16(bytes, at + 12), end)) {
    if (parameter.type !== Param.GPIO_CAPABILITIES || parameter.end - parameter.at < 4) continue;
    draft.inputs = u16(bytes, parameter.at);
    draft.outputs = u16(bytes, parameter.at + 2);
  }
}

/** Country u16, standard u16, then the band. */
function regulatory(bytes: Uint8Array, at: number, end: number, draft: Drafted): void {
  if (end - at < 4) return;
  draft.standard = u16(bytes, at + 2);
  for (const band of parameters(bytes, at + 4, end)) {
    if (band.type !== Param.UHF_BAND_CAPABILITIES) continue;
    for (const parameter of parameters(bytes, band.at, band.end)) {
      const size = parameter.end - parameter.at;
      if (parameter.type === Param.TRANSMIT_POWER_LEVEL && size >= 4) {
        draft.powers.set(u16(bytes, parameter.at), (u16(bytes, parameter.at + 2) << 16) >> 16);
      }
      if (parameter.type === Param.FREQUENCY_INFORMATION && size >= 1) frequencyTable(bytes, parameter.at, parameter.end, draft);
    }
  }
}

function frequencyTable(bytes: Uint8Array, at: number, end: number, draft: Drafted): void {
  draft.hopping = ((bytes[at] as number) & 0x80) !== 0;
  for (const table of parameters(bytes, at + 1, end)) {
    if (draft.frequencies.length > 0) return;
    // A hop table has its number and a reserved byte before the count.
    const count = table.type === Param.FREQUENCY_HOP_TABLE ? table.at + 2 : table.at;
    if (table.type !== Param.FREQUENCY_HOP_TABLE && table.type !== Param.FIXED_FREQUENCY_TABLE) continue;
    if (table.type === Param.FREQUENCY_HOP_TABLE) draft.hopTable = bytes[table.at] ?? 0;
    for (let i = 0; count + 2 <= table.end && i < u16(bytes, count) && count + 6 + 4 * i <= table.end; i++) {
      draft.frequencies.push(u32(bytes, count + 2 + 4 * i));
    }
  }
}

/** The index of the strongest power that is not above `cdbm`; undefined when the table has none, or none that strong at all. */
export function powerIndex(powers: ReadonlyMap<number, number>, cdbm: number): number | undefined {
  let best: readonly [number, number] | undefined;
  for (const entry of powers) if (entry[1] <= cdbm && (best === undefined || entry[1] > best[1])) best = entry;
  return best?.[0];
}
