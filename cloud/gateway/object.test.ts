import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { MAX_PLAIN_BYTES, openBatch } from '../../protocol/batch.ts';
import type { ExpectCommand } from '../../protocol/command.ts';
import { DICTIONARY } from '../../protocol/dictionary.ts';
import { topic } from '../../protocol/topics.ts';
import { records, TestClient } from './client.fixture.ts';
import { inflateBatch } from './inflate.ts';
import { SigningNode } from './node.fixture.ts';
import { online, place } from './place.fixture.ts';
import { bytesOf } from './session.fixture.ts';

const deflate = (plain: Uint8Array): Uint8Array => deflateSync(plain, { level: 9, dictionary: DICTIONARY });
const command = (id: string): ExpectCommand => ({
  v: 1,
  id,
  type: 'expect',
  kind: 'order',
  number: `PO-${id}`,
  direction: 'in',
  partner: 'X',
  ssccs: [],
  lines: [],
});
const subscribe = (node: SigningNode, channel: 'commands' | 'replies' = 'commands'): object => ({
  cmd: 'subscribe',
  messageId: 100,
  subscriptions: [{ topic: topic(node.address, channel), qos: 1 }],
});

/** Every test of a conversation also holds when the object is put to sleep between any two messages. */
describe.each([
  ['awake', async () => undefined],
  ['evicted between any two messages', (gateway: DurableObjectStub) => evictDurableObject(gateway)],
] as const)('a gateway that is %s', (how, between) => {
  it('takes a node that its key vouches for and tells it where it stands', async () => {
    const { node, gateway } = await place();
    const client = await TestClient.open(gateway, node.address);
    await between(gateway);
    const connack = await client.connect(node);
    expect(connack).toMatchObject({ cmd: 'connack', reasonCode: 0, properties: { userProperties: { epoch: '1', seq: '0' } } });
    await between(gateway);
    client.packet({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
  });

  it('acknowledges a batch after the ledger has it, once and again', async () => {
    const { node, gateway, head } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    node.record(4);
    const first = await node.batch(1, 2);
    for (const [id, payload] of [
      [1, first],
      [2, await node.batch(3, 4)],
      [3, first],
    ] as const) {
      await between(gateway);
      client.packet(records(node, payload, id));
      expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: id, reasonCode: 0 });
    }
    expect(await head()).toBe(4);
  });

  it('knows a topic alias from before', async () => {
    const { node, gateway, head } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    node.record(2);
    client.packet(records(node, await node.batch(1, 1), 1, { properties: { topicAlias: 1 } }));
    await client.next();
    await between(gateway);
    client.packet(records(node, await node.batch(2, 2), 2, { topic: '', properties: { topicAlias: 1 } }));
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 2, reasonCode: 0 });
    expect(await head()).toBe(2);
  });

  it('refuses a gap with the head it expects, and posts what then follows', async () => {
    const { node, gateway } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    node.record(3);
    await between(gateway);
    client.packet(records(node, await node.batch(2, 3), 1));
    expect(await client.next()).toMatchObject({
      cmd: 'puback',
      reasonCode: 0x83,
      properties: { userProperties: { code: 'GAP', epoch: '1', seq: '0' } },
    });
    await between(gateway);
    client.packet(records(node, await node.batch(1, 3), 2));
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 2, reasonCode: 0 });
  });

  it('keeps a command until it is acknowledged, over connections', async () => {
    const { node, gateway } = await place();
    await gateway.send(command('c1'));
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    await between(gateway);
    client.packet(subscribe(node));
    expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [1] });
    expect(await client.next()).toMatchObject({ cmd: 'publish', qos: 1, dup: false });
    await between(gateway);
    // Never acknowledged: it comes again on the next connection.
    client.close();
    const again = await TestClient.open(gateway, node.address);
    await again.connect(node);
    again.packet(subscribe(node));
    await again.next();
    const publish = await again.next();
    expect(JSON.parse(String(publish['payload']))).toEqual(command('c1'));
    await between(gateway);
    again.packet({ cmd: 'puback', messageId: publish.messageId, reasonCode: 0 });
    await gateway.send(command('c1'));
    await between(gateway);
    // The same id after its acknowledgement is a new command to the gateway; the node knows it.
    expect(await again.next()).toMatchObject({ cmd: 'publish' });
    await gateway.send(command('c2'));
    const next = await again.next();
    expect(JSON.parse(String(next['payload']))).toEqual(command('c2'));
  });

  it('resends with the same identifier in a session that goes on', async () => {
    const { node, gateway } = await place();
    const more = { clean: false, properties: { sessionExpiryInterval: 3600 } };
    const client = await TestClient.open(gateway, node.address);
    expect(await client.connect(node, more)).toMatchObject({ sessionPresent: false });
    client.packet(subscribe(node));
    await client.next();
    await between(gateway);
    await gateway.send(command('c1'));
    const first = await client.next();
    await between(gateway);
    client.close();
    await client.closed;
    const again = await TestClient.open(gateway, node.address);
    expect(await again.connect(node, more)).toMatchObject({ sessionPresent: true });
    expect(await again.next()).toMatchObject({ cmd: 'publish', dup: true, messageId: first.messageId });
  });

  it('shows the status, and the will when the line breaks', async () => {
    const { node, gateway, status } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    await between(gateway);
    client.packet(records(node, online({ queued: 7 }), 1, { topic: topic(node.address, 'status'), retain: true }));
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 1 });
    expect(await status()).toMatchObject({ online: true, queued: 7 });
    await between(gateway);
    client.close();
    await expect.poll(status).toMatchObject({ online: false });
  });

  it('drops the will of a node that says goodbye', async () => {
    const { node, gateway, status } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    client.packet(records(node, online(), 1, { topic: topic(node.address, 'status') }));
    await client.next();
    await between(gateway);
    client.packet({ cmd: 'disconnect', reasonCode: 0 });
    expect((await client.closed).code).toBe(1000);
    await between(gateway);
    expect(await status()).toMatchObject({ online: true });
  });

  it('takes a batch in pieces, or says that it lost the first of them', async () => {
    const { node, gateway, head } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    node.record(1);
    const bytes = bytesOf(records(node, await node.batch(1, 1), 1));
    client.send(bytes.subarray(0, 50));
    await runInDurableObject(gateway, () => undefined);
    await between(gateway);
    client.send(bytes.subarray(50));
    const answer = await client.next();
    if (how === 'awake') expect(answer).toMatchObject({ cmd: 'puback', messageId: 1, reasonCode: 0 });
    else expect([answer.cmd, (await client.closed).code]).toEqual(['disconnect', 1002]);
    // Whatever happened, nothing was half taken: the node sends again from where the hub stands.
    const again = await TestClient.open(gateway, node.address);
    const connack = await again.connect(node);
    const seq = Number(connack.properties?.userProperties?.['seq']);
    if (seq === 0) again.packet(records(node, await node.batch(1, 1), 1));
    if (seq === 0) expect(await again.next()).toMatchObject({ cmd: 'puback', reasonCode: 0 });
    expect(await head()).toBe(1);
  });

  it('serves MQTT 3.1.1, which hears of time and head by a message', async () => {
    const { node, gateway, head } = await place();
    const client = await TestClient.open(gateway, node.address, 4);
    expect(await client.connect(node)).toMatchObject({ cmd: 'connack', returnCode: 0 });
    await between(gateway);
    client.packet(subscribe(node, 'replies'));
    expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [0] });
    expect(JSON.parse(String((await client.next())['payload']))).toMatchObject({ v: 1, type: 'hello', head: { epoch: 1, seq: 0 } });
    node.record(1);
    await between(gateway);
    client.packet(records(node, await node.batch(1, 1), 9));
    expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 9 });
    expect(await head()).toBe(1);
  });
});

