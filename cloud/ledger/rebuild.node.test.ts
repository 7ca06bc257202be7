import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projections } from '../projections.ts';
import { reconcileBounded } from '../reconcile/projection.ts';
import { alarmRows } from './alarms.ts';
import { Ledger } from './ledger.ts';
import { logHead } from './log.ts';
import type { Projection } from './projection.ts';
import { projectionsState } from './rebuild.ts';
import { NodeSql } from './sql.node.ts';
import { num, type Row, text, type Value } from './sql.ts';
import { Story } from './story.fixture.ts';
import { digestOf, tablesOf } from './tables.ts';

const NOW = 1_800_000_000_000;

function open(sql: NodeSql, folds: readonly Projection[] = projections): Ledger {
  return new Ledger({ sql, tenant: 'demo', projections: folds, salt: () => new Uint8Array(16), log: () => undefined });
}

const digests = (sql: NodeSql): Record<string, unknown> =>
  Object.fromEntries(tablesOf(sql, projections).map((table) => [table.name, digestOf(sql, table)]));

function drained(ledger: Ledger): Ledger {
  while (ledger.drain().more);
  return ledger;
}

/** A database that answers no statement any more once `left` have run. */
class Failing extends NodeSql {
  left = Number.POSITIVE_INFINITY;
  override exec(statement: string, ...params: Value[]): Row[] {
    this.left -= 1;
    if (this.left < 0) throw new Error('the power failed');
    return super.exec(statement, ...params);
  }
}

/** Runs all slices, with `between` after each; returns how many there were. */
async function run(ledger: Ledger, between?: (slices: number) => Promise<Ledger> | Ledger): Promise<number> {
  let current = ledger;
  for (let slices = 1; ; slices += 1) {
    if (current.waits()) current.drain();
    if (current.rebuild.slice(NOW) === null) return slices;
    if (between !== undefined) current = await between(slices);
  }
}

/** Everything but the rebuild's own rows: tables with their definitions, and indexes by what they index. */
function schema(sql: NodeSql): string[] {
  return sql
    .exec('SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, tbl_name, name')
    .map(
      (row) =>
        `${text(row, 'type')} ${text(row, 'tbl_name')} ${text(row, 'sql')
          .replaceAll('"', '')
          .replace(/INDEX \w+?(_\d+)? ON/, 'INDEX ON')}`,
    )
    .sort();
}

async function told(seed: number, commits: number): Promise<{ sql: NodeSql; ledger: Ledger; story: Story }> {
  const sql = new NodeSql();
  const ledger = open(sql);
  const story = new Story(seed);
  await story.tell(ledger, commits);
  return { sql, ledger: drained(ledger), story };
}

