import { crc16 } from './crc.ts';

/** Command bytes that the driver sends or understands. */
export const Cmd = {
  /** Stands in the answer to a command that the reader could not read. */
  NONE: 0x00,
  INVENTORY: 0x01,
  SINGLE: 0x0f,
  INVENTORY_1A: 0x1a,
  INVENTORY_1B: 0x1b,
  INFO: 0x21,
  REGION: 0x22,
  SCAN_TIME: 0x25,
  BAUD: 0x28,
  POWER: 0x2f,
  ANTENNAS: 0x3f,
  OUTPUTS: 0x46,
  PINS: 0x47,
  ANTENNA_CHECK: 0x66,
  PUSH_PARAMETERS: 0x75,
  WORK_MODE: 0x76,
  READ_PARAMETERS: 0x77,
  HEARTBEAT_TIME: 0x78,
  RETURN_LOSS: 0x91,
  TEMPERATURE: 0x92,
  /** Never sent: what a reader pushes in modes 1 and 2. */
  PUSH: 0xee,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  ...{ 1: 'inventory', 2: 'read', 3: 'write', 4: 'write EPC', 5: 'kill', 6: 'lock', 7: 'block erase', 15: 'single inventory' },
  ...{ 21: 'masked read', 22: 'masked write', 24: 'buffered inventory', 25: 'mixed inventory', 26: 'QT inventory', 27: 'QT inventory' },
  ...{ 33: 'reader information', 34: 'region', 36: 'address', 37: 'scan time', 40: 'baud rate', 47: 'power', 51: 'buzzer and LED' },
  ...{ 53: 'work mode (18)', 54: 'get work mode (18)', 58: 'tag function', 63: 'antennas', 64: 'buzzer', 70: 'outputs', 71: 'pins' },
  ...{ 76: 'serial number', 80: '18000-6B inventory', 81: '18000-6B inventory', 82: '18000-6B read', 83: '18000-6B write' },
  ...{ 102: 'antenna check', 106: 'interface', 110: 'return loss threshold', 112: 'buffer length', 113: 'get buffer length' },
  ...{ 114: 'get buffer', 115: 'clear buffer', 116: 'buffer count', 117: 'push parameters', 118: 'work mode', 119: 'get push parameters' },
  ...{ 120: 'heartbeat time', 121: 'write power', 122: 'get write power', 145: 'return loss', 146: 'temperature', 238: 'push' },
};

export const commandName = (cmd: number): string => NAMES[cmd] ?? 'unknown';

/** Every reader answers to this address, whatever its own is. */
export const BROADCAST = 0xff;

/** Answers commands only; pushes tags; pushes tags while input 1 is low (a photo-eye). The mode survives power-off. */
export const Mode = { ANSWER: 0, PUSH: 1, GATED: 2 } as const;

/** Codes of the rates. */
export const BAUDS: Readonly<Record<number, number>> = { 9600: 0, 19200: 1, 38400: 2, 57600: 5, 115200: 6 };

/** Bit 7 of power and antennas: valid at once and until power-off, without wear of the flash memory. */
const DO_NOT_SAVE = 0x80;

const u16 = (value: number): [number, number] => [(value >> 8) & 0xff, value & 0xff];

/** Writes the checksum into the last two bytes of a whole frame, low byte first. */
export function seal(frame: Uint8Array): Uint8Array {
  const crc = crc16(frame, 0, frame.length - 2);
  frame[frame.length - 2] = crc & 0xff;
  frame[frame.length - 1] = crc >> 8;
  return frame;
}

/** A command frame `LEN ADR CMD DATA CRC16`; LEN counts what follows it. */
export function command(cmd: number, data: readonly number[] = [], address: number = BROADCAST): Uint8Array {
  return seal(Uint8Array.from([data.length + 4, address, cmd, ...data, 0, 0]));
}

/** A reply frame `LEN ADR CMD STATUS DATA CRC16`. */
export function reply(cmd: number, status: number, data: readonly number[] = [], address = 0): Uint8Array {
  return seal(Uint8Array.from([data.length + 5, address, cmd, status, ...data, 0, 0]));
}

export const info = (): Uint8Array => command(Cmd.INFO);
/** Answered at the old rate; the host then changes its own. The reader keeps the rate over a power-off. */
export const setBaud = (baud: number): Uint8Array => command(Cmd.BAUD, [BAUDS[baud] ?? 5]);
export const setPower = (dBm: number, save: boolean): Uint8Array => command(Cmd.POWER, [save ? dBm : dBm | DO_NOT_SAVE]);
/** Bit 0 is antenna 1. A mask that uses bit 7 (8 antennas) leaves no bit to say that it is not to be saved. */
export const setAntennas = (mask: number, save: boolean): Uint8Array => command(Cmd.ANTENNAS, [save ? mask : mask | DO_NOT_SAVE]);
export const antennaCheck = (on: boolean): Uint8Array => command(Cmd.ANTENNA_CHECK, [on ? 1 : 0]);
/** Highest and lowest channel, each with two bits of the band. */
export const setRegion = ([max, min]: readonly [number, number]): Uint8Array => command(Cmd.REGION, [max, min]);
/** In steps of 100 ms. */
export const scanTime = (steps: number): Uint8Array => command(Cmd.SCAN_TIME, [steps]);
export const workMode = (mode: number): Uint8Array => command(Cmd.WORK_MODE, [mode]);
export const readParameters = (): Uint8Array => command(Cmd.READ_PARAMETERS);
/**
 * Gen2, no pause between rounds, FilterTime 0, Q and session. With another FilterTime the reader holds back repeats for as many seconds, and
 * there is no series of levels to tell a direction from.
 */
export const pushParameters = (q: number, session: number): Uint8Array => command(Cmd.PUSH_PARAMETERS, [0, 0, 0, q, session]);
/** Time without a tag after which the reader sends a heartbeat, in steps of 30 s; undefined asks for it. */
export const heartbeatTime = (steps?: number): Uint8Array => command(Cmd.HEARTBEAT_TIME, [steps === undefined ? 0 : 0x80 | steps]);
export const outputs = (mask: number): Uint8Array => command(Cmd.OUTPUTS, [mask]);
export const pins = (): Uint8Array => command(Cmd.PINS);
export const temperature = (): Uint8Array => command(Cmd.TEMPERATURE);
export const returnLoss = (kHz: number, port: number): Uint8Array => command(Cmd.RETURN_LOSS, [...u16(kHz >>> 16), ...u16(kHz), port - 1]);
/** One round as the UHFReader18 knows it: its one antenna, its own scan time. */
export const inventory18 = (): Uint8Array => command(Cmd.INVENTORY);
/** One round on one antenna of an 86 or 288: no mask, target A, `scan` steps of 100 ms at most. */
export const inventory288 = (q: number, session: number, port: number, scan: number): Uint8Array =>
  command(Cmd.INVENTORY, [q, session, 1, 0, 0, 0, 0, 0x80 | (port - 1), scan]);
