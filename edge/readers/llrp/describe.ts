import type { Describe, Described } from '../described.ts';
import { type Frame, LlrpCodec, Message, messageName, SUCCESS, statusOf, statusText } from './codec.ts';
import { Attempt, readerEvents } from './events.ts';
import { ReportDecoder, type TagReport } from './reports.ts';

/** Describes the messages of a line of LLRP. A header that can be none ends the line: all from there is dropped. */
export const describe: Describe = (bytes, direction) => {
  const codec = new LlrpCodec();
  const reports = new ReportDecoder();
  const frames = codec.push(bytes);
  codec.lull();
  const described = frames.flatMap((frame) => (direction === 'host' ? [named('command', frame)] : reply(frame, reports)));
  return { frames: described, dropped: codec.counters.dropped };
};

function named(kind: 'command' | 'reply' | 'keepalive', { type, id }: Frame): Described {
  return { kind, message: messageName(type), id };
}

function reply(frame: Frame, reports: ReportDecoder): Described[] {
  if (frame.type === Message.KEEPALIVE) return [named('keepalive', frame)];
  if (frame.type === Message.RO_ACCESS_REPORT) {
    const tags: Described[] = [];
    reports.each(frame, (report) => {
      if (report.epc !== '') tags.push(tag(report));
    });
    return tags.length > 0 ? tags : [named('reply', frame)];
  }
  if (frame.type === Message.READER_EVENT_NOTIFICATION) return notification(frame);
  const status = statusOf(frame);
  if (status === undefined || status.code === SUCCESS) return [named('reply', frame)];
  return [{ kind: 'fault', code: hex(status.code), meaning: statusText(status), message: messageName(frame.type) }];
}

const hex = (value: number): string => value.toString(16).padStart(4, '0');

function tag({ epc, antenna, rssi, seen, phase, doppler, utc, pc, channel }: TagReport): Described {
  return {
    ...({ kind: 'tag', epc: epc.toLowerCase(), antenna: antenna ?? null, rssi: rssi ?? null } as const),
    ...(seen === undefined ? {} : { readCount: seen }),
    ...(channel === undefined ? {} : { channel }),
    ...(phase === undefined ? {} : { phase }),
    ...(doppler === undefined ? {} : { doppler }),
    ...(utc === undefined ? {} : { timestampMs: utc }),
    ...(pc === undefined ? {} : { pc: hex(pc) }),
  };
}

function notification(frame: Frame): Described[] {
  const described = readerEvents(frame).flatMap((event): Described[] => {
    if (event.kind === 'time') return [];
    if (event.kind === 'attempt' && event.status !== Attempt.OK) {
      return [{ kind: 'fault', code: hex(event.status), meaning: 'the connection is refused' }];
    }
    return event.kind === 'ended' ? [{ kind: 'end', spec: event.spec }] : [{ ...event, kind: 'reply', event: event.kind }];
  });
  return described.length > 0 ? described : [named('reply', frame)];
}
