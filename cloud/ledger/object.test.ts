import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../protocol/canonical.ts';
import { ledgerSuite } from './ledger.suite.ts';
import type { Ledger } from './object.ts';
import type { LedgerRpc } from './rpc.ts';
import { refusedOf } from './sidelines.ts';
import { ObjectSql } from './sql.object.ts';
import { MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const T = MORNING + 3_600_000;

function ledger(tenant: string): DurableObjectStub<Ledger> {
  return (env as unknown as { LEDGER: DurableObjectNamespace<Ledger> }).LEDGER.getByName(tenant);
}

interface SseEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: { readonly [key: string]: Json | undefined };
}

/** Reads events off a stream until `count` have come, then cancels it. */
async function events(stream: ReadableStream<Uint8Array>, count: number): Promise<SseEvent[]> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const found: SseEvent[] = [];
  let text = '';
  while (found.length < count) {
    const { done, value } = await reader.read();
    expect(done, `the stream ended after ${found.length} events`).toBe(false);
    text += decoder.decode(value, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
      const data = fields.get('data');
      if (data !== undefined)
        found.push({ id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) as SseEvent['data'] });
    }
  }
  await reader.cancel();
  return found;
}

describe('the ledger object in workerd', () => {
  ledgerSuite(() => {
    const tenant = crypto.randomUUID().slice(0, 8);
    // A stub's mapped types lose tuples; the values are what the interface says.
    const rpc = ledger(tenant) as unknown as LedgerRpc;
    return {
      tenant,
      post: (site, node, batch, at) => rpc.post(site, node, batch, at),
      append: (entries, at) => rpc.append(entries, at),
      stock: () => rpc.stock({}),
      movements: (gtin) => rpc.movements(gtin === undefined ? {} : { gtin }),
      entry: (index) => rpc.entry(index),
      head: () => rpc.head(),
    };
  });

  it('comes to the same log and stock when it is evicted between any two commits', async () => {
    const run = async (tenant: string, evict: boolean) => {
      const stub = ledger(tenant);
      const node = new TestNode('LYON', 'dock-1', tenant).record(
        ...Array.from({ length: 9 }, (_, n) => passage(`p${n}`, n % 3 === 2 ? 'out' : 'in', serials(TEA, n >> 1, 100 + n), n)),
      );
      await stub.append([node.registration()], MORNING);
      for (let n = 1; n <= 9; n += 2) {
        if (evict) await evictDurableObject(stub);
        expect(await stub.post('LYON', 'dock-1', await node.batch(n, Math.min(n + 1, 9)), T)).toMatchObject({ ok: true });
      }
      const entries = await Promise.all([1, 5, 9].map((index) => stub.entry(index)));
      return { stock: (await stub.stock({})).data, size: (await stub.head()).size, effects: entries.map((entry) => entry?.effects) };
    };
    expect(await run('evicted', true)).toEqual(await run('awake', false));
  });

  it('answers for a tenant that nobody opened without writing anything', async () => {
    const stub = ledger('nobody');
    expect(await stub.node('LYON', 'dock-1')).toMatchObject({ head: { epoch: 1, seq: 0 }, keys: [] });
    await stub.report('LYON', 'dock-1', { v: 1, online: true }, T);
    await stub.quarantine('LYON', 'dock-1', 'KEY', Uint8Array.of(1), T);
    expect(await stub.rows()).toMatchObject({ written: 0 });
  });

  it('streams what follows an entry, then what is committed, then node reports', async () => {
    const stub = ledger('stream');
    const node = new TestNode('LYON', 'dock-1', 'stream').record(...[1, 2, 3].map((n) => passage(`p${n}`, 'in', serials(TEA, n), n)));
    await stub.append([node.registration()], MORNING);
    await stub.post('LYON', 'dock-1', await node.batch(1, 2), T);
    const resumed = await events(await stub.stream(0), 2);
    expect(resumed.map(({ id, event }) => [id, event])).toEqual([
      ['1', 'entry'],
      ['2', 'entry'],
    ]);
    expect(resumed[1]?.data).toMatchObject({
      index: 2,
      type: 'record',
      at: T,
      effects: { stock: [{ site: 'LYON', gtin: TEA, quantity: 2 }] },
    });
    const live = events(await stub.stream(null), 1);
    await stub.post('LYON', 'dock-1', await node.batch(3, 3), T);
    expect((await live).map(({ id }) => id)).toEqual(['3']);
    const reports = events(await stub.stream(3), 1);
    await stub.report('LYON', 'dock-1', { v: 1, online: true, queued: 7 }, T);
    expect(await reports).toMatchObject([{ id: undefined, event: 'node', data: { site: 'LYON', node: 'dock-1', status: { queued: 7 } } }]);
    expect(await stub.nodes()).toMatchObject([{ site: 'LYON', node: 'dock-1', head: { seq: 3 }, statusAt: T, completeTo: MORNING + 3000 }]);
  });

  it('hands a resuming reader every entry once and in order, however long it was away', async () => {
    const stub = ledger('resume');
    const node = new TestNode('LYON', 'dock-1', 'resume').record(
      ...Array.from({ length: 200 }, (_, n) => passage(`p${n}`, 'in', serials(TEA, n), n)),
    );
    await stub.append([node.registration()], MORNING);
    await stub.post('LYON', 'dock-1', await node.batch(1, 200), T);
    const first = await events(await stub.stream(-1), 90);
    const last = Number(first.at(-1)?.id);
    await evictDurableObject(stub);
    const rest = await events(await stub.stream(last), 200 - last);
    expect([...first, ...rest].map(({ id }) => Number(id))).toEqual(Array.from({ length: 201 }, (_, n) => n));
  });

  it('keeps refused bytes once each and the newest only', async () => {
    const stub = ledger('refused');
    await stub.append([new TestNode('LYON', 'dock-1', 'refused').registration()], MORNING);
    for (let n = 0; n < 40; n++) await stub.quarantine('LYON', 'dock-1', 'SIGNATURE', Uint8Array.of(n), T + n);
    await stub.quarantine('LYON', 'dock-1', 'SIGNATURE', Uint8Array.of(39), T);
    const kept = await runInDurableObject(stub, (_, state) =>
      refusedOf(new ObjectSql(state.storage), 'LYON', 'dock-1').map(({ bytes }) => bytes[0]),
    );
    expect(kept).toEqual(Array.from({ length: 32 }, (_, n) => 39 - n));
  });

  it('sends outbound commands by alarm and forgets what the gateway has taken', async () => {
    const tenant = 'outbound';
    const stub = ledger(tenant);
    await stub.append([new TestNode('LYON', 'dock-1', tenant).registration()], MORNING);
    const command = JSON.stringify({ v: 1, id: 'c1', type: 'forget', kind: 'order', number: 'O-1' });
    await runInDurableObject(stub, async (_, state) => {
      state.storage.sql.exec('INSERT INTO outbound (site, node, command) VALUES (?, ?, ?)', 'LYON', 'dock-1', command);
      await state.storage.setAlarm(Date.now() + 60_000);
    });
    await runDurableObjectAlarm(stub);
    const left = await runInDurableObject(stub, (_, state) => state.storage.sql.exec('SELECT id FROM outbound').toArray());
    expect(left).toEqual([]);
  });
});
