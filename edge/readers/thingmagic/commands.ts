import { frameCrc } from './crc.ts';

/** Opcodes that the driver sends or understands. */
export const Op = {
  VERSION: 0x03,
  BOOT_FIRMWARE: 0x04,
  SET_BAUD: 0x06,
  CURRENT_PROGRAM: 0x0c,
  READ_SINGLE: 0x21,
  READ_MULTIPLE: 0x22,
  TAG_BUFFER: 0x29,
  CLEAR_TAG_BUFFER: 0x2a,
  MULTI_PROTOCOL: 0x2f,
  GET_ANTENNA: 0x61,
  GET_READ_POWER: 0x62,
  GET_PROTOCOL: 0x63,
  GET_WRITE_POWER: 0x64,
  GET_GPIO: 0x66,
  GET_REGION: 0x67,
  GET_POWER_MODE: 0x68,
  GET_READER_PARAM: 0x6a,
  GET_PROTOCOL_PARAM: 0x6b,
  STATISTICS: 0x6c,
  PROTOCOLS: 0x70,
  REGIONS: 0x71,
  TEMPERATURE: 0x72,
  SET_ANTENNA: 0x91,
  SET_READ_POWER: 0x92,
  SET_PROTOCOL: 0x93,
  SET_WRITE_POWER: 0x94,
  GPIO: 0x96,
  SET_REGION: 0x97,
  SET_POWER_MODE: 0x98,
  SET_READER_PARAM: 0x9a,
  SET_PROTOCOL_PARAM: 0x9b,
  AUTONOMOUS: 0x9d,
} as const;

/** First data byte of a multi-protocol frame. */
export const Multi = { START: 1, STOP: 2, WRAPPED: 4 } as const;

/** Region codes by the names that a settings file uses. EU3 (865 to 868 MHz) is the normal choice in Europe. */
export const REGIONS: Readonly<Record<string, number>> = {
  ...{ NA: 1, EU: 2, KR: 3, IN: 4, JP: 5, PRC: 6, EU2: 7, EU3: 8, KR2: 9, PRC2: 10, AU: 11, NZ: 12, NA2: 13, NA3: 14, IS: 15 },
  ...{ MY: 16, ID: 17, PH: 18, TW: 19, MO: 20, RU: 21, SG: 22, JP2: 23, JP3: 24, VN: 25, TH: 26, AR: 27, HK: 28, BD: 29, EU4: 30 },
  ...{ IS2: 32, NA4: 33, OPEN: 255 },
};

/** A tag record's optional fields, in the order they are sent. */
export const Metadata = {
  READ_COUNT: 0x0001,
  RSSI: 0x0002,
  ANTENNA: 0x0004,
  FREQUENCY: 0x0008,
  TIMESTAMP: 0x0010,
  PHASE: 0x0020,
  PROTOCOL: 0x0040,
  DATA: 0x0080,
  GPIO: 0x0100,
  GEN2_Q: 0x0200,
  GEN2_LF: 0x0400,
  GEN2_TARGET: 0x0800,
  BRAND: 0x1000,
} as const;

/** Search flags: antenna list (3), streaming (8), large population (10). */
export const SEARCH_STREAM = 0x001b;
export const SEARCH_STREAMING = 0x0008;
export const SEARCH_STATS = 0x0100;
/** Search the antennas of the list, and let the host fetch what was found: the only way of an M5e. */
export const SEARCH_POLLED = 0x0003;
const GEN2 = 0x05;

const u16 = (value: number): [number, number] => [(value >> 8) & 0xff, value & 0xff];

/** A command frame as the host sends it. */
export function command(op: number, ...data: number[]): Uint8Array {
  const bytes = Uint8Array.from([0xff, data.length, op, ...data, 0, 0]);
  return seal(bytes);
}

/** A reply frame as the module sends it. */
export function reply(op: number, status: number, ...data: number[]): Uint8Array {
  return seal(Uint8Array.from([0xff, data.length, op, ...u16(status), ...data, 0, 0]));
}

