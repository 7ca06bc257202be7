import { fromHex } from '../../../protocol/bytes.ts';
import { Fault } from '../../../protocol/fault.ts';
import { Cmd, reply } from './commands.ts';
import { Status } from './status.ts';

/** Where one tag of a reply stands in the frame's bytes. */
export interface TagSpan {
  /** Bit mask of antennas, bit 0 is antenna 1; null when the reader gives none. */
  readonly mask: number | null;
  readonly epc: number;
  readonly epcLength: number;
  /** The raw level; null when the reader gives none. */
  readonly rssi: number | null;
  /** Where the 12 bytes of a TID stand (FastID); undefined without. */
  readonly tid?: number;
  /** Frequency in kHz and raw phase, of firmware that sends them. */
  readonly kHz?: number;
  readonly phase?: number;
}

/** LEN bit 7: a TID follows the EPC (Impinj FastID). */
const FAST_ID = 0x80;
const TID_BYTES = 12;
/** LEN bit 6 of firmware 2.20 and later: phase (4) and frequency (3) follow the level. Unverified on hardware; only taken when lengths agree. */
const PHASE = 0x40;
const PHASE_BYTES = 7;

const even = (length: number): boolean => length > 0 && length % 2 === 0;

/** How LEN is meant. The manual counts the TID of a FastID in it; both that and bit 6 are only believed when the lengths agree. */
interface Meaning {
  readonly countsTid: boolean;
  readonly phase: boolean;
}
const MEANINGS: readonly Meaning[] = [
  { countsTid: true, phase: true },
  { countsTid: true, phase: false },
  { countsTid: false, phase: true },
  { countsTid: false, phase: false },
];

/** `num` records `LEN EPC [TID] RSSI` that end exactly at `end`; undefined when there is no such reading. */
function levelled(bytes: Uint8Array, from: number, end: number, num: number, mask: number, words: boolean): TagSpan[] | undefined {
  for (const meaning of MEANINGS) {
    const tags = levelledAs(meaning, bytes, from, end, num, mask, words);
    if (tags !== undefined) return tags;
  }
  return undefined;
}

function levelledAs(
  { countsTid, phase }: Meaning,
  bytes: Uint8Array,
  from: number,
  end: number,
  num: number,
  mask: number,
  words: boolean,
): TagSpan[] | undefined {
  const tags: TagSpan[] = [];
  let at = from;
  for (let i = 0; i < num; i++) {
    if (at >= end) return undefined;
    const len = bytes[at] as number;
    const phased = phase && (len & PHASE) !== 0;
    const tid = (len & FAST_ID) !== 0;
    const counted = len & (phase ? 0x3f : 0x7f);
    const epcLength = tid && countsTid ? counted - TID_BYTES : counted;
    const level = at + 1 + epcLength + (tid ? TID_BYTES : 0);
    const next = level + 1 + (phased ? PHASE_BYTES : 0);
    if (epcLength < 0 || next > end || (words && !even(epcLength))) return undefined;
    const fast = tid ? { tid: at + 1 + epcLength } : {};
    const more = phased ? { phase: u32(bytes, level + 1), kHz: u24(bytes, level + 5) } : {};
    tags.push({ mask, epc: at + 1, epcLength, rssi: bytes[level] as number, ...fast, ...more });
    at = next;
  }
  return at === end ? tags : undefined;
}

/** `num` records `LEN EPC` that end exactly at `end`, as a UHFReader18 sends them. */
function plain(bytes: Uint8Array, from: number, end: number, num: number, words: boolean): TagSpan[] | undefined {
  const tags: TagSpan[] = [];
  let at = from;
  for (let i = 0; i < num; i++) {
    if (at >= end) return undefined;
    const length = bytes[at] as number;
    if (at + 1 + length > end || (words && !even(length))) return undefined;
    tags.push({ mask: null, epc: at + 1, epcLength: length, rssi: null });
    at += 1 + length;
  }
  return at === end ? tags : undefined;
}

/**
 * The tags of an inventory reply (status 01 to 04) with DATA at `[from, end)`; undefined when it fits neither shape.
 *
 * An 86 or 288 sends `antMask num (LEN EPC RSSI)*`, a UHFReader18 `num (LEN EPC)*`, and nothing in the frame says which. The rule: the shape
 * whose lengths add up to exactly the end of DATA, with `num` records of whole 16-bit words of EPC each, is the one; should both, the first.
 * That both do is a rare chance, because a mask and a `num` read as `num` and LEN put an odd LEN or a byte of an EPC in place of a length.
 * Where neither does, the same once more with EPCs of any length, also none at all. Of random frames of an 18 with EPCs of one to eight words, one in
 * some thousands fits both; with EPCs of 96 bits, none in 600,000. Whoever knows the reader gives `shape`.
 */
export function tagsOf(bytes: Uint8Array, from: number, end: number, shape?: '18' | '288'): TagSpan[] | undefined {
  if (from === end) return [];
  const first = bytes[from] as number;
  for (const words of [true, false]) {
    const tags =
      (shape !== '18' && end - from >= 2 ? levelled(bytes, from + 2, end, bytes[from + 1] as number, first, words) : undefined) ??
      (shape === '288' ? undefined : plain(bytes, from + 1, end, first, words));
    if (tags !== undefined) return tags;
  }
  return undefined;
}

/** The tag of a push `antMask LEN EPC RSSI`; undefined when the lengths do not agree. */
export function pushedTag(bytes: Uint8Array, from: number, end: number): TagSpan | undefined {
  return end - from < 3 ? undefined : levelled(bytes, from + 1, end, 1, bytes[from] as number, false)?.[0];
}

