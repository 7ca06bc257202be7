import { type EventsOf, MAX_EVENTS, type NetworkEvent } from './event.ts';
import {
  countOf,
  type Fields,
  fieldsOf,
  hexOf,
  instantOf,
  levelOf,
  member,
  numberOf,
  pinOf,
  portOf,
  sightingOf,
  textOf,
} from './fields.ts';

const NAMES = { antenna: 'ANTENNA', rssi: 'RSSI' };
/** Management events that say nothing a door needs to know. */
const QUIET = ['gpo', 'firmwareupdateprogress', 'userapp', 'hello', 'ble_data'];
/** Antennas of the largest reader. */
const MAX_ANTENNAS = 16;

/**
 * The events of one JSON value as Zebra's IoT Connector publishes it (FX7500, FX9600, ATR7000, FXR60, FXR90): a tag event, an array of
 * them, a batch of a handheld (RFD40, RFD90: `data.tagData`), a management event or the answer to a command. The counters of a
 * heartbeat stand in `reader_gateway` or, with newer firmware, in its `dataPathStatistics`.
 */
export const zebraEvents: EventsOf = (value) => {
  const events: NetworkEvent[] = [];
  for (const one of Array.isArray(value) ? value.slice(0, MAX_EVENTS) : [value]) event(one, events);
  return events.slice(0, MAX_EVENTS);
};

function event(value: unknown, events: NetworkEvent[]): void {
  const fields = fieldsOf(value);
  if (fields === undefined) return void events.push({ kind: 'unknown', name: typeof value });
  const type = textOf(member(fields, 'type')) ?? '';
  const data = fieldsOf(member(fields, 'data')) ?? {};
  const stamp = instantOf(member(fields, 'timestamp'));
  const batch = member(data, 'tagData');
  if (Array.isArray(batch)) return void events.push(...batch.slice(0, MAX_EVENTS).map((tag) => handheld(tag, stamp)));
  if (member(data, 'idHex') !== undefined) return void events.push(tagEvent(data, stamp, member(data, 'antenna')));
  if (member(fields, 'idHex') !== undefined) return void events.push(tagEvent(fields, stamp, member(fields, 'antenna')));
  const response = textOf(member(fields, 'response'));
  if (response !== undefined && typeof member(fields, 'command_id') === 'string') {
    const id = textOf(member(fields, 'command_id')) ?? '';
    return void events.push({ kind: 'reply', id, success: response === 'success', text: response });
  }
  events.push(...management(type, data));
}

function tagEvent(tag: Fields, stamp: number | undefined, antenna: unknown): NetworkEvent {
  const channel = numberOf(member(tag, 'channel'));
  return sightingOf(
    {
      epc: hexOf(member(tag, 'idHex')),
      antenna,
      rssi: numberOf(member(tag, 'peakRssi')),
      stamp,
      number: countOf(member(tag, 'eventNum')),
      // In place of a TID that could not be read stands a sentence.
      tid: hexOf(member(tag, 'TID')),
      phase: numberOf(member(tag, 'phase')),
      kHz: channel === undefined ? undefined : Math.round(channel * 1_000),
    },
    NAMES,
  );
}

/** A handheld has one antenna and does not number it. */
function handheld(value: unknown, stamp: number | undefined): NetworkEvent {
  const tag = fieldsOf(value);
  if (tag === undefined) return { kind: 'unknown', name: 'tagData' };
  return tagEvent(tag, instantOf(member(tag, 'timestamp')) ?? stamp, member(tag, 'antenna') ?? 1);
}

function management(type: string, data: Fields): NetworkEvent[] {
  const name = type.toLowerCase();
  if (name === 'heartbeat') return [heartbeat(data)];
  if (name === 'gpi') {
    const [pin, high] = [pinOf(member(data, 'pin')), levelOf(member(data, 'state'))];
    return pin === undefined || high === undefined ? [{ kind: 'unknown', name }] : [{ kind: 'input', pin, high }];
  }
  if (name === 'error' || name === 'warning') {
    const text = textOf(member(data, 'message')) ?? textOf(member(data, 'description')) ?? 'without words';
    return [{ kind: 'warning', text: `${name}: ${text}` }];
  }
  return QUIET.includes(name) ? [] : [{ kind: 'unknown', name: type || 'untyped' }];
}

function heartbeat(data: Fields): NetworkEvent {
  const radio = fieldsOf(member(data, 'radio_control')) ?? {};
  const gateway = fieldsOf(member(data, 'reader_gateway')) ?? {};
  const system = fieldsOf(member(data, 'system')) ?? {};
  const connection = textOf(member(radio, 'radioConnection'));
  const activity = textOf(member(radio, 'radioActivity'));
  const temperature = fieldsOf(member(system, 'temperature')) ?? {};
  return {
    kind: 'heartbeat',
    antennas: byNumber(member(radio, 'antennas'), (port, state) =>
      portOf(port) === undefined || (state !== 'connected' && state !== 'disconnected') ? [] : [{ port, connected: state === 'connected' }],
    ),
    inputs: byNumber(member(system, 'GPI'), (pin, state) => {
      const high = levelOf(state);
      return pinOf(pin) === undefined || high === undefined ? [] : [{ pin, high }];
    }),
    // The amplifier is what gets hot first.
    temperatureC: numberOf(member(temperature, 'pa')) ?? numberOf(member(temperature, 'ambient')) ?? null,
    dropped: counter(gateway, 'numDataMessagesDropped'),
    retained: counter(gateway, 'numDataMessagesRetained'),
    radioFault: connection === undefined || connection === 'connected' ? null : `its radio is ${connection}`,
    active: activity === undefined ? null : activity === 'active',
  };
}

/** Of the gateway itself, else the sum of its data paths. */
function counter(gateway: Fields, name: string): number | null {
  const own = countOf(member(gateway, name));
  if (own !== undefined) return own;
  const paths = member(gateway, 'dataPathStatistics');
  if (!Array.isArray(paths)) return null;
  const counts = paths.slice(0, MAX_ANTENNAS).flatMap((path) => countOf(member(fieldsOf(path) ?? {}, name)) ?? []);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** Members that are named by numbers: `{"1": ..., "2": ...}`. */
function byNumber<T>(value: unknown, read: (number: number, value: unknown) => readonly T[]): T[] {
  return Object.entries(fieldsOf(value) ?? {})
    .slice(0, MAX_ANTENNAS)
    .flatMap(([name, content]) => read(Number(name), content));
}
