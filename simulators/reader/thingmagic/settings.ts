import { Op } from '../../../edge/readers/thingmagic/codec.ts';

/** What a host has set on an emulated module. */
export interface ModuleSettings {
  readonly baud: number;
  /** 0: none, the radio is off. */
  readonly region: number;
  readonly power: number;
  readonly session: number;
  readonly gen2: boolean;
  /** On after power-up: each tag is reported once. */
  readonly filter: boolean;
  /** Antenna ports to search in turn. */
  readonly list: readonly number[];
}

/** Range of the read power in hundredths of a dBm. */
export const POWER_CDBM = { min: 0, max: 3_150 } as const;

/** Data of a start command: cycle, fields of a record and search flags; undefined when it is no streaming search. */
export function parseStart(data: Uint8Array): { cycleMs: number; metadata: number; search: number } | undefined {
  const word = (at: number): number => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  // 0000 01 22 flags16 protocol length | 22 option flags16 timeout16 metadata16
  if (data.length < 16 || data[2] !== 1 || data[3] !== Op.READ_MULTIPLE || data[8] !== Op.READ_MULTIPLE) return undefined;
  return { search: word(10), cycleMs: word(12), metadata: word(14) };
}
