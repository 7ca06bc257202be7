import { describe, expect, it } from 'vitest';
import { projections } from '../projections.ts';
import { alarmRows } from './alarms.ts';
import { Inspection } from './inspection.ts';
import { Ledger } from './ledger.ts';
import { projectionsState } from './rebuild.ts';
import { NodeSql } from './sql.node.ts';
import type { Row, Value } from './sql.ts';
import { Story } from './story.fixture.ts';

const DAY = 86_400_000;

async function told(seed: number, commits: number, sql = new NodeSql()): Promise<{ sql: NodeSql; ledger: Ledger; story: Story }> {
  const ledger = new Ledger({ sql, tenant: 'demo', projections, salt: () => new Uint8Array(16), log: () => undefined });
  const story = new Story(seed);
  await story.tell(ledger, commits);
  while (ledger.drain().more);
  return { sql, ledger, story };
}

/** Lets the inspection go on until it has been through everything once more, with `between` before each slice. */
async function rotate(
  sql: NodeSql,
  inspection: Pick<Inspection, 'slice'>,
  between: () => Promise<void> | void = () => undefined,
): Promise<{ slices: number; waited: number }> {
  const rotations = (): number => projectionsState(sql).inspection.rotations;
  const goal = rotations() + 1;
  let now = 1_800_000_000_000 + goal * 10 * DAY;
  const began = now;
  for (let slices = 1; ; slices += 1) {
    await between();
    now += inspection.slice(now) ?? 0;
    if (rotations() >= goal) return { slices, waited: now - began };
  }
}

const alarms = (sql: NodeSql): string[] => projectionsState(sql).alarms.map(({ text }) => text);

// Hundreds of rounds: a slow machine may need its time.
describe('the inspection', { timeout: 60_000 }, () => {
  it('finds nothing on any history, also while commits go on', async () => {
    for (const seed of [11, 12]) {
      const { sql, ledger, story } = await told(seed, 120);
      let left = 20;
      await rotate(sql, ledger.inspection, async () => {
        if (left > 0) await story.tell(ledger, 1);
        left -= 1;
        while (ledger.drain().more);
      });
      await rotate(sql, ledger.inspection);
      expect(alarms(sql)).toEqual([]);
    }
  });

  it('splits a sample that holds too much, also one item', async () => {
    const { sql, ledger } = await told(14, 150);
    const inspection = (maxHeld: number): Inspection =>
      new Inspection({ sql, projections: [], log: () => undefined, rebuild: ledger.rebuild, maxHeld });
    const few = await rotate(sql, inspection(100_000));
    const many = await rotate(sql, inspection(20));
    expect(many.slices).toBeGreaterThan(few.slices * 3);
    expect(alarms(sql)).toEqual([]);
    sql.exec('UPDATE serials SET site = site + 1 WHERE item = 2 AND serial = 7');
    sql.exec('UPDATE stock SET quantity = quantity - 1 WHERE item = 3 AND site = 1');
    await rotate(sql, inspection(20));
    expect(alarms(sql)).toHaveLength(2);
  });

  it('writes one row a round and nothing else', async () => {
    class Writing extends NodeSql {
      writes: string[] = [];
      override exec(statement: string, ...params: Value[]): Row[] {
        if (/^\s*(INSERT|UPDATE|DELETE|WITH|CREATE)/i.test(statement)) this.writes.push(statement);
        return super.exec(statement, ...params);
      }
    }
    const sql = new Writing();
    const { ledger } = await told(15, 60, sql);
    await rotate(sql, ledger.inspection);
    sql.writes = [];
    await rotate(sql, ledger.inspection);
    expect(sql.writes).toHaveLength(1);
    expect(sql.writes[0]).toMatch(/^INSERT INTO inspection/);
  });

  it('rests a hundred times as long as it works, and longer when nothing comes in', async () => {
    const { sql, ledger } = await told(16, 60);
    const { slices, waited } = await rotate(sql, ledger.inspection);
    // A slice is some 10 ms.
    expect(waited).toBeGreaterThan(slices * 10 * 60);
    expect(ledger.inspection.slice(1_800_000_000_000)).toBeGreaterThan(600_000);
  });
});

