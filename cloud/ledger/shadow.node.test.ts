import { describe, expect, it } from 'vitest';
import { projections } from '../projections.ts';
import { Effects } from './effects.ts';
import { Ledger } from './ledger.ts';
import { decodedEntries } from './log.ts';
import { ShadowSql, shadowOf } from './shadow.ts';
import { NodeSql } from './sql.node.ts';
import type { Row, Value } from './sql.ts';
import { renameTables } from './statement.ts';
import { Story } from './story.fixture.ts';
import { digestOf, tablesOf } from './tables.ts';

const rename = (statement: string): string =>
  renameTables(statement, (name) => (['stock', 'serials', 'sites'].includes(name) ? `x_${name}` : undefined));

describe('a statement with its tables renamed', () => {
  it.each([
    ['SELECT * FROM stock', 'SELECT * FROM "x_stock"'],
    [
      'select a from Stock s, sites, json_each(?) j where s.stock = 1, stock',
      'select a from "x_stock" s, "x_sites", json_each(?) j where s.stock = 1, stock',
    ],
    [
      'SELECT stock.site, sites FROM stock JOIN sites ON stock.site = sites.id',
      'SELECT "x_stock".site, sites FROM "x_stock" JOIN "x_sites" ON "x_stock".site = "x_sites".id',
    ],
    ['INSERT OR REPLACE INTO stock (stock, sites) VALUES (?, ?)', 'INSERT OR REPLACE INTO "x_stock" (stock, sites) VALUES (?, ?)'],
    [
      'UPDATE OR IGNORE stock SET a = 1, stock = 2 WHERE b IN (SELECT id FROM sites)',
      'UPDATE OR IGNORE "x_stock" SET a = 1, stock = 2 WHERE b IN (SELECT id FROM "x_sites")',
    ],
    ['DELETE FROM stock WHERE sites = 1 RETURNING stock', 'DELETE FROM "x_stock" WHERE sites = 1 RETURNING stock'],
    [
      'INSERT INTO stock SELECT 1 WHERE true ON CONFLICT (stock) DO UPDATE SET q = excluded.stock, stock = stock.q',
      'INSERT INTO "x_stock" SELECT 1 WHERE true ON CONFLICT (stock) DO UPDATE SET q = excluded.stock, stock = "x_stock".q',
    ],
    [
      'SELECT \'FROM stock\', "a" -- FROM stock\n, /* FROM stock */ x\'00\' FROM "stock"',
      'SELECT \'FROM stock\', "a" -- FROM stock\n, /* FROM stock */ x\'00\' FROM "x_stock"',
    ],
    [
      "SELECT 'it''s FROM stock' FROM [stock] WHERE EXISTS (SELECT 1 FROM `sites`)",
      'SELECT \'it\'\'s FROM stock\' FROM "x_stock" WHERE EXISTS (SELECT 1 FROM "x_sites")',
    ],
    ['CREATE TABLE IF NOT EXISTS stock (stock INTEGER, sites TEXT)', 'CREATE TABLE IF NOT EXISTS "x_stock" (stock INTEGER, sites TEXT)'],
    [
      'CREATE INDEX i ON stock (stock, sites) WHERE sites IS NOT NULL',
      'CREATE INDEX i ON "x_stock" (stock, sites) WHERE sites IS NOT NULL',
    ],
    ['ALTER TABLE stock ADD COLUMN sites TEXT', 'ALTER TABLE "x_stock" ADD COLUMN sites TEXT'],
    [
      'WITH g AS (SELECT 1 AS serials FROM json_each(?)) INSERT INTO serials SELECT g.serials FROM g CROSS JOIN sites',
      'WITH g AS (SELECT 1 AS serials FROM json_each(?)) INSERT INTO "x_serials" SELECT g.serials FROM g CROSS JOIN "x_sites"',
    ],
    [
      'SELECT (SELECT a FROM stock), sites FROM (SELECT * FROM sites, stock) LIMIT 1',
      'SELECT (SELECT a FROM "x_stock"), sites FROM (SELECT * FROM "x_sites", "x_stock") LIMIT 1',
    ],
    ['SELECT a FROM b ORDER BY stock, sites', 'SELECT a FROM b ORDER BY stock, sites'],
  ])('%s', (statement, expected) => {
    expect(rename(statement)).toBe(expected);
  });

  it('is refused where another thing takes the name of a table', () => {
    for (const statement of [
      'WITH stock AS (SELECT 1) SELECT * FROM stock',
      'WITH g AS (SELECT 1), stock AS MATERIALIZED (SELECT 2) SELECT * FROM stock',
      'SELECT * FROM nodes AS stock',
    ]) {
      expect(() => rename(statement), statement).toThrow(/is a table and stands for something else/);
    }
  });
});

