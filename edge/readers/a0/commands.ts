/** Commands of the protocol. A reply carries the command it answers. */
export const Command = {
  READ_GPIO: 0x60,
  WRITE_GPIO: 0x61,
  SET_DETECTOR: 0x62,
  GET_DETECTOR: 0x63,
  SET_TEMPORARY_POWER: 0x66,
  SET_IDENTIFIER: 0x67,
  GET_IDENTIFIER: 0x68,
  SET_PROFILE: 0x69,
  GET_PROFILE: 0x6a,
  RESET: 0x70,
  SET_BAUD: 0x71,
  FIRMWARE: 0x72,
  SET_ADDRESS: 0x73,
  SET_ANTENNA: 0x74,
  GET_ANTENNA: 0x75,
  SET_POWER: 0x76,
  GET_POWER: 0x77,
  SET_REGION: 0x78,
  GET_REGION: 0x79,
  BEEPER: 0x7a,
  TEMPERATURE: 0x7b,
  RETURN_LOSS: 0x7e,
  INVENTORY: 0x80,
  READ_TAG: 0x81,
  WRITE_TAG: 0x82,
  LOCK_TAG: 0x83,
  KILL_TAG: 0x84,
  SET_EPC_MATCH: 0x85,
  GET_EPC_MATCH: 0x86,
  REAL_TIME: 0x89,
  FAST_SWITCH: 0x8a,
  SESSION: 0x8b,
  SET_FAST_TID: 0x8c,
  SAVE_FAST_TID: 0x8d,
  GET_FAST_TID: 0x8e,
  GET_BUFFER: 0x90,
  TAKE_BUFFER: 0x91,
  BUFFER_COUNT: 0x92,
  CLEAR_BUFFER: 0x93,
  BLOCK_WRITE: 0x94,
  ISO6B_INVENTORY: 0xb0,
  ISO6B_READ: 0xb1,
  ISO6B_WRITE: 0xb2,
  ISO6B_LOCK: 0xb3,
  ISO6B_QUERY_LOCK: 0xb4,
} as const;

/** What a reader leaves the factory with. */
export const FACTORY_ADDRESS = 0x01;
/** Every reader hears it; some answer it with 01. */
export const BROADCAST = 0xff;
/** Rates of a serial line by the code of command 71. */
export const BAUDS: Readonly<Record<number, number>> = { 3: 38_400, 4: 115_200 };
/** An antenna byte of a fast switch that names none. */
export const NO_ANTENNA = 0xff;
/** Inputs and outputs as printed on the readers. */
export const INPUT_PINS = [1, 2] as const;
export const OUTPUT_PINS = [3, 4] as const;

/** A frame, which looks the same both ways. */
export function frame(address: number, cmd: number, ...data: number[]): Uint8Array {
  return seal(Uint8Array.from([0xa0, data.length + 3, address, cmd, ...data, 0]));
}

/** Writes the checksum into the last byte of a whole frame: the two's complement of the sum of the others. */
export function seal(bytes: Uint8Array): Uint8Array {
  let sum = 0;
  for (let i = 0; i < bytes.length - 1; i++) sum += bytes[i] as number;
  bytes[bytes.length - 1] = -sum & 0xff;
  return bytes;
}

const u16 = (value: number): [number, number] => [(value >> 8) & 0xff, value & 0xff];
const u24 = (value: number): [number, number, number] => [(value >> 16) & 0xff, ...u16(value)];

/** A command to whatever reader is on the line: its address need not be known. */
const command = (cmd: number, ...data: number[]): Uint8Array => frame(BROADCAST, cmd, ...data);

export const reset = (): Uint8Array => command(Command.RESET);
/** Answered at the old rate, stored; the reader then starts again. @throws RangeError when it has no such rate */
export function setBaud(baud: number): Uint8Array {
  const code = Object.keys(BAUDS).find((key) => BAUDS[Number(key)] === baud);
  if (code === undefined) throw new RangeError(`no code for ${baud} baud`);
  return command(Command.SET_BAUD, Number(code));
}
export const firmware = (): Uint8Array => command(Command.FIRMWARE);
/** The antenna of the commands that do not name one; `port` from 1. */
export const setAntenna = (port: number): Uint8Array => command(Command.SET_ANTENNA, port - 1);
export const getAntenna = (): Uint8Array => command(Command.GET_ANTENNA);
/** Power of all antennas in whole dBm until the reader loses its own; command 76 would wear its flash at each start. */
export const temporaryPower = (dbm: number): Uint8Array => command(Command.SET_TEMPORARY_POWER, dbm);
export const getPower = (): Uint8Array => command(Command.GET_POWER);
/** Power of all antennas in whole dBm, stored in flash. */
export const storedPower = (dbm: number): Uint8Array => command(Command.SET_POWER, dbm);
export const getRegion = (): Uint8Array => command(Command.GET_REGION);
export const setRegion = (region: readonly number[]): Uint8Array => command(Command.SET_REGION, ...region);
/** Return loss in dB below which an antenna counts as missing; 0 switches the detector off. Stored in flash. */
export const setDetector = (db: number): Uint8Array => command(Command.SET_DETECTOR, db);
export const getDetector = (): Uint8Array => command(Command.GET_DETECTOR);
/** 0 quiet, 1 after each round, 2 at each tag. */
export const beeper = (mode: number): Uint8Array => command(Command.BEEPER, mode);
export const temperature = (): Uint8Array => command(Command.TEMPERATURE);
/** Measures the antenna of `setAntenna` at a frequency index. */
export const returnLoss = (frequency: number): Uint8Array => command(Command.RETURN_LOSS, frequency);
export const readInputs = (): Uint8Array => command(Command.READ_GPIO);
export const writeOutput = (pin: number, high: boolean): Uint8Array => command(Command.WRITE_GPIO, pin, high ? 1 : 0);
/** One round on the antenna of `setAntenna`; repeat FF is the fastest one. */
export const realTime = (repeat: number): Uint8Array => command(Command.REAL_TIME, repeat);
/** As `realTime`, with Gen2 session 0 to 3 and target A. */
export const sessionRound = (session: number, repeat: number): Uint8Array => command(Command.SESSION, session, 0, repeat);

/**
 * Antennas in turn, one inventory each, `repeat` times over. The form has a pair for each of the 4 or 8 connectors that the reader has;
 * what is not in `ports` is skipped.
 */
export function fastSwitch(ports: readonly number[], connectors: 4 | 8, intervalMs: number, repeat: number): Uint8Array {
  const pairs = Array.from({ length: connectors }, (_, i) => {
    const port = ports[i];
    return port === undefined ? [NO_ANTENNA, 0] : [port - 1, 1];
  });
  return command(Command.FAST_SWITCH, ...pairs.flat(), intervalMs, repeat);
}

/** The end of a round of 89 and 8B as the reader sends it. */
export const roundEnd = (address: number, cmd: number, port: number, rate: number, total: number): Uint8Array =>
  frame(address, cmd, port - 1, ...u16(rate), ...u16(total >>> 16), ...u16(total));
/** The end of a fast switch as the reader sends it. */
export const switchEnd = (address: number, total: number, ms: number): Uint8Array =>
  frame(address, Command.FAST_SWITCH, ...u24(total), ...u16(ms >>> 16), ...u16(ms));
