import type { OtherFrame } from '../described.ts';
import { type Frame, Multi, OPTION_METADATA, Op, REGIONS } from './codec.ts';
import { hex, hexOf, protocolName, u16, u32 } from './describetag.ts';
import { OPTION_PREFIX } from './record.ts';

const NAMES: ReadonlyMap<number, string> = new Map([
  [Op.VERSION, 'Version'],
  [Op.BOOT_FIRMWARE, 'BootFirmware'],
  [Op.SET_BAUD, 'SetBaudRate'],
  [0x09, 'EnterBootloader'],
  [Op.CURRENT_PROGRAM, 'GetCurrentProgram'],
  [Op.READ_SINGLE, 'ReadTagIdSingle'],
  [Op.READ_MULTIPLE, 'ReadTagIdMultiple'],
  [Op.TAG_BUFFER, 'GetTagBuffer'],
  [Op.CLEAR_TAG_BUFFER, 'ClearTagBuffer'],
  [Op.GET_ANTENNA, 'GetAntenna'],
  [Op.GET_READ_POWER, 'GetReadTxPower'],
  [Op.GET_PROTOCOL, 'GetTagProtocol'],
  [Op.GET_WRITE_POWER, 'GetWriteTxPower'],
  [Op.GET_GPIO, 'GetGPIO'],
  [Op.GET_REGION, 'GetRegion'],
  [Op.GET_POWER_MODE, 'GetPowerMode'],
  [Op.GET_READER_PARAM, 'GetReaderConfig'],
  [Op.GET_PROTOCOL_PARAM, 'GetProtocolConfig'],
  [Op.STATISTICS, 'GetStatistics'],
  [Op.PROTOCOLS, 'GetAvailableProtocols'],
  [Op.REGIONS, 'GetAvailableRegions'],
  [Op.TEMPERATURE, 'GetTemperature'],
  [Op.SET_ANTENNA, 'SetAntenna'],
  [Op.SET_READ_POWER, 'SetReadTxPower'],
  [Op.SET_PROTOCOL, 'SetTagProtocol'],
  [Op.SET_WRITE_POWER, 'SetWriteTxPower'],
  [Op.GPIO, 'SetGPO'],
  [Op.SET_REGION, 'SetRegion'],
  [Op.SET_POWER_MODE, 'SetPowerMode'],
  [Op.SET_READER_PARAM, 'SetReaderConfig'],
  [Op.SET_PROTOCOL_PARAM, 'SetProtocolConfig'],
]);

const SEARCH_STOP_ON_N = 0x0040;
const SEARCH_STATISTICS = 0x0100;
const SEARCH_OFF_TIME = 0x0400;

/** The object of one command frame. */
export function describeCommand({ op, bytes, data, length }: Frame): OtherFrame {
  return { kind: 'command', opcode: hex(op, 2), ...body(op, bytes, data, data + length), data: hexOf(bytes, data, data + length) };
}

function body(op: number, bytes: Uint8Array, at: number, end: number): Record<string, unknown> {
  const name = NAMES.get(op);
  const parts = op === Op.MULTI_PROTOCOL ? multi(bytes, at, end) : fields(op, bytes, at, end);
  return { ...(name === undefined ? {} : { name }), ...parts };
}

/** Start, stop, or a command for a module that streams. */
function multi(bytes: Uint8Array, at: number, end: number): Record<string, unknown> {
  if (end - at < 3) return { name: 'MultiProtocol' };
  const tmOption = bytes[at + 2] as number;
  const head = { timeoutMs: u16(bytes, at), tmOption };
  if (tmOption === Multi.STOP) return { name: 'StopContinuous', ...head };
  if (tmOption === Multi.WRAPPED && end - at >= 5) {
    const op = bytes[at + 4] as number;
    const size = Math.min(bytes[at + 3] as number, end - at - 5);
    return { name: 'Wrapped', ...head, inner: { opcode: hex(op, 2), ...body(op, bytes, at + 5, at + 5 + size) } };
  }
  if (tmOption !== Multi.START || end - at < 6) return { name: 'MultiProtocol', ...head };
  const searchFlags = u16(bytes, at + 4);
  let next = at + 6;
  // The plan's own count of tags to stop at.
  const total = searchFlags & SEARCH_STOP_ON_N && next + 4 <= end ? { stopOnTags: u32(bytes, next) } : {};
  if ('stopOnTags' in total) next += 4;
  const plans: Record<string, unknown>[] = [];
  while (next + 3 <= end) {
    // The length leaves out the opcode of the inner command.
    const planLen = bytes[next + 1] as number;
    const op = bytes[next + 2] as number;
    const stop = Math.min(end, next + 3 + planLen);
    const protocol = bytes[next] as number;
    plans.push({
      protocol,
      protocolName: protocolName(protocol),
      planLen,
      inner: { opcode: hex(op, 2), ...body(op, bytes, next + 3, stop) },
    });
    next = stop;
  }
  const subOpcode = hex(bytes[at + 3] as number, 2);
  return {
    name: 'StartContinuous',
    ...head,
    subOpcode,
    searchFlags: hex(searchFlags, 4),
    ...total,
    ...plans[0],
    ...(plans.length > 1 ? { plans } : {}),
  };
}

