import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openHub, type TestHub, type TestNode } from './hub.fixture.ts';

let hub: TestHub;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  hub = await openHub();
});
afterAll(() => hub.close());
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Connected {
  readonly client: MqttClient;
  readonly connack: IConnackPacket;
}

/** MQTT.js as it comes, with its own WebSocket stream. */
async function connect(node: TestNode, protocolVersion: 4 | 5, more: IClientOptions = {}): Promise<Connected> {
  const session = protocolVersion === 5 && more.clean === false ? { properties: { sessionExpiryInterval: 600 } } : {};
  const client = mqtt.connect(`ws://127.0.0.1:${hub.port}/mqtt/${node.id}`, {
    ...{ protocolVersion, clientId: node.id, username: node.id, password: await node.token(), reconnectPeriod: 0 },
    ...session,
    ...more,
  });
  ends.push(() => client.endAsync(true));
  const connack = new Promise<IConnackPacket>((resolve) =>
    client.on('packetreceive', (packet: Packet) => packet.cmd === 'connack' && resolve(packet)),
  );
  client.on('error', () => undefined);
  return { client, connack: await connack };
}

const heard = (client: MqttClient): Promise<{ topic: string; text: string; dup: boolean }> =>
  new Promise((resolve) =>
    client.once('message', (topic, payload, packet) => resolve({ topic, text: payload.toString(), dup: packet.dup })),
  );

const numberIn = (text: string): unknown => (JSON.parse(text) as { number?: string }).number;

describe.each([
  { version: 4 as const, name: '3.1.1' },
  { version: 5 as const, name: '5' },
])('MQTT.js with MQTT $name', ({ version }) => {
  const nodeOf = (what: string): Promise<TestNode> => hub.node(`js${version}-${what}`);

  it('hands over a batch once, also when it sends it twice', async () => {
    const node = await nodeOf('batch');
    const { client, connack } = await connect(node, version);
    expect(connack).toMatchObject(version === 5 ? { reasonCode: 0 } : { returnCode: 0 });
    const batch = Buffer.from(await node.batch(`js-${version}`));
    await client.publishAsync(node.records, batch, { qos: 1 });
    await client.publishAsync(node.records, batch, { qos: 1 });
    expect((await hub.known(node)).head.seq).toBe(1);
  });

  it('tells its status, and its will when it is cut off', async () => {
    const node = await nodeOf('status');
    const will = { topic: node.status, payload: Buffer.from('{"v":1,"online":false}'), qos: 1 as const, retain: true };
    const { client } = await connect(node, version, { will });
    await client.publishAsync(node.status, '{"v":1,"online":true,"seq":3}', { qos: 1, retain: true });
    await expect.poll(async () => (await hub.known(node)).online).toBe(true);
    client.stream.destroy();
    await expect.poll(async () => (await hub.known(node)).online, { timeout: 10_000 }).toBe(false);
  });

  it('gets a command that came while it was away, and no second time', async () => {
    const node = await nodeOf('command');
    const { client } = await connect(node, version, { clean: false });
    expect(await client.subscribeAsync(node.commands, { qos: 1 })).toMatchObject([{ qos: 1 }]);
    await client.endAsync();
    await hub.announce(node, `JS-${version}`);
    const again = await connect(node, version, { clean: false });
    expect(again.connack.sessionPresent).toBe(true);
    // Kept with the session: nothing is subscribed again.
    const message = await heard(again.client);
    expect([message.topic, numberIn(message.text)]).toEqual([node.commands, `JS-${version}`]);
    const next = heard(again.client);
    await hub.announce(node, `JS-${version}-2`);
    expect(numberIn((await next).text)).toBe(`JS-${version}-2`);
  });

  it('is refused with a wrong token and told why', async () => {
    const node = await nodeOf('wrong');
    const { connack } = await connect(node, version, { password: 'not-a-token' });
    expect(connack).toMatchObject(
      version === 5
        ? { reasonCode: 0x86, properties: { userProperties: { code: 'TOKEN_INVALID' }, reasonString: expect.any(String) } }
        : { returnCode: 4 },
    );
  });

  it('may not speak for another node', async () => {
    const [node, victim] = [await nodeOf('thief'), await nodeOf('victim')];
    const { client } = await connect(node, version);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const published = client.publishAsync(victim.records, Buffer.from(await victim.batch('stolen')), { qos: 1 });
    if (version === 5) await expect(published).rejects.toMatchObject({ code: 0x87 });
    else {
      // 3.1.1 has no answer for it: the connection ends (section 3.3.5).
      published.catch(() => undefined);
      await closed;
    }
    expect((await hub.known(victim)).head.seq).toBe(0);
  });

  it('may not hear another node, nor all of them', async () => {
    const [node, victim] = [await nodeOf('ear'), await nodeOf('quiet')];
    const { client } = await connect(node, version);
    for (const filter of [victim.commands, '#', 'docket/1/+/+/+/commands', '$SYS/#'])
      await expect(client.subscribeAsync(filter, { qos: 1 }), filter).rejects.toThrow();
    expect(client.connected).toBe(true);
  });
});
