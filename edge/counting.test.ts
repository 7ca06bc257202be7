import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ZoneCommand } from '../protocol/command.ts';
import { encodeSgtin96 } from '../protocol/epc.ts';
import { type CountBody, decodeBody, eachItem, groupItems, type NodeClock } from '../protocol/record.ts';
import { Counting } from './counting.ts';
import { Outbox } from './outbox/outbox.ts';
import { checkSettings } from './settings.ts';

const NOW = 1_795_507_200_000;
const TEA = '03400930000014';
const settings = checkSettings(
  {
    ...{
      tenant: 'demo',
      site: 'LYON',
      node: 'dock-1',
      timeZone: 'Europe/Paris',
      dataDir: '.',
      hub: { url: 'ws://127.0.0.1:1' },
      panel: { port: 0 },
    },
    readers: [
      { id: 'r1', model: 'thingmagic', link: '/dev/r1' },
      { id: 'desk', model: 'thingmagic', link: '/dev/desk' },
    ],
    doors: [
      {
        ...{ id: 'D1', name: 'Quai 1' },
        antennas: [
          { reader: 'r1', port: 1, side: 'outside' },
          { reader: 'r1', port: 2, side: 'inside' },
        ],
      },
    ],
    zones: [
      { id: 'A', name: 'Allée A' },
      { id: 'B', name: 'Étagère', antennas: [{ reader: 'r1', port: 4 }] },
    ],
  },
  'test',
);

let folder: string;
let outbox: Outbox;
let counting: Counting;
let seconds: number;
let asked: number;

const clock = (): NodeClock => ({ wall: NOW + seconds * 1_000, mono: seconds * 1_000, boot: 'b00710ad', synced: true });

