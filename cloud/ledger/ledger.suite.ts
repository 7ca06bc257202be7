import { expect, it } from 'vitest';
import type { Batch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import type { Movement } from './effects.ts';
import type { NewEntry } from './entry.ts';
import type { AppendResult, EntryView, LogHead, Page, PostResult, StockRow } from './rpc.ts';
import { COFFEE, clockAt, MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

/** A ledger however it is reached: as an object in this process, or over RPC in workerd. */
export interface Reached {
  readonly tenant: string;
  post(site: string, node: string, batch: Batch, at: number): Promise<PostResult>;
  append(entries: readonly NewEntry[], at: number): Promise<AppendResult>;
  stock(): Promise<Page<StockRow>>;
  movements(gtin?: string): Promise<Page<Movement>>;
  entry(index: number): Promise<EntryView | null>;
  head(): Promise<LogHead>;
}

const T = MORNING + 3_600_000;

async function registered(ledger: Reached, ...nodes: TestNode[]): Promise<void> {
  await ledger.append(
    nodes.map((node) => node.registration()),
    MORNING,
  );
}

const quantities = async (ledger: Reached): Promise<Record<string, number>> =>
  Object.fromEntries((await ledger.stock()).data.map(({ site, gtin, quantity }) => [`${site} ${gtin}`, quantity]));

/** The behaviour of a ledger, told once and run over each way to reach one. */
export function ledgerSuite(open: () => Reached): void {
  it('stocks what comes in, takes off what goes out, and says so beside each entry', async () => {
    const ledger = open();
    const lyon = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      passage('p1', 'in', [...serials(TEA, 1, 2, 3), ...serials(COFFEE, 9)], 10),
      passage('p2', 'out', serials(TEA, 2), 20, { document: { kind: 'despatchAdvice', number: 'DA-1', how: 'chosen' } }),
    );
    await registered(ledger, lyon);
    const posted = await ledger.post('LYON', 'dock-1', await lyon.batch(1, 2), T);
    expect(posted).toEqual({ ok: true, duplicate: false, head: { epoch: 1, seq: 2, chain: toBase64url(lyon.chain[2] as Uint8Array) } });
    expect(await quantities(ledger)).toEqual({ [`LYON ${TEA}`]: 2, [`LYON ${COFFEE}`]: 1 });
    const entry = await ledger.entry(2);
    expect(entry).toMatchObject({ type: 'record', producer: 'LYON/dock-1', epoch: 1, seq: 2, at: T, effectiveAt: MORNING + 20_000 });
    expect(entry?.effects.stock).toEqual([{ site: 'LYON', gtin: TEA, quantity: 2 }]);
    expect(entry?.effects.movements).toMatchObject([
      { gtin: TEA, direction: 'out', quantity: 1, ordinals: [[0, 1]], document: { number: 'DA-1' } },
    ]);
    expect((await ledger.movements()).data.map(({ entry: index, gtin }) => [index, gtin])).toEqual([
      [2, TEA],
      [1, TEA],
      [1, COFFEE],
    ]);
    expect((await ledger.movements(COFFEE)).data).toMatchObject([{ entry: 1, quantity: 1, ordinals: [[3, 1]] }]);
  });

  it('acknowledges a batch that is there already and posts only the rest of one that straddles', async () => {
    const ledger = open();
    const node = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      ...[1, 2, 3, 4].map((n) => passage(`p${n}`, 'in', serials(TEA, n), n)),
    );
    await registered(ledger, node);
    await ledger.post('LYON', 'dock-1', await node.batch(1, 3), T);
    const before = await ledger.head();
    expect(await ledger.post('LYON', 'dock-1', await node.batch(2, 3), T)).toMatchObject({ ok: true, duplicate: true, head: { seq: 3 } });
    expect(await ledger.post('LYON', 'dock-1', await node.batch(1, 2), T)).toMatchObject({ ok: true, duplicate: true, head: { seq: 3 } });
    expect(await ledger.head()).toEqual(before);
    expect(await ledger.post('LYON', 'dock-1', await node.batch(2, 4), T)).toMatchObject({ ok: true, duplicate: false, head: { seq: 4 } });
    expect(await quantities(ledger)).toEqual({ [`LYON ${TEA}`]: 4 });
  });

  it('refuses a gap, a fork, an unknown key and a record that does not read, and keeps nothing of them', async () => {
    const ledger = open();
    const node = new TestNode('LYON', 'dock-1', ledger.tenant).record(...[1, 2, 3].map((n) => passage(`p${n}`, 'in', serials(TEA, n), n)));
    const stranger = new TestNode('LYON', 'dock-9', ledger.tenant).record(passage('x', 'in', serials(TEA, 99), 1));
    const other = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      passage('p1', 'in', serials(TEA, 1), 1),
      passage('other', 'in', serials(TEA, 77), 2),
      passage('p3', 'in', serials(TEA, 3), 3),
    );
    await registered(ledger, node);
    await ledger.post('LYON', 'dock-1', await node.batch(1, 2), T);
    const before = await ledger.head();
    const gap = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      ...[1, 2, 3, 4].map((n) => passage(`p${n}`, 'in', serials(TEA, n), n)),
    );
    expect(await ledger.post('LYON', 'dock-1', await gap.batch(4, 4), T)).toMatchObject({ ok: false, code: 'GAP', head: { seq: 2 } });
    expect(await ledger.post('LYON', 'dock-9', await stranger.batch(1, 1), T)).toMatchObject({ ok: false, code: 'KEY', head: { seq: 0 } });
    expect(await ledger.post('LYON', 'dock-2', await node.batch(3, 3), T)).toMatchObject({ ok: false, code: 'ADDRESS' });
    const bad = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      ...node.bodies.slice(0, 2),
      new TextEncoder().encode('{"type":"passage", "v":1}'),
    );
    expect(await ledger.post('LYON', 'dock-1', await bad.batch(3, 3), T)).toMatchObject({ ok: false, code: 'RECORD_INVALID' });
    const newer = { type: 'passage', v: 2, clock: clockAt(1) } as never;
    const later = new TestNode('LYON', 'dock-1', ledger.tenant).record(...node.bodies.slice(0, 2), newer);
    expect(await ledger.post('LYON', 'dock-1', await later.batch(3, 3), T)).toMatchObject({ ok: false, code: 'VERSION' });
    expect(await ledger.head()).toEqual(before);
    for (const [first, last] of [
      [2, 2],
      [2, 3],
      [1, 3],
      [3, 3],
    ] as const) {
      expect(await ledger.post('LYON', 'dock-1', await other.batch(first, last), T)).toMatchObject({
        ok: false,
        code: 'FORK',
        head: { seq: 2 },
      });
    }
    // Nothing but the entry that says why: two histories of one node are two machines, and a person must look.
    const held = await ledger.head();
    expect(held.size).toBe(before.size + 1);
    expect(await ledger.entry(before.size)).toMatchObject({ type: 'device', body: expect.stringContaining('"reason":"FORK"') });
    expect(await ledger.post('LYON', 'dock-1', await node.batch(3, 3), T)).toMatchObject({ ok: false, code: 'QUARANTINED' });
    expect(await ledger.head()).toEqual(held);
  });

  it('opens a new epoch only by a record that names the head it leaves', async () => {
    const ledger = open();
    const node = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      passage('p1', 'in', serials(TEA, 1), 1),
      passage('p2', 'in', serials(TEA, 2), 2),
    );
    await registered(ledger, node);
    await ledger.post('LYON', 'dock-1', await node.batch(1, 2), T);
    const leaves = (epoch: number, seq: number, chain: Uint8Array) =>
      ({ type: 'epoch', v: 1, reason: 'restored', previous: { epoch, seq, chain: toBase64url(chain) }, clock: clockAt(30) }) as const;
    const head = node.chain[2] as Uint8Array;
    const fresh = (epoch: number) => new TestNode('LYON', 'dock-1', ledger.tenant, epoch);
    const next = fresh(2).record(leaves(1, 2, head), passage('p3', 'in', serials(TEA, 3), 31));
    const wrong = [
      [fresh(2).record(passage('p3', 'in', serials(TEA, 3), 31)), 'EPOCH'],
      [fresh(2).record(leaves(1, 1, node.chain[1] as Uint8Array)), 'EPOCH'],
      [fresh(2).record(leaves(1, 2, node.chain[1] as Uint8Array)), 'EPOCH'],
      [fresh(3).record(leaves(1, 2, head)), 'EPOCH'],
    ] as const;
    for (const [batch, code] of wrong) {
      expect(await ledger.post('LYON', 'dock-1', await batch.batch(1, 1), T)).toMatchObject({
        ok: false,
        code,
        head: { epoch: 1, seq: 2 },
      });
    }
    expect(await ledger.post('LYON', 'dock-1', await next.batch(2, 2), T)).toMatchObject({ ok: false, code: 'GAP', head: { epoch: 1 } });
    expect(await ledger.post('LYON', 'dock-1', await next.batch(1, 2), T)).toMatchObject({ ok: true, head: { epoch: 2, seq: 2 } });
    // What was committed in the epoch that was left is still a duplicate; what was not can never come.
    expect(await ledger.post('LYON', 'dock-1', await node.batch(1, 2), T)).toMatchObject({ ok: true, duplicate: true, head: { epoch: 2 } });
    const late = node.record(passage('p9', 'in', serials(TEA, 9), 40));
    expect(await ledger.post('LYON', 'dock-1', await late.batch(3, 3), T)).toMatchObject({ ok: false, code: 'EPOCH' });
    next.record(leaves(2, 2, next.chain[2] as Uint8Array));
    expect(await ledger.post('LYON', 'dock-1', await next.batch(3, 3), T)).toMatchObject({ ok: false, code: 'RECORD_INVALID' });
  });

  it('turns a revoked key away from the instant of its revocation', async () => {
    const ledger = open();
    const node = new TestNode('LYON', 'dock-1', ledger.tenant).record(
      passage('p1', 'in', serials(TEA, 1), 1),
      passage('p2', 'in', serials(TEA, 2), 2),
    );
    await registered(ledger, node);
    const { key } = (await node.batch(1, 1)).header;
    await ledger.append([{ type: 'device', body: { v: 1, action: 'revoke', site: 'LYON', node: 'dock-1', key, to: T } }], MORNING);
    expect(await ledger.post('LYON', 'dock-1', await node.batch(1, 1), T - 1)).toMatchObject({ ok: true });
    expect(await ledger.post('LYON', 'dock-1', await node.batch(2, 2), T)).toMatchObject({ ok: false, code: 'KEY', head: { seq: 1 } });
    expect(await ledger.append([node.registration()], T)).toMatchObject({ ok: false, code: 'DEVICE_INVALID' });
  });

  it('gives another root for another record', async () => {
    const run = async (serial: number): Promise<LogHead> => {
      const ledger = open();
      const node = new TestNode('LYON', 'dock-1', ledger.tenant).record(passage('p1', 'in', serials(TEA, serial), 1));
      await registered(ledger, node);
      await ledger.post('LYON', 'dock-1', await node.batch(1, 1), T);
      return ledger.head();
    };
    const [a, b] = [await run(1), await run(2)];
    expect(a).toMatchObject({ size: 2, at: T });
    expect(a.root).not.toBe(b.root);
  });
}