describe('a row that was tampered with', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'a quantity',
      'UPDATE stock SET quantity = quantity + 3 WHERE item = 1 AND site = 2',
      /^stock: quantity of GTIN \d{14} \(item 1\) at site 2 is -?\d+, the log says -?\d+$/,
    ],
    [
      'a quantity that is gone',
      'DELETE FROM stock WHERE item = 1 AND site = 2',
      /^stock: quantity of GTIN \d{14} \(item 1\) at site 2 has no row, the log says/,
    ],
    [
      'a quantity of no item',
      'INSERT INTO stock (item, site, quantity) VALUES (99, 1, 5)',
      /^stock: quantity of GTIN unknown \(item 99\) at site 1 is 5, the log says nothing$/,
    ],
    [
      'a whereabouts',
      'UPDATE serials SET site = -site WHERE item = 2 AND serial = (SELECT MIN(serial) FROM serials WHERE item = 2)',
      /^serials: serial \d+ of GTIN \d{14} \(item 2\) is (at|out of) site \d by entry \d+,.* the log says (at|out of) site \d by entry \d+/,
    ],
    [
      'what a count said',
      'UPDATE counted SET word = -2 WHERE item = 2 AND serial = (SELECT MIN(serial) FROM counted WHERE item = 2 AND word = 0)',
      /^serials: serial \d+ of GTIN \d{14} \(item 2\) .* counted -2 in zone .* the log says .* counted 0 in zone/,
    ],
    [
      'the entry of a whereabouts',
      'UPDATE serials SET entry = entry - 1 WHERE item = 2 AND serial = 5',
      /^serials: serial 5 of GTIN \d{14} \(item 2\)/,
    ],
    [
      'a serial that is gone',
      'DELETE FROM serials WHERE item = 3 AND serial = 6',
      /^serials: serial 6 of GTIN \d{14} \(item 3\) has no row, the log says/,
    ],
    [
      'a serial too many',
      'INSERT INTO serials (item, serial, site, entry) VALUES (3, 4711, 1, 5)',
      /^serials: serial 4711 of GTIN \d{14} \(item 3\) is at site 1 by entry 5,.* the log never saw it$/,
    ],
    [
      'a movement that is gone',
      'DELETE FROM movements WHERE item = 1 AND entry = (SELECT MAX(entry) FROM movements WHERE item = 1)',
      /^movements: entry \d+ at \d+ of GTIN \d{14} \(item 1\) has no row$/,
    ],
    [
      'a movement too many',
      'INSERT INTO movements (item, at, entry) VALUES (1, 5, 6)',
      /^movements: entry 6 at 5 of GTIN \d{14} \(item 1\), the log knows no such movement$/,
    ],
    [
      'a passage',
      "UPDATE passages SET lines = REPLACE(lines, '[[', '[[1') WHERE entry = (SELECT MAX(entry) FROM passages)",
      /^passages: entry \d+ says of GTIN/,
    ],
    [
      'a line of a document',
      'UPDATE match_lines SET matched = matched + 1 WHERE doc = (SELECT MIN(l.doc) FROM match_lines l JOIN document_lines d ON d.doc = l.doc AND d.line = l.line WHERE d.gtin IS NOT NULL) AND line IN (SELECT line FROM document_lines WHERE gtin IS NOT NULL)',
      /^match_lines: document \d+ line \d+ is \[.*\], the match gives \[.*\]$/,
    ],
    [
      'an allocation',
      'DELETE FROM match_allocations WHERE entry = (SELECT MAX(entry) FROM match_allocations)',
      /^match_allocations: \[.*\] of GTIN \d{14} .* has no row, the match gives it$/,
    ],
  ];

  it.each(cases)('is named within one rotation, and put right by a rebuild: %s', async (_, tamper, expected) => {
    const { sql, ledger } = await told(17, 90);
    await rotate(sql, ledger.inspection);
    expect(alarms(sql)).toEqual([]);
    sql.exec(tamper);
    await rotate(sql, ledger.inspection);
    const found = alarms(sql);
    expect(found.length).toBeGreaterThan(0);
    expect(
      found.some((text) => expected.test(text)),
      found.join('\n'),
    ).toBe(true);
    // Said once, however often it is seen.
    await rotate(sql, ledger.inspection);
    expect(alarms(sql)).toEqual(found);
    ledger.rebuild.start('asked', 1);
    while (ledger.rebuild.slice(1) !== null);
    expect(alarmRows(sql, true, 10).map(({ code }) => code)).not.toContain('INSPECTION_DIFFERS');
    await rotate(sql, ledger.inspection);
    expect(alarmRows(sql, true, 10).map(({ code }) => code)).not.toContain('INSPECTION_DIFFERS');
  });
});