function open(): void {
  outbox = new Outbox({ path: join(folder, 'outbox.db'), address: { tenant: 'demo', site: 'LYON', node: 'dock-1' }, clock });
  counting = new Counting({
    ...{ settings, outbox, clock, readers: () => [], log: () => undefined, changed: () => undefined },
    asked: () => {
      asked += 1;
    },
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-counting-'));
  seconds = 0;
  asked = 0;
  open();
});

afterEach(async () => {
  await outbox.close();
  rmSync(folder, { recursive: true });
});

const reads = (antenna: number, ...serials: number[]) =>
  serials.map((serial) => ({ epc: encodeSgtin96(TEA, serial, 7), antenna, rssi: -50, at: clock().wall }));
const listOf = (zone: string, serials: readonly number[], more: Partial<ZoneCommand> = {}): ZoneCommand => ({
  ...{ v: 1, id: `zone-${zone}-${NOW}-1`, type: 'zone', zone, at: NOW, part: 1, parts: 1, names: { [TEA]: 'Thé' } },
  items: groupItems(serials.map((serial) => ({ gtin: TEA, serial }))),
  ...more,
});
async function told(command: ZoneCommand): Promise<void> {
  await outbox.obey(command);
  counting.listed(command.zone);
}
const id = (): string => counting.shown()?.count ?? '';
const records = (): CountBody[] => (outbox.after(0, 100, 1_000_000)?.records ?? []).map(({ body }) => decodeBody(body) as CountBody);

describe('a count at a node', () => {
  it('takes the reads of its zone’s antennas only, and becomes a record by approval, in one commit', async () => {
    await told(listOf('A', [1, 2, 3]));
    await counting.step({ do: 'begin', zone: 'A' });
    counting.push('desk', reads(1, 1, 2, 9));
    counting.push('r1', reads(1, 3));
    seconds = 60;
    await counting.step({ do: 'end', count: id() });
    expect(counting.shown()).toMatchObject({
      expected: 3,
      read: 3,
      missing: 1,
      unexpected: 1,
      articles: [{ serials: { missing: [3], unexpected: [9] } }],
    });
    await counting.step({ do: 'again', count: id() });
    counting.push('desk', reads(1, 1));
    seconds = 90;
    await counting.step({ do: 'end', count: id() });
    seconds = 100;
    await counting.step({ do: 'approve', count: id(), by: 'Léa' });
    expect(counting.shown()).toBeNull();
    expect(outbox.counts.open()).toBeUndefined();
    const [body] = records();
    expect(body).toMatchObject({
      zone: 'A',
      name: 'Allée A',
      passes: 2,
      expected: NOW,
      by: 'Léa',
      opened: NOW,
      closed: NOW + 90_000,
      approved: NOW + 100_000,
    });
    expect([...eachItem(body?.missing ?? [])]).toEqual([{ gtin: TEA, serial: 3 }]);
    // A zone with antennas of its own.
    await counting.step({ do: 'begin', zone: 'B' });
    counting.push('desk', reads(1, 4));
    counting.push('r1', reads(4, 5));
    expect(counting.shown()).toMatchObject({ read: 1, expectedAt: null });
  });

  it('goes on after a crash where it was, in a further pass too', async () => {
    await told(listOf('A', [1, 2, 3]));
    await counting.step({ do: 'begin', zone: 'A' });
    counting.push('desk', reads(1, 1));
    await counting.step({ do: 'end', count: id() });
    await counting.step({ do: 'again', count: id() });
    counting.push('desk', reads(1, 2));
    const before = counting.shown();
    // A list that comes meanwhile is for the next count.
    await told(listOf('A', [7, 8], { at: NOW + 5, id: 'later' }));
    await counting.stop();
    await outbox.close();
    open();
    expect(counting.shown()).toEqual(before);
    expect(counting.shown()).toMatchObject({ pass: 2, read: 2, missing: 1, expectedAt: NOW });
    await counting.step({ do: 'discard', count: id() });
    expect(records()).toEqual([]);
    await counting.step({ do: 'begin', zone: 'A' });
    expect(counting.shown()).toMatchObject({ expected: 2, expectedAt: NOW + 5 });
  });

  it('does not come back when tags are read while it is discarded, nor do they count in the next one', async () => {
    await counting.step({ do: 'begin', zone: 'A' });
    seconds = 5;
    const discarded = counting.step({ do: 'discard', count: id() });
    counting.push('desk', reads(1, 1, 2));
    await discarded;
    counting.tick();
    await outbox.close();
    open();
    expect(counting.shown()).toBeNull();
    await counting.step({ do: 'begin', zone: 'A' });
    await outbox.close();
    open();
    expect(counting.shown()).toMatchObject({ read: 0 });
  });

  it('is of one pass when its reader heard nothing in the other, whatever was pressed', async () => {
    await told(listOf('A', [1, 2, 3]));
    await counting.step({ do: 'begin', zone: 'A' });
    await counting.step({ do: 'end', count: id() });
    await counting.step({ do: 'again', count: id() });
    await counting.step({ do: 'end', count: id() });
    expect(counting.shown()).toMatchObject({ pass: 2, passes: 1, silent: true, missing: 3 });
    await counting.step({ do: 'approve', count: id(), by: 'Léa' });
    expect(records()).toMatchObject([{ passes: 1 }]);
  });

  it('leaves out what its reader read just before it began, at another shelf', async () => {
    const before = reads(1, 8);
    seconds = 1;
    await counting.step({ do: 'begin', zone: 'A' });
    counting.push('desk', [...before, ...reads(1, 1)]);
    expect(counting.shown()).toMatchObject({ read: 1 });
  });

  it('is refused where a screen is not up to date, and approved once by two of them', async () => {
    await counting.step({ do: 'begin', zone: '*' });
    const open = id();
    await expect(counting.step({ do: 'begin', zone: 'A' })).rejects.toMatchObject({ code: 'COUNT_OPEN' });
    await expect(counting.step({ do: 'approve', count: open, by: 'Léa' })).rejects.toMatchObject({ code: 'COUNT_READING' });
    await expect(counting.step({ do: 'end', count: 'c0' })).rejects.toMatchObject({ code: 'COUNT_GONE' });
    await counting.step({ do: 'end', count: open });
    const both = await Promise.allSettled([
      counting.step({ do: 'approve', count: open, by: 'Léa' }),
      counting.step({ do: 'approve', count: open, by: 'Max' }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(records()).toHaveLength(1);
    await expect(counting.step({ do: 'begin', zone: 'C' })).rejects.toMatchObject({ code: 'ZONE_UNKNOWN' });
  });

  it('waits for all parts of a list, and goes by a fresh one that comes during its first pass', async () => {
    await told(listOf('A', [1], { part: 1, parts: 2 }));
    await counting.step({ do: 'begin', zone: 'A' });
    expect(counting.shown()).toMatchObject({ expectedAt: null });
    await told(listOf('A', [2, 3], { part: 2, parts: 2, id: 'part 2' }));
    expect(counting.shown()).toMatchObject({ expectedAt: NOW, expected: 3 });
    await told(listOf('A', [2], { at: NOW + 9, id: 'later' }));
    expect(counting.shown()).toMatchObject({ expectedAt: NOW + 9, expected: 1 });
  });
});

describe('the question to the hub', () => {
  it('is for the zone that is counted, else for one whose list is missing or of another day', async () => {
    counting.tick();
    expect(counting.wants()).toEqual({ zone: 'A', asked: NOW });
    seconds = 1;
    await told(listOf('A', [1]));
    expect(counting.wants()).toEqual({ zone: 'B', asked: NOW + 1_000 });
    await told(listOf('B', []));
    expect(counting.wants()).toBeUndefined();
    await counting.step({ do: 'begin', zone: 'A' });
    expect(counting.wants()).toEqual({ zone: 'A', asked: NOW + 1_000 });
    await told(listOf('A', [1, 2], { at: NOW + 2_000, id: 'fresh' }));
    expect(counting.wants()).toBeUndefined();
    seconds = 90_000;
    counting.tick();
    expect(counting.wants()).toMatchObject({ zone: 'A' });
    expect(asked).toBeGreaterThan(4);
  });

  it('is asked anew for a zone that was counted, once the hub has the count', async () => {
    await told(listOf('A', [1]));
    await told(listOf('B', []));
    await counting.step({ do: 'begin', zone: 'A' });
    await told(listOf('A', [1], { at: NOW + 1, id: 'fresh' }));
    await counting.step({ do: 'end', count: id() });
    await counting.step({ do: 'approve', count: id(), by: 'Léa' });
    counting.tick();
    expect(counting.wants()).toBeUndefined();
    outbox.acknowledge(1, 1);
    counting.tick();
    expect(counting.wants()).toMatchObject({ zone: 'A' });
    await told(listOf('A', [1], { at: NOW + 2, id: 'fresher' }));
    expect(counting.wants()).toBeUndefined();
  });

  it('goes on to the next zone when one gets no answer', () => {
    counting.tick();
    seconds = 601;
    counting.tick();
    expect(counting.wants()).toMatchObject({ zone: 'B' });
    seconds = 1_202;
    counting.tick();
    expect(counting.wants()).toMatchObject({ zone: 'A' });
  });
});
