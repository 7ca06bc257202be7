import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../protocol/fault.ts';
import type { Read } from '../../protocol/read.ts';
import { Doors } from '../passage/doors.ts';
import type { SyncFile } from '../passage/journal.ts';
import type { ClosedPassage } from '../passage/tracker.ts';
import { ANTENNAS, epcsOf, readsOf, through } from '../passage/walk.fixture.ts';
import { NetworkReader } from '../readers/network/reader.ts';
import { NETWORK } from '../readers/open.ts';
import { Broker } from './broker.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const DATA = 'docket/readers/dock-1/data';
const PASSWORD = 'a-good-password';
const SECOND = { user: 'other', password: 'another-password' };

interface Site {
  readonly broker: Broker;
  readonly reader: NetworkReader;
  readonly doors: Doors;
  readonly reads: Read[];
  readonly inputs: string[];
  readonly closed: ClosedPassage[];
}

/** The part of a node between a reader's connection and its passages, with real journals. */
async function site(model: 'r700' | 'zebra', { sync, dir }: { sync?: SyncFile; dir?: string } = {}): Promise<Site> {
  const folder = dir ?? mkdtempSync(join(tmpdir(), 'docket-network-'));
  if (dir === undefined) ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const reads: Read[] = [];
  const inputs: string[] = [];
  const closed: ClosedPassage[] = [];
  let broker: Broker | undefined;
  const options = { region: 'EU3', powerCdbm: 2_700, session: 1, model, ports: [1, 2, 3, 4] };
  const events = {
    reads: (id: string, list: Read[]) => {
      reads.push(...list);
      doors.push(id, list);
    },
    health: () => undefined,
    input: (_id: string, pin: number, high: boolean) => void inputs.push(`${pin} ${high}`),
  };
  const parts = { send: (topic: string, text: string) => broker?.command(topic, text) ?? false };
  const reader = new NetworkReader(
    { ...options, id: 'r1', link: 'mqtt://dock-1', password: PASSWORD, topics: ['acme/DATA/+'] },
    NETWORK[model],
    events,
    parts,
  );
  const other = new NetworkReader({ ...options, id: 'r2', link: `mqtt://${SECOND.user}`, password: SECOND.password }, NETWORK[model], {
    ...events,
    reads: () => undefined,
  });
  const doors = new Doors({
    doors: [{ door: 'D1', antennas: ANTENNAS }],
    dir: folder,
    onClosed: (passage) => {
      closed.push(passage);
      return Promise.resolve();
    },
    horizon: (_id, now) => reader.horizon(now),
    acknowledged: ['r1'],
    ...(sync === undefined ? {} : { sync }),
  });
  doors.recover();
  reader.recall(doors.keys('r1'));
  broker = new Broker({ host: '127.0.0.1', port: 0, inlets: [reader, other], settled: () => doors.settled() });
  const opened = broker;
  await opened.start();
  reader.start();
  other.start();
  ends.push(async () => {
    await reader.stop();
    await other.stop();
    await opened.stop();
    doors.close();
  });
  return { broker: opened, reader, doors, reads, inputs, closed };
}

/** Resolves when it is connected. */
async function client({ broker }: Site, more: IClientOptions = {}): Promise<MqttClient> {
  const made = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, { username: 'dock-1', password: PASSWORD, reconnectPeriod: 0, ...more });
  made.on('error', () => undefined);
  ends.push(() => made.endAsync(true));
  await new Promise<void>((resolve, reject) => {
    made.once('connect', () => resolve());
    made.once('error', reject);
    made.once('close', () => reject(new RangeError('closed')));
  });
  return made;
}

/** Whether a publish was acknowledged, or the connection closed instead. */
function publish(one: MqttClient, topic: string, text: string, dup = false): Promise<'acknowledged' | 'closed'> {
  return new Promise((resolve) => {
    const closed = (): void => resolve('closed');
    one.once('close', closed);
    one.publish(topic, text, { qos: 1, dup }, (error) => {
      one.off('close', closed);
      resolve(error === undefined || error === null ? 'acknowledged' : 'closed');
    });
  });
}

const EPC = epcsOf(1, 1)[0] ?? '';
const zebra = (eventNum: number, more: object = {}, at = Date.now()): string =>
  JSON.stringify({
    type: 'CUSTOM',
    timestamp: new Date(at).toISOString().replace('Z', '+0000'),
    data: { eventNum, idHex: EPC.toLowerCase(), antenna: 1, peakRssi: -57, ...more },
  });

