import { afterEach, describe, expect, it } from 'vitest';
import { encodeSgtin96, encodeSscc96 } from '../protocol/epc.ts';
import { Desk } from './desk.ts';
import { Bench, passageBody } from './outbox/outbox.fixture.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { PanelState } from './panel/model.ts';
import type { LivePassage } from './passage/tracker.ts';
import type { ReaderHealth } from './readers/reader.ts';
import { checkSettings } from './settings.ts';

const bench = new Bench();
afterEach(() => bench.clean());

const settings = checkSettings(
  {
    tenant: 'demo',
    site: 'LYON',
    node: 'dock-1',
    timeZone: 'Europe/Paris',
    dataDir: 'd',
    hub: { url: 'ws://127.0.0.1:1' },
    panel: { port: 0 },
    readers: [{ id: 'r1', model: 'thingmagic', link: '/dev/r1' }],
    doors: [
      {
        id: 'D1',
        name: 'Quai 1',
        antennas: [
          { reader: 'r1', port: 1, side: 'outside' },
          { reader: 'r1', port: 2, side: 'inside' },
        ],
      },
    ],
  },
  'settings.json',
);
const HEALTH: ReaderHealth = {
  id: 'r1',
  model: 'M6e',
  state: 'reading',
  link: '/dev/r1',
  since: 1,
  readsPerSecond: 300,
  antennas: [],
  errors: { crc: 0, resync: 0, tagCrc: 0, bufferFull: 0, lost: 0 },
};
const GTIN = '03453120000011';
const flour = (serial: number): string => encodeSgtin96(GTIN, serial, 7);
const SSCC = '034531200000000011';

function desk(outbox: Outbox, live?: LivePassage, health = HEALTH): Desk {
  return new Desk({
    settings,
    outbox,
    live: () => live,
    readers: () => [health],
    link: () => ({ state: 'online', since: 1, queued: 0, inFlight: 0, lastAcknowledged: null, refusal: null, hubOffsetMs: 0 }),
    fingerprint: () => '5661 4209',
  });
}

describe('the state for the panel', () => {
  it('shows a free door, and a blind one when its reader does not read', () => {
    const outbox = bench.open();
    expect(desk(outbox).snapshot().doors[0]).toMatchObject({ state: 'free', inDoor: 0, document: null, direction: 'unknown' });
    expect(desk(outbox, undefined, { ...HEALTH, state: 'failed' }).snapshot().doors[0]).toMatchObject({ state: 'blind' });
  });

  it('shows a disk in trouble apart from the link to the hub, worst first, and on the lamp', async () => {
    const outbox = bench.open();
    const calm = outbox.health();
    const space = { ...calm.space, level: 'ok' as const };
    outbox.health = () => ({ ...calm, space });
    expect(desk(outbox).snapshot().disk).toEqual([]);
    expect(desk(outbox).sign()).toEqual({ light: 'green', disk: [], held: 0 });
    const troubled = (health: Partial<ReturnType<typeof outbox.health>>): [PanelState['disk'], string] => {
      outbox.health = () => ({ ...calm, space, ...health });
      return [desk(outbox).snapshot().disk, desk(outbox).sign().light];
    };
    const notice = { at: 1, kind: 'damaged', why: '', saved: 7, lost: 1, names: [] } as const;
    expect(troubled({ notices: [notice] })).toEqual([[{ kind: 'damaged', saved: 7, lost: 1 }], 'amber']);
    const full = { code: 'OUTBOX_FULL', text: '' };
    expect(troubled({ fault: full, notices: [{ ...notice, kind: 'missing', lost: null }] })).toEqual([
      [{ kind: 'full' }, { kind: 'missing' }],
      'red',
    ]);
    expect(troubled({ fault: { ...full, limit: true } })).toEqual([[{ kind: 'limit' }], 'red']);
    expect(troubled({ fault: { code: 'OUTBOX_WRITE', text: '' } })).toEqual([[{ kind: 'failing' }], 'red']);
    expect(troubled({ reserve: 'released' })).toEqual([[{ kind: 'reserve' }], 'red']);
    expect(troubled({ space: { ...space, level: 'high', items: 8_100_000 } })).toEqual([[{ kind: 'high', percent: 81 }], 'amber']);
  });

  it('shows what stands in the door by article, with the document its SSCC belongs to and its progress', async () => {
    const outbox = bench.open();
    const lines = [{ gtin: GTIN, quantity: 12, name: 'Flour' }];
    await outbox.expect({
      v: 1,
      id: 'c',
      type: 'expect',
      kind: 'despatchAdvice',
      number: 'DA-1',
      direction: 'in',
      partner: 'Moulin',
      ssccs: [SSCC],
      lines,
    });
    await outbox.append({ body: passageBody('a', { document: { kind: 'despatchAdvice', number: 'DA-1', how: 'sscc' } }) });
    const epcs = [flour(1), flour(2), encodeSscc96(SSCC, 7), 'E28011'];
    const [door] = desk(outbox, { opened: 5, epcs, direction: 'in' }).snapshot().doors;
    expect(door).toMatchObject({
      state: 'occupied',
      since: 5,
      direction: 'in',
      inDoor: 3,
      contents: [
        { gtin: GTIN, count: 2, name: 'Flour' },
        { gtin: null, count: 1 },
      ],
      document: { number: 'DA-1' },
      expected: { partner: 'Moulin', lines: [{ gtin: GTIN, expected: 12, moved: 2, inDoor: 2 }] },
    });
  });

  it('lists passages and undecided items, and takes a decision', async () => {
    const outbox = bench.open();
    const note = { epc: flour(7), reason: 'few-reads', reads: 2, d: null };
    await outbox.append({ body: passageBody('a', { doubts: [{ gtin: GTIN, serials: [7] }] }), doubts: [note] });
    const one = desk(outbox);
    let told = 0;
    one.subscribe(() => told++);
    expect(one.snapshot()).toMatchObject({
      passages: [{ passage: 'a', confidence: 0.99, counts: { in: 2, out: 0, stray: 3, undecided: 1 } }],
      doubts: [{ passage: 'a', epc: flour(7), gtin: GTIN, serial: 7, reason: 'few-reads', reads: 2 }],
      doubtsTotal: 1,
      queued: 1,
    });
    expect(one.signs().get('D1')).toEqual({ state: 'free', direction: 'unknown', items: 0, document: null, undecided: 1, light: 'amber' });
    expect(await one.decide('a', [flour(7)], 'in', 'Ana')).toEqual({ decided: 1 });
    expect(one.snapshot()).toMatchObject({ passages: [{ counts: { in: 3, undecided: 0 } }], doubts: [], queued: 2 });
    expect(told).toBeGreaterThan(0);
  });

  it('refuses a document for a door that is not here', async () => {
    await expect(desk(bench.open()).chooseDocument('D9', null)).rejects.toMatchObject({ code: 'DOOR_UNKNOWN' });
  });
});
