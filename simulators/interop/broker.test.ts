import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker, type DoorSign } from '../../edge/broker/broker.ts';
import { RawClient, type Received, textOf } from './packets.fixture.ts';

/** The cases of paho.mqtt.testing's client_test.py, written anew for a broker that alone publishes: section numbers are of MQTT 3.1.1. */

const DOORS = 'docket/local/doors';
let dock: Broker;
const clients: RawClient[] = [];

beforeEach(async () => {
  dock = new Broker({ host: '127.0.0.1', port: 0 });
  await dock.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.drop();
  await dock.stop();
});

const sign = (items: number): DoorSign => ({ state: 'occupied', direction: 'in', items, document: null, undecided: 0, light: 'off' });
const itemsOf = (packet: Received): number => (JSON.parse(textOf(packet)) as DoorSign).items;

interface Opened {
  readonly client: RawClient;
  readonly connack: Received;
}

async function open(more: object = {}): Promise<Opened> {
  const client = await RawClient.tcp(dock.port);
  clients.push(client);
  client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'display', clean: true, keepalive: 60, ...more });
  return { client, connack: await client.next() };
}

async function subscribe(client: RawClient, ...filters: (readonly [string, number])[]): Promise<readonly number[]> {
  client.send({ cmd: 'subscribe', messageId: 7, subscriptions: filters.map(([topic, qos]) => ({ topic, qos })) });
  const suback = await client.next();
  expect(suback).toMatchObject({ cmd: 'suback', messageId: 7 });
  return suback['granted'] as number[];
}

/** The next `count` publishes, acknowledged where that is due. */
async function take(client: RawClient, count: number): Promise<Received[]> {
  const taken: Received[] = [];
  while (taken.length < count) {
    const packet = await client.next();
    expect(packet.cmd).toBe('publish');
    if (packet['qos'] === 1) client.send({ cmd: 'puback', messageId: packet['messageId'] });
    taken.push(packet);
  }
  return taken;
}

