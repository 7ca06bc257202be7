import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { concat } from '../../protocol/bytes.ts';
import { clientId, topic } from '../../protocol/topics.ts';
import { connectOf, records, TestClient } from './client.fixture.ts';
import { badConnects, malformations } from './hostile.fixture.ts';
import { Intake, type NodeLedger } from './intake.ts';
import { MAX_PACKET_BYTES, PACKETS_PER_SECOND, RATE_BURST_SECONDS, STRANGERS } from './limits.ts';
import { SigningNode } from './node.fixture.ts';
import { neighbour, type Place, place } from './place.fixture.ts';
import { bytesOf } from './session.fixture.ts';
import { verifier } from './signature.ts';

async function connected(at: Place): Promise<TestClient> {
  const client = await TestClient.open(at.gateway, at.node.address);
  expect(await client.connect(at.node)).toMatchObject({ cmd: 'connack', reasonCode: 0 });
  return client;
}

/** A connection that must not notice anything: it posts a record and hears that it is stored. */
async function goesOn(at: Place, client: TestClient): Promise<void> {
  const seq = at.node.record(1);
  client.packet(records(at.node, await at.node.batch(seq, seq), seq));
  expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: seq, reasonCode: 0 });
}

/** Everything the hub still says, to the end of the connection. */
async function rest(client: TestClient): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (;;) {
    try {
      const packet = await client.next();
      all.push(packet['reasonCode'] ?? packet.cmd);
    } catch {
      return all;
    }
  }
}

describe('over real WebSockets', () => {
  it('every malformed packet is answered with its reason, and the next connection and the neighbour go on', {
    timeout: 60_000,
  }, async () => {
    const at = await place();
    const beside = await neighbour(at);
    const other = await connected(beside);
    for (const { what, bytes, reason } of malformations(at.node.address)) {
      const client = await connected(at);
      client.send(bytes);
      expect((await rest(client)).at(-1), what).toBe(reason);
      expect([1002, 1008, 1009], what).toContain((await client.closed).code);
    }
    for (const { what, bytes, reason } of badConnects(clientId(at.node.address), topic(at.node.address, 'status'))) {
      const client = await TestClient.open(at.gateway, at.node.address);
      client.send(bytes);
      const said = await rest(client);
      if (reason === 0) expect([undefined, 1], what).toContain(said[0]);
      else expect(said, what).toEqual([reason]);
    }
    await goesOn(beside, other);
    await goesOn(at, await connected(at));
  });

  it('text frames, frames of megabytes and floods of frames end one connection only', async () => {
    const at = await place();
    const beside = await neighbour(at);
    const other = await connected(beside);
    const text = await connected(at);
    text.text('{"cmd":"publish"}');
    expect(await rest(text)).toEqual([0x82]);
    const giant = await connected(at);
    giant.send(new Uint8Array(10 * MAX_PACKET_BYTES));
    expect(await rest(giant)).toEqual([0x95]);
    const bits = await TestClient.open(at.gateway, at.node.address);
    bits.packet(await connectOf(at.node));
    for (let i = 0; i < 3_000; i++) bits.send(Uint8Array.of(0));
    expect([1002, 1009]).toContain((await bits.closed).code);
    await goesOn(beside, other);
    await goesOn(at, await connected(at));
  });

  it('any change to a conversation leaves the hub whole', { timeout: 60_000 }, async () => {
    const said = vi.spyOn(console, 'log');
    const at = await place();
    const beside = await neighbour(at);
    const other = await connected(beside);
    at.node.record(1);
    const conversation = concat(
      bytesOf(await connectOf(at.node)),
      bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topic(at.node.address, 'commands'), qos: 1 }] }),
      bytesOf(records(at.node, await at.node.batch(1, 1), 2, { properties: { topicAlias: 1 } })),
      bytesOf(records(at.node, new Uint8Array(40), 3, { topic: '', properties: { topicAlias: 1 } })),
      bytesOf({ cmd: 'disconnect', reasonCode: 4 }),
    );
    const change = fc.record({ at: fc.nat(conversation.length - 1), to: fc.nat(255) });
    const tried = fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 5 }),
      fc.nat(conversation.length),
      fc.boolean(),
      async (changes, cut, more) => {
        const bytes = conversation.slice();
        for (const { at: where, to } of changes) bytes[where] = to;
        const client = await TestClient.open(at.gateway, at.node.address);
        client.send(bytes.subarray(0, cut));
        if (more) client.send(bytes.subarray(cut));
        client.close();
        await client.closed;
        other.packet({ cmd: 'pingreq' });
        expect(await other.next()).toMatchObject({ cmd: 'pingresp' });
      },
    );
    await fc.assert(tried, { numRuns: 80 });
    await goesOn(beside, other);
    expect(await at.head()).toBeLessThanOrEqual(1);
    expect(said.mock.calls.filter(([line]) => String(line).includes('gateway.failed'))).toEqual([]);
    said.mockRestore();
  });
});

