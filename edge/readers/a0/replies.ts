import type { Described } from '../described.ts';
import { tagCrc } from '../thingmagic/crc.ts';
import type { Frame } from './codec.ts';
import { BAUDS, Command } from './commands.ts';
import { Code, isFailure } from './errors.ts';
import { fault, head, hex, place, strength, text, u16, u32 } from './fields.ts';
import { indexKHz } from './regions.ts';
import type { Dialect } from './stream.ts';

const KNOWN: ReadonlySet<number> = new Set(Object.values(Command));
const BUFFERED: ReadonlySet<number> = new Set([Command.GET_BUFFER, Command.TAKE_BUFFER]);
const ON_TAGS: ReadonlySet<number> = new Set([
  ...[Command.READ_TAG, Command.WRITE_TAG, Command.BLOCK_WRITE, Command.LOCK_TAG, Command.KILL_TAG],
]);
/** Return loss beyond this is no antenna's: the byte is a code then. */
const MAX_LOSS_DB = 0x20;
const MAX_POWER_DBM = 33;
/** PC and tag CRC. */
const TAG_OVERHEAD = 4;

/** Any reply that is not part of a round. */
export function answer(frame: Frame, dialect: Dialect): Described {
  const { cmd, bytes, data, length } = frame;
  if (length === 1) return single(frame, bytes[data] as number);
  if (BUFFERED.has(cmd)) return buffered(frame, dialect) ?? other(frame);
  if (ON_TAGS.has(cmd)) return onTag(frame, dialect) ?? other(frame);
  if (cmd === Command.ISO6B_INVENTORY) return iso6b(frame);
  const values = numbers(frame);
  return values === undefined ? other(frame) : { kind: 'reply', ...head(frame), ...values };
}

const other = (frame: Frame): Described => ({ kind: 'reply', ...head(frame), data: text(frame.bytes, frame.data, frame.length) });

/** One byte: a value where the command asks for one and it can be one, else a code. */
function single(frame: Frame, value: number): Described {
  const known = oneByte(frame.cmd, value);
  if (known !== undefined) return { kind: 'reply', ...head(frame), ...known };
  if (value === Code.OK) return { kind: 'reply', ...head(frame), ok: true };
  return KNOWN.has(frame.cmd) || isFailure(value) ? fault(frame, value) : other(frame);
}

/** A value of one byte stands where a code could stand: what no such value can be is a code. */
function oneByte(cmd: number, value: number): object | undefined {
  switch (cmd) {
    case Command.GET_ANTENNA:
      return value < 0x10 ? { antenna: value + 1 } : undefined;
    case Command.GET_POWER:
      return value <= MAX_POWER_DBM ? { powerDbm: [value] } : undefined;
    case Command.GET_DETECTOR:
      return value <= MAX_LOSS_DB ? { thresholdDb: value } : undefined;
    case Command.RETURN_LOSS:
      return isFailure(value) && value > MAX_LOSS_DB ? undefined : { returnLossDb: value };
    case Command.GET_PROFILE:
      return value >= 0xd0 && value <= 0xd3 ? { profile: hex(value) } : undefined;
    case Command.GET_FAST_TID:
      return value === 0x00 || value === Command.SAVE_FAST_TID ? { enabled: value !== 0 } : undefined;
    case Command.GET_EPC_MATCH:
      return value === 0x01 ? { matching: false } : undefined;
    default:
      return undefined;
  }
}

/** Replies of a fixed form; undefined when the length is another. */
function numbers({ cmd, bytes, data, length }: Frame): object | undefined {
  const byte = (at: number): number => bytes[data + at] as number;
  switch (cmd) {
    case Command.FIRMWARE:
      return length === 2 ? { version: `${byte(0)}.${byte(1)}` } : undefined;
    case Command.READ_GPIO:
      return length === 2 ? { inputs: [byte(0), byte(1)], gpio: (byte(0) ? 1 : 0) | (byte(1) ? 2 : 0) } : undefined;
    case Command.TEMPERATURE:
      return length === 2 ? { temperatureC: celsius(byte(0), byte(1)) } : undefined;
    case Command.GET_POWER:
      return { powerDbm: Array.from(bytes.subarray(data, data + length)) };
    case Command.GET_IDENTIFIER:
      return { identifier: text(bytes, data, length) };
    case Command.GET_REGION:
      return region(bytes, data, length);
    case Command.BUFFER_COUNT:
      return length === 2 ? { tagCount: u16(bytes, data) } : undefined;
    case Command.INVENTORY:
      if (length !== 9) return undefined;
      return { antenna: byte(0) + 1, tagCount: u16(bytes, data + 1), readRate: u16(bytes, data + 3), totalRead: u32(bytes, data + 5) };
    case Command.GET_EPC_MATCH:
      return byte(0) === 0 && length === 2 + byte(1) ? { matching: true, epc: text(bytes, data + 2, byte(1)) } : undefined;
    case Command.ISO6B_READ:
      return { antenna: byte(0) + 1, data: text(bytes, data + 1, length - 1) };
    case Command.ISO6B_WRITE:
      return length === 2 ? { antenna: byte(0) + 1, written: byte(1) } : undefined;
    case Command.ISO6B_LOCK:
    case Command.ISO6B_QUERY_LOCK:
      return length === 2 ? { antenna: byte(0) + 1, status: hex(byte(1)) } : undefined;
    case Command.SET_BAUD:
      return length === 2 ? { baud: BAUDS[byte(1)] ?? null } : undefined;
    default:
      return undefined;
  }
}