// Whole histories, folded again and again: a slow machine may need its time.
describe('a rebuild', { timeout: 60_000 }, () => {
  it('comes to the same rows, leaves nothing behind, sends nothing, and can be done again', async () => {
    const { sql, ledger, story } = await told(2, 150);
    const [before, shape, head] = [digests(sql), schema(sql), logHead(sql)];
    const sent = sql.exec('SELECT * FROM outbound');
    for (let n = 1; n <= 2; n += 1) {
      ledger.rebuild.start('asked', NOW);
      expect(projectionsState(sql)).toMatchObject({ state: 'rebuilding', rebuild: { since: head.size, next: 0, why: 'asked' } });
      expect(await run(ledger)).toBeGreaterThan(20);
      expect(projectionsState(sql)).toMatchObject({ state: 'current', rebuild: null, alarms: [] });
      expect(digests(sql)).toEqual(before);
      expect(schema(sql)).toEqual(shape);
      expect(sql.exec('SELECT * FROM outbound')).toEqual(sent);
      const ranges = sql.exec('SELECT tbl, rows, stored, refolded FROM rebuild_ranges');
      expect(ranges.every((row) => row['stored'] === row['refolded'])).toBe(true);
      expect(new Set(ranges.map((row) => row['tbl']))).toEqual(new Set(Object.keys(before)));
    }
    await story.tell(ledger, 30);
    expect(logHead(sql).size).toBeGreaterThan(head.size);
  });

  it('goes on where it was when it is cut after any slice, with commits between', async () => {
    const quiet = await told(3, 260);
    const { sql, ledger, story } = await told(3, 110);
    ledger.rebuild.start('asked', NOW);
    let told150 = 0;
    const slices = await run(ledger, async () => {
      // The process ends here and another one opens the same database.
      const next = open(sql);
      if (told150 < 150) {
        await story.tell(next, 1);
        told150 += 1;
      }
      return next;
    });
    expect(slices).toBeGreaterThan(50);
    await story.tell(open(sql), 150 - told150);
    drained(open(sql));
    expect(projectionsState(sql)).toMatchObject({ state: 'current', alarms: [] });
    expect(digests(sql)).toEqual(digests(quiet.sql));
    expect(logHead(sql)).toEqual(logHead(quiet.sql));
  });

  it('goes on after the power failed before any statement of a slice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docket-rebuild-'));
    try {
      const path = join(folder, 'ledger.sqlite');
      const first = new NodeSql(path);
      await new Story(10).tell(open(first), 60);
      drained(open(first)).rebuild.start('asked', NOW);
      const before = digests(first);
      first.close();
      let cuts = 0;
      for (let statements = 1; ; statements = (statements * 7) % 61) {
        const sql = new Failing(path);
        const { rebuild } = open(sql);
        if (!rebuild.runs()) {
          expect(digests(sql)).toEqual(before);
          expect(projectionsState(sql)).toMatchObject({ state: 'current', alarms: [] });
          sql.close();
          break;
        }
        // One slice at least ends between two cuts, else it would never end.
        rebuild.slice(NOW);
        sql.left = statements;
        try {
          while (rebuild.slice(NOW) !== null);
        } catch (error) {
          expect((error as Error).message).toBe('the power failed');
          cuts += 1;
        }
        sql.left = Number.POSITIVE_INFINITY;
        sql.close();
      }
      expect(cuts).toBeGreaterThan(20);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('comes to equal rows although work waits on either side, however little fits a commit', async () => {
    const bounded = projections.map((each) => (each.name === 'reconcile' ? { ...each, apply: reconcileBounded(1).apply } : each));
    const sql = new NodeSql();
    const ledger = open(sql, bounded);
    const story = new Story(4);
    await story.tell(ledger, 60);
    ledger.rebuild.start('asked', NOW);
    let left = 60;
    await run(ledger, async () => {
      if (left > 0) await story.tell(ledger, 1);
      left -= 1;
      return ledger;
    });
    expect(projectionsState(sql)).toMatchObject({ state: 'current', alarms: [] });
    expect(sql.exec('SELECT * FROM rebuild_ranges WHERE stored <> refolded')).toEqual([]);
  });

  it('puts right rows that were tampered with, and says which', async () => {
    const { sql, ledger } = await told(5, 120);
    const before = digests(sql);
    sql.exec('UPDATE stock SET quantity = quantity + 1 WHERE item = 2 AND site = 1');
    sql.exec('DELETE FROM serials WHERE item = 1 AND serial = (SELECT MIN(serial) FROM serials WHERE item = 1)');
    sql.exec("INSERT INTO partners (id, name, entry) VALUES ('nobody', 'x', 1)");
    ledger.rebuild.start('asked', NOW);
    await run(ledger);
    expect(digests(sql)).toEqual(before);
    const { state, alarms } = projectionsState(sql);
    expect(state).toBe('current');
    expect(alarms.map(({ code, text: said }) => [code, said.replace(/ in .*first/, ',')]).sort()).toEqual([
      ['REBUILD_DIFFERS', 'partners was not what the log says, stored key ["nobody"], refolded key none; the refolded rows are in use now'],
      ['REBUILD_DIFFERS', expect.stringMatching(/^serials was not what the log says, stored key \[1,\d+\], refolded key \[1,\d+\]/)],
      ['REBUILD_DIFFERS', 'stock was not what the log says, at key [2,1]; the refolded rows are in use now'],
    ]);
    // A second one finds nothing to say and clears what the first one said.
    ledger.rebuild.start('asked', NOW + 1);
    await run(ledger);
    expect(projectionsState(sql).alarms).toEqual([]);
    expect(alarmRows(sql, false, 10).map(({ cleared }) => cleared)).toEqual([NOW, NOW, NOW]);
  });

  it('that can not fold an entry stops and leaves what is stored in use', async () => {
    const { sql, story } = await told(6, 60);
    const before = digests(sql);
    sql.exec('UPDATE entries SET body = ? WHERE idx = 20', new Uint8Array([123]));
    const ledger = open(sql);
    ledger.rebuild.start('asked', NOW);
    await run(ledger);
    expect(digests(sql)).toEqual(before);
    expect(projectionsState(sql)).toMatchObject({ state: 'failed', alarms: [{ code: 'REBUILD_FAILED' }] });
    await story.tell(ledger, 5);
    // It is not begun again by itself, only when asked.
    expect(open(sql).rebuild.runs()).toBe(false);
    ledger.rebuild.start('asked', NOW);
    expect(ledger.rebuild.runs()).toBe(true);
  });
});

