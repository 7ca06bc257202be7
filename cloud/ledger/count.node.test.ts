import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item, RecordBody } from '../../protocol/record.ts';
import { ledgerInMemory, OWN } from './ledger.fixture.node.ts';
import { entryView } from './log.ts';
import { movementsPage } from './movementpage.ts';
import { stockPage } from './reads.ts';
import { replay } from './replay.ts';
import { NodeSql } from './sql.node.ts';
import { num, type Sql } from './sql.ts';
import { digestOf, tablesOf } from './tables.ts';
import { COFFEE, count, MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const NOON = MORNING + 14_400_000;

/** Posts each record as a commit of its own, in this order, as its node. */
async function posted(...steps: readonly (readonly [where: string, body: RecordBody])[]) {
  const open = ledgerInMemory();
  const nodes = new Map<string, TestNode>();
  let size = 0;
  for (const [where, body] of steps) {
    const [site = '', name = 'dock-1'] = where.split('/');
    const node = nodes.get(where) ?? new TestNode(site, name);
    if (!nodes.has(where)) {
      open.ledger.append([node.registration()], MORNING);
      size += 1;
    }
    nodes.set(where, node);
    const seq = node.record(body).bodies.length;
    expect(open.ledger.post(site, name, await node.batch(seq, seq), NOON)).toMatchObject({ ok: true });
    size += 1;
  }
  return { ...open, last: () => entryView(open.sql, size - 1)?.effects };
}

const quantities = (sql: Sql) => Object.fromEntries(stockPage(sql, {}).data.map((row) => [`${row.site} ${row.gtin}`, row.quantity]));
const lyon = (sql: Sql): number => quantities(sql)[`LYON ${TEA}`] ?? 0;
const lines = (sql: Sql) => sql.exec('SELECT * FROM count_lines ORDER BY count, item').map((row) => ({ ...row }));
const zones = (sql: Sql) =>
  Object.fromEntries(
    sql
      .exec(
        `SELECT k.serial, z.zone FROM counted k JOIN serials r USING (item, serial) JOIN counts n ON n.id = k.count JOIN zones z ON z.id = k.zone
          WHERE r.site = n.site AND r.seen <= n.closed ORDER BY k.serial`,
      )
      .map((row) => [row['serial'], row['zone']]),
  );

describe('a count', () => {
  it('books out what two passes missed and in what nobody knew, and says both as adjustments, not as movements', async () => {
    const { sql, last } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1, 2, 3), 10)],
      ['LYON', count('c1', 'A', serials(TEA, 1, 2, 3), [], 600)],
      ['LYON', count('c2', 'A', serials(TEA, 1, 9), serials(TEA, 2, 3), 1200)],
    );
    expect(quantities(sql)).toEqual({ [`LYON ${TEA}`]: 2 });
    expect(last()).toMatchObject({
      stock: [{ site: 'LYON', gtin: TEA, quantity: 2 }],
      adjustments: [
        { reason: 'shrinkage', direction: 'out', quantity: 2, zone: 'A', count: 'c2' },
        { reason: 'surplus', direction: 'in', quantity: 1 },
      ],
    });
    expect(last()?.movements).toBeUndefined();
    expect(movementsPage(sql, {}).data.map(({ reason, direction, quantity }) => [reason, direction, quantity])).toEqual([
      ['shrinkage', 'out', 2],
      ['surplus', 'in', 1],
      [undefined, 'in', 3],
    ]);
    expect(movementsPage(sql, { gtin: TEA, site: 'LYON', limit: 1 })).toMatchObject({
      data: [{ reason: 'shrinkage' }, { reason: 'surplus' }],
    });
  });

  it('takes nothing for lost after one pass', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1, 2), 10)],
      ['LYON', count('c1', 'A', serials(TEA, 1, 2), [], 600)],
      ['LYON', count('c2', 'A', serials(TEA, 1), serials(TEA, 2), 1200, { passes: 1 })],
    );
    expect(lyon(sql)).toBe(2);
    expect(lines(sql).at(-1)).toMatchObject({ read: 1, missing: 1, lost: 0 });
  });

  it('says of a surplus whether nobody knew it, it had left, or it stands in another site', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1), 10)],
      ['LYON', passage('b', 'out', serials(TEA, 1), 20)],
      ['METZ', passage('c', 'in', serials(TEA, 2), 10)],
      ['LYON', count('c1', 'A', serials(TEA, 1, 2, 3), [], 600)],
    );
    expect(quantities(sql)).toEqual({ [`LYON ${TEA}`]: 3 });
    expect(lines(sql)).toMatchObject([{ read: 3, gone_out: 1, elsewhere: 1, unknown: 1 }]);
  });

  it('moves an item of another zone without a change of stock, and does not look for it in its old zone', async () => {
    const { sql } = await posted(
      ['LYON', count('c1', 'A', serials(TEA, 1, 2), [], 600)],
      ['LYON', count('c2', 'B', serials(TEA, 2), [], 1200)],
      // Made by a node whose list of zone A is from before.
      ['LYON', count('c3', 'A', serials(TEA, 1), serials(TEA, 2), 1800)],
    );
    expect(lyon(sql)).toBe(2);
    expect(zones(sql)).toEqual({ 1: 'A', 2: 'B' });
    expect(lines(sql)[1]).toMatchObject({ relocated: 1, unknown: 0 });
  });

  it('has no zone for what came after', async () => {
    const { sql } = await posted(
      ['LYON', count('c1', 'A', serials(TEA, 1), [], 600)],
      ['LYON', passage('a', 'out', serials(TEA, 1), 700)],
      ['LYON', passage('b', 'in', serials(TEA, 1, 2), 800)],
    );
    expect(zones(sql)).toEqual({});
    expect(lyon(sql)).toBe(2);
  });

  it('counts the whole site without forgetting the zones', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 5, 6), 10)],
      ['LYON', count('c1', 'A', serials(TEA, 1), [], 600)],
      ['LYON', count('c2', '*', serials(TEA, 1, 5), serials(TEA, 6), 1200)],
    );
    expect(zones(sql)).toEqual({ 1: 'A' });
    expect(lyon(sql)).toBe(2);
  });

  it('is posted once, however often a restored node hands it over', async () => {
    const { sql, last } = await posted(
      ['LYON', count('c1', 'A', serials(TEA, 1), [], 600)],
      ['LYON', passage('a', 'out', serials(TEA, 1), 700)],
      ['LYON', count('c1', 'A', serials(TEA, 1), [], 600)],
    );
    expect(lyon(sql)).toBe(0);
    expect(last()).toMatchObject({ anomalies: [{ code: 'REPEATED_RECORD' }] });
  });

  it('brings an article whose goods left without having come to what is there', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'out', serials(TEA, 1, 2, 3), 10)],
      ['LYON', passage('b', 'out', serials(COFFEE, 1), 10)],
      ['LYON', count('c1', 'A', serials(TEA, 7, 8), [], 600)],
    );
    expect(quantities(sql)).toEqual({ [`LYON ${TEA}`]: 2, [`LYON ${COFFEE}`]: -1 });
    expect(lines(sql)).toMatchObject([{ read: 2, unknown: 2, never_in: 3 }]);
  });
});

