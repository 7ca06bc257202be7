import type { Described, OtherFrame, TagFrame } from '../described.ts';
import { type Frame, Message, Multi, modelOf, OPTION_METADATA, Op, REGIONS, Status, statusMeaning, tagCrc } from './codec.ts';
import { coversBare, describeRecord, hex, hexOf, protocolName, u16, u32 } from './describetag.ts';
import { isPolled, OPTION_PREFIX, OPTION_TOTALS, TOTALS_BYTES } from './record.ts';
import { pinStates, portStates, type Statistics, statistics, statusReport } from './statistics.ts';
import { TagRecord } from './tagrecord.ts';

const SEARCH_EMBEDDED = 0x0004;
const SEARCH_STREAMING = 0x0008;
const SEARCH_STATUS = 0x0020;
const SEARCH_STATISTICS = 0x0100;
/** What an M5e sends for each tag of a tag buffer that is asked for without metadata: length, and room for 96 or 496 bits. */
const SLOT_BYTES = [18, 68];
const ALL_METADATA = 0x1fff;

/** The objects of one reply frame. */
export function describeReply(frame: Frame): Described[] {
  const { op, status, length, bytes, data } = frame;
  const opcode = hex(op, 2);
  if (op === Op.MULTI_PROTOCOL && status === Status.OK && length >= 5 && bytes[data] === Multi.WRAPPED) {
    const inner = unwrap(frame);
    if (inner !== undefined) return describeReply(inner).map((one) => ({ ...one, wrapped: true }));
  }
  if (status === Status.NO_TAGS) {
    const kind = op === Op.READ_MULTIPLE ? 'keepalive' : 'end';
    return [{ kind, opcode, code: hex(status, 4), meaning: statusMeaning(status) }];
  }
  if (status !== Status.OK) return [fault(frame)];
  if (op === Op.READ_MULTIPLE) return [message(frame)];
  if (op === Op.TAG_BUFFER) return buffer(frame);
  if (op === Op.READ_SINGLE && length > 2) return [single(frame)];
  if (op === Op.MULTI_PROTOCOL && bytes[data] === Multi.STOP && length > 0) {
    return [{ kind: 'end', opcode, meaning: 'the stream has ended' }];
  }
  return [{ kind: 'reply', opcode, ...answer(frame), data: hexOf(bytes, data, data + length) }];
}

/** 04 LEN OP STATUS DATA: the answer to a command that was sent into a stream; undefined when its length is a lie. */
function unwrap({ bytes, start, data, length }: Frame): Frame | undefined {
  const size = bytes[data + 1] as number;
  if (size + 5 > length) return undefined;
  return { op: bytes[data + 2] as number, status: u16(bytes, data + 3), bytes, start, data: data + 5, length: size };
}

function fault({ op, status, bytes, data, length }: Frame): OtherFrame {
  const head = { kind: 'fault', opcode: hex(op, 2), code: hex(status, 4) } as const;
  if (status === Status.ASSERT && length >= 4) {
    const line = u32(bytes, data);
    const text = String.fromCharCode(...bytes.subarray(data + 4, data + length).filter((byte) => byte >= 0x20 && byte < 0x7f));
    return { ...head, meaning: `${statusMeaning(status)}: line ${line} of ${text === '' ? 'an unnamed file' : text}`, line, file: text };
  }
  return { ...head, meaning: statusMeaning(status), ...(length > 0 ? { data: hexOf(bytes, data, data + length) } : {}) };
}

/** A message of a stream, or the answer to a polled search. */
function message({ op, bytes, data, length }: Frame): TagFrame | OtherFrame {
  const opcode = hex(op, 2);
  if (length === 0) return { kind: 'end', opcode, meaning: 'the search cycle has ended' };
  const prefix = (bytes[data] as number) & OPTION_PREFIX ? 1 : 0;
  const at = data + prefix;
  const end = data + length;
  if (length < 3 + prefix) return { kind: 'reply', opcode, data: hexOf(bytes, data, end) };
  const option = bytes[at] as number;
  const search = u16(bytes, at + 1);
  if (length === TOTALS_BYTES && option & OPTION_TOTALS && prefix === 0) {
    return { kind: 'end', opcode, meaning: 'the search has found as many tags as it was to', tags: u32(bytes, data + 3) };
  }
  if ((search & SEARCH_STREAMING) === 0 && isPolled(length - prefix)) return { kind: 'reply', opcode, ...polled(bytes, at, end, search) };
  const type = at + (option & OPTION_METADATA ? 5 : 3);
  if (type >= end) return { kind: 'reply', opcode, data: hexOf(bytes, data, end) };
  const flags = option & OPTION_METADATA ? u16(bytes, type - 2) : 0;
  const kind = bytes[type];
  if (kind === Message.TAG) {
    const record = new TagRecord();
    return describeRecord(record, record.take(bytes, type + 1, end, flags), bytes, end);
  }
  if (kind === Message.STATISTICS) {
    const report = search & SEARCH_STATUS && !(search & SEARCH_STATISTICS);
    const told = report ? statusReport(bytes, type + 1, end) : statistics(bytes, type + 1, end);
    return { kind: 'heartbeat', opcode, ...named(told, bytes), data: hexOf(bytes, type + 1, end) };
  }
  if (kind === Message.ENDED) {
    const counts = end >= type + 11 ? { succeeded: u16(bytes, type + 7), failed: u16(bytes, type + 9) } : {};
    return { kind: 'end', opcode, meaning: 'the stream has ended', ...counts };
  }
  return { kind: 'reply', opcode, data: hexOf(bytes, data, end) };
}

