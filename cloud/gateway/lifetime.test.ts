import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { clientId, topic } from '../../protocol/topics.ts';
import { connectOf, records, TestClient } from './client.fixture.ts';
import { SigningNode } from './node.fixture.ts';
import type { Gateway } from './object.ts';
import { objects, online, place } from './place.fixture.ts';
import { upgrade } from './upgrade.ts';

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
    const flood = await TestClient.open(gateway, node.address);
    flood.packet(await connectOf(node));
    for (let i = 0; i < 20; i++) flood.send(new Uint8Array(200_000));
    expect([1002, 1009]).toContain((await flood.closed).code);
  });

  it('keeps the socket of a node from being pushed out by those of a stranger elsewhere', async () => {
    const { node, gateway } = await place();
    const own = await TestClient.open(gateway, node.address, 5, '203.0.113.1');
    const strangers: TestClient[] = [];
    for (let i = 0; i < 20; i++) strangers.push(await TestClient.open(gateway, node.address, 5, `2001:db8:0:5::${i}`));
    expect((await strangers[0]?.closed)?.code).toBe(1013);
    expect(await own.connect(node)).toMatchObject({ reasonCode: 0 });
  });

  it('lets the newest stranger in when too many wait', async () => {
    const { node, gateway } = await place();
    const waiting: TestClient[] = [];
    for (let i = 0; i < 9; i++) waiting.push(await TestClient.open(gateway, node.address));
    expect((await waiting[0]?.closed)?.code).toBe(1013);
    expect(await waiting[8]?.connect(node)).toMatchObject({ reasonCode: 0 });
  });
});

describe('upgrades', () => {
  const ask = async (path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> => {
    const request = new Request(`https://hub.test${path}`, { method, headers });
    return upgrade(request, objects, async (tenant) => tenant !== 'nobody');
  };
  const good = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'mqtt' };

  it('answers a WebSocket that offers mqtt with the subprotocol it asked for', async () => {
    const { node } = await place();
    const response = await ask(`/mqtt/${clientId(node.address)}`, { ...good, 'Sec-WebSocket-Protocol': 'mqttv3.1, mqtt' });
    expect([response.status, response.headers.get('Sec-WebSocket-Protocol')]).toEqual([101, 'mqtt']);
    response.webSocket?.accept();
    response.webSocket?.close(1000);
  });

  it('refuses the rest before any object is made', async () => {
    const path = '/mqtt/demo/LYON/dock-1';
    const cases: [string, Record<string, string>, string, number, string][] = [
      [path, { Upgrade: 'websocket' }, 'GET', 400, 'SUBPROTOCOL'],
      [path, { ...good, 'Sec-WebSocket-Protocol': 'chat' }, 'GET', 400, 'SUBPROTOCOL'],
      [path, {}, 'GET', 426, 'UPGRADE'],
      [path, good, 'POST', 405, 'METHOD'],
      ['/mqtt/demo/LYON', good, 'GET', 404, 'NO_NODE'],
      ['/mqtt/demo/LYON/dock-1/x', good, 'GET', 404, 'NO_NODE'],
      ['/mqtt/demo/LYON/%2B', good, 'GET', 404, 'NO_NODE'],
      ['/mqtt/nobody/LYON/dock-1', good, 'GET', 404, 'NO_NODE'],
    ];
    for (const [where, headers, method, status, code] of cases) {
      const response = await ask(where, headers, method);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
    }
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