describe('a count that comes late', () => {
  it('takes nothing for lost that a door saw since it began, and brings nothing back that left since', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1, 2, 3), 10)],
      ['LYON', count('c1', 'A', serials(TEA, 1, 2, 3), [], 300)],
      // Serial 1 leaves during the count that began at 540, serial 2 between the pass and its approval.
      ['LYON/dock-2', passage('b', 'out', serials(TEA, 1), 560)],
      ['LYON/dock-2', passage('c', 'out', serials(TEA, 2), 700)],
      ['LYON', count('c2', 'A', serials(TEA, 2), serials(TEA, 1, 3), 600)],
    );
    // Only serial 3 is lost.
    expect(lyon(sql)).toBe(0);
    expect(lines(sql)[1]).toMatchObject({ read: 1, missing: 2, lost: 1 });
  });

  it('does not bring back what a door saw leave again, though the hub took it for gone already', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1), 10)],
      ['LYON', passage('b', 'out', serials(TEA, 1), 20)],
      // It came back unseen, was counted, and left again before the count was approved.
      ['LYON/dock-2', passage('c', 'out', serials(TEA, 1), 700)],
      ['LYON', count('c1', 'A', serials(TEA, 1), [], 600)],
    );
    expect(lyon(sql)).toBe(0);
  });

  it('yields to a newer count', async () => {
    const { sql } = await posted(
      ['LYON', count('c1', 'A', serials(TEA, 1, 2), [], 300)],
      ['LYON/hand', count('c3', 'A', serials(TEA, 1), serials(TEA, 2), 1200)],
      ['LYON', count('c2', 'A', serials(TEA, 2), serials(TEA, 1), 900)],
    );
    expect(lyon(sql)).toBe(1);
  });
});

