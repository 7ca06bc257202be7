import { toHex } from '../../../protocol/bytes.ts';
import type { Describe, Described, TagFrame } from '../described.ts';
import * as codec from './codec.ts';

const { Cmd, Status } = codec;
/** Replies to these carry tags in the shape of an inventory. */
const INVENTORIES: ReadonlySet<number> = new Set([Cmd.INVENTORY, Cmd.SINGLE, Cmd.INVENTORY_1A, Cmd.INVENTORY_1B]);

/** Describes the frames of a line of the UHFReader18, 86 and 288 protocol. */
export const describe: Describe = (bytes, direction) => {
  const decoder = new codec.Uhf18Codec(direction === 'reader' ? 'replies' : 'commands');
  const frames = [...decoder.push(bytes), ...decoder.lull()];
  const described = frames.flatMap((frame) => (direction === 'host' ? [command(frame)] : reply(frame)));
  return { frames: described, dropped: decoder.counters.garbage };
};

const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0');
const text = (bytes: Uint8Array, from: number, length: number): string => toHex(bytes, from, length).toLowerCase();

function head({ address, cmd }: codec.Frame): { readonly cmd: string; readonly name: string; readonly address: number } {
  return { cmd: hex(cmd), name: codec.commandName(cmd), address };
}

function command(frame: codec.Frame): Described {
  return { kind: 'command', ...head(frame), data: text(frame.bytes, frame.data, frame.length), ...argument(frame) };
}

/** What the data of a command say, where they are short enough to be said. */
function argument({ cmd, bytes, data, length }: codec.Frame): Record<string, unknown> {
  const first = bytes[data] as number;
  if (length === 0) return {};
  if (cmd === Cmd.BAUD) {
    const rate = Object.keys(codec.BAUDS).find((baud) => codec.BAUDS[Number(baud)] === first);
    return rate === undefined ? {} : { baud: Number(rate) };
  }
  if (cmd === Cmd.POWER) return { powerDbm: first & 0x7f, save: first < 0x80 };
  if (cmd === Cmd.WORK_MODE) return { mode: first };
  if (cmd === Cmd.OUTPUTS)
    return {
      outputs: [
        { pin: 1, high: (first & 1) !== 0 },
        { pin: 2, high: (first & 2) !== 0 },
      ],
    };
  if (cmd === Cmd.REGION && length === 2) return { band: codec.bandOf(first, bytes[data + 1] as number)?.name ?? null };
  if (cmd === Cmd.INVENTORY && length >= 2) {
    const tail =
      length === 9
        ? { target: bytes[data + 6], antenna: ((bytes[data + 7] as number) & 0x7f) + 1, scanTimeMs: (bytes[data + 8] as number) * 100 }
        : {};
    return { q: first & 0x1f, session: bytes[data + 1], ...tail };
  }
  return {};
}

function reply(frame: codec.Frame): Described[] {
  const { cmd, status, bytes, data, length } = frame;
  const end = data + length;
  const meaning = codec.statusMeaning(status);
  if (cmd === Cmd.PUSH && status === Status.OK) {
    const pushed = codec.pushedTag(bytes, data, end);
    return [pushed === undefined ? other(frame) : tag(frame, pushed)];
  }
  if (cmd === Cmd.PUSH && status === Status.HEARTBEAT) return [heartbeat(frame)];
  if (INVENTORIES.has(cmd)) {
    if (status === Status.NO_TAG) return [{ kind: 'end', ...head(frame), status: hex(status), meaning }];
    if (status === Status.STATISTICS) return [statistics(frame)];
    if (status >= Status.DONE && status <= Status.MEMORY_FULL) return round(frame);
  }
  if (status === Status.OK) return [other(frame)];
  const fault = { kind: 'fault', code: hex(status), meaning, ...head(frame) } as const;
  if (status === Status.TAG_ERROR && length > 0) {
    const tagCode = bytes[data] as number;
    return [{ ...fault, tagCode: hex(tagCode), tagMeaning: codec.tagErrorMeaning(tagCode) }];
  }
  return [length === 0 ? fault : { ...fault, data: text(bytes, data, length) }];
}

