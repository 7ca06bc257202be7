/** What a statistics record of the stream tells; a field is absent when the module did not send it. */
export interface Statistics {
  /** Milliseconds that the transmitter was on, by port. */
  readonly rfOnTimeMs?: readonly { readonly port: number; readonly ms: number }[];
  /** dBm while transmitting. */
  readonly noiseFloor?: readonly { readonly antenna: number; readonly receiver: number; readonly dBm: number }[];
  readonly frequencyKHz?: number;
  readonly temperatureC?: number;
  /** The port searched now. */
  readonly antenna?: number;
  readonly receiver?: number;
  /** 5 is Gen2. */
  readonly protocol?: number;
  readonly antennas?: readonly PortState[];
  /** Parts whose flag is not known, in hexadecimal. */
  readonly unknown?: readonly { readonly flag: number; readonly from: number; readonly length: number }[];
}

export interface PortState {
  readonly port: number;
  readonly connected: boolean;
}

const Flag = {
  RF_ON_TIME: 0x001,
  NOISE_FLOOR: 0x040,
  FREQUENCY: 0x080,
  TEMPERATURE: 0x100,
  ANTENNA: 0x200,
  PROTOCOL: 0x400,
  CONNECTED_ANTENNAS: 0x800,
} as const;

/**
 * Reads a statistics record from `from` to `end`: repeated (flag in base 128 with a continuation bit, length, value).
 * Unknown flags are skipped by their length; a record cut short gives what stood before the cut.
 */
export function statistics(bytes: Uint8Array, from: number, end: number): Statistics {
  const found: { -readonly [key in keyof Statistics]: Statistics[key] } = {};
  let at = from;
  while (at < end) {
    let flag = 0;
    let more = true;
    while (more && at < end) {
      const byte = bytes[at++] as number;
      flag = ((flag << 7) | (byte & 0x7f)) & 0xffff;
      more = (byte & 0x80) !== 0;
    }
    if (more || at >= end) break;
    const length = bytes[at++] as number;
    if (at + length > end) break;
    take(found, flag, bytes, at, length);
    at += length;
  }
  return found;
}

function take(
  found: { -readonly [key in keyof Statistics]: Statistics[key] },
  flag: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): void {
  const end = at + length;
  if (flag === Flag.RF_ON_TIME) {
    const times: { port: number; ms: number }[] = [];
    for (let i = at; i + 5 <= end; i += 5) times.push({ port: bytes[i] as number, ms: u32(bytes, i + 1) });
    found.rfOnTimeMs = times;
  } else if (flag === Flag.NOISE_FLOOR) {
    const floors: { antenna: number; receiver: number; dBm: number }[] = [];
    for (let i = at; i + 3 <= end; i += 3) {
      floors.push({ antenna: bytes[i] as number, receiver: bytes[i + 1] as number, dBm: s8(bytes, i + 2) });
    }
    found.noiseFloor = floors;
  } else if (flag === Flag.FREQUENCY && length >= 3) found.frequencyKHz = u24(bytes, at);
  else if (flag === Flag.TEMPERATURE && length >= 1) found.temperatureC = s8(bytes, at);
  else if (flag === Flag.ANTENNA && length >= 2) {
    found.antenna = bytes[at] as number;
    found.receiver = bytes[at + 1] as number;
  } else if (flag === Flag.PROTOCOL && length >= 1) found.protocol = bytes[end - 1] as number;
  else if (flag === Flag.CONNECTED_ANTENNAS) found.antennas = portStates(bytes, at, end);
  else found.unknown = [...(found.unknown ?? []), { flag, from: at, length }];
}

const Report = { FREQUENCY: 0x0002, TEMPERATURE: 0x0004, ANTENNA: 0x0008 } as const;

/**
 * Reads a status report, the older form of a statistics record (search flag 0020): content flags as a plain word, then the values in
 * ascending order of their flags, without lengths.
 */
export function statusReport(bytes: Uint8Array, from: number, end: number): Statistics {
  if (from + 2 > end) return {};
  const flags = ((bytes[from] as number) << 8) | (bytes[from + 1] as number);
  const found: { -readonly [key in keyof Statistics]: Statistics[key] } = {};
  let at = from + 2;
  if (flags & Report.FREQUENCY && at + 3 <= end) {
    found.frequencyKHz = u24(bytes, at);
    at += 3;
  }
  if (flags & Report.TEMPERATURE && at < end) found.temperatureC = s8(bytes, at++);
  if (flags & Report.ANTENNA && at + 2 <= end) {
    found.antenna = bytes[at] as number;
    found.receiver = bytes[at + 1] as number;
  }
  return found;
}

/** Pairs of port and state, as in the answer to antenna detection. */
export function portStates(bytes: Uint8Array, from: number, end: number): PortState[] {
  const states: PortState[] = [];
  for (let at = from; at + 1 < end; at += 2) states.push({ port: bytes[at] as number, connected: bytes[at + 1] === 1 });
  return states;
}

export interface PinState {
  readonly pin: number;
  readonly output: boolean;
  readonly high: boolean;
}

/** Triples of pin, direction and level, as in the answer to the question for all pins. */
export function pinStates(bytes: Uint8Array, from: number, end: number): PinState[] {
  const states: PinState[] = [];
  for (let at = from; at + 2 < end; at += 3) {
    states.push({ pin: bytes[at] as number, output: bytes[at + 1] === 1, high: bytes[at + 2] === 1 });
  }
  return states;
}

const s8 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 24) >> 24;
const u24 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
const u32 = (bytes: Uint8Array, at: number): number => (((bytes[at] as number) << 24) | u24(bytes, at + 1)) >>> 0;