/** Sign byte and value: 0 is below zero, the opposite of the data sheet, as two public drivers found. */
export function celsius(sign: number, value: number): number {
  return sign === 0 && value !== 0 ? -value : value;
}

/** Data of commands 78 and 79; undefined when it is neither form. */
export function region(bytes: Uint8Array, data: number, length: number): object | undefined {
  const plan = bytes[data] as number;
  if (length === 3) {
    const [from, to] = [bytes[data + 1] as number, bytes[data + 2] as number];
    const names: Readonly<Record<number, string>> = { 1: 'FCC', 2: 'ETSI', 3: 'CHN' };
    return {
      region: names[plan] ?? hex(plan),
      startIndex: from,
      endIndex: to,
      startKHz: indexKHz(from) ?? null,
      endKHz: indexKHz(to) ?? null,
    };
  }
  if (length !== 6 || plan !== 4) return undefined;
  const startKHz = (u16(bytes, data + 3) << 8) | (bytes[data + 5] as number);
  return { region: 'own', stepKHz: 10 * (bytes[data + 1] as number), channels: bytes[data + 2] as number, startKHz };
}

/** PC, EPC, more and tag CRC in `size` bytes; undefined when they contradict each other. */
function tagData(bytes: Uint8Array, at: number, size: number, hasMore: boolean): { epc: number; crcAt: number } | undefined {
  const epc = size < TAG_OVERHEAD ? 0 : ((bytes[at] as number) >> 3) << 1;
  const fits = hasMore ? epc + TAG_OVERHEAD <= size : epc + TAG_OVERHEAD === size;
  return fits ? { epc, crcAt: at + 2 + epc } : undefined;
}

/** What a record says of its tag: the CRC came from the tag itself, so it also tells whether PC and EPC are right. */
function tagOf(bytes: Uint8Array, at: number, { epc, crcAt }: { epc: number; crcAt: number }): { epc: string; [more: string]: unknown } {
  return {
    epc: text(bytes, at + 2, epc),
    pc: text(bytes, at, 2),
    tagCrc: text(bytes, crcAt, 2),
    tagCrcOk: tagCrc(bytes, at, crcAt) === u16(bytes, crcAt),
  };
}

/** A record of the buffer: count u16, length, PC EPC CRC, level, FreqAnt, times read. */
function buffered(frame: Frame, dialect: Dialect): Described | undefined {
  const { bytes, data, length } = frame;
  const size = length < 6 ? -1 : (bytes[data + 2] as number);
  const found = size === length - 6 ? tagData(bytes, data + 3, size, false) : undefined;
  if (found === undefined) return undefined;
  const [level, freqAnt, seen] = bytes.subarray(data + 3 + size) as unknown as [number, number, number];
  const tag = tagOf(bytes, data + 3, found);
  return {
    kind: 'tag',
    ...head(frame),
    ...tag,
    ...place(freqAnt, level, dialect),
    ...strength(level, dialect),
    readCount: seen,
    tagCount: u16(bytes, data),
  };
}

/** What was done to one tag: count u16, length, PC EPC CRC and what was read; then length read or code, FreqAnt, times done. */
function onTag(frame: Frame, dialect: Dialect): Described | undefined {
  const { cmd, bytes, data, length } = frame;
  const size = length < 6 ? -1 : (bytes[data + 2] as number);
  const found = size === length - 6 ? tagData(bytes, data + 3, size, cmd === Command.READ_TAG) : undefined;
  if (found === undefined) return undefined;
  const [result, freqAnt, count] = bytes.subarray(data + 3 + size) as unknown as [number, number, number];
  const tag = tagOf(bytes, data + 3, found);
  const where = place(freqAnt, 0, dialect);
  const tagCount = u16(bytes, data);
  if (cmd === Command.READ_TAG) {
    const read = crcThenData(bytes, data + 3, size, result);
    return { kind: 'tag', ...head(frame), ...tag, ...read, ...where, rssi: null, readCount: count, tagCount };
  }
  const more = { ...tag, ...where, tagCount, count };
  return result === Code.OK ? { kind: 'reply', ...head(frame), ok: true, ...more } : fault(frame, result, more);
}

/** What was read stands behind the tag CRC; the count behind it is in bytes, in words on some firmware. */
function crcThenData(bytes: Uint8Array, at: number, size: number, count: number): { data: string; dataLength: number } {
  const from = at + TAG_OVERHEAD + (((bytes[at] as number) >> 3) << 1);
  return { data: text(bytes, from, at + size - from), dataLength: count };
}

/** ISO 18000-6B: antenna and the 8 bytes of a tag, or antenna and how many were found. */
function iso6b(frame: Frame): Described {
  const { bytes, data, length } = frame;
  const antenna = (bytes[data] as number) + 1;
  if (length === 9) return { kind: 'tag', ...head(frame), epc: text(bytes, data + 1, 8), antenna, rssi: null };
  if (length === 2) return { kind: 'end', ...head(frame), antenna, totalRead: bytes[data + 1] as number };
  return other(frame);
}