describe('a reader at the local broker', () => {
  it('hands on its reads with the time of the node, once, however often they come', async () => {
    const here = await site('zebra');
    const one = await client(here);
    const before = Date.now();
    const message = zebra(5);
    expect(await publish(one, DATA, message)).toBe('acknowledged');
    expect(await publish(one, DATA, message, true)).toBe('acknowledged');
    await one.endAsync();
    const again = await client(here);
    expect(await publish(again, DATA, `${message}${zebra(6)}`, true)).toBe('acknowledged');
    expect(here.reads.map(({ epc, antenna, rssi }) => [epc, antenna, rssi])).toEqual([
      [EPC, 1, -57],
      [EPC, 1, -57],
    ]);
    expect(here.reads.every(({ at }) => at >= before - 1_000 && at <= Date.now())).toBe(true);
    expect(here.reader.health()).toMatchObject({ state: 'reading', errors: { lost: 0 } });
  });

  it('with quality of service 0 or 2 hands them on once, too', async () => {
    const here = await site('zebra');
    const one = await client(here);
    for (const qos of [0, 2] as const) await one.publishAsync(DATA, zebra(qos), { qos });
    await expect.poll(() => here.reads.length).toBe(2);
  });

  it('is acknowledged when its reads are on the disk, not before', async () => {
    let finish: (() => void) | undefined;
    let held = false;
    const sync: SyncFile = () => (held ? new Promise((resolve) => (finish = () => resolve(true))) : Promise.resolve(true));
    const here = await site('zebra', { sync });
    const one = await client(here);
    await here.doors.settled();
    held = true;
    let answered = false;
    const done = publish(one, DATA, zebra(1)).then((how) => {
      answered = true;
      return how;
    });
    await expect.poll(() => finish !== undefined).toBe(true);
    expect([here.reads.length, answered]).toEqual([1, false]);
    held = false;
    finish?.();
    expect(await done).toBe('acknowledged');
  });

  it('is cut off unanswered while the disk fails, and acknowledged without counting twice when it is well again', async () => {
    let broken = false;
    const here = await site('zebra', { sync: () => (broken ? Promise.reject(new Fault('EIO', 'broken')) : Promise.resolve(true)) });
    await here.doors.settled();
    broken = true;
    const message = zebra(1);
    expect(await publish(await client(here), DATA, message)).toBe('closed');
    expect(await publish(await client(here), DATA, message, true)).toBe('closed');
    await expect.poll(() => here.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_UNSAVED' } });
    broken = false;
    // The segment that failed is left for another one, which the next look begins.
    await expect
      .poll(async () => publish(await client(here), DATA, message, true), { timeout: 15_000, interval: 1_000 })
      .toBe('acknowledged');
    expect(here.reads).toHaveLength(1);
  });

  it('that sends again after the node was stopped in between is still counted once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'docket-network-'));
    ends.push(() => rmSync(dir, { recursive: true, force: true }));
    const first = await site('zebra', { dir });
    expect(await publish(await client(first), DATA, zebra(1, {}, 1_790_000_000_000))).toBe('acknowledged');
    const second = await site('zebra', { dir });
    expect(await publish(await client(second), DATA, zebra(1, {}, 1_790_000_000_000), true)).toBe('acknowledged');
    expect([first.reads.length, second.reads.length]).toEqual([1, 0]);
  });

  it('has the passage of a pallet although it sends everything later, in one go', async () => {
    const here = await site('r700');
    const start = Date.now() - 120_000;
    const walk = readsOf([{ epcs: epcsOf(1, 20), at: through(1, 1.5, 3) }], 8, 5, start);
    const one = await client(here);
    const lines = walk.map(({ epc, antenna, rssi, at }) =>
      JSON.stringify({
        timestamp: new Date(at).toISOString(),
        tagInventoryEvent: { epcHex: epc, antennaPort: antenna, peakRssiCdbm: Math.round(rssi * 100) },
      }),
    );
    const ticking = setInterval(() => here.doors.tick(Date.now()), 20);
    ends.push(() => clearInterval(ticking));
    for (let i = 0; i < lines.length; i += 50)
      expect(await publish(one, DATA, `[${lines.slice(i, i + 50).join(',')}]`)).toBe('acknowledged');
    await expect.poll(() => here.closed.length, { timeout: 10_000 }).toBe(1);
    expect(here.closed[0]).toMatchObject({ direction: 'in', moved: epcsOf(1, 20).sort() });
    expect(here.closed[0]?.closed).toBeLessThan(start + 10_000);
  });

  it('tells its loss, antennas, inputs, temperature and what is wrong with it', async () => {
    const here = await site('zebra');
    const one = await client(here);
    const beat = (dropped: number, more: object = {}): string =>
      JSON.stringify({
        type: 'heartbeat',
        data: {
          radio_control: {
            radioActivity: 'active',
            radioConnection: 'connected',
            antennas: { '1': 'connected', '2': 'disconnected', '7': 'disconnected' },
            ...more,
          },
          reader_gateway: { numDataMessagesDropped: dropped, numDataMessagesRetained: 3 },
          system: { temperature: { pa: 61 } },
        },
      });
    for (const text of [beat(1), zebra(1), zebra(4), beat(8), '{"type":"gpi","data":{"pin":1,"state":"HIGH"}}', '{"type":"x"}', 'hello'])
      expect(await publish(one, DATA, text)).toBe('acknowledged');
    expect(here.inputs).toEqual(['1 true']);
    expect(here.reader.health()).toMatchObject({
      ...{ state: 'reading', temperatureC: 61, inputs: [{ pin: 1, high: true }] },
      errors: { lost: 7, unknown: 1, resync: 1 },
      antennas: [{ port: 1, connected: true, reads: 2 }, { port: 2, connected: false }, { port: 3 }, { port: 4 }],
    });
    await publish(one, DATA, beat(8, { radioConnection: 'disconnected' }));
    expect(here.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_RADIO' } });
    await publish(one, DATA, beat(8, { radioActivity: 'inactive' }));
    expect(here.reader.health()).toMatchObject({ state: 'starting', message: { code: 'READER_IDLE' } });
    await publish(one, DATA, zebra(5, { peakRssi: -5 }));
    await publish(one, DATA, zebra(6));
    expect(here.reader.health()).toMatchObject({ state: 'reading', errors: { tagCrc: 1 } });
    await one.endAsync(true);
    await expect.poll(() => here.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_OFFLINE' } });
  });

  it('has four connections when it wants, and is gone with the last', async () => {
    const here = await site('zebra');
    const [data, management] = [await client(here), await client(here)];
    await publish(data, DATA, zebra(1));
    await data.endAsync(true);
    await publish(management, DATA, zebra(2));
    expect(here.reader.health().state).toBe('reading');
    await management.endAsync(true);
    await expect.poll(() => here.reader.health().state).toBe('failed');
  });

  it('that dies says nothing to anybody with its will', async () => {
    const here = await site('zebra');
    const will = { topic: DATA, payload: Buffer.from(zebra(9)), qos: 1 as const, retain: true };
    const one = await client(here, { will });
    one.stream.destroy();
    await expect.poll(() => here.reader.health().state).toBe('failed');
    expect(here.reads).toEqual([]);
  });

  it('sets an output where it takes commands, and says so where it does not', async () => {
    const here = await site('zebra');
    await expect(here.reader.output(1, true)).rejects.toMatchObject({ code: 'READER_OUTPUT' });
    const one = await client(here);
    await one.subscribeAsync('docket/readers/dock-1/commands', { qos: 1 });
    let response = 'success';
    one.on('message', (_topic, payload) => {
      const { command, command_id, payload: wanted } = JSON.parse(String(payload)) as Record<string, unknown>;
      expect([command, wanted]).toEqual(['set_gpo', { port: 1, state: true }]);
      one.publish('docket/readers/dock-1/response', JSON.stringify({ command, command_id, response }));
    });
    await here.reader.output(1, true);
    response = 'failure';
    await expect(here.reader.output(1, true)).rejects.toMatchObject({ code: 'READER_OUTPUT', message: expect.stringContaining('failure') });
    await expect((await site('r700')).reader.output(1, true)).rejects.toMatchObject({ code: 'READER_OUTPUT' });
  });
});

describe('the rights of a reader at the local broker', () => {
  it('end at its own topics: another reader, the doors and the node are out of its reach', async () => {
    const here = await site('zebra');
    for (const topic of ['docket/readers/other/data', 'docket/local/doors/D1', 'docket/readers', 'elsewhere', 'acme/DATA/a/b'])
      expect(await publish(await client(here), topic, zebra(1)), topic).toBe('closed');
    expect(here.reads).toEqual([]);
    expect(await publish(await client(here), 'acme/DATA/sn', zebra(2))).toBe('acknowledged');
    const one = await client(here);
    for (const filter of ['#', 'docket/readers/#', 'docket/readers/other/commands', 'docket/local/#', '$SYS/#'])
      expect(await one.subscribeAsync(filter).catch(() => 'refused'), filter).toBe('refused');
  });

  it('need its own password, and a name that is nobody is nobody', async () => {
    const here = await site('zebra');
    for (const wrong of [{ password: 'a-bad-password' }, { password: SECOND.password }, { username: 'dock-9' }])
      await expect(client(here, wrong)).rejects.toMatchObject({ code: 4 });
  });

  it("do not reach another client's connection by its identifier", async () => {
    const here = await site('zebra');
    const one = await client(here, { clientId: 'same' });
    const other = await client(here, { clientId: 'same', username: SECOND.user, password: SECOND.password });
    expect(await publish(other, `docket/readers/${SECOND.user}/data`, '{}')).toBe('acknowledged');
    expect(await publish(one, DATA, zebra(1))).toBe('acknowledged');
    await expect(client(here, { clientId: 'reader:dock-1:same' })).rejects.toMatchObject({
      code: 2,
    });
  });

  it('let it send for ever, but no packet beyond the longest message', async () => {
    const here = await site('zebra');
    const one = await client(here);
    const filler = JSON.stringify({ type: 'userapp', data: { event: 'x'.repeat(100_000) } });
    for (let i = 0; i < 6; i++) expect(await publish(one, DATA, filler)).toBe('acknowledged');
    expect(await publish(one, DATA, 'x'.repeat(300_000))).toBe('closed');
  });

  it('a stranger who announces a huge packet is cut off before its content', async () => {
    const here = await site('zebra');
    const socket = connect(here.broker.port, '127.0.0.1');
    await new Promise((resolve) => {
      socket.on('error', () => undefined);
      socket.once('close', resolve);
      socket.write(Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f));
    });
  });
});