describe('a node that sends faster than it may', () => {
  it('is cut off with 0x96 and loses nothing: what was not acknowledged comes again', { timeout: 30_000 }, async () => {
    const at = await place();
    at.node.record(2);
    const client = await connected(at);
    const ping = bytesOf({ cmd: 'pingreq' });
    client.packet(records(at.node, await at.node.batch(1, 1), 1));
    client.send(concat(...Array.from({ length: PACKETS_PER_SECOND * RATE_BURST_SECONDS * 2 }, () => ping)));
    client.packet(records(at.node, await at.node.batch(2, 2), 2));
    const said = await rest(client);
    expect(said.at(-1)).toBe(0x96);
    expect((await client.closed).code).toBe(1013);
    const again = await TestClient.open(at.gateway, at.node.address);
    const seq = Number((await again.connect(at.node)).properties?.userProperties?.['seq']);
    // The first was acknowledged or at least stored; the second was neither.
    expect(seq).toBe(1);
    again.packet(records(at.node, await at.node.batch(2, 2), 1));
    // It may be told to wait once more; the record is safe with the node.
    const answer = await again.next();
    if (answer.cmd === 'puback') expect(await at.head()).toBe(2);
    else expect(answer).toMatchObject({ cmd: 'disconnect', reasonCode: 0x96 });
  });

  it('shows its newest status in the end, and wakes the ledger no more often than it may', { timeout: 60_000 }, async () => {
    const at = await place();
    const client = await connected(at);
    const statuses = RATE_BURST_SECONDS * 8;
    for (let queued = 1; queued <= statuses; queued++) {
      const payload = Buffer.from(JSON.stringify({ v: 1, online: true, queued }));
      client.packet(records(at.node, payload, 0, { topic: topic(at.node.address, 'status'), qos: 0, messageId: undefined }));
    }
    client.packet({ cmd: 'pingreq' });
    expect(await client.next()).toMatchObject({ cmd: 'pingresp' });
    await expect.poll(async () => (await at.status())?.queued, { timeout: 50_000 }).toBe(statuses);
  });
});

describe('strangers', () => {
  /** The real ledger, counting how often it is asked about the node. */
  function counted(at: Place): { intake: Intake; asked: () => number } {
    let asked = 0;
    const connect = (): NodeLedger => {
      const ledger = at.ledger as unknown as NodeLedger;
      const node: NodeLedger['node'] = (site, name) => {
        asked++;
        return ledger.node(site, name);
      };
      return new Proxy(ledger, { get: (_target, name) => (name === 'node' ? node : Reflect.get(ledger, name)) });
    };
    return { intake: new Intake(at.node.address, connect, verifier()), asked: () => asked };
  }
  const codeOf = (intake: Intake, token: string, now: number): Promise<string> =>
    intake.checkToken(token, now).then(
      () => 'IN',
      (error: { code?: string }) => error.code ?? String(error),
    );

  it('with a thousand wrong tokens do not wear out the ledger, and the right node gets in between any two', {
    timeout: 30_000,
  }, async () => {
    const at = await place();
    const { intake, asked } = counted(at);
    const now = Date.now();
    const codes = new Map<string, number>();
    const stranger = await SigningNode.make(at.node.address);
    const forged = `${(await at.node.token(now)).split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`;
    let logins = 0;
    for (let i = 0; i < 1000; i++) {
      const token = i % 3 === 0 ? await stranger.token(now) : i % 3 === 1 ? forged : 'not.a.token';
      const code = await codeOf(intake, token, now);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (i % 100 !== 99) continue;
      expect(await codeOf(intake, await at.node.token(now), now)).toBe('IN');
      logins++;
    }
    expect(codes.get('KEY')).toBe(STRANGERS.burst);
    expect(codes.get('LOGIN_RATE')).toBe(334 - STRANGERS.burst);
    expect(codes.get('TOKEN_SIGNATURE')).toBe(333);
    expect(asked()).toBeLessThanOrEqual(STRANGERS.burst + logins + 1);
  });

  it('are told in MQTT to come back later', async () => {
    const at = await place();
    const stranger = await SigningNode.make(at.node.address);
    const said: unknown[] = [];
    for (let i = 0; i < STRANGERS.burst + 3; i++) {
      const client = await TestClient.open(at.gateway, at.node.address);
      client.packet(await connectOf(at.node, { password: await stranger.token() }));
      const connack = await client.next();
      said.push(connack['reasonCode']);
      await client.closed;
    }
    expect(said.slice(0, STRANGERS.burst)).toEqual(Array.from({ length: STRANGERS.burst }, () => 0x86));
    expect(said.at(-1)).toBe(0x9f);
    await goesOn(at, await connected(at));
  });
});