function tag(frame: codec.Frame, { mask, epc, epcLength, rssi, tid, phase, kHz }: codec.TagSpan): TagFrame {
  const { bytes, status } = frame;
  return {
    kind: 'tag',
    epc: text(bytes, epc, epcLength),
    antenna: mask === null || mask === 0 ? null : codec.antennaOf(mask),
    rssi: null,
    ...(rssi === null ? {} : { rssiRaw: rssi }),
    ...(mask === null ? {} : { antMask: mask }),
    ...(tid === undefined ? {} : { tid: text(bytes, tid, 12) }),
    ...(kHz === undefined ? {} : { frequencyKHz: kHz }),
    ...(phase === undefined ? {} : { phaseRaw: phase }),
    ...head(frame),
    status: hex(status),
  };
}

/** The tags of one frame of a round; without any, what its status says. */
function round(frame: codec.Frame): Described[] {
  const { status, bytes, data, length } = frame;
  const tags = codec.tagsOf(bytes, data, data + length);
  if (tags === undefined) return [other(frame)];
  if (tags.length > 0) return tags.map((one) => tag(frame, one));
  const meaning = codec.statusMeaning(status);
  if (status === Status.MEMORY_FULL) return [{ kind: 'fault', code: hex(status), meaning, ...head(frame) }];
  const mask = length >= 2 ? { antMask: bytes[data] } : {};
  return [{ kind: status === Status.MORE ? 'keepalive' : 'end', ...head(frame), status: hex(status), meaning, ...mask }];
}

function statistics(frame: codec.Frame): Described {
  const counted = codec.statisticsOf(frame.bytes, frame.data, frame.data + frame.length);
  if (counted === undefined) return other(frame);
  const { mask, rate, total } = counted;
  const antenna = mask === 0 ? null : codec.antennaOf(mask);
  const meaning = codec.statusMeaning(frame.status);
  return { kind: 'end', ...head(frame), status: hex(frame.status), meaning, antenna, antMask: mask, readRate: rate, totalCount: total };
}

function heartbeat(frame: codec.Frame): Described {
  const beat = codec.heartbeatOf(frame.bytes, frame.data, frame.data + frame.length);
  if (beat === undefined) return other(frame);
  const antennas = beat.antennas.map((state, i) => ({ port: i + 1, state }));
  return { kind: 'heartbeat', ...head(frame), status: hex(frame.status), packetNo: beat.packet, antennas, totalCount: beat.total };
}

function other(frame: codec.Frame): Described {
  const { cmd, status, bytes, data, length } = frame;
  return {
    kind: 'reply',
    ...head(frame),
    status: hex(status),
    data: text(bytes, data, length),
    ...(cmd === Cmd.INFO ? info(frame) : answer(frame)),
  };
}

function info({ bytes, data, length }: codec.Frame): Record<string, unknown> {
  const said = codec.infoOf(bytes, data, data + length);
  if (said === undefined) return {};
  const { version, type, typeName, protocols, max, min, powerDbm, scanTime, mask, checksAntennas } = said;
  const band = codec.bandOf(max, min);
  return {
    version,
    type: hex(type),
    typeName,
    protocols: hex(protocols),
    maxFreq: hex(max),
    minFreq: hex(min),
    band: band?.name ?? null,
    ...(band === undefined ? {} : { fromKHz: band.fromKHz, toKHz: band.toKHz }),
    powerDbm,
    scanTimeMs: scanTime * 100,
    ...(mask === undefined ? {} : { antMask: mask, checksAntennas }),
  };
}

/** Short answers that people ask for. */
function answer({ cmd, bytes, data, length }: codec.Frame): Record<string, unknown> {
  const first = bytes[data] as number;
  if (cmd === Cmd.TEMPERATURE && length === 2) return { temperatureC: first === 0 ? -(bytes[data + 1] as number) : bytes[data + 1] };
  if (cmd === Cmd.RETURN_LOSS && length === 1) return { returnLossDb: first };
  if (cmd === Cmd.PINS && length === 1) {
    const bit = (place: number): boolean => ((first >> place) & 1) === 1;
    const level = (pin: number, place: number): object => ({ pin, high: bit(place) });
    return { inputs: [level(1, 0), level(2, 1)], outputs: [level(1, 4), level(2, 5)] };
  }
  if (cmd === Cmd.HEARTBEAT_TIME && length === 1) return { heartbeatMs: (first & 0x7f) * 30_000 };
  return {};
}
