import { describe, expect, it } from 'vitest';
import type { RecordBody } from '../../protocol/record.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { entryView } from './log.ts';
import { movementsPage } from './movementpage.ts';
import { movementsOfDocument, movementsOfItem } from './movements.ts';
import { rawStock } from './raw.ts';
import { itemsPage, pricesPage, stockPage } from './reads.ts';
import { COFFEE, clockAt, MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const T = MORNING + 3_600_000;

async function posted(...steps: readonly (readonly [site: string, body: RecordBody])[]) {
  const open = ledgerInMemory();
  const nodes = new Map<string, TestNode>();
  for (const [site, body] of steps) {
    let node = nodes.get(site);
    if (node === undefined) {
      node = new TestNode(site);
      nodes.set(site, node);
      open.ledger.append([node.registration()], MORNING);
    }
    const seq = node.record(body).bodies.length;
    expect(open.ledger.post(site, 'dock-1', await node.batch(seq, seq), T)).toMatchObject({ ok: true });
  }
  const { size } = { size: steps.length + nodes.size };
  return { ...open, last: () => entryView(open.sql, size - 1)?.effects };
}

const quantities = (sql: Parameters<typeof stockPage>[0]) =>
  Object.fromEntries(stockPage(sql, {}).data.map((row) => [row.site, row.quantity]));

describe('the stock rule', () => {
  it('counts an item that is read again only once and says so', async () => {
    const { sql, last } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1, 2, 3), 1)],
      ['LYON', passage('b', 'in', serials(TEA, 2, 3, 4), 2)],
    );
    expect(quantities(sql)).toEqual({ LYON: 4 });
    expect(last()).toMatchObject({
      movements: [{ quantity: 1, ordinals: [[2, 1]] }],
      anomalies: [{ code: 'REPEATED_READ', ordinals: [[0, 2]] }],
    });
  });

  it('lets an item leave that never came, and takes it for gone when it leaves again', async () => {
    const { sql, last } = await posted(
      ['LYON', passage('a', 'out', serials(TEA, 1), 1)],
      ['LYON', passage('b', 'out', serials(TEA, 1), 2)],
    );
    expect(quantities(sql)).toEqual({ LYON: -1 });
    expect(entryView(sql, 1)?.effects.anomalies).toMatchObject([{ code: 'NEVER_IN', gtin: TEA }]);
    expect(last()).toEqual({ anomalies: [expect.objectContaining({ code: 'REPEATED_READ' })] });
  });

  it('does not move again what a restored node hands over again under the same name', async () => {
    const { sql, last } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1, 2), 1)],
      ['LYON', passage('b', 'out', serials(TEA, 1, 2), 2)],
      ['LYON', passage('a', 'in', serials(TEA, 1, 2), 1)],
    );
    expect(quantities(sql)).toEqual({});
    expect(last()).toEqual({ anomalies: [{ entry: 3, code: 'REPEATED_RECORD', site: 'LYON', gtin: null, ordinals: [[0, 2]] }] });
  });

  it('moves an item to the site that saw it last, in either direction', async () => {
    const arrived = await posted(['LYON', passage('a', 'in', serials(TEA, 1), 1)], ['LILLE', passage('b', 'in', serials(TEA, 1), 2)]);
    expect(quantities(arrived.sql)).toEqual({ LILLE: 1 });
    expect(arrived.last()?.stock).toEqual([
      { site: 'LYON', gtin: TEA, quantity: 0 },
      { site: 'LILLE', gtin: TEA, quantity: 1 },
    ]);
    expect(arrived.last()?.anomalies).toMatchObject([{ code: 'MISSED_OUT', site: 'LILLE' }]);
    const left = await posted(['LYON', passage('a', 'in', serials(TEA, 1), 1)], ['LILLE', passage('b', 'out', serials(TEA, 1), 2)]);
    expect(quantities(left.sql)).toEqual({});
    expect(left.last()).toMatchObject({ movements: [{ site: 'LILLE', direction: 'out' }], anomalies: [{ code: 'MISSED_IN' }] });
  });

  it('counts EPCs that are no SGTIN by why they are none', async () => {
    const raw = ['E28011', '300000', '31143639F84191AD22000000'].map((hex) => ({ raw: hex }));
    const { sql, last } = await posted(
      ['LYON', passage('a', 'in', [...serials(TEA, 1), ...raw], 1)],
      ['LYON', passage('b', 'out', raw.slice(0, 1), 2)],
      ['LYON', passage('c', 'in', raw.slice(1), 3)],
    );
    expect(rawStock(sql)).toEqual([
      { site: 'LYON', reason: 'length', quantity: 1 },
      { site: 'LYON', reason: 'sscc-96', quantity: 1 },
    ]);
    expect(last()).toMatchObject({ anomalies: [{ code: 'REPEATED_READ', gtin: null, ordinals: [[0, 2]] }] });
  });

  it('moves doubtful items only by a decision, and then at the time of their passage', async () => {
    const doubtful = { ...passage('a', 'unknown', [], 10), doubts: [{ gtin: TEA, serials: [1, 1] }] } as RecordBody;
    const decided = (verdict: 'in' | 'stray', n: number): RecordBody => ({
      ...{ type: 'decision', v: 1, decision: `d${n}`, passage: 'a', door: 'D1', verdict, by: 'Ada' },
      ...{ opened: MORNING + 8000, closed: MORNING + 10_000, items: [{ gtin: TEA, serials: [n] }], clock: clockAt(600 + n) },
    });
    const { sql } = await posted(['LYON', doubtful], ['LYON', decided('in', 1)], ['LYON', decided('stray', 2)]);
    expect(quantities(sql)).toEqual({ LYON: 1 });
    expect(entryView(sql, 2)).toMatchObject({ effectiveAt: MORNING + 10_000, effects: { movements: [{ quantity: 1 }] } });
    expect(entryView(sql, 3)?.effects).toEqual({});
  });

  it('keeps a record of a type it does not know and moves nothing by it', async () => {
    const { sql, last } = await posted([
      'LYON',
      { type: 'recount', v: 1, items: 'many', closed: 'later', verdict: 'in', clock: clockAt(1) } as never,
    ]);
    expect(last()).toEqual({});
    expect(entryView(sql, 1)).toMatchObject({ type: 'record', body: expect.stringContaining('recount') });
  });
});

