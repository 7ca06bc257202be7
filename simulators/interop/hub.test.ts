import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openHub, type TestHub, type TestNode } from './hub.fixture.ts';
import { RawClient, type Received, textOf } from './packets.fixture.ts';

/** Those cases of the published conformance suites that apply to a hub with four topics a node; sections of MQTT 5 unless 3.1.1 is named. */

let hub: TestHub;
const clients: RawClient[] = [];

beforeAll(async () => {
  hub = await openHub();
});
afterAll(() => hub.close());
afterEach(async () => {
  for (const client of clients.splice(0)) await client.drop();
});

const numberIn = (packet: Received): unknown => (JSON.parse(textOf(packet)) as { number?: string }).number;

describe.each([
  { version: 4 as const, name: '3.1.1' },
  { version: 5 as const, name: '5' },
])('the hub over WebSocket with MQTT $name', ({ version }) => {
  const nodeOf = (what: string): Promise<TestNode> => hub.node(`raw${version}-${what}`);
  const success = version === 5 ? { reasonCode: 0 } : { returnCode: 0 };
  /** A refusal: the reason of MQTT 5, or the return code of 3.1.1. */
  const refused = (reason: number, code: number): object => (version === 5 ? { reasonCode: reason } : { returnCode: code });

  async function open(node: TestNode, more: object = {}): Promise<{ client: RawClient; connack: Received }> {
    const client = await RawClient.webSocket(`ws://127.0.0.1:${hub.port}/mqtt/${node.id}`, version);
    clients.push(client);
    const names = { clientId: node.id, username: node.id, password: Buffer.from(await node.token()) };
    const kept = version === 5 && 'clean' in more ? { properties: { sessionExpiryInterval: 600 } } : {};
    client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clean: true, keepalive: 60, ...names, ...kept, ...more });
    return { client, connack: await client.next() };
  }

  async function subscribe(client: RawClient, ...filters: (readonly [string, number])[]): Promise<readonly number[]> {
    client.send({ cmd: 'subscribe', messageId: 7, subscriptions: filters.map(([topic, qos]) => ({ topic, qos })) });
    const suback = await client.next();
    expect(suback).toMatchObject({ cmd: 'suback', messageId: 7 });
    return suback['granted'] as number[];
  }

  it('basic: connects, hands a batch over, pings and leaves', async () => {
    const node = await nodeOf('basic');
    const { client, connack } = await open(node);
    expect(connack).toMatchObject({ cmd: 'connack', sessionPresent: false, ...success });
    client.send({ cmd: 'publish', topic: node.records, payload: Buffer.from(await node.batch('raw')), qos: 1, messageId: 3 });
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 3 });
    expect(await client.quiet()).toEqual([]);
    client.send({ cmd: 'disconnect' });
    await client.closed;
    expect((await hub.known(node)).head.seq).toBe(1);
  });

  it('zero length client id: the hub gives no names, it is refused (3.1.3.1)', async () => {
    const node = await nodeOf('nameless');
    const { client, connack } = await open(node, { clientId: '' });
    expect(connack).toMatchObject(refused(0x85, 2));
    await client.closed;
  });

  it("another node's client id is refused on this path", async () => {
    const [node, other] = [await nodeOf('here'), await nodeOf('there')];
    const names = { clientId: other.id, username: other.id, password: Buffer.from(await other.token()) };
    expect((await open(node, names)).connack).toMatchObject(refused(0x85, 2));
  });

  it('offline message queueing and redelivery: a command comes until it is acknowledged, then never again (4.4)', async () => {
    const node = await nodeOf('offline');
    const { client } = await open(node, { clean: false });
    expect(await subscribe(client, [node.commands, 1])).toEqual([1]);
    client.send({ cmd: 'disconnect' });
    await client.closed;
    await hub.announce(node, `RAW-${version}`);

    const second = await open(node, { clean: false });
    expect(second.connack).toMatchObject({ sessionPresent: true });
    const first = await second.client.next();
    expect(first).toMatchObject({ cmd: 'publish', topic: node.commands, qos: 1, dup: false });
    await second.client.drop();

    const third = await open(node, { clean: false });
    const again = await third.client.next();
    expect(again).toMatchObject({ cmd: 'publish', qos: 1, dup: true, messageId: first['messageId'] });
    expect(numberIn(again)).toBe(`RAW-${version}`);
    third.client.send({ cmd: 'puback', messageId: again['messageId'] });
    expect(await third.client.quiet()).toEqual([]);
    await third.client.drop();
    const fourth = await open(node, { clean: false });
    expect(await fourth.client.quiet()).toEqual([]);
  });

  it('overlapping subscriptions: the same one twice brings a command once', async () => {
    const node = await nodeOf('twice');
    const { client } = await open(node);
    expect(await subscribe(client, [node.commands, 1], [node.commands, 1])).toEqual([1, 1]);
    await hub.announce(node, `TWICE-${version}`);
    const command = await client.next();
    client.send({ cmd: 'puback', messageId: command['messageId'] });
    expect(numberIn(command)).toBe(`TWICE-${version}`);
    expect(await client.quiet()).toEqual([]);
  });

  it('subscribe failure and $-topics: each is refused for itself, the others stand (3.9.3)', async () => {
    const node = await nodeOf('denied');
    const { client } = await open(node);
    const granted = await subscribe(client, ['test/nosubscribe', 1], [node.commands, 1], ['$SYS/#', 0], ['#', 0], ['$share/g/a', 0]);
    expect(granted).toEqual(version === 5 ? [0x87, 1, 0xa2, 0xa2, 0x9e] : [0x80, 1, 0x80, 0x80, 0x80]);
    expect(await client.quiet()).toEqual([]);
  });

  it('unsubscribe: a command waits until it is asked for again (3.10.4)', async () => {
    const node = await nodeOf('leaves');
    const { client } = await open(node);
    await subscribe(client, [node.commands, 1]);
    client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: [node.commands] });
    expect(await client.next()).toMatchObject({ cmd: 'unsuback', messageId: 9 });
    await hub.announce(node, `LEFT-${version}`);
    expect(await client.quiet()).toEqual([]);
    await subscribe(client, [node.commands, 1]);
    expect(numberIn(await client.next())).toBe(`LEFT-${version}`);
  });

  it('will: who is cut off without a word shows as offline, who says goodbye leaves its last word (3.1.2.5)', async () => {
    const node = await nodeOf('will');
    const will = { topic: node.status, payload: Buffer.from('{"v":1,"online":false}'), qos: 1, retain: true };
    const status = { cmd: 'publish', topic: node.status, payload: '{"v":1,"online":true,"seq":5}', qos: 1, retain: true, messageId: 4 };
    const first = await open(node, { will });
    first.client.send(status);
    await first.client.next();
    first.client.send({ cmd: 'disconnect' });
    await first.client.closed;
    expect((await hub.known(node)).status).toMatchObject({ online: true, seq: 5 });
    const second = await open(node, { will });
    await second.client.drop();
    await expect.poll(async () => (await hub.known(node)).online, { timeout: 20_000 }).toBe(false);
  });

  it('takeover: the older connection of a node ends (3.1.4)', async () => {
    const node = await nodeOf('taken');
    const { client } = await open(node);
    expect((await open(node)).connack).toMatchObject(success);
    if (version === 5) expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    await client.closed;
  });

  it('keepalive: one that is shorter than the hub wants is told the longer one (3.2.2.3.14)', async () => {
    const node = await nodeOf('alive');
    const { connack } = await open(node, { keepalive: 5 });
    expect(connack).toMatchObject(version === 5 ? { properties: { serverKeepAlive: 60 } } : success);
  });

  it('maximum QoS: 2 is not served (3.2.2.3.4)', async () => {
    const node = await nodeOf('qos');
    const { client, connack } = await open(node);
    if (version === 5) expect(connack).toMatchObject({ properties: { maximumQoS: 1, receiveMaximum: 8 } });
    client.send({ cmd: 'publish', topic: node.status, payload: '{}', qos: 2, messageId: 5 });
    if (version === 5) expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x9b });
    await client.closed;
  });
});
