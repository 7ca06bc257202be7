import type { NetworkEvent, Sighting } from './event.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** EPC banks end at 62 bytes (31 words, Gen2 PC word length field). */
const MAX_EPC_DIGITS = 124;
/** Texts of readers are shown on the panel: a line of it. */
const MAX_TEXT = 200;
/**
 * No tag at a door is louder: passive tags return -25 to -80 dBm. Emulators and some apps send a tenth or a hundredth of the value,
 * and such a read would outweigh all others of its passage.
 */
const LOUDEST_DBM = -10;
/** Below the noise of any receiver. */
const FAINTEST_DBM = -120;
/** Ports of the largest reader with its multiplexer. */
const MAX_PORT = 64;
const MAX_PIN = 16;

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Own members only: `constructor` of a hostile message is no field. */
export function member(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : undefined;
}

export function portOf(value: unknown): number | undefined {
  const port = countOf(value);
  return port !== undefined && port >= 1 && port <= MAX_PORT ? port : undefined;
}

export function pinOf(value: unknown): number | undefined {
  const pin = countOf(value);
  return pin !== undefined && pin <= MAX_PIN ? pin : undefined;
}

/** `HIGH`, `high` or true; undefined for what is no level. */
export function levelOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = textOf(value)?.toLowerCase();
  return text === 'high' ? true : text === 'low' ? false : undefined;
}

/** Hexadecimal to upper case; undefined for what is none or no whole number of words. */
export function hexOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_EPC_DIGITS || value.length % 4 !== 0) return undefined;
  return /^[0-9a-f]+$/i.test(value) ? value.toUpperCase() : undefined;
}

/** Base64 (RFC 4648, both alphabets) to upper-case hexadecimal. */
export function base64Of(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 2 * MAX_EPC_DIGITS || !/^[\w+/-]+={0,2}$/.test(value)) return undefined;
  return hexOf(Buffer.from(value, 'base64').toString('hex'));
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?(?:Z|([+-])(\d\d):?(\d\d))?$/i;

/**
 * Epoch milliseconds, with fractions, of an RFC 3339 time (also with an offset without colon, as Zebra writes it, or with none, which is taken as
 * UTC) or of a count of micro- or milliseconds. Undefined for what is no time.
 */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value < 1e11 || value >= 1e17) return undefined;
    return value >= 1e14 ? value / 1_000 : value;
  }
  const found = typeof value === 'string' && value.length <= 48 ? INSTANT.exec(value) : null;
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const fraction = Number(`0.${found[7] ?? '0'}`) * 1_000;
  const offset = (Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0)) * (found[8] === '-' ? -60_000 : 60_000);
  return Date.UTC(year, month - 1, day, hour, minute, second) - offset + fraction;
}

export interface Parts {
  readonly epc: string | undefined;
  readonly antenna: unknown;
  /** dBm. */
  readonly rssi: number | undefined;
  readonly stamp: number | undefined;
  readonly number: number | undefined;
  readonly tid: string | undefined;
  readonly phase: number | undefined;
  readonly kHz: number | undefined;
}

/** A sighting of its parts, or why it can't be one. `names` are those that the reader's settings use. */
export function sightingOf(parts: Parts, names: { readonly antenna: string; readonly rssi: string }): NetworkEvent {
  const { epc, rssi, stamp, number, tid, phase, kHz } = parts;
  if (epc === undefined) return { kind: 'refused', why: 'implausible', text: 'a tag event without a readable EPC' };
  if (parts.antenna === undefined) return missing(names.antenna);
  if (rssi === undefined) return missing(names.rssi);
  const antenna = portOf(parts.antenna);
  if (antenna === undefined) return { kind: 'refused', why: 'implausible', text: 'an antenna port that no reader has' };
  if (rssi > LOUDEST_DBM || rssi < FAINTEST_DBM) {
    return { kind: 'refused', why: 'implausible', text: `a level of ${rssi} dBm, which no tag has` };
  }
  const read: Sighting = { kind: 'read', epc, antenna, rssi, stamp: stamp ?? null, number: number ?? null };
  return {
    ...read,
    ...(tid === undefined ? {} : { tid }),
    ...(phase === undefined ? {} : { phase }),
    ...(kHz === undefined ? {} : { kHz }),
  };
}

function missing(name: string): NetworkEvent {
  return { kind: 'refused', why: 'missing', text: `tag events without ${name}: switch it on in the reader's settings` };
}