describe('a passage that comes late', () => {
  it('does not undo a count that is newer than it', async () => {
    const { sql, last } = await posted(
      ['LYON', count('c1', 'A', serials(TEA, 1), [], 600)],
      ['LYON', count('c2', 'A', serials(TEA, 1), [], 1200)],
      ['LYON/dock-2', passage('a', 'out', serials(TEA, 1), 100)],
    );
    expect(lyon(sql)).toBe(1);
    expect(last()).toEqual({ anomalies: [expect.objectContaining({ code: 'BEFORE_COUNT', gtin: TEA })] });
  });

  it('explains a surplus: the goods moved in as it says, the count’s booking is taken back, and the stock stays', async () => {
    const { sql, last } = await posted(
      ['LYON', count('c1', 'A', serials(TEA, 1, 2), [], 600)],
      ['LYON', count('c2', 'A', serials(TEA, 1, 2), [], 900)],
      ['LYON/dock-2', passage('a', 'in', serials(TEA, 1, 2), 100)],
    );
    expect(lyon(sql)).toBe(2);
    expect(last()).toMatchObject({
      movements: [{ direction: 'in', quantity: 2 }],
      adjustments: [{ count: 'c1', reason: 'surplus', direction: 'out', quantity: 2 }],
    });
    expect(last()?.stock).toBeUndefined();
    expect(lines(sql)).toMatchObject([{ unknown: 2, surplus_explained: 2 }, { unknown: 0 }]);
    expect(zones(sql)).toEqual({ 1: 'A', 2: 'A' });
  });

  it('explains a loss: the goods moved out as it says, whenever that was', async () => {
    for (const seconds of [550, 100, 900]) {
      const { sql, last } = await posted(
        ['LYON', passage('a', 'in', serials(TEA, 1, 2), 10)],
        ['LYON', count('c1', 'A', serials(TEA, 1, 2), [], 300)],
        ['LYON', count('c2', 'A', serials(TEA, 1), serials(TEA, 2), 600)],
        ['LYON/dock-2', passage('b', 'out', serials(TEA, 2), seconds)],
      );
      expect(lyon(sql)).toBe(1);
      expect(last()).toMatchObject({
        movements: [{ direction: 'out', quantity: 1 }],
        adjustments: [{ count: 'c2', reason: 'shrinkage', direction: 'in', quantity: 1 }],
      });
    }
  });

  it('says where a loss went', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1), 10)],
      ['LYON', count('c1', '*', [], serials(TEA, 1), 600)],
      ['METZ', passage('b', 'in', serials(TEA, 1), 100)],
    );
    expect(quantities(sql)).toEqual({ [`METZ ${TEA}`]: 1 });
    expect(lines(sql)).toMatchObject([{ lost: 1, lost_explained: 1 }]);
  });

  it('is not needed for what a later count finds again', async () => {
    const { sql } = await posted(
      ['LYON', passage('a', 'in', serials(TEA, 1), 10)],
      ['LYON', count('c1', '*', [], serials(TEA, 1), 600)],
      ['LYON', count('c2', 'A', serials(TEA, 1), [], 1200)],
    );
    expect(lyon(sql)).toBe(1);
    expect(lines(sql)).toMatchObject([
      { lost: 1, lost_explained: 1 },
      { found: 1, unknown: 0 },
    ]);
  });
});

