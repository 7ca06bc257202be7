import { fromHex } from '../../../protocol/bytes.ts';
import { Command, frame } from './commands.ts';
import { kHzIndex } from './regions.ts';

/** RSSI in dBm is the raw byte less this. One public driver uses 130 below a raw 90; all others 129. */
export const RSSI_OFFSET = 129;
/** Readers with 8 connectors carry the third bit of the antenna here; the level needs only the other seven. */
export const RSSI_ANTENNA_BIT = 0x80;

/** What may stand between the EPC and the end of a tag packet beside the level. */
export const PHASE_BYTES = 2;
/** A TID of Impinj's FastTID (8C) follows the EPC. Unverified: its length by the chips that support it. */
export const TID_BYTES = 12;

export interface TagFields {
  readonly epc: string;
  /** From 1. */
  readonly antenna: number;
  /** dBm */
  readonly rssi: number;
  readonly kHz: number;
  /** The two bytes as sent, when phase is switched on. */
  readonly phase?: number;
}

/** PC word of an EPC of whole words: its length and nothing else. */
const pcOf = (epc: Uint8Array): [number, number] => [(epc.length >> 1) << 3, 0];
const clamp = (value: number): number => Math.min(0x7f, Math.max(0, Math.round(value)));

function parts({ epc, antenna, rssi, kHz }: TagFields): { bytes: Uint8Array; freqAnt: number; raw: number } {
  const bytes = fromHex(epc) ?? new Uint8Array(0);
  const port = antenna - 1;
  const raw = clamp(rssi + RSSI_OFFSET) | (port & 4 ? RSSI_ANTENNA_BIT : 0);
  return { bytes, freqAnt: (kHzIndex(kHz) << 2) | (port & 3), raw };
}

/** A tag packet of 89, 8A or 8B as the reader sends it. */
export function tagRecord(address: number, cmd: number, fields: TagFields): Uint8Array {
  const { bytes, freqAnt, raw } = parts(fields);
  const { phase } = fields;
  const extra = phase === undefined ? [] : [phase >> 8, phase & 0xff];
  return frame(address, cmd, freqAnt, ...pcOf(bytes), ...bytes, ...extra, raw);
}

/** A record of the buffer as 90 and 91 send it; `count` is how many the buffer holds, `seen` how often this tag was read. */
export function bufferRecord(address: number, cmd: number, fields: TagFields, crc: number, seen: number, count: number): Uint8Array {
  const { bytes, freqAnt, raw } = parts(fields);
  const record = [...pcOf(bytes), ...bytes, crc >> 8, crc & 0xff];
  return frame(address, cmd, count >> 8, count & 0xff, record.length, ...record, raw, freqAnt, seen);
}

/** The three commands whose answer is a round of tag packets. */
export const isRound = (cmd: number): boolean => cmd === Command.REAL_TIME || cmd === Command.FAST_SWITCH || cmd === Command.SESSION;

/**
 * Bytes of the EPC in a tag packet with `length` bytes of data, by its PC word; undefined when they do not fit. What is more than EPC and
 * level is `extra` bytes: phase, TID or both.
 */
export function epcBytes(length: number, pcHigh: number): { epc: number; extra: number } | undefined {
  const epc = (pcHigh >> 3) << 1;
  const extra = length - 4 - epc;
  const known = extra === 0 || extra === PHASE_BYTES || extra === TID_BYTES || extra === TID_BYTES + PHASE_BYTES;
  return known ? { epc, extra } : undefined;
}
