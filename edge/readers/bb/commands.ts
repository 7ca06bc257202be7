/** First byte of a frame's body: who speaks and why. */
export const Type = { COMMAND: 0, RESPONSE: 1, NOTICE: 2 } as const;

/** Command bytes that the driver sends or understands. */
export const Cmd = {
  INFO: 0x03,
  SET_REGION: 0x07,
  GET_REGION: 0x08,
  GET_QUERY: 0x0d,
  SET_QUERY: 0x0e,
  BAUD: 0x11,
  IO: 0x1a,
  POLL: 0x22,
  MULTI_POLL: 0x27,
  STOP: 0x28,
  SET_POWER: 0xb6,
  GET_POWER: 0xb7,
  /** Stands in a response that says what went wrong. */
  ERROR: 0xff,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  ...{ 3: 'module information', 7: 'region', 8: 'get region', 11: 'get select', 12: 'set select', 13: 'get query', 14: 'set query' },
  ...{ 17: 'baud rate', 18: 'select mode', 23: 'sleep', 26: 'IO', 29: 'idle sleep time', 34: 'single poll', 39: 'multiple poll' },
  ...{ 40: 'stop', 57: 'read', 73: 'write', 101: 'kill', 130: 'lock', 170: 'get channel', 171: 'channel', 173: 'hopping' },
  ...{ 176: 'continuous carrier', 182: 'power', 183: 'get power', 240: 'modem', 241: 'get modem', 242: 'scan jammer', 243: 'scan RSSI' },
  255: 'error',
};

export const commandName = (cmd: number): string => NAMES[cmd] ?? 'unknown';

/** Regions by the names that settings use. The module knows one for Europe, 865 to 868 MHz. */
export const REGIONS: Readonly<Record<string, number>> = { EU3: 3, EU: 3, NA: 2, PRC: 1, PRC2: 4, KR: 6 };

const HEADER = 0xbb;
const END = 0x7e;
const u16 = (value: number): [number, number] => [(value >> 8) & 0xff, value & 0xff];

/** A whole frame `BB TYPE CMD LEN16 DATA SUM 7E`; SUM is the low byte of the sum of TYPE to DATA. */
export function frame(type: number, cmd: number, data: readonly number[] = []): Uint8Array {
  const body = [type, cmd, ...u16(data.length), ...data];
  return Uint8Array.from([HEADER, ...body, body.reduce((sum, byte) => sum + byte, 0) & 0xff, END]);
}

export const command = (cmd: number, ...data: number[]): Uint8Array => frame(Type.COMMAND, cmd, data);
export const response = (cmd: number, ...data: number[]): Uint8Array => frame(Type.RESPONSE, cmd, data);

/** 0 hardware, 1 software, 2 maker: answered in ASCII. */
export const info = (what: number): Uint8Array => command(Cmd.INFO, what);
/** The text of its answer. */
export const infoText = (data: Uint8Array): string => String.fromCharCode(...data.subarray(1)).replace(/[^ -~]/g, '');
export const setRegion = (region: number): Uint8Array => command(Cmd.SET_REGION, region);
export const getRegion = (): Uint8Array => command(Cmd.GET_REGION);
/** In hundredths of a dBm. */
export const setPower = (cdbm: number): Uint8Array => command(Cmd.SET_POWER, ...u16(cdbm));
export const getPower = (): Uint8Array => command(Cmd.GET_POWER);
/** The Gen2 Query parameters, 16 bits as on the air: DR, M, TRext, Sel, session, target, Q. Not verified on hardware. */
export const getQuery = (): Uint8Array => command(Cmd.GET_QUERY);
export const setQuery = (query: number): Uint8Array => command(Cmd.SET_QUERY, ...u16(query));
/** Bits 8 and 9 of the Query parameters. */
export const withSession = (query: number, session: number): number => (query & ~0x0300) | (session << 8);
/** So many rounds, then the module is silent. */
export const multiPoll = (rounds: number): Uint8Array => command(Cmd.MULTI_POLL, Cmd.POLL, ...u16(rounds));
export const stopPoll = (): Uint8Array => command(Cmd.STOP);
/** Direction (0) of a pin to output (1), or its level (1). Not verified on hardware. */
export const ioDirection = (pin: number): Uint8Array => command(Cmd.IO, 0, pin, 1);
export const ioLevel = (pin: number, high: boolean): Uint8Array => command(Cmd.IO, 1, pin, high ? 1 : 0);
