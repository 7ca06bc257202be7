import { type EventsOf, MAX_EVENTS, type NetworkEvent } from './event.ts';
import {
  base64Of,
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

const NAMES = { antenna: 'antennaPort', rssi: 'peakRssiCdbm' };
/** Events that say nothing a door needs to know. */
const QUIET = ['antennaActivationEvent', 'tagLocationEntryEvent', 'tagLocationUpdateEvent', 'tagLocationExitEvent'];

/**
 * The events of one JSON value as an Impinj R700 or R720 publishes it ("Impinj IoT device interface", firmware 7.1 and later): an
 * event, or an array of them as webhooks send it. What an event is tells its member: `eventType` was added later. SmartReader, an app on
 * these readers, sends `tag_reads`. Names of the GPI event and the content of overflows and diagnostics were not seen from a real reader.
 */
export const impinjEvents: EventsOf = (value) => {
  const events: NetworkEvent[] = [];
  for (const one of Array.isArray(value) ? value.slice(0, MAX_EVENTS) : [value]) event(one, events);
  return events.slice(0, MAX_EVENTS);
};

function event(value: unknown, events: NetworkEvent[]): void {
  const fields = fieldsOf(value);
  if (fields === undefined) return void events.push({ kind: 'unknown', name: typeof value });
  const stamp = instantOf(member(fields, 'timestamp'));
  let known = false;
  for (const [name, content] of Object.entries(fields).slice(0, MAX_MEMBERS)) {
    const inner = fieldsOf(content);
    const read = inner === undefined ? undefined : READ[name];
    if (read !== undefined && inner !== undefined) events.push(...read(inner, stamp));
    if (read !== undefined || QUIET.includes(name)) known = true;
  }
  if (known) return;
  const reads = member(fields, 'tag_reads');
  if (Array.isArray(reads)) return void events.push(...reads.slice(0, MAX_EVENTS).flatMap(smartReader));
  // SmartReader's own status messages, and the connect and disconnect messages that a person chose.
  events.push({ kind: 'unknown', name: textOf(member(fields, 'eventType')) ?? Object.keys(fields)[0] ?? 'empty' });
}

/** An event has five members; more are not looked at. */
const MAX_MEMBERS = 32;

const READ: Readonly<Record<string, (fields: Fields, stamp: number | undefined) => NetworkEvent[]>> = Object.assign(
  Object.create(null) as Record<string, never>,
  {
    tagInventoryEvent: (tag: Fields, stamp: number | undefined) => [inventory(tag, stamp)],
    antennaConnectedEvent: (fields: Fields) => antenna(fields, true),
    antennaDisconnectedEvent: (fields: Fields) => antenna(fields, false),
    inventoryStatusEvent: status,
    inventoryTerminatedEvent: (fields: Fields): NetworkEvent[] => [{ kind: 'activity', state: 'ended', text: words(fields) }],
    gpiTransitionEvent: transition,
    overflowEvent: (): NetworkEvent[] => [{ kind: 'overflow' }],
    diagnosticEvent: (fields: Fields): NetworkEvent[] => [{ kind: 'warning', text: words(fields) }],
  },
);

function inventory(tag: Fields, stamp: number | undefined): NetworkEvent {
  const [hex, base64] = [hexOf(member(tag, 'epcHex')), base64Of(member(tag, 'epc'))];
  if (hex !== undefined && base64 !== undefined && hex !== base64) {
    return { kind: 'refused', why: 'implausible', text: 'a tag event whose epc and epcHex differ' };
  }
  const level = numberOf(member(tag, 'peakRssiCdbm'));
  return sightingOf(
    {
      epc: hex ?? base64,
      antenna: member(tag, 'antennaPort'),
      rssi: level === undefined ? undefined : level / 100,
      stamp: instantOf(member(tag, 'lastSeenTime')) ?? stamp,
      number: undefined,
      tid: hexOf(member(tag, 'tidHex')) ?? base64Of(member(tag, 'tid')),
      phase: numberOf(member(tag, 'phaseAngle')),
      kHz: numberOf(member(tag, 'frequency')),
    },
    NAMES,
  );
}

function antenna(fields: Fields, connected: boolean): NetworkEvent[] {
  const port = portOf(member(fields, 'antennaPort'));
  return port === undefined ? [{ kind: 'unknown', name: 'antenna' }] : [{ kind: 'antenna', port, connected }];
}

function status(fields: Fields): NetworkEvent[] {
  const state = textOf(member(fields, 'inventoryStatus')) ?? textOf(member(fields, 'status'));
  // Armed: it waits for its trigger and reads then by itself.
  if (state === 'running' || state === 'armed') return [{ kind: 'activity', state: 'reading', text: state }];
  return [state === 'idle' ? { kind: 'activity', state: 'idle', text: state } : { kind: 'unknown', name: 'inventoryStatus' }];
}

function transition(fields: Fields): NetworkEvent[] {
  const pin = pinOf(member(fields, 'gpi'));
  const edge = textOf(member(fields, 'transition'));
  if (pin === undefined || (edge !== 'low-to-high' && edge !== 'high-to-low')) return [{ kind: 'unknown', name: 'gpiTransition' }];
  return [{ kind: 'input', pin, high: edge === 'low-to-high' }];
}

function words(fields: Fields): string {
  return Object.entries(fields)
    .slice(0, 4)
    .map(([name, value]) => `${name.slice(0, 40)} ${typeof value === 'object' ? '' : String(value).slice(0, 80)}`.trim())
    .join(', ');
}

function smartReader(value: unknown): NetworkEvent[] {
  const tag = fieldsOf(value);
  if (tag === undefined) return [{ kind: 'unknown', name: 'tag_reads' }];
  const inputs = [1, 2].flatMap((pin): NetworkEvent[] => {
    const high = levelOf(member(tag, `gpi${pin}Status`));
    return high === undefined ? [] : [{ kind: 'input', pin, high }];
  });
  const read = sightingOf(
    {
      epc: hexOf(member(tag, 'epc')),
      antenna: member(tag, 'antennaPort'),
      rssi: numberOf(member(tag, 'peakRssi')),
      stamp: instantOf(member(tag, 'firstSeenTimestamp')),
      number: undefined,
      tid: hexOf(member(tag, 'tid')),
      phase: numberOf(member(tag, 'rfPhase')),
      kHz: numberOf(member(tag, 'frequency')),
    },
    { antenna: 'antennaPort', rssi: 'peakRssi' },
  );
  return [read, ...inputs];
}