/** Writes the checksum into the last two bytes of a whole frame. */
export function seal(frame: Uint8Array): Uint8Array {
  const crc = frameCrc(frame, 1, frame.length - 2);
  frame[frame.length - 2] = crc >> 8;
  frame[frame.length - 1] = crc & 0xff;
  return frame;
}

export const version = (): Uint8Array => command(Op.VERSION);
export const currentProgram = (): Uint8Array => command(Op.CURRENT_PROGRAM);
export const bootFirmware = (): Uint8Array => command(Op.BOOT_FIRMWARE);
/** Answered at the old rate; the host then changes its own. */
export const setBaud = (baud: number): Uint8Array => command(Op.SET_BAUD, ...u16(baud >>> 16), ...u16(baud));
export const setRegion = (region: number): Uint8Array => command(Op.SET_REGION, region);
export const setGen2 = (): Uint8Array => command(Op.SET_PROTOCOL, 0x00, GEN2);
export const detectAntennas = (): Uint8Array => command(Op.GET_ANTENNA, 0x05);
/** The ports to search in turn, each transmitting and receiving. */
export const searchList = (ports: readonly number[]): Uint8Array => command(Op.SET_ANTENNA, 0x02, ...ports.flatMap((port) => [port, port]));
/** Read power for all ports in hundredths of a dBm. */
export const readPower = (cdbm: number): Uint8Array => command(Op.SET_READ_POWER, ...u16(cdbm));
/**
 * Reader parameter 0C off: with the filter on (its power-up state) a tag is reported once for each search, and there is no series
 * of signal strengths to tell a direction from.
 */
export const filterOff = (): Uint8Array => command(Op.SET_READER_PARAM, 0x01, 0x0c, 0x00);
export const gen2Session = (session: number): Uint8Array => command(Op.SET_PROTOCOL_PARAM, GEN2, 0x00, session);
export const temperature = (): Uint8Array => command(Op.TEMPERATURE);
/** Drives an output pin: a stack light through a relay (outputs are 3.3 V logic). */
export const setOutput = (pin: number, high: boolean): Uint8Array => command(Op.GPIO, pin, high ? 1 : 0);
/** Makes a pin an output or an input, where the model lets the host choose. */
export const setDirection = (pin: number, output: boolean): Uint8Array => command(Op.GPIO, 0x01, pin, output ? 1 : 0, 0x00);
/** Asks for direction and level of all pins; see `pinStates`. */
export const pins = (): Uint8Array => command(Op.GET_GPIO, 0x01);
/** Searches the listed antennas for `ms` and answers with how many tags wait in the buffer. */
export const search = (ms: number): Uint8Array => command(Op.READ_MULTIPLE, 0x00, ...u16(SEARCH_POLLED), ...u16(ms));
/** Asks for tags that wait in the buffer, with these fields; the answer holds as many as fit. */
export const tagBufferOf = (metadata: number): Uint8Array => command(Op.TAG_BUFFER, ...u16(metadata), 0x00);
export const clearTagBuffer = (): Uint8Array => command(Op.CLEAR_TAG_BUFFER);

/**
 * Starts the stream: search cycles of `cycleMs`, tag records with the fields of `metadata`. `statistics` asks for a status record
 * for each cycle (0100 temperature); the vendor sends that flag as a plain u16.
 */
export function startStream(cycleMs: number, metadata: number, statistics = 0): Uint8Array {
  const flags = SEARCH_STREAM | (statistics ? SEARCH_STATS : 0);
  const inner = [0x10, ...u16(flags), ...u16(cycleMs), ...u16(metadata), ...(statistics ? u16(statistics) : [])];
  return command(Op.MULTI_PROTOCOL, 0, 0, Multi.START, Op.READ_MULTIPLE, 0, 0, GEN2, inner.length, Op.READ_MULTIPLE, ...inner);
}

export const stopStream = (): Uint8Array => command(Op.MULTI_PROTOCOL, 0, 0, Multi.STOP);

/** A command for a module that is streaming; its answer comes as a multi-protocol frame. */
export function wrap(inner: Uint8Array): Uint8Array {
  // FF, and the checksum of the inner frame, are not repeated inside.
  return command(Op.MULTI_PROTOCOL, 0, 0, Multi.WRAPPED, ...inner.subarray(1, inner.length - 2));
}