describe('movements', () => {
  it('are found by their document, by item and time, and page by page, newest first', async () => {
    const document = { kind: 'order', number: 'O-7', how: 'chosen' } as const;
    const { sql } = await posted(
      ['LYON', passage('a', 'in', [...serials(TEA, 1, 2), ...serials(COFFEE, 1)], 1)],
      ['LYON', passage('b', 'out', serials(TEA, 1), 2, { document })],
      ['LILLE', passage('c', 'in', serials(TEA, 7), 3)],
    );
    expect(movementsOfDocument(sql, 'order', 'O-7')).toMatchObject([{ passage: 'b', gtin: TEA, quantity: 1 }]);
    expect(movementsOfDocument(sql, 'despatchAdvice', 'O-7')).toEqual([]);
    expect(movementsOfItem(sql, TEA, MORNING + 1000, MORNING + 3000).map((m) => m.passage)).toEqual(['a', 'b']);
    const first = movementsPage(sql, { limit: 2 });
    expect(first.data.map((m) => m.passage)).toEqual(['c', 'b']);
    const rest = movementsPage(sql, { limit: 2, after: first.next ?? '' });
    expect(rest.data.map((m) => [m.passage, m.gtin])).toEqual([
      ['a', TEA],
      ['a', COFFEE],
    ]);
    expect(movementsPage(sql, { gtin: TEA, site: 'LYON', limit: 1 })).toMatchObject({ data: [{ passage: 'b' }], next: expect.any(String) });
    expect(() => movementsPage(sql, { after: 'a~b' })).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
  });

  it('take no cursor that is not theirs: an empty page would look like the end of the list', async () => {
    const { sql } = await posted(['LYON', passage('a', 'in', serials(TEA, 1), 1)]);
    const refused = expect.objectContaining({ code: 'CURSOR_INVALID' });
    for (const after of ['a~LYON', 'NaN~LYON', 'Infinity~LYON', '1.5~LYON', '1e400~LYON', 'LYON'])
      expect(() => stockPage(sql, { after }), after).toThrow(refused);
    for (const after of ['FR1~a~0', 'FR1~0~b', 'FR1~0~1e400', 'FR1~0']) expect(() => pricesPage(sql, { after }), after).toThrow(refused);
    expect(stockPage(sql, { after: '0~LYON' }).data).toHaveLength(1);
  });

  it('name items and sites that no master data named yet', async () => {
    const { sql, ledger } = await posted(['LYON', passage('a', 'in', [...serials(TEA, 1), ...serials(COFFEE, 2)], 1)]);
    ledger.append([{ type: 'item', body: { v: 1, gtin: TEA, name: 'Tea', packs: [{ unit: 'CT', quantity: 12 }] } }], T);
    expect(itemsPage(sql, {}).data).toEqual([
      { gtin: TEA, name: 'Tea', unit: null, packs: [{ unit: 'CT', quantity: 12 }] },
      { gtin: COFFEE, name: null, unit: null, packs: [] },
    ]);
    const one = stockPage(sql, { limit: 1 });
    expect([one.data[0]?.name, one.next === null]).toEqual(['Tea', false]);
    expect(stockPage(sql, { limit: 1, after: one.next ?? '' }).data).toMatchObject([{ gtin: COFFEE, name: null }]);
  });
});