describe('a person', () => {
  it('settles an article of a count with a reason, which a rebuild knows as well', async () => {
    const { sql, ledger } = await posted(['LYON', count('c1', 'A', serials(TEA, 1), [], 600)]);
    const settle = { v: 1, about: 'count', count: 1, gtin: TEA, by: 'Siège', reason: 'Premier inventaire' };
    expect(ledger.append([{ type: 'decision', body: settle }], NOON)).toMatchObject({ ok: true });
    expect(lines(sql)).toMatchObject([{ settled_by: 'Siège', settled_why: 'Premier inventaire', unknown: 1 }]);
    // Of another thing, or of a count that is not there.
    ledger.append(
      [
        { type: 'decision', body: { ...settle, about: 'x', by: 'X' } },
        { type: 'decision', body: { ...settle, count: 9, by: 'X' } },
      ],
      NOON,
    );
    expect(lines(sql)).toMatchObject([{ settled_by: 'Siège' }]);
    const again = new NodeSql();
    replay(sql, again, OWN);
    expect(lines(again)).toEqual(lines(sql));
    again.close();
  });
});

const tea = fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 6 });
const step = fc.record({
  where: fc.constantFrom('LYON', 'LYON/dock-2', 'METZ'),
  kind: fc.constantFrom('in', 'out', 'count', 'count'),
  zone: fc.constantFrom('A', 'B', '*'),
  read: tea,
  missing: tea,
  seconds: fc.integer({ min: 0, max: 3_600 }),
  span: fc.integer({ min: 0, max: 1_200 }),
  passes: fc.integer({ min: 1, max: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function bodyOf({ kind, zone, read, missing, seconds, span, passes }: Step, n: number): RecordBody {
  const items = (numbers: readonly number[]): Item[] => serials(TEA, ...numbers);
  if (kind !== 'count') return passage(`p${n}`, kind as 'in' | 'out', items(read), seconds);
  const other = missing.filter((serial) => !read.includes(serial));
  return count(`c${n}`, zone, items(read), items(other), seconds, { span, passes });
}

describe('whatever the order in which doors and counts are heard', () => {
  it('the stock of a site is what stands there less what left it without having come, and a rebuild gives the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { sql } = await posted(...steps.map((one, n) => [one.where, bodyOf(one, n)] as const));
        for (const [site, name] of [
          [1, 'LYON'],
          [2, 'METZ'],
        ] as const) {
          const id = sql.exec('SELECT id FROM sites WHERE site = ?', name)[0];
          const key = id === undefined ? site : num(id, 'id');
          const [row = {}] = sql.exec(
            'SELECT COALESCE(SUM(site = ?1), 0) AS stands, COALESCE(SUM(never_in = ?1), 0) AS owed FROM serials',
            key,
          );
          expect(quantities(sql)[`${name} ${TEA}`] ?? 0).toBe(id === undefined ? 0 : num(row, 'stands') - num(row, 'owed'));
        }
        const again = new NodeSql();
        replay(sql, again, OWN);
        const tables = tablesOf(sql, OWN);
        expect(tables.map((table) => digestOf(sql, table))).toEqual(tables.map((table) => digestOf(again, table)));
        again.close();
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('a last count of the whole site leaves in stock what it read, and nothing that it missed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), tea, fc.nat(10), async (steps, there, at) => {
        const before = steps.filter(({ where }) => where !== 'METZ').map((one, n) => [one.where, bodyOf(one, n)] as const);
        const all = Array.from({ length: 8 }, (_, serial) => serial);
        const missed = all.filter((serial) => !there.includes(serial));
        const last = ['LYON/hand', count('last', '*', serials(TEA, ...there), serials(TEA, ...missed), 10_000)] as const;
        const place = Math.min(at, before.length);
        const { sql } = await posted(...before.slice(0, place), last, ...before.slice(place));
        const stands = sql.exec('SELECT serial FROM serials WHERE site > 0 ORDER BY serial').map((row) => num(row, 'serial'));
        // What was never heard of when the count came was no loss: a passage that comes later may still say that it came.
        const judged = sql
          .exec('SELECT serial FROM counted k JOIN counts n ON n.id = k.count WHERE n.count = ? ORDER BY serial', 'last')
          .map((row) => num(row, 'serial'));
        expect(stands.filter((serial) => judged.includes(serial))).toEqual([...there].sort((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
