import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupItems, type RecordBody } from '../../protocol/record.ts';
import { ledgerInMemory, OWN } from './ledger.fixture.node.ts';
import { logHead, newsAfter } from './log.ts';
import { rawStock } from './raw.ts';
import { stockPage } from './reads.ts';
import { replay } from './replay.ts';
import { NodeSql } from './sql.node.ts';
import { text } from './sql.ts';
import { COFFEE, MORNING, passage, TEA, TestNode } from './warehouse.fixture.ts';

const T = MORNING + 86_400_000;

/** Few items and two sites, so that histories contradict themselves often. */
const item = fc.oneof(
  { weight: 6, arbitrary: fc.record({ gtin: fc.constantFrom(TEA, COFFEE), serial: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ raw: fc.constantFrom('E2801160', '00', '3500000000000000000000AA') }) },
);
const move = fc.record({
  direction: fc.constantFrom<'in' | 'out' | 'unknown'>('in', 'in', 'out', 'out', 'unknown'),
  items: fc.array(item, { minLength: 1, maxLength: 8 }),
});
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

function bodyOf({ direction, items }: Move, n: number): RecordBody {
  const body = passage(`p${n}`, direction, direction === 'unknown' ? [] : items, n);
  return direction === 'unknown' ? ({ ...body, doubts: groupItems(items) } as RecordBody) : body;
}

/** Every table that a projection fills, with all its rows. */
function tables(sql: NodeSql): Record<string, unknown> {
  const log = ['entries', 'head', 'nodes', 'batches', 'outbound', 'tiles', '_migrations', 'folds'];
  const own = new Set([...log, 'reports', 'quarantine', 'enrolments', 'logins', 'superseded', 'drops']);
  const names = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").map((row) => text(row, 'name'));
  return Object.fromEntries(names.filter((name) => !own.has(name)).map((name) => [name, sql.exec(`SELECT * FROM ${name} ORDER BY 1, 2`)]));
}

/** What a ledger comes to: the log to the last byte, and everything folded. */
function outcome(sql: NodeSql): { readonly stock: unknown; readonly [part: string]: unknown } {
  return {
    head: logHead(sql),
    effects: newsAfter(sql, -1, 10_000),
    stock: stockPage(sql, {}).data,
    raw: rawStock(sql),
    tables: tables(sql),
  };
}

/** Posts records of a node in the batches [first, last] given. */
async function post(
  open: ReturnType<typeof ledgerInMemory>,
  node: TestNode,
  batches: readonly (readonly [number, number])[],
): Promise<string[]> {
  const answers: string[] = [];
  for (const [first, last] of batches) {
    const { site, node: name } = node.address;
    const result = open.ledger.post(site, name, await node.batch(first, last), T);
    answers.push(result.ok ? (result.duplicate ? 'duplicate' : 'posted') : result.code);
  }
  return answers;
}

// Hundreds of ledgers: a slow machine may need its time.
describe('a history of records', { timeout: 60_000 }, () => {
  it('comes to the same log, root and stock however it is cut into batches, with duplicates and straddles', async () => {
    const cuts = fc.array(fc.record({ back: fc.nat(4), length: fc.integer({ min: 1, max: 6 }) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 20 }), cuts, async (moves, pieces) => {
        const node = new TestNode('LYON').record(...moves.map(bodyOf));
        const count = node.bodies.length;
        const whole = ledgerInMemory();
        whole.ledger.append([node.registration()], MORNING);
        await post(whole, node, [[1, count]]);
        const cut = ledgerInMemory();
        cut.ledger.append([node.registration()], MORNING);
        let done = 0;
        for (const { back, length } of pieces) {
          const first = Math.max(1, done + 1 - back);
          const last = Math.min(count, first + length - 1);
          if (last < first) break;
          expect(await post(cut, node, [[first, last]])).toEqual([last <= done ? 'duplicate' : 'posted']);
          // A gap beyond the next record changes nothing.
          done = Math.max(done, last);
          if (done + 2 <= count) expect(await post(cut, node, [[done + 2, count]])).toEqual(['GAP']);
        }
        if (done < count) await post(cut, node, [[done + 1, count]]);
        expect(outcome(cut.sql)).toEqual(outcome(whole.sql));
      }),
      { numRuns: 30 },
    );
  });

  it('is refused from the first record that differs from what was committed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 2, maxLength: 12 }), fc.nat(), fc.nat(), async (moves, a, b) => {
        const bodies = moves.map(bodyOf);
        const node = new TestNode('LYON').record(...bodies);
        const at = a % bodies.length;
        const fork = new TestNode('LYON').record(
          ...bodies.map((body, i) => (i === at ? passage('fork', 'in', [{ gtin: TEA, serial: 500 }], i) : body)),
        );
        const done = at + 1;
        const open = ledgerInMemory();
        open.ledger.append([node.registration()], MORNING);
        await post(open, node, [[1, done]]);
        const { size } = logHead(open.sql);
        const { stock } = outcome(open.sql);
        const first = 1 + (b % Math.min(done + 1, bodies.length));
        expect(await post(open, fork, [[first, bodies.length]])).toEqual(['FORK']);
        // All that is added is the entry that says why.
        expect(outcome(open.sql)).toMatchObject({ head: { size: size + 1 }, stock });
      }),
      { numRuns: 30 },
    );
  });

  it('of several nodes folds to the same rows and effects when it is replayed in commits of any size', async () => {
    const step = fc.record({ site: fc.constantFrom('LYON', 'LILLE'), moves: fc.array(move, { minLength: 1, maxLength: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 7 }), async (steps, together) => {
        const open = ledgerInMemory();
        const nodes = new Map(['LYON', 'LILLE'].map((site) => [site, new TestNode(site)]));
        for (const node of nodes.values()) open.ledger.append([node.registration()], MORNING);
        let n = 0;
        for (const { site, moves } of steps) {
          const node = nodes.get(site) as TestNode;
          const first = node.bodies.length + 1;
          for (const each of moves) node.record(bodyOf(each, n++));
          expect(await post(open, node, [[first, node.bodies.length]])).toEqual(['posted']);
        }
        const again = new NodeSql();
        const effects = replay(open.sql, again, OWN, together);
        expect(tables(again)).toEqual(tables(open.sql));
        expect(effects).toEqual(newsAfter(open.sql, -1, 10_000).map((news) => news.effects));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps stock equal to where the registry says each item is, plus what left without having come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 30 }), async (moves) => {
        const node = new TestNode('LYON').record(...moves.map(bodyOf));
        const open = ledgerInMemory();
        open.ledger.append([node.registration()], MORNING);
        await post(open, node, [[1, node.bodies.length]]);
        // A model of one site: what stands there, and how many left that never came.
        const here = new Set<string>();
        const seen = new Set<string>();
        let debt = 0;
        for (const { direction, items } of moves) {
          if (direction === 'unknown') continue;
          for (const each of new Set(items.filter((i) => 'gtin' in i).map((i) => JSON.stringify(i)))) {
            if (direction === 'in') here.add(each);
            else if (!here.delete(each) && !seen.has(each)) debt += 1;
            seen.add(each);
          }
        }
        const total = stockPage(open.sql, {}).data.reduce((sum, { quantity }) => sum + quantity, 0);
        expect(total).toBe(here.size - debt);
      }),
      { numRuns: 40 },
    );
  });
});
