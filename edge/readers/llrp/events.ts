import { type Frame, Param, parameters, u16, u32 } from './codec.ts';
import { wordsAt } from './status.ts';

/** ConnectionAttemptEvent (LLRP 1.0.1 section 16.2.7.6.10). */
export const Attempt = { OK: 0, TAKEN_BY_READER: 1, TAKEN_BY_CLIENT: 2, FAILED: 3, ANOTHER: 4 } as const;
const ENDED = 1;
const PREEMPTED = 2;

/** One thing that a READER_EVENT_NOTIFICATION tells. */
export type ReaderEvent =
  /** `ms` since 1970, or since the reader was switched on. */
  | { readonly kind: 'time'; readonly ms: number; readonly utc: boolean }
  | { readonly kind: 'attempt'; readonly status: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'input'; readonly pin: number; readonly high: boolean }
  | { readonly kind: 'antenna'; readonly port: number; readonly connected: boolean }
  /** A ROSpec has ended, or another one has taken its place. */
  | { readonly kind: 'ended'; readonly spec: number }
  | { readonly kind: 'exception'; readonly words: string }
  | { readonly kind: 'warning'; readonly percent: number }
  | { readonly kind: 'overflow' };

/** What a READER_EVENT_NOTIFICATION tells; unknown events are passed over. Never throws. */
export function readerEvents({ bytes, data, end }: Frame): ReaderEvent[] {
  const events: ReaderEvent[] = [];
  for (const outer of parameters(bytes, data, end)) {
    if (outer.type !== Param.READER_EVENT_NOTIFICATION_DATA) continue;
    for (const { type, at, end: to } of parameters(bytes, outer.at, outer.end)) {
      const event = readerEvent(bytes, type, at, to);
      if (event !== undefined) events.push(event);
    }
  }
  return events;
}

/** The first event bytes each kind must have. */
const LEAST: Readonly<Record<number, number>> = {
  [Param.UTC_TIMESTAMP]: 8,
  [Param.UPTIME]: 8,
  [Param.GPI_EVENT]: 3,
  [Param.ROSPEC_EVENT]: 5,
  [Param.REPORT_BUFFER_WARNING]: 1,
  [Param.READER_EXCEPTION]: 2,
  [Param.ANTENNA_EVENT]: 3,
  [Param.CONNECTION_ATTEMPT]: 2,
};

function readerEvent(bytes: Uint8Array, type: number, at: number, end: number): ReaderEvent | undefined {
  if (end - at < (LEAST[type] ?? 0)) return undefined;
  switch (type) {
    case Param.UTC_TIMESTAMP:
    case Param.UPTIME:
      return { kind: 'time', ms: stampMs(bytes, at), utc: type === Param.UTC_TIMESTAMP };
    case Param.GPI_EVENT:
      return { kind: 'input', pin: u16(bytes, at), high: ((bytes[at + 2] as number) & 0x80) !== 0 };
    case Param.ROSPEC_EVENT:
      return bytes[at] === ENDED || bytes[at] === PREEMPTED ? { kind: 'ended', spec: u32(bytes, at + 1) } : undefined;
    case Param.REPORT_BUFFER_WARNING:
      return { kind: 'warning', percent: bytes[at] as number };
    case Param.REPORT_BUFFER_OVERFLOW:
      return { kind: 'overflow' };
    case Param.READER_EXCEPTION:
      return { kind: 'exception', words: wordsAt(bytes, at, end) };
    case Param.ANTENNA_EVENT:
      return { kind: 'antenna', port: u16(bytes, at + 1), connected: bytes[at] === 1 };
    case Param.CONNECTION_ATTEMPT:
      return { kind: 'attempt', status: u16(bytes, at) };
    case Param.CONNECTION_CLOSE:
      return { kind: 'close' };
    default:
      return undefined;
  }
}

/** Microseconds in 64 bits as milliseconds. Doubles hold microseconds exactly until the year 2255. */
export function stampMs(bytes: Uint8Array, at: number): number {
  return (u32(bytes, at) * 0x100000000 + u32(bytes, at + 4)) / 1_000;
}