/** Lowest antenna of a mask, from 1; 0 for an empty mask. */
export const antennaOf = (mask: number): number => 32 - Math.clz32(mask & -mask);

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
const u24 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 16) | u16(bytes, at + 1);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x10000 + u16(bytes, at + 2);

export type AntennaStatus = 'idle' | 'ok' | 'disconnected' | 'unknown';
const ANTENNA_STATUS: readonly AntennaStatus[] = ['idle', 'ok', 'disconnected'];

/** What a reader pushes when it has seen no tag for a while: its counters and a state for each of its connectors. */
export interface Heartbeat {
  /** Counts up; starts again with the reader. */
  readonly packet: number;
  readonly antennas: readonly AntennaStatus[];
  readonly total: number;
}

/** A heartbeat `packet u32, a state for each connector (1, 4, 8 or 16), total u32` in DATA; undefined when it is too short. */
export function heartbeatOf(bytes: Uint8Array, from: number, end: number): Heartbeat | undefined {
  if (end - from < 9) return undefined;
  const antennas = [...bytes.subarray(from + 4, end - 4)].map((state) => ANTENNA_STATUS[state] ?? 'unknown');
  return { packet: u32(bytes, from), antennas, total: u32(bytes, end - 4) };
}

/** Statistics behind an inventory: `antMask, reads a second u16, reads u32`. */
export function statisticsOf(bytes: Uint8Array, from: number, end: number): { mask: number; rate: number; total: number } | undefined {
  return end - from < 7 ? undefined : { mask: bytes[from] as number, rate: u16(bytes, from + 1), total: u32(bytes, from + 3) };
}

/** Types of readers by the byte that names them. */
const TYPES: Readonly<Record<number, string>> = {
  ...{ 3: 'RRU9803M', 8: 'RRU9803M', 9: 'UHFReader18', 12: 'UHFReader288M', 15: 'UHFReader86', 16: 'UHFReader86' },
  ...{ 22: 'RRU9883M', 32: 'UHFReader288MP', 139: 'UHFReader288ADV' },
};

/** What a reader says of itself (command 21). */
export interface Info {
  /** `0.22`. */
  readonly version: string;
  readonly type: number;
  readonly typeName: string;
  /** Bit 0: 18000-6B, bit 1: 18000-6C. */
  readonly protocols: number;
  readonly max: number;
  readonly min: number;
  readonly powerDbm: number;
  /** In steps of 100 ms. */
  readonly scanTime: number;
  /** Antennas in use; undefined on a UHFReader18. */
  readonly mask?: number;
  readonly checksAntennas?: boolean;
}

export function infoOf(bytes: Uint8Array, from: number, end: number): Info | undefined {
  if (end - from < 8) return undefined;
  const at = (offset: number): number => bytes[from + offset] as number;
  const type = at(2);
  return {
    version: `${at(0)}.${at(1)}`,
    type,
    typeName: TYPES[type] ?? `UHFReader type ${type.toString(16).toUpperCase().padStart(2, '0')}`,
    protocols: at(3),
    max: at(4),
    min: at(5),
    powerDbm: at(6),
    scanTime: at(7),
    ...(end - from < 12 ? {} : { mask: at(8), checksAntennas: at(11) !== 0 }),
  };
}

/** The EPC, LEN EPC and level of one record. */
function epcBytes(epc: string): Uint8Array {
  const bytes = fromHex(epc);
  if (bytes === undefined || !even(bytes.length) || bytes.length > 62) {
    throw new Fault('EPC_INVALID', `"${epc}" is no EPC: give 1 to 31 words of 4 hexadecimal digits`);
  }
  return bytes;
}

const u32Bytes = (value: number): number[] => [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** A tag as it is sent: `rssi` is the raw byte. */
export interface TagFields {
  readonly epc: string;
  readonly rssi: number;
}

/** What a reader in mode 1 or 2 sends for a tag. @throws Fault EPC_INVALID */
export function pushTag(mask: number, { epc, rssi }: TagFields): Uint8Array {
  const bytes = epcBytes(epc);
  return reply(Cmd.PUSH, Status.OK, [mask, bytes.length, ...bytes, rssi & 0xff]);
}

export function pushHeartbeat({ packet, antennas, total }: Heartbeat): Uint8Array {
  const states = antennas.map((state) => Math.max(0, ANTENNA_STATUS.indexOf(state)));
  return reply(Cmd.PUSH, Status.HEARTBEAT, [...u32Bytes(packet), ...states, ...u32Bytes(total)]);
}

/** One frame of a round on an 86 or 288. @throws Fault EPC_INVALID */
export function inventoryReply288(status: number, mask: number, tags: readonly TagFields[]): Uint8Array {
  const records = tags.flatMap(({ epc, rssi }) => {
    const bytes = epcBytes(epc);
    return [bytes.length, ...bytes, rssi & 0xff];
  });
  return reply(Cmd.INVENTORY, status, [mask, tags.length, ...records]);
}

/** One frame of a round on a UHFReader18. @throws Fault EPC_INVALID */
export function inventoryReply18(status: number, epcs: readonly string[]): Uint8Array {
  const records = epcs.flatMap((epc) => {
    const bytes = epcBytes(epc);
    return [bytes.length, ...bytes];
  });
  return reply(Cmd.INVENTORY, status, [epcs.length, ...records]);
}

/** The data of an answer to command 21. */
export function infoData(info: Omit<Info, 'typeName' | 'version'> & { readonly version: readonly [number, number] }): number[] {
  const { version, type, protocols, max, min, powerDbm, scanTime, mask, checksAntennas } = info;
  const antennas = mask === undefined ? [] : [mask, 0, 0, checksAntennas === true ? 1 : 0];
  return [...version, type, protocols, max, min, powerDbm, scanTime, ...antennas];
}