/** The projections with another version of one fold, which writes other rows. */
function changed(version: number, name: string): readonly Projection[] {
  const masterdata = (each: Projection): Projection => ({
    ...each,
    foldVersion: version,
    apply(commit, sql, effects) {
      each.apply(commit, sql, effects);
      if (commit.entries.some(({ type }) => type === 'partner')) sql.exec('UPDATE partners SET name = name || ?', name);
    },
  });
  return projections.map((each) => (each.name === 'masterdata' ? masterdata(each) : each));
}

describe('a fold of another version', { timeout: 60_000 }, () => {
  it('starts a rebuild by itself, is answered meanwhile, and ends without an alarm', async () => {
    const { sql, story } = await told(8, 100);
    const partners = (): string[] => sql.exec('SELECT name FROM partners').map((row) => text(row, 'name'));
    const old = partners();
    const ledger = open(sql, changed(12, '!'));
    expect(projectionsState(sql)).toMatchObject({
      state: 'rebuilding',
      rebuild: { since: logHead(sql).size, why: 'a fold has another version' },
    });
    expect(partners()).toEqual(old);
    await story.tell(ledger, 3);
    await run(ledger);
    expect(projectionsState(sql)).toMatchObject({ state: 'current', alarms: [] });
    expect(partners().every((name) => name.endsWith('!'))).toBe(true);
    expect(
      sql.exec("SELECT COUNT(*) AS n FROM rebuild_ranges WHERE stored <> refolded AND tbl = 'partners'").map((row) => num(row, 'n')),
    ).toEqual([1]);
    expect(open(sql, changed(12, '!')).rebuild.runs()).toBe(false);
  });

  it('that changes again half way begins again with the newest code', async () => {
    const { sql } = await told(8, 100);
    const second = open(sql, changed(12, '!'));
    for (let n = 0; n < 30; n += 1) second.rebuild.slice(NOW);
    const third = open(sql, changed(13, '?'));
    await run(third);
    expect(sql.exec('SELECT name FROM partners').every((row) => /[^!]\?+$/.test(text(row, 'name')))).toBe(true);
    expect(sql.exec("SELECT version FROM folds WHERE name = 'masterdata'")).toEqual([{ version: 13 }]);
  });

  it('or a projection that comes to a log with entries folds them all', async () => {
    const sql = new NodeSql();
    const early = projections.filter(({ name }) => name !== 'reconcile');
    await new Story(9).tell(open(sql, early), 100);
    const ledger = open(sql);
    expect(num(sql.exec('SELECT COUNT(*) AS n FROM match_documents')[0] as Row, 'n')).toBe(0);
    await run(ledger);
    const whole = await told(9, 100);
    expect(digests(sql)).toEqual(digests(whole.sql));
  });

  it('on an empty ledger needs no rebuild', () => {
    const sql = new NodeSql();
    open(sql);
    expect(open(sql, changed(12, '!')).rebuild.runs()).toBe(false);
  });
});

it('a commit that no rebuild follows costs no statement more', async () => {
  class Counting extends NodeSql {
    asked: string[] = [];
    override exec(statement: string, ...params: Value[]): Row[] {
      this.asked.push(statement);
      return super.exec(statement, ...params);
    }
  }
  const sql = new Counting();
  const ledger = open(sql);
  const story = new Story(1);
  await story.tell(ledger, 20);
  ledger.rebuild.start('asked', NOW);
  await run(ledger);
  sql.asked = [];
  await story.tell(ledger, 20);
  expect(sql.asked.filter((statement) => /rebuild|refold/.test(statement))).toEqual([]);
});
