import { toHex } from '../../../protocol/bytes.ts';
import type { OtherFrame, TagFrame } from '../described.ts';
import { Metadata, statusMeaning, tagCrc } from './codec.ts';
import { NO_ERROR, type RecordState, type TagRecord } from './tagrecord.ts';

export const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
export const hexOf = (bytes: Uint8Array, from: number, to: number): string => toHex(bytes, from, Math.max(0, to - from)).toLowerCase();
export const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
export const u32 = (bytes: Uint8Array, at: number): number => ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;

const PROTOCOLS: Readonly<Record<number, string>> = {
  ...{ 3: 'ISO180006B', 5: 'GEN2', 6: 'ISO180006B_UCODE', 7: 'IPX64', 8: 'IPX256', 29: 'ATA' },
};
/** Backscatter link frequency of Gen2 by the byte of a record. */
const LINK_KHZ: Readonly<Record<number, number>> = { 0: 250, 2: 320, 4: 640 };

/** A protocol as people name it. */
export const protocolName = (protocol: number): string => PROTOCOLS[protocol] ?? hex(protocol, 2);

/**
 * A tag record with all that it holds. One that its own checksum or lengths contradict is a `fault`: the frame is good, but
 * what it says was never sent by a tag.
 */
export function describeRecord(record: TagRecord, state: RecordState, bytes: Uint8Array, limit: number): TagFrame | OtherFrame {
  if (state === 'broken') {
    return { kind: 'fault', code: 'BROKEN_RECORD', meaning: 'the lengths of the tag record contradict the frame: no read' };
  }
  const { flags } = record;
  const on = (flag: number): boolean => (flags & flag) !== 0;
  const gen2 = record.protocol === 5;
  const crcAt = record.protocol === 29 ? record.end : record.end - 2;
  const fields = {
    epc: hexOf(bytes, record.epcAt, record.epcEnd),
    antenna: on(Metadata.ANTENNA) ? record.antenna : null,
    rssi: on(Metadata.RSSI) ? record.rssi : null,
    ...(on(Metadata.RSSI) ? { rssiRaw: record.rssiByte } : {}),
    ...(on(Metadata.ANTENNA) ? { receiver: record.receiver } : {}),
    ...(on(Metadata.READ_COUNT) ? { readCount: record.readCount } : {}),
    ...(on(Metadata.FREQUENCY) ? { frequencyKHz: record.kHz } : {}),
    ...(on(Metadata.TIMESTAMP) ? { timestampMs: record.timestamp } : {}),
    ...(on(Metadata.PHASE) ? { phase: record.phase } : {}),
    ...(on(Metadata.PROTOCOL) ? { protocol: record.protocol } : {}),
    ...(on(Metadata.DATA) ? embedded(record, bytes) : {}),
    ...(on(Metadata.GPIO) ? { gpio: record.gpio } : {}),
    ...(gen2 && on(Metadata.GEN2_Q) ? { q: record.q } : {}),
    ...(gen2 && on(Metadata.GEN2_LF) ? { linkFrequency: record.linkFrequency, ...linkKHz(record.linkFrequency) } : {}),
    ...(gen2 && on(Metadata.GEN2_TARGET) ? { target: record.target } : {}),
    ...(on(Metadata.BRAND) ? { brand: hexOf(bytes, record.brandAt, record.brandAt + 2) } : {}),
    ...(gen2 && record.epcAt > record.pcAt ? { pc: hexOf(bytes, record.pcAt, record.pcAt + 2) } : {}),
    ...(gen2 && record.epcAt > record.pcAt + 2 ? { xpc: hexOf(bytes, record.pcAt + 2, record.epcAt) } : {}),
    ...(record.epcEnd < crcAt ? { xepc: hexOf(bytes, record.epcEnd, crcAt) } : {}),
    ...(crcAt < record.end && record.end <= limit ? { tagCrc: hexOf(bytes, crcAt, record.end) } : {}),
  };
  if (state === 'read') return { kind: 'tag', ...fields };
  return { kind: 'fault', code: 'TAG_CRC', meaning: 'ghost: the checksum of the tag does not cover its PC and EPC: no read', ...fields };
}

function embedded(record: TagRecord, bytes: Uint8Array): Record<string, unknown> {
  const { dataError, dataBits, dataAt } = record;
  if (dataError !== NO_ERROR) return { dataError: hex(dataError, 4), dataMeaning: statusMeaning(dataError) };
  return { dataBits, ...(dataBits > 0 ? { data: hexOf(bytes, dataAt, dataAt + ((dataBits + 7) >> 3)) } : {}) };
}

function linkKHz(value: number): { linkFrequencyKHz?: number } {
  const kHz = LINK_KHZ[value];
  return kHz === undefined ? {} : { linkFrequencyKHz: kHz };
}

/** Whether a Gen2 tag's checksum covers this EPC under the PC word that its length gives. */
export function coversBare(bytes: Uint8Array, epcAt: number, crcAt: number): boolean {
  const words = (crcAt - epcAt) >> 1;
  if (words < 1 || words > 31 || (crcAt - epcAt) % 2 !== 0) return false;
  const sent = new Uint8Array(2 + 2 * words);
  sent[0] = words << 3;
  sent.set(bytes.subarray(epcAt, crcAt), 2);
  return tagCrc(sent, 0, sent.length) === u16(bytes, crcAt);
}
