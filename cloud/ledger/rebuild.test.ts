import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { projections } from '../projections.ts';
import type { Ledger } from './object.ts';
import type { LedgerRpc } from './rpc.ts';
import { ObjectSql } from './sql.object.ts';
import { Story } from './story.fixture.ts';
import { digestOf, tablesOf } from './tables.ts';

function ledger(tenant: string): { stub: DurableObjectStub<Ledger>; rpc: LedgerRpc } {
  const stub = (env as unknown as { LEDGER: DurableObjectNamespace<Ledger> }).LEDGER.getByName(tenant);
  // A stub's mapped types lose tuples; the values are what the interface says.
  return { stub, rpc: stub as unknown as LedgerRpc };
}

const digests = (stub: DurableObjectStub<Ledger>): Promise<unknown> =>
  runInDurableObject(stub, (_, state) => {
    const sql = new ObjectSql(state.storage);
    return tablesOf(sql, projections).map((table) => [table.name, digestOf(sql, table)]);
  });

// A slow machine may need its time.
const TIMEOUT_MS = 60_000;

it('the object folds everything again by its alarm, over evictions and commits, and puts right what was tampered with', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { stub, rpc } = ledger('rebuilt');
  const story = new Story(21, 'rebuilt');
  await story.tell(rpc, 60);
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec('UPDATE stock SET quantity = quantity + 1 WHERE item = 1'));
  expect(await rpc.startRebuild('asked', 1)).toMatchObject({ state: 'rebuilding', rebuild: { why: 'asked' } });
  let alarms = 0;
  while ((await rpc.projections()).state === 'rebuilding') {
    await runDurableObjectAlarm(stub);
    alarms += 1;
    if (alarms % 7 === 0) await evictDurableObject(stub);
    if (alarms % 10 === 0) await story.tell(rpc, 1);
    expect(alarms).toBeLessThan(2_000);
  }
  const state = await rpc.projections();
  expect(state.alarms.map(({ code, text }) => [code, text.slice(0, 5)])).toEqual([['REBUILD_DIFFERS', 'stock']]);
  const before = await digests(stub);
  await story.tell(rpc, 5);
  expect((await rpc.head()).size).toBeGreaterThan(60);
  expect(await digests(stub)).not.toEqual(before);
});

it('the object inspects by its alarm and shows what it finds', { timeout: TIMEOUT_MS }, async () => {
  const { stub, rpc } = ledger('inspected');
  await new Story(22, 'inspected').tell(rpc, 40);
  await runDurableObjectAlarm(stub);
  const due = (): Promise<unknown> =>
    runInDurableObject(stub, (_, state) => state.storage.sql.exec('UPDATE inspection SET due = 0 RETURNING due').toArray());
  await expect.poll(due).toHaveLength(1);
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec('DELETE FROM serials WHERE item = 1'));
  await evictDurableObject(stub);
  while ((await rpc.projections()).inspection.rotations === 0) {
    await runInDurableObject(stub, (_, state) => state.storage.setAlarm(Date.now()));
    await runDurableObjectAlarm(stub);
  }
  const { alarms } = await rpc.projections();
  expect(alarms.length).toBeGreaterThan(0);
  expect(alarms.every(({ code, text }) => code === 'INSPECTION_DIFFERS' && /^serials: serial \d+ of GTIN/.test(text))).toBe(true);
});