/** How many tags a polled search found: one byte on modules for few tags, four on others. */
function polled(bytes: Uint8Array, at: number, end: number, search: number): Record<string, unknown> {
  const size = end - at;
  const wide = size === 7 || size === 13;
  const tags = wide ? u32(bytes, at + 3) : (bytes[at + 3] as number);
  if (size < 10) return { tags };
  const more = at + (wide ? 7 : 4);
  const embedded = { embeddedOpcode: hex(bytes[more + 1] as number, 2), succeeded: u16(bytes, more + 2), failed: u16(bytes, more + 4) };
  return { tags, ...(search & SEARCH_EMBEDDED ? embedded : {}) };
}

function named(told: Statistics, bytes: Uint8Array): Record<string, unknown> {
  const { protocol, unknown, ...rest } = told;
  return {
    ...rest,
    ...(protocol === undefined ? {} : { protocol: protocolName(protocol) }),
    ...(unknown === undefined
      ? {}
      : { unknown: unknown.map(({ flag, from, length }) => ({ flag: hex(flag, 4), value: hexOf(bytes, from, from + length) })) }),
  };
}

/** A piece of the tag buffer: with metadata, in slots of an M5e, or only how much there is. */
function buffer({ op, bytes, data, length }: Frame): Described[] {
  const end = data + length;
  const other = (more: object): Described[] => [{ kind: 'reply', opcode: hex(op, 2), ...more, data: hexOf(bytes, data, end) }];
  if (length === 4 && (u16(bytes, data) === 0 || bytes[data + 3] !== 0)) {
    // Read and write position: a piece with metadata of no record ends in a count of 0.
    return other({ tags: (u16(bytes, data + 2) - u16(bytes, data)) & 0xffff });
  }
  const slots = inSlots(bytes, data, end);
  if (slots !== undefined) return slots;
  if (length < 4) return other({});
  const flags = u16(bytes, data);
  const count = bytes[data + 3] as number;
  const found: Described[] = [];
  let at = data + 4;
  for (let left = count; left > 0; left--) {
    const record = new TagRecord();
    const state = record.take(bytes, at, end, flags);
    found.push(describeRecord(record, state, bytes, end));
    if (record.end <= at || record.end > end) break;
    at = record.end;
  }
  return found.length > 0 ? found : other({ tags: 0 });
}

/** Slots are taken for such only when the checksum of every tag says so: nothing in the frame names the form. */
function inSlots(bytes: Uint8Array, from: number, end: number): Described[] | undefined {
  for (const slot of SLOT_BYTES) {
    if (end === from || (end - from) % slot !== 0) continue;
    const found: Described[] = [];
    for (let at = from; at < end; at += slot) {
      const record = new TagRecord();
      if (record.take(bytes, at, at + slot, 0) !== 'read') break;
      found.push(describeRecord(record, 'read', bytes, end));
    }
    if (found.length === (end - from) / slot) return found;
  }
  return undefined;
}

/**
 * A single read: EPC and checksum alone, or PC before them, or option, flags and metadata. Nothing names the form; the checksum of the tag
 * does, where the PC word is not sent under the one that goes with the length. Where it fits none, the option decides.
 */
