import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openHub, type TestHub, type TestNode } from './hub.fixture.ts';
import { Paho } from './paho.fixture.ts';

let hub: TestHub;
const clients: Paho[] = [];

beforeAll(async () => {
  hub = await openHub();
});
afterAll(() => hub.close());
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

function paho(): Paho {
  const made = new Paho();
  clients.push(made);
  return made;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The despatch advice that a message of the hub announces. */
const numberIn = (text = '{}'): string => (JSON.parse(text) as { number?: string }).number ?? '';

describe.each([
  { version: 4 as const, name: '3.1.1', wrong: 4, denied: 0x80 },
  { version: 5 as const, name: '5', wrong: 0x86, denied: 0x87 },
])("paho's Python client with MQTT $name", ({ version, wrong, denied }) => {
  const nodeOf = (what: string): Promise<TestNode> => hub.node(`paho${version}-${what}`);

  it('hands over a batch, and the ledger has it', async () => {
    const node = await nodeOf('batch');
    const client = paho();
    expect(await client.connect(hub.port, node, version)).toMatchObject({ code: 0, present: 0 });
    client.tell({ do: 'publish', topic: node.records, base64: base64(await node.batch(`p-${version}`)), qos: 1 });
    await client.next('publish');
    expect((await hub.known(node)).head.seq).toBe(1);
    const entry = await hub.client.entry((await hub.client.size()) - 1);
    expect(JSON.parse(entry.body ?? '{}')).toMatchObject({ type: 'passage', passage: `p-${version}` });
  });

  it('tells its status, which stands at the hub', async () => {
    const node = await nodeOf('status');
    const client = paho();
    await client.connect(hub.port, node, version);
    client.tell({ do: 'publish', topic: node.status, text: '{"v":1,"online":true,"seq":7}', qos: 1, retain: true });
    await client.next('publish');
    await expect.poll(async () => (await hub.known(node)).status?.seq).toBe(7);
  });

  it('gets a command once: what it acknowledged does not come again', async () => {
    const node = await nodeOf('command');
    const client = paho();
    await client.connect(hub.port, node, version, { clean: false });
    client.tell({ do: 'subscribe', topic: node.commands, qos: 1 });
    expect(await client.next('subscribe')).toMatchObject({ granted: [1] });
    await hub.announce(node, `BL-${version}`);
    const message = await client.next('message');
    expect([message.topic, message.qos, numberIn(message.text)]).toEqual([node.commands, 1, `BL-${version}`]);
    client.tell({ do: 'unsubscribe', topic: node.commands });
    await client.next('unsubscribe');
    client.tell({ do: 'disconnect' });
    await client.next('disconnect');

    const again = paho();
    expect(await again.connect(hub.port, node, version, { clean: false })).toMatchObject({ code: 0, present: 1 });
    again.tell({ do: 'subscribe', topic: node.commands, qos: 1 });
    await hub.announce(node, `BL-${version}-2`);
    expect(numberIn((await again.next('message')).text)).toBe(`BL-${version}-2`);
    expect(again.left.filter(({ event }) => event === 'message')).toEqual([]);
  });

  it('is refused with a wrong token', async () => {
    const [node, other] = [await nodeOf('wrong'), await nodeOf('other')];
    const client = paho();
    expect(await client.connect(hub.port, node, version, { password: await other.token() })).toMatchObject({ code: wrong });
  });

  it('may neither hear nor speak for another node', async () => {
    const [node, victim] = [await nodeOf('thief'), await nodeOf('victim')];
    const client = paho();
    await client.connect(hub.port, node, version);
    client.tell({ do: 'subscribe', topic: victim.commands, qos: 1 });
    expect(await client.next('subscribe')).toMatchObject({ granted: [denied] });
    client.tell({ do: 'publish', topic: victim.records, base64: base64(await victim.batch('stolen')), qos: 1 });
    // MQTT 5 answers with a reason that this client does not show; 3.1.1 has no such answer and the connection ends (section 3.3.5).
    await client.next(version === 5 ? 'publish' : 'disconnect');
    expect((await hub.known(victim)).head.seq).toBe(0);
  });
});
