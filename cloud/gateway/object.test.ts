import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { ExpectCommand, NodeStatus } from '../../protocol/command.ts';
import { clientId, topic } from '../../protocol/topics.ts';
import type { Ledger } from '../ledger/object.ts';
import { connectOf, records, TestClient } from './client.fixture.ts';
import { SigningNode } from './node.fixture.ts';
import type { Gateway } from './object.ts';
import { bytesOf } from './session.fixture.ts';

const objects = env as unknown as { GATEWAY: DurableObjectNamespace<Gateway>; LEDGER: DurableObjectNamespace<Ledger> };

interface Place {
  readonly node: SigningNode;
  readonly gateway: DurableObjectStub<Gateway>;
  readonly ledger: DurableObjectStub<Ledger>;
  status(): Promise<NodeStatus | null>;
  head(): Promise<number>;
}

/** A tenant of its own with one registered node. */
async function place(): Promise<Place> {
  const tenant = `t${crypto.randomUUID().slice(0, 8)}`;
  const node = await SigningNode.make({ tenant, site: 'LYON', node: 'dock-1' });
  const ledger = objects.LEDGER.getByName(tenant);
  await ledger.append(
    [{ type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } }, node.registration()],
    Date.now(),
  );
  return {
    node,
    ledger,
    gateway: objects.GATEWAY.getByName(clientId(node.address)),
    status: async () => (await ledger.nodes()).find((row) => row.node === 'dock-1')?.status ?? null,
    head: async () => (await ledger.node('LYON', 'dock-1')).head.seq,
  };
}

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
const online = (more: object = {}): Uint8Array => Buffer.from(JSON.stringify({ v: 1, online: true, ...more }));
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

