import { crc32 } from 'node:zlib';
import { fromHex, toHex } from '../../../protocol/bytes.ts';
import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { DoorSettings, Settings } from '../../settings.ts';

/** Bytes of the line in both directions, or the reads that the driver made of them. */
export type What = 'bytes' | 'reads';

/** What a recording is of; its first line. */
export interface TapeHeader {
  readonly v: 1;
  readonly what: What;
  readonly reader: string;
  /** Family by the name that settings use. */
  readonly model: string;
  readonly link: string;
  /** What the decoding of some families depends on. */
  readonly rssiOffset?: number;
  readonly ports?: readonly number[];
  /** Epoch milliseconds; the instants of all entries count from it. */
  readonly start: number;
  /** The doors that this reader serves, for playing back; empty when they are not known. */
  readonly doors: readonly Pick<DoorSettings, 'id' | 'antennas' | 'passage'>[];
}

/** The doors that hear with a reader. */
export function doorsOf({ doors }: Pick<Settings, 'doors'>, reader: string): TapeHeader['doors'] {
  const own = doors.filter(({ antennas }) => antennas.some((antenna) => antenna.reader === reader));
  return own.map(({ id, antennas, passage }) => ({ id, antennas, passage }));
}

/** Why a recording ends. */
export type EndReason = 'stopped' | 'time' | 'size' | 'slow';

/** One event on a line, `t` milliseconds after the start. */
export type TapeEntry =
  | { readonly kind: 'reader' | 'host'; readonly t: number; readonly bytes: Uint8Array }
  | { readonly kind: 'reads'; readonly t: number; readonly reads: readonly Read[] }
  /** The link was opened, or its rate changed; 0 where it has none. */
  | { readonly kind: 'open'; readonly t: number; readonly baud: number }
  | { readonly kind: 'close'; readonly t: number; readonly reason: string }
  | { readonly kind: 'end'; readonly t: number; readonly reason: EndReason };

/**
 * A recording is text: a line `docket-tape {header} CRC`, then a line `T KIND BODY CRC` for each event; the CRC-32 is of all before its blank.
 * A line that a power cut has torn has no CRC that fits, and the next begins a line: what is whole is read. Bytes stand in hexadecimal,
 * so that a line can be read by eye and given to `decode`; a busy reader makes 100 kB/s of it.
 */
const MAGIC = 'docket-tape';
const LETTER = { reader: '<', host: '>', reads: 'r', open: 'o', close: 'c', end: 'e' } as const;
/** Longest line: a chunk of 64 KiB, which is the most that a socket hands over, in hexadecimal; or some 500 reads. */
export const MAX_LINE = 140_000;

const sealed = (text: string): string => `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`;

export function headerLine(header: TapeHeader): string {
  return sealed(`${MAGIC} ${JSON.stringify(header)}`);
}

export function entryLine(entry: TapeEntry): string {
  return sealed(`${entry.t} ${LETTER[entry.kind]} ${bodyOf(entry)}`);
}

function bodyOf(entry: TapeEntry): string {
  switch (entry.kind) {
    case 'reader':
    case 'host':
      return toHex(entry.bytes).toLowerCase();
    case 'reads':
      return JSON.stringify(
        entry.reads.map(({ epc, antenna, rssi, at, phase = null, kHz = null }) => [epc, antenna, rssi, at, phase, kHz]),
      );
    case 'open':
      return String(entry.baud);
    default:
      return JSON.stringify(entry.reason);
  }
}

/** The text of a line whose CRC fits; undefined for a torn or damaged one. */
function opened(line: string): string | undefined {
  const at = line.length - 9;
  if (at < 1 || line[at] !== ' ') return undefined;
  const text = line.slice(0, at);
  return crc32(text).toString(16).padStart(8, '0') === line.slice(at + 1) ? text : undefined;
}

/** Reads the first line of a recording. @throws Fault TAPE_HEADER */
export function parseHeader(line: string): TapeHeader {
  const text = opened(line);
  if (text?.startsWith(`${MAGIC} `) !== true) {
    throw new Fault('TAPE_HEADER', `the file is no recording, or its first line is damaged: it must begin with "${MAGIC}"`);
  }
  const header = JSON.parse(text.slice(MAGIC.length + 1)) as TapeHeader;
  if (header.v !== 1)
    throw new Fault('TAPE_HEADER', `the recording has version ${String(header.v)}: play it with the program that made it`);
  return header;
}

/** Reads a line behind the first; undefined when it is torn or damaged. */
export function parseEntry(line: string): TapeEntry | undefined {
  const text = opened(line);
  const match = text === undefined ? null : /^(\d+) (.) (.*)$/.exec(text);
  if (match === null) return undefined;
  const [t, letter, body] = [Number(match[1]), match[2], match[3] as string];
  switch (letter) {
    case LETTER.reader:
    case LETTER.host:
      return { kind: letter === LETTER.reader ? 'reader' : 'host', t, bytes: fromHex(body) ?? new Uint8Array(0) };
    case LETTER.reads:
      return { kind: 'reads', t, reads: (JSON.parse(body) as ReadFields[]).map(readOf) };
    case LETTER.open:
      return { kind: 'open', t, baud: Number(body) };
    case LETTER.close:
      return { kind: 'close', t, reason: JSON.parse(body) as string };
    case LETTER.end:
      return { kind: 'end', t, reason: JSON.parse(body) as EndReason };
    default:
      return undefined;
  }
}

type ReadFields = [epc: string, antenna: number, rssi: number, at: number, phase: number | null, kHz: number | null];

const readOf = ([epc, antenna, rssi, at, phase, kHz]: ReadFields): Read => ({
  ...{ epc, antenna, rssi, at },
  ...(phase === null ? {} : { phase }),
  ...(kHz === null ? {} : { kHz }),
});