describe('batches', () => {
  it('acknowledges a pipelined window in order and posts all of it', async () => {
    const { node, gateway, head } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    node.record(8);
    for (let i = 1; i <= 8; i++) client.packet(records(node, await node.batch(i, i), i));
    const ids: unknown[] = [];
    for (let i = 1; i <= 8; i++) ids.push((await client.next()).messageId);
    expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await head()).toBe(8);
  });

  it('refuses for good and keeps what is signed wrongly, of another node, garbled or forked', async () => {
    const { node, gateway, ledger } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    node.record(2);
    const cases: [string, number, Uint8Array][] = [
      ['SIGNATURE', 0x87, await node.batch(1, 1, { sign: async () => new Uint8Array(64) })],
      ['ADDRESS', 0x87, await node.batch(1, 1, { address: { ...node.address, node: 'dock-2' } })],
      ['BATCH_INVALID', 0x99, new Uint8Array(100).fill(1)],
      ['BATCH_INVALID', 0x99, Uint8Array.from([...(await node.batch(1, 1)), 0])],
      ['VERSION', 0x99, new Uint8Array(100).fill(9)],
    ];
    for (const [code, reasonCode, payload] of cases) {
      client.packet(records(node, payload, 5));
      expect(await client.next()).toMatchObject({ reasonCode, properties: { userProperties: { code, epoch: '1', seq: '0' } } });
    }
    const kept = await runInDurableObject(ledger, (_object, { storage }) =>
      storage.sql.exec('SELECT code FROM quarantine ORDER BY rowid').toArray(),
    );
    expect(kept.map(({ code }) => code)).toEqual(cases.map(([code]) => code));
  });

  it('answers a status that cannot be read with a reason and goes on', async () => {
    const { node, gateway } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    for (const text of ['{', '{"v":1,"online":true,"readers":"none"}']) {
      client.packet(records(node, Buffer.from(text), 1, { topic: topic(node.address, 'status') }));
      expect(await client.next()).toMatchObject({ cmd: 'puback', reasonCode: 0x99 });
    }
    client.packet({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
  });
});

describe('the platform inflate', () => {
  it('reads what the protocol reads', async () => {
    const node = await SigningNode.make({ tenant: 'demo', site: 'LYON', node: 'dock-1' });
    node.record(20, 30);
    const bytes = await node.batch(1, 20);
    const batch = openBatch(bytes, inflateBatch);
    expect(batch).toEqual(openBatch(bytes));
    // Each body is its own array: a view would carry the whole batch with it.
    expect(batch.records.every(({ body }) => body.buffer.byteLength === body.length)).toBe(true);
  });

  it('refuses a bomb and a stream that is cut off', () => {
    expect(inflateBatch(deflate(new Uint8Array(MAX_PLAIN_BYTES))).length).toBe(MAX_PLAIN_BYTES);
    expect(() => inflateBatch(deflate(new Uint8Array(3 * MAX_PLAIN_BYTES)))).toThrow();
    const whole = deflate(crypto.getRandomValues(new Uint8Array(1000)));
    expect(() => inflateBatch(whole.subarray(0, 900))).toThrow();
    expect(() => inflateBatch(new Uint8Array([0xff, 0xff, 0xff]))).toThrow();
  });
});
