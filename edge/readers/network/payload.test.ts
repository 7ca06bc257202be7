import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventsOf, NetworkEvent } from './event.ts';
import { impinjEvents } from './impinj.ts';
import { eventsOf, MAX_PAYLOAD_BYTES } from './payload.ts';
import { zebraEvents } from './zebra.ts';

const EPC = '3034257BF7194E4000001A85';
const tag = {
  ...{ epc: 'MDQle/cZTkAAABqF', epcHex: EPC, tidHex: 'E2801160200074CF01234567', antennaPort: 2, antennaName: 'Dock3-inside' },
  ...{ peakRssiCdbm: -5650, frequency: 866300, transmitPowerCdbm: 3000, phaseAngle: 137.4, lastSeenTime: '2026-03-04T07:12:09.181Z' },
};
const inventory = {
  timestamp: '2026-03-04T07:12:09.184233102Z',
  hostname: 'impinj-1a-2b-3c',
  eventType: 'tagInventory',
  tagInventoryEvent: tag,
};
const custom = {
  type: 'CUSTOM',
  timestamp: '2026-03-04T07:12:09.184+0000',
  data: {
    ...{ eventNum: 48211, format: 'epc', idHex: EPC.toLowerCase(), PC: '3000', CRC: '0f3a', antenna: 3, peakRssi: -57, phase: 112.5 },
    ...{ channel: 866.3, reads: 1, hostName: 'FX9600AABBCC', MAC: '84:24:8D:AA:BB:CC' },
  },
};

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const told = (value: unknown, read: EventsOf): readonly NetworkEvent[] => eventsOf(bytes(value), read).events;
const without = (fields: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

describe('what an Impinj R700 publishes', () => {
  const read = {
    ...{ kind: 'read', epc: EPC, antenna: 2, rssi: -56.5, number: null, tid: 'E2801160200074CF01234567', phase: 137.4, kHz: 866300 },
    stamp: Date.UTC(2026, 2, 4, 7, 12, 9, 181),
  };

  it('a tag event is a read, with the EPC in either form, with and without its type, alone and in the array of a webhook', () => {
    expect(told(inventory, impinjEvents)).toEqual([read]);
    for (const gone of ['epc', 'epcHex']) {
      expect(told({ ...inventory, tagInventoryEvent: without(tag, gone) }, impinjEvents), gone).toEqual([read]);
    }
    expect(told(without(inventory, 'eventType', 'hostname'), impinjEvents)).toEqual([read]);
    expect(told([inventory, inventory], impinjEvents)).toEqual([read, read]);
  });

  it('without a time of its own a tag was seen at the time of its event, to the microsecond', () => {
    const [one] = told({ ...inventory, tagInventoryEvent: without(tag, 'lastSeenTime') }, impinjEvents);
    expect(one).toMatchObject({ stamp: Date.UTC(2026, 2, 4, 7, 12, 9) + 184.233102 });
  });

  it.each([
    ['a level that no tag has', { ...tag, peakRssiCdbm: -565 }, 'implausible'],
    ['two EPCs', { ...tag, epcHex: `${EPC.slice(0, -1)}4` }, 'implausible'],
    ['an EPC that is none', { ...tag, epc: undefined, epcHex: 'XYZ' }, 'implausible'],
    ['an EPC of half a word', { ...tag, epc: undefined, epcHex: '30342' }, 'implausible'],
    ['a port that no reader has', { ...tag, antennaPort: 900 }, 'implausible'],
    ['no port', without(tag, 'antennaPort'), 'missing'],
    ['no level', without(tag, 'peakRssiCdbm'), 'missing'],
  ])('a tag with %s is refused', (_what, one, why) => {
    expect(told({ ...inventory, tagInventoryEvent: one }, impinjEvents)).toMatchObject([{ kind: 'refused', why }]);
  });

  it.each([
    [{ antennaDisconnectedEvent: { antennaPort: 3 } }, { kind: 'antenna', port: 3, connected: false }],
    [{ antennaConnectedEvent: { antennaPort: 3 } }, { kind: 'antenna', port: 3, connected: true }],
    [{ gpiTransitionEvent: { gpi: 1, transition: 'low-to-high' } }, { kind: 'input', pin: 1, high: true }],
    [{ inventoryStatusEvent: { inventoryStatus: 'running' } }, { kind: 'activity', state: 'reading' }],
    [{ inventoryStatusEvent: { inventoryStatus: 'armed' } }, { kind: 'activity', state: 'reading' }],
    [{ inventoryStatusEvent: { inventoryStatus: 'idle' } }, { kind: 'activity', state: 'idle' }],
    [{ inventoryTerminatedEvent: { reason: 'fault' } }, { kind: 'activity', state: 'ended', text: 'reason fault' }],
    [{ overflowEvent: {} }, { kind: 'overflow' }],
    [{ diagnosticEvent: { message: 'hot' } }, { kind: 'warning', text: 'message hot' }],
    [
      { eventType: 'somethingNew', somethingNewEvent: {} },
      { kind: 'unknown', name: 'somethingNew' },
    ],
    [{ constructor: {}, hasOwnProperty: {} }, { kind: 'unknown' }],
  ])('%j', (event, expected) => {
    expect(told({ timestamp: inventory.timestamp, ...event }, impinjEvents)).toMatchObject([expected]);
  });

  it('an event of SmartReader holds several reads, with times in microseconds, and the inputs', () => {
    const one = {
      epc: EPC,
      firstSeenTimestamp: 1_706_119_203_123_456,
      antennaPort: 1,
      peakRssi: -51.25,
      rfPhase: 37.5,
      gpi1Status: 'high',
    };
    expect(told({ readerName: 'r', mac: '00:16:25:13:F9:0B', tag_reads: [one] }, impinjEvents)).toMatchObject([
      { kind: 'read', epc: EPC, antenna: 1, rssi: -51.25, stamp: 1_706_119_203_123.456 },
      { kind: 'input', pin: 1, high: true },
    ]);
  });
});

describe('what Zebra readers publish', () => {
  const read = {
    ...{ kind: 'read', epc: EPC, antenna: 3, rssi: -57, number: 48211, phase: 112.5, kHz: 866300 },
    stamp: Date.UTC(2026, 2, 4, 7, 12, 9, 184),
  };

  it('a tag event is a read, alone, in an array, bare, and several in a row without a separator', () => {
    expect(told(custom, zebraEvents)).toEqual([read]);
    expect(told([custom, custom], zebraEvents)).toEqual([read, read]);
    expect(told(`${JSON.stringify(custom)}${JSON.stringify(custom)}`, zebraEvents)).toEqual([read, read]);
    expect(told(custom.data, zebraEvents)).toEqual([{ ...read, stamp: null }]);
  });

  it('a batch of a handheld is its tags, read by its only antenna', () => {
    const batch = { type: 'dataEVT', timestamp: custom.timestamp, data: { tagData: [without(custom.data, 'antenna')] } };
    expect(told(batch, zebraEvents)).toEqual([{ ...read, antenna: 1 }]);
  });

  it('a bare inventory without antenna or level says which setting to switch on', () => {
    const data = without(custom.data, 'antenna');
    expect(told({ ...custom, data }, zebraEvents)).toMatchObject([
      { kind: 'refused', why: 'missing', text: expect.stringContaining('ANTENNA') },
    ]);
    const level = without(custom.data, 'peakRssi');
    expect(told({ ...custom, data: level }, zebraEvents)).toMatchObject([{ why: 'missing', text: expect.stringContaining('RSSI') }]);
  });

  it.each([
    ['in the gateway', { numDataMessagesRetained: 2, numDataMessagesDropped: 7 }],
    [
      'in its data paths',
      {
        dataPathStatistics: [
          { numDataMessagesRetained: 2, numDataMessagesDropped: 4 },
          { numDataMessagesRetained: 0, numDataMessagesDropped: 3 },
        ],
      },
    ],
  ])('a heartbeat tells antennas, inputs, temperature and what was dropped: counters %s', (_where, gateway) => {
    const data = {
      radio_control: {
        radioActivity: 'active',
        radioConnection: 'connected',
        antennas: { '1': 'connected', '3': 'disconnected', x: 'connected' },
      },
      reader_gateway: gateway,
      system: { temperature: { ambient: 41, pa: 52 }, GPI: { '1': 'HIGH', '2': 'LOW' }, flash: null },
    };
    expect(told({ type: 'heartbeat', timestamp: custom.timestamp, component: 'RG', eventNum: 912, data }, zebraEvents)).toEqual([
      {
        kind: 'heartbeat',
        antennas: [
          { port: 1, connected: true },
          { port: 3, connected: false },
        ],
        inputs: [
          { pin: 1, high: true },
          { pin: 2, high: false },
        ],
        ...{ temperatureC: 52, dropped: 7, retained: 2, radioFault: null, active: true },
      },
    ]);
  });

  it.each([
    [{ type: 'gpi', data: { pin: 2, state: 'LOW' } }, [{ kind: 'input', pin: 2, high: false }]],
    [{ type: 'gpo', data: { pin: 2, state: 'LOW' } }, []],
    [{ type: 'error', data: { message: 'hot' } }, [{ kind: 'warning', text: 'error: hot' }]],
    [{ command: 'set_gpo', command_id: 'a', response: 'success' }, [{ kind: 'reply', id: 'a', success: true, text: 'success' }]],
    [{ type: 'novelty', data: {} }, [{ kind: 'unknown', name: 'novelty' }]],
  ])('%j', (event, expected) => {
    expect(told(event, zebraEvents)).toEqual(expected);
  });
});

describe('any message', () => {
  it('is read as far as it is JSON, and what is none is counted', () => {
    expect(eventsOf(bytes(`hello ${JSON.stringify(custom)} ,${JSON.stringify(custom)}{"type":`), zebraEvents)).toMatchObject({
      events: [{ kind: 'read' }, { kind: 'read' }],
      garbage: 2,
    });
    expect(eventsOf(bytes('reader has connected'), zebraEvents)).toEqual({ events: [], garbage: 1 });
    expect(eventsOf(new Uint8Array(), zebraEvents)).toEqual({ events: [], garbage: 0 });
  });

  it('is not looked at when it is too long, and holds a bounded number of events', () => {
    expect(eventsOf(new Uint8Array(MAX_PAYLOAD_BYTES + 1).fill(0x20), zebraEvents)).toEqual({ events: [], garbage: 1 });
    expect(told(`[${'1,'.repeat(20_000)}1]`, zebraEvents)).toHaveLength(5_000);
    expect(told('{}'.repeat(20_000), zebraEvents)).toHaveLength(5_000);
    expect(told('['.repeat(MAX_PAYLOAD_BYTES), zebraEvents)).toEqual([]);
  });

  /** Values that look like a reader's, with anything at any place. */
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom('HIGH', 'connected', EPC, -57, 1, null, '2026-03-04T07:12:09.184+0000', 1e300, -1));
  const odder = (value: unknown): fc.Arbitrary<unknown> =>
    Array.isArray(value)
      ? fc.tuple(...value.map(odder))
      : typeof value === 'object' && value !== null
        ? fc.record(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, odder(one)])), { requiredKeys: [] })
        : fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: odd });
  const heartbeat = {
    type: 'heartbeat',
    data: { radio_control: { antennas: { '1': 'connected' } }, reader_gateway: { dataPathStatistics: [{ numDataMessagesDropped: 1 }] } },
  };

  it.each([
    [
      'impinj',
      impinjEvents,
      odder([inventory, { antennaConnectedEvent: { antennaPort: 1 }, gpiTransitionEvent: { gpi: 1, transition: 'x' } }]),
    ],
    ['zebra', zebraEvents, odder([custom, heartbeat, { data: { tagData: [custom.data] } }])],
  ])('with anything in any place is read or refused, never thrown at, by %s', (_name, read, values) => {
    fc.assert(
      fc.property(values, fc.string(), (value, text) => {
        for (const message of [value, text, `${JSON.stringify(value)}${text}${JSON.stringify(value)}`]) {
          for (const event of told(message ?? null, read)) {
            if (event.kind !== 'read') continue;
            expect(event.epc).toMatch(/^([0-9A-F]{4})+$/);
            expect(event.rssi).toBeLessThanOrEqual(-10);
            expect(event.antenna).toBeGreaterThanOrEqual(1);
            expect(event.stamp === null || Number.isFinite(event.stamp)).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of any bytes is read or counted', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const { events, garbage } = eventsOf(noise, impinjEvents);
        expect(
          noise.length === 0 ||
            events.length > 0 ||
            garbage > 0 ||
            Buffer.from(noise).toString().trim() === '' ||
            /^[\s,]*(\[\s*\])*[\s,]*$/.test(Buffer.from(noise).toString()),
        ).toBe(true);
      }),
    );
  });
});
