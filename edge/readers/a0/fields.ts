import { toHex } from '../../../protocol/bytes.ts';
import type { Described } from '../described.ts';
import type { Frame } from './codec.ts';
import { codeMeaning } from './errors.ts';
import { RSSI_ANTENNA_BIT, RSSI_OFFSET } from './record.ts';
import { indexKHz } from './regions.ts';
import type { Dialect } from './stream.ts';

/** Two lower-case hexadecimal digits. */
export const hex = (value: number): string => value.toString(16).padStart(2, '0');
export const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
export const text = (bytes: Uint8Array, start: number, length: number): string => toHex(bytes, start, length).toLowerCase();

/** What every object says of its frame. */
export const head = ({ cmd, address }: Frame): { opcode: string; address: number } => ({ opcode: hex(cmd), address });

/** A failure with its meaning, and what else the frame says. */
export const fault = (frame: Frame, code: number, more: object = {}): Described => ({
  kind: 'fault',
  code: hex(code),
  meaning: codeMeaning(code),
  ...head(frame),
  ...more,
});

/** Antenna and frequency of a FreqAnt byte; `level` may hold the antenna's third bit. */
export function place(freqAnt: number, level: number, dialect: Dialect): { antenna: number; frequencyKHz?: number } {
  const high = dialect.antennaBit && level & RSSI_ANTENNA_BIT ? 4 : 0;
  const frequencyKHz = dialect.table ? indexKHz(freqAnt >> 2) : undefined;
  return { antenna: (freqAnt & 3) + 1 + high, ...(frequencyKHz === undefined ? {} : { frequencyKHz }) };
}

/** The level in dBm and as sent. */
export function strength(raw: number, dialect: Dialect): { rssi: number; rssiRaw: number } {
  return { rssi: (dialect.antennaBit ? raw & ~RSSI_ANTENNA_BIT : raw) - RSSI_OFFSET, rssiRaw: raw };
}