describe('logins', () => {
  it('refuses an unknown key, a wrong signature, a wrong node and a wrong clock, and tells the time', async () => {
    const { node, gateway } = await place();
    const stranger = await SigningNode.make(node.address);
    const login = async (password: string): Promise<unknown> => {
      const client = await TestClient.open(gateway, node.address);
      client.packet(await connectOf(node, { password }));
      const connack = await client.next();
      expect(connack).toMatchObject({ cmd: 'connack', reasonCode: 0x86 });
      expect(Math.abs(Number(connack.properties?.userProperties?.['time']) - Date.now())).toBeLessThan(60_000);
      expect((await client.closed).code).toBe(1008);
      return connack.properties?.userProperties?.['code'];
    };
    expect(await login(await stranger.token())).toBe('KEY');
    const [head, body] = (await node.token()).split('.');
    expect(await login(`${head}.${body}.${'A'.repeat(86)}`)).toBe('TOKEN_SIGNATURE');
    expect(await login(await node.token(Date.now(), 'other/LYON/dock-1'))).toBe('TOKEN_INVALID');
    expect(await login(await node.token(Date.now() - 86_400_000))).toBe('TOKEN_TIME');
    expect(await login('not a token')).toBe('TOKEN_INVALID');
  });

  it('makes no tables for a stranger', async () => {
    const { node, gateway } = await place();
    const client = await TestClient.open(gateway, node.address);
    client.packet(await connectOf(node, { password: 'x.y.z' }));
    await client.next();
    await client.closed;
    const tables = await runInDurableObject(gateway, (_object, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('session', '_migrations')").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it('lets the newest connection take the session over, after what the older one sent is settled', async () => {
    const { node, gateway } = await place();
    const older = await TestClient.open(gateway, node.address);
    await older.connect(node);
    node.record(1);
    older.packet(records(node, await node.batch(1, 1), 1));
    const newer = await TestClient.open(gateway, node.address);
    const connack = await newer.connect(node);
    expect(connack).toMatchObject({ reasonCode: 0, properties: { userProperties: { seq: '1' } } });
    const seen: unknown[] = [];
    for (;;) {
      const packet = await older.next();
      seen.push(packet.cmd === 'disconnect' ? packet.reasonCode : packet.cmd);
      if (packet.cmd === 'disconnect') break;
    }
    expect(seen.at(-1)).toBe(0x8e);
    expect((await older.closed).code).toBe(1000);
    newer.packet({ cmd: 'pingreq' });
    expect(await newer.next()).toMatchObject({ cmd: 'pingresp' });
  });

  it('ends text frames, oversized messages and everything after a refusal', async () => {
    const { node, gateway } = await place();
    const text = await TestClient.open(gateway, node.address);
    text.text('CONNECT');
    expect((await text.closed).code).toBe(1002);
    const large = await TestClient.open(gateway, node.address);
    large.send(new Uint8Array(3_000_000));
    expect((await large.closed).code).toBe(1009);
  });

  it('lets the newest stranger in when too many wait', async () => {
    const { node, gateway } = await place();
    const waiting: TestClient[] = [];
    for (let i = 0; i < 9; i++) waiting.push(await TestClient.open(gateway, node.address));
    expect((await waiting[0]?.closed)?.code).toBe(1002);
    expect(await waiting[8]?.connect(node)).toMatchObject({ reasonCode: 0 });
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
    client.packet(records(node, Buffer.from('{'), 1, { topic: topic(node.address, 'status') }));
    expect(await client.next()).toMatchObject({ cmd: 'puback', reasonCode: 0x99 });
    client.packet({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
  });
});

describe('time', () => {
  /** Moves every clock that the gateway keeps into the past. */
  const age = (gateway: DurableObjectStub<Gateway>, ms: number): Promise<void> =>
    runInDurableObject(gateway, (_object, state) => {
      for (const socket of state.getWebSockets()) {
        const attachment = socket.deserializeAttachment() as { opened: number; seen: number };
        socket.serializeAttachment({ ...attachment, opened: attachment.opened - ms, seen: attachment.seen - ms });
      }
    });

  it('ends a connection without a CONNECT after 10 s', async () => {
    const { node, gateway } = await place();
    const client = await TestClient.open(gateway, node.address);
    await age(gateway, 11_000);
    await evictDurableObject(gateway);
    expect(await runDurableObjectAlarm(gateway)).toBe(true);
    expect((await client.closed).code).toBe(1008);
  });

  it('ends a silent connection after 1.5 times its keep alive and publishes its will', async () => {
    const { node, gateway, status } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    client.packet(records(node, online(), 1, { topic: topic(node.address, 'status') }));
    await client.next();
    await runDurableObjectAlarm(gateway);
    await age(gateway, 80_000);
    await evictDurableObject(gateway);
    await runDurableObjectAlarm(gateway);
    expect(await status()).toMatchObject({ online: true });
    await age(gateway, 16_000);
    await evictDurableObject(gateway);
    await runDurableObjectAlarm(gateway);
    expect(await client.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8d });
    await expect.poll(status).toMatchObject({ online: false });
  });

  it('holds a will back for its delay, and drops it when the node is back before', async () => {
    const { node, gateway, status } = await place();
    const will = { topic: topic(node.address, 'status'), payload: '{"v":1,"online":false}', properties: { willDelayInterval: 60 } };
    const properties = { sessionExpiryInterval: 3600 };
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node, { will, properties });
    client.packet(records(node, online(), 1, { topic: topic(node.address, 'status') }));
    await client.next();
    client.close();
    await client.closed;
    await runDurableObjectAlarm(gateway);
    expect(await status()).toMatchObject({ online: true });
    const again = await TestClient.open(gateway, node.address);
    await again.connect(node, { will, properties });
    await runDurableObjectAlarm(gateway);
    expect(await status()).toMatchObject({ online: true });
    again.close();
    await again.closed;
    await runInDurableObject(gateway, (_object, { storage }) => storage.sql.exec('UPDATE session SET will_due = 1').toArray());
    await runDurableObjectAlarm(gateway);
    await expect.poll(status).toMatchObject({ online: false });
  });

  it('publishes the will of a node whose connection a restart took away', async () => {
    const { node, gateway, status } = await place();
    const client = await TestClient.open(gateway, node.address);
    await client.connect(node);
    client.packet(records(node, online(), 1, { topic: topic(node.address, 'status') }));
    await client.next();
    await evictDurableObject(gateway, { webSockets: 'close' });
    await runDurableObjectAlarm(gateway);
    await expect.poll(status).toMatchObject({ online: false });
  });
});