/** Notes every statement that ran. */
class Listening extends NodeSql {
  readonly statements = new Set<string>();
  override exec(statement: string, ...params: Value[]): Row[] {
    this.statements.add(statement);
    return super.exec(statement, ...params);
  }
}

// A whole history, twice: a slow machine may need its time.
describe('shadow tables', { timeout: 60_000 }, () => {
  it('take every statement of every projection over a rich history, come to the same rows, and leave the real ones alone', async () => {
    const sql = new Listening();
    const ledger = new Ledger({
      sql,
      tenant: 'demo',
      projections,
      salt: () => new Uint8Array(16),
      log: ({ text }) => expect(text).toBe(''),
    });
    await new Story(1).tell(ledger, 150);
    while (ledger.drain().more);
    const tables = tablesOf(sql, projections);
    const real = tables.map((table) => digestOf(sql, table));
    // Only work that waits leaves no rows behind.
    expect(tables.filter((_, i) => real[i]?.rows === 0).map(({ name }) => name)).toEqual(['match_work']);

    sql.statements.clear();
    const shadow = new ShadowSql(sql, projections, 7);
    const asked = new Set<string>();
    const listening = {
      exec: (statement: string, ...params: Value[]): Row[] => {
        asked.add(statement);
        return shadow.exec(statement, ...params);
      },
      transaction: <T>(work: () => T): T => shadow.transaction(work),
    };
    for (const { migrations } of projections) for (const { statements } of migrations) for (const each of statements) listening.exec(each);
    for (const entry of decodedEntries(sql, 0, 10_000)) {
      const effects = new Effects();
      for (const fold of projections) fold.apply({ entries: [entry], at: entry.at }, listening, effects);
      for (const fold of projections) while (fold.drain?.(listening, effects, entry.index));
    }
    expect(tables.map((table) => digestOf(sql, shadowOf(table)))).toEqual(real);
    expect(tables.map((table) => digestOf(sql, table))).toEqual(real);
    // What ran names each table by its shadow's name, in place of no column.
    const names = tables.map(({ name }) => name).join('|');
    for (const statement of asked) {
      const bare = statement.replaceAll(/'(?:[^']|'')*'/g, "''");
      expect(bare, 'an index has another name after a rebuild').not.toMatch(/INDEXED BY|DROP INDEX/i);
      const wanted = [...bare.matchAll(new RegExp(`\\b(FROM|JOIN|INTO|UPDATE|TABLE|ON) (${names})\\b`, 'g'))].length;
      expect(shadow.rewrite(statement).split('"refold_').length - 1, statement).toBeGreaterThanOrEqual(wanted);
    }
    expect(asked.size).toBeGreaterThan(60);
  });

  it('refuse a fold that writes what is not its own', () => {
    const sql = new NodeSql();
    const shadow = new ShadowSql(sql, projections, 1);
    for (const statement of [
      'DELETE FROM entries',
      'UPDATE head SET size = 0',
      'INSERT INTO outbound (site) VALUES (1)',
      'DROP TABLE entries',
    ]) {
      expect(() => shadow.exec(statement), statement).toThrow(/a fold must not write it/);
    }
  });
});
