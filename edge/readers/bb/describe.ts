import { toHex } from '../../../protocol/bytes.ts';
import type { Describe, Described } from '../described.ts';
import * as codec from './codec.ts';

const { Cmd, ErrorCode, Type } = codec;
const INFO_PARTS = ['hardware', 'software', 'maker'];
const REGION_NAMES: Readonly<Record<number, string>> = { 1: 'CN2', 2: 'US', 3: 'EU', 4: 'CN1', 6: 'KR' };

/** Describes the frames of a line of the M100 protocol. */
export const describe: Describe = (bytes, direction) => {
  const decoder = new codec.BbCodec(direction === 'reader' ? 'replies' : 'commands');
  const frames = [...decoder.push(bytes), ...decoder.lull()];
  return { frames: frames.map(direction === 'host' ? command : reply), dropped: decoder.counters.garbage };
};

const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0');
const text = (bytes: Uint8Array, from: number, length: number): string => toHex(bytes, from, length).toLowerCase();
const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes).replace(/[^ -~]/g, '.');
const head = ({ cmd }: codec.Frame): { readonly cmd: string; readonly name: string } => ({ cmd: hex(cmd), name: codec.commandName(cmd) });

function u16({ bytes, data }: codec.Frame, offset = 0): number {
  return ((bytes[data + offset] as number) << 8) | (bytes[data + offset + 1] as number);
}

function command(frame: codec.Frame): Described {
  const { cmd, bytes, data, length } = frame;
  const first = bytes[data] as number;
  const more: Record<string, unknown> = {};
  if (cmd === Cmd.SET_POWER && length === 2) Object.assign(more, { powerCdbm: u16(frame), powerDbm: u16(frame) / 100 });
  if (cmd === Cmd.MULTI_POLL && length === 3) Object.assign(more, { rounds: u16(frame, 1) });
  if (cmd === Cmd.BAUD && length === 2) Object.assign(more, { baud: u16(frame) * 100 });
  if (cmd === Cmd.SET_REGION && length === 1) Object.assign(more, { region: first, regionName: REGION_NAMES[first] ?? null });
  if (cmd === Cmd.INFO && length === 1) Object.assign(more, { part: INFO_PARTS[first] ?? null });
  return { kind: 'command', ...head(frame), data: text(bytes, data, length), ...more };
}

function reply(frame: codec.Frame): Described {
  const { type, cmd, bytes, data, length } = frame;
  const first = bytes[data] as number;
  if (type === Type.NOTICE && cmd === Cmd.POLL) return tag(frame);
  if (cmd === Cmd.ERROR && length > 0) {
    const said = { code: hex(first), meaning: codec.errorMeaning(first) };
    // With every empty round, as long as the module polls.
    if (first === ErrorCode.NO_TAG) return { kind: 'keepalive', ...head(frame), ...said };
    return { kind: 'fault', ...said, ...head(frame), ...(length === 1 ? {} : { data: text(bytes, data, length) }) };
  }
  const base = { ...head(frame), data: text(bytes, data, length) };
  if (cmd === Cmd.STOP) return { kind: 'end', ...base };
  const more: Record<string, unknown> = {};
  if (cmd === Cmd.INFO && length > 0) {
    Object.assign(more, { part: INFO_PARTS[first] ?? null, text: ascii(bytes.subarray(data + 1, data + length)) });
  }
  if (cmd === Cmd.GET_POWER && length === 2) Object.assign(more, { powerCdbm: u16(frame), powerDbm: u16(frame) / 100 });
  if (cmd === Cmd.GET_REGION && length === 1) Object.assign(more, { region: first, regionName: REGION_NAMES[first] ?? null });
  return { kind: 'reply', ...base, ...more };
}

function tag(frame: codec.Frame): Described {
  const { bytes, data, length } = frame;
  const notice = codec.noticeOf(bytes, data, data + length);
  if (notice === undefined) return { kind: 'reply', ...head(frame), data: text(bytes, data, length) };
  const { rssi, pc, epc, epcLength, crc, whole } = notice;
  return {
    kind: 'tag',
    epc: text(bytes, epc, epcLength),
    antenna: null,
    rssi,
    rssiRaw: bytes[data] as number,
    pc: hex(pc, 4),
    tagCrc: hex(crc, 4),
    tagCrcOk: whole,
    ...head(frame),
  };
}