/** Option, search flags, time and what they announce; the filter behind them is left as it is. */
function search(bytes: Uint8Array, from: number, end: number): Record<string, unknown> {
  const prefix = (bytes[from] as number) & OPTION_PREFIX ? 1 : 0;
  let at = from + prefix;
  if (at + 5 > end) return {};
  const option = bytes[at] as number;
  const flags = u16(bytes, at + 1);
  const out: Record<string, unknown> = { option: hex(option, 2), searchFlags: hex(flags, 4), timeoutMs: u16(bytes, at + 3) };
  if (prefix === 1) out['prefix'] = hex(bytes[from] as number, 2);
  at += 5;
  const word = (name: string, bytesOf: 2 | 4, text: boolean): void => {
    if (at + bytesOf > end) return;
    const value = bytesOf === 2 ? u16(bytes, at) : u32(bytes, at);
    out[name] = text ? hex(value, 4) : value;
    at += bytesOf;
  };
  if (flags & SEARCH_OFF_TIME) word('offTimeMs', 2, false);
  if (option & OPTION_METADATA) word('metadataFlags', 2, true);
  if (flags & SEARCH_STOP_ON_N) word('stopOnTags', 4, false);
  if (flags & SEARCH_STATISTICS) word('statsFlags', 2, true);
  if (at < end) out['filter'] = hexOf(bytes, at, end);
  return out;
}

const regionName = (region: number): string => Object.keys(REGIONS).find((name) => REGIONS[name] === region) ?? String(region);
const s16 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) << 16) >> 16;

function fields(op: number, bytes: Uint8Array, at: number, end: number): Record<string, unknown> {
  const length = end - at;
  const first = bytes[at] as number;
  const key = (): Record<string, unknown> => ({
    key: hex(bytes[at + 1] as number, 2),
    ...(length > 2 ? { value: hexOf(bytes, at + 2, end) } : {}),
  });
  switch (op) {
    case Op.SET_BAUD:
      return length >= 4 ? { baud: u32(bytes, at) } : {};
    case Op.READ_SINGLE:
      return length >= 2 ? { timeoutMs: u16(bytes, at), ...(length > 2 ? { option: hex(bytes[at + 2] as number, 2) } : {}) } : {};
    case Op.READ_MULTIPLE:
      return length > 0 ? search(bytes, at, end) : {};
    case Op.TAG_BUFFER:
      if (length === 3) return { metadataFlags: hex(u16(bytes, at), 4), option: hex(bytes[at + 2] as number, 2) };
      if (length === 4) return { from: u16(bytes, at), to: u16(bytes, at + 2) };
      return length === 2 ? { count: u16(bytes, at) } : { meaning: 'how many tags wait' };
    case Op.GET_ANTENNA:
      return length === 0 ? {} : { option: first, ...(first === 5 ? { meaning: 'detect antennas' } : {}) };
    case Op.SET_ANTENNA:
      return antennas(bytes, at, end);
    case Op.GET_READ_POWER:
    case Op.GET_WRITE_POWER:
    case Op.GET_GPIO:
      return length === 0 ? {} : { option: first };
    case Op.SET_READ_POWER:
    case Op.SET_WRITE_POWER:
      return length >= 2 ? { cdbm: s16(bytes, at) } : {};
    case Op.SET_PROTOCOL:
      return length >= 2 ? { protocol: u16(bytes, at), protocolName: protocolName(u16(bytes, at)) } : {};
    case Op.GPIO:
      if (length === 2) return { pin: first, high: bytes[at + 1] === 1 };
      if (length === 1) return { name: 'GetGPIODirection', pin: first };
      return length >= 3 ? { name: 'SetGPIODirection', pin: bytes[at + 1], output: bytes[at + 2] === 1 } : {};
    case Op.SET_REGION:
      return length >= 1 ? { region: first, regionName: regionName(first) } : {};
    case Op.SET_POWER_MODE:
      return length >= 1 ? { powerMode: first } : {};
    case Op.GET_READER_PARAM:
    case Op.SET_READER_PARAM: {
      if (length < 2) return {};
      const meaning = bytes[at + 1] === 0x0c && length > 2 ? { meaning: `read filter ${bytes[at + 2] === 0 ? 'off' : 'on'}` } : {};
      return { ...key(), ...meaning };
    }
    case Op.GET_PROTOCOL_PARAM:
    case Op.SET_PROTOCOL_PARAM:
      return length >= 2 ? { protocol: first, protocolName: protocolName(first), ...key() } : {};
    default:
      return {};
  }
}

function antennas(bytes: Uint8Array, at: number, end: number): Record<string, unknown> {
  const option = bytes[at] as number;
  if (end - at === 2) return { tx: option, rx: bytes[at + 1] };
  if (option === 2) {
    const pairs: [number, number][] = [];
    for (let i = at + 1; i + 1 < end; i += 2) pairs.push([bytes[i] as number, bytes[i + 1] as number]);
    return { name: 'SetAntennaSearchList', option, pairs };
  }
  if (option !== 4) return { option };
  const powers: Record<string, unknown>[] = [];
  for (let i = at + 1; i + 7 <= end; i += 7) {
    powers.push({ port: bytes[i], readCdbm: s16(bytes, i + 1), writeCdbm: s16(bytes, i + 3), settleUs: u16(bytes, i + 5) });
  }
  return { name: 'SetAntennaPowers', option, powers };
}