describe('MQTT 3.1.1 at the dock', () => {
  it('basic: connects, subscribes with both qualities of service, hears, pings and leaves', async () => {
    const { client, connack } = await open();
    expect(connack).toMatchObject({ cmd: 'connack', returnCode: 0, sessionPresent: false });
    expect(await subscribe(client, [`${DOORS}/D1`, 0], [`${DOORS}/D2`, 1])).toEqual([0, 1]);
    dock.show('D1', sign(1));
    dock.show('D2', sign(2));
    const heard = await take(client, 2);
    expect(heard.map((packet) => [packet['topic'], packet['qos'], packet['retain'], itemsOf(packet)])).toEqual([
      [`${DOORS}/D1`, 0, false, 1],
      [`${DOORS}/D2`, 1, false, 2],
    ]);
    expect(await client.quiet()).toEqual([]);
    client.send({ cmd: 'disconnect' });
    await client.closed;
  });

  it('a second CONNECT ends the connection (3.1.0-2), as does a first packet that is none (3.1.0-1)', async () => {
    const { client } = await open();
    client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'display', clean: true, keepalive: 60 });
    await client.closed;
    const rude = await RawClient.tcp(dock.port);
    rude.send({ cmd: 'pingreq' });
    await rude.closed;
  });

  it('retained: a new subscription gets the last state of each door, marked as such (3.3.1.3)', async () => {
    dock.show('D1', sign(1));
    dock.show('D1', sign(2));
    dock.show('D2', sign(3));
    const { client } = await open();
    await subscribe(client, [`${DOORS}/+`, 1]);
    const heard = await take(client, 2);
    expect(heard.map((packet) => [packet['topic'], packet['retain'], itemsOf(packet)]).sort()).toEqual([
      [`${DOORS}/D1`, true, 2],
      [`${DOORS}/D2`, true, 3],
    ]);
  });

  it('zero length client id: with a clean session it gets a name, with a kept one it is refused with 2 (3.1.3-8)', async () => {
    expect((await open({ clientId: '' })).connack).toMatchObject({ returnCode: 0 });
    const kept = await RawClient.tcp(dock.port);
    clients.push(kept);
    // mqtt-packet would not write it: a CONNECT with no flag set, keep alive 60, an empty client id.
    kept.raw(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 60, 0, 0);
    expect(await kept.next()).toMatchObject({ cmd: 'connack', returnCode: 2, sessionPresent: false });
    await kept.closed;
  });

  it('offline message queueing: a kept session gets what changed while it was away (3.1.2.4)', async () => {
    const { client } = await open({ clean: false });
    await subscribe(client, [`${DOORS}/D1`, 1]);
    client.send({ cmd: 'disconnect' });
    await client.closed;
    for (let items = 1; items <= 3; items++) dock.show('D1', sign(items));
    const again = await open({ clean: false });
    expect(again.connack).toMatchObject({ returnCode: 0, sessionPresent: true });
    expect((await take(again.client, 3)).map(itemsOf)).toEqual([1, 2, 3]);
  });

  it('a clean session forgets the one before (3.1.2-6)', async () => {
    const { client } = await open({ clean: false });
    await subscribe(client, [`${DOORS}/D1`, 1]);
    await client.drop();
    expect((await open()).connack).toMatchObject({ sessionPresent: false });
    dock.show('D1', sign(1));
    const again = await open({ clean: false });
    expect(again.connack).toMatchObject({ sessionPresent: false });
    expect(await again.client.quiet()).toEqual([]);
  });

  it('redelivery on reconnect: what was not acknowledged comes again, marked as a duplicate (4.4)', async () => {
    const { client } = await open({ clean: false });
    await subscribe(client, [`${DOORS}/D1`, 1]);
    dock.show('D1', sign(1));
    const first = await client.next();
    expect(first).toMatchObject({ cmd: 'publish', qos: 1, dup: false });
    await client.drop();
    const again = await open({ clean: false });
    expect(again.connack).toMatchObject({ sessionPresent: true });
    const [second] = await take(again.client, 1);
    expect(second).toMatchObject({ qos: 1, dup: true, topic: first['topic'], messageId: first['messageId'] });
    expect(itemsOf(second ?? first)).toBe(1);
    await again.client.quiet();
    await again.client.drop();
    const third = await open({ clean: false });
    expect(await third.client.quiet()).toEqual([]);
  });

  it('overlapping subscriptions: one message, or one for each, never less, with a quality of service that was granted (3.3.5)', async () => {
    const { client } = await open();
    await subscribe(client, ['docket/local/#', 1], [`${DOORS}/+`, 0]);
    dock.show('D1', sign(1));
    const heard = (await client.quiet()).filter(({ cmd }) => cmd === 'publish');
    expect([1, 2]).toContain(heard.length);
    expect(heard.map(itemsOf).every((items) => items === 1)).toBe(true);
  });

  it('keepalive: a client that is silent for one and a half times as long as it said is cut off (3.1.2-24)', async () => {
    const { client } = await open({ keepalive: 1 });
    await client.closed;
  });

  it('keepalive: one that would never be missed is refused with a code of the standard', async () => {
    for (const keepalive of [0, 301]) expect((await open({ keepalive })).connack, `${keepalive}`).toMatchObject({ returnCode: 5 });
  });

  it('subscribe failure: a denied filter is answered with 0x80, the others stand (3.9.3)', async () => {
    const { client } = await open();
    expect(await subscribe(client, ['test/nosubscribe', 1], [`${DOORS}/D1`, 1], ['#', 0])).toEqual([0x80, 1, 0x80]);
    dock.show('D1', sign(1));
    expect((await take(client, 1)).map(itemsOf)).toEqual([1]);
  });

  it('a topic deeper than this broker has any ends the connection', async () => {
    const { client } = await open();
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `docket/local/${'+/'.repeat(50)}a`, qos: 0 }] });
    await client.closed;
  });

  it('$-topics: neither asked for by name nor caught by a wildcard (4.7.2)', async () => {
    const { client } = await open();
    expect(await subscribe(client, ['$SYS/#', 0], ['$SYS/broker/uptime', 0], ['+/+/heartbeat', 0])).toEqual([0x80, 0x80, 0x80]);
    expect(await subscribe(client, ['docket/local/#', 0])).toEqual([0]);
    dock.show('D1', sign(1));
    expect((await take(client, 1)).map((packet) => packet['topic'])).toEqual([`${DOORS}/D1`]);
  });

  it('unsubscribe: what was left is not heard any more, what stayed is (3.10.4)', async () => {
    const { client } = await open();
    await subscribe(client, [`${DOORS}/D1`, 1], [`${DOORS}/D2`, 1]);
    client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: [`${DOORS}/D1`] });
    expect(await client.next()).toMatchObject({ cmd: 'unsuback', messageId: 9 });
    dock.show('D1', sign(1));
    dock.show('D2', sign(2));
    expect((await take(client, 1)).map((packet) => packet['topic'])).toEqual([`${DOORS}/D2`]);
    expect(await client.quiet()).toEqual([]);
  });

  it('a will is what a client publishes, and as such it is heard by nobody', async () => {
    const { client } = await open();
    await subscribe(client, ['docket/local/#', 1]);
    const dying = await open({ clientId: 'dying', will: { topic: `${DOORS}/D1`, payload: Buffer.from('a lie'), qos: 1, retain: true } });
    await dying.client.drop();
    await open({ clientId: 'after' });
    dock.show('D2', sign(2));
    expect((await take(client, 1)).map((packet) => packet['topic'])).toEqual([`${DOORS}/D2`]);
  });

  it('the same client id again: the older connection ends (3.1.4-2)', async () => {
    const { client } = await open();
    expect((await open()).connack).toMatchObject({ returnCode: 0 });
    await client.closed;
  });

  it('another protocol version is refused with 1 (3.1.2-2)', async () => {
    const client = await RawClient.tcp(dock.port);
    clients.push(client);
    // CONNECT of MQTT 5 without properties, client id "v5".
    client.raw(0x10, 15, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 0, 2, 0x76, 0x35);
    expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 1 });
    await client.closed;
  });
});