function single({ bytes, data, length }: Frame): TagFrame {
  const end = data + length;
  const crcAt = end - 2;
  if (coversBare(bytes, data, crcAt)) return bare(bytes, data, end);
  const words = u16(bytes, data) >> 11;
  if (length === 4 + 2 * words && tagCrc(bytes, data, crcAt) === u16(bytes, crcAt)) {
    return { ...bare(bytes, data + 2, end), pc: hexOf(bytes, data, data + 2) };
  }
  const at = data + ((bytes[data] as number) & OPTION_PREFIX ? 1 : 0);
  const option = bytes[at] as number;
  const flags = at + 5 < end ? u16(bytes, at + 1) : 0;
  if (option & OPTION_METADATA && option < 0x80 && flags !== 0 && (flags & ~ALL_METADATA) === 0) {
    const record = new TagRecord();
    const epcAt = record.takeFields(bytes, at + 3, flags);
    if (crcAt - epcAt >= 2 && (crcAt - epcAt) % 2 === 0) {
      record.takeBare(epcAt, end);
      return describeRecord(record, 'read', bytes, end) as TagFrame;
    }
  }
  return bare(bytes, data, end);
}

function bare(bytes: Uint8Array, epcAt: number, end: number): TagFrame {
  return { kind: 'tag', epc: hexOf(bytes, epcAt, end - 2), antenna: null, rssi: null, tagCrc: hexOf(bytes, end - 2, end) };
}

const dotted = (bytes: Uint8Array, at: number): string => [0, 1, 2, 3].map((i) => hex(bytes[at + i] as number, 2)).join('.');
const regionName = (region: number): string => Object.keys(REGIONS).find((name) => REGIONS[name] === region) ?? String(region);
const s16 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) << 16) >> 16;

/** Names for what the answers of known commands hold. */
function answer({ op, bytes, data, length }: Frame): Record<string, unknown> {
  const end = data + length;
  const first = bytes[data] as number;
  switch (op) {
    case Op.VERSION:
    case Op.BOOT_FIRMWARE: {
      if (length < 20) return {};
      const bitmap = u32(bytes, data + 16);
      return {
        bootloader: dotted(bytes, data),
        hardware: dotted(bytes, data + 4),
        model: modelOf(bytes[data + 4] as number),
        fwDate: [hexOf(bytes, data + 8, data + 10), hexOf(bytes, data + 10, data + 11), hexOf(bytes, data + 11, data + 12)].join('.'),
        fwVersion: dotted(bytes, data + 12),
        protocols: Array.from({ length: 32 }, (_, i) => i + 1)
          .filter((protocol) => (bitmap >>> (protocol - 1)) & 1)
          .map(protocolName),
        protocolsBitmap: hex(bitmap, 8),
      };
    }
    case Op.CURRENT_PROGRAM:
      return length < 1 ? {} : { program: (first & 3) === 1 ? 'bootloader' : (first & 3) === 2 ? 'application' : String(first) };
    case Op.MULTI_PROTOCOL:
      return length > 0 && first === Multi.START ? { meaning: 'the stream has started' } : {};
    case Op.GET_ANTENNA:
      if (first !== 5) return {};
      return { option: first, ports: portStates(bytes, data + 1, end).map(({ port, connected }) => ({ port, detected: connected })) };
    case Op.GET_READ_POWER:
    case Op.GET_WRITE_POWER:
      if (length >= 7)
        return { option: first, setCdbm: s16(bytes, data + 1), maxCdbm: s16(bytes, data + 3), minCdbm: s16(bytes, data + 5) };
      return length === 3 ? { option: first, setCdbm: s16(bytes, data + 1) } : {};
    case Op.GET_PROTOCOL:
      return length >= 2 ? { protocol: protocolName(u16(bytes, data)) } : {};
    case Op.GET_GPIO:
      return length >= 4 ? { pins: pinStates(bytes, data + 1, end) } : {};
    case Op.GET_REGION:
      return length >= 1 ? { region: regionName(bytes[end - 1] as number) } : {};
    case Op.GET_POWER_MODE:
      return length >= 1 ? { powerMode: bytes[end - 1] } : {};
    case Op.GET_READER_PARAM:
      return length >= 3 ? { key: hex(bytes[data + 1] as number, 2), value: hexOf(bytes, data + 2, end) } : {};
    case Op.GET_PROTOCOL_PARAM:
      return length >= 3
        ? { protocol: protocolName(first), key: hex(bytes[data + 1] as number, 2), value: hexOf(bytes, data + 2, end) }
        : {};
    case Op.PROTOCOLS:
      return { protocols: Array.from({ length: length >> 1 }, (_, i) => protocolName(u16(bytes, data + 2 * i))) };
    case Op.REGIONS:
      return { regions: [...bytes.subarray(data, end)].map(regionName) };
    case Op.TEMPERATURE:
      return length >= 1 ? { temperatureC: (first << 24) >> 24 } : {};
    default:
      return {};
  }
}
