import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projections } from '../projections.ts';
import type { Projection } from './projection.ts';
import { migrate } from './schema.ts';
import { NodeSql } from './sql.node.ts';
import type { Row, Value } from './sql.ts';
import { digestOf, rowLine, rowsAfter, type Table, tablesOf } from './tables.ts';

const fold = (...statements: string[]): Projection => ({
  ...{ name: 'test', foldVersion: 1, apply: () => undefined },
  migrations: [{ id: 'tables', statements }],
});

function tableOf(sql: NodeSql, ...statements: string[]): Table {
  migrate(sql, [fold(...statements)]);
  return tablesOf(sql, [fold(...statements)])[0] as Table;
}

function paged(sql: NodeSql, table: Table, limit: number): Row[] {
  const all: Row[] = [];
  for (let after: readonly Value[] | null = null; ; ) {
    const { rows, next } = rowsAfter(sql, table, after, limit);
    expect(rows.length).toBeLessThanOrEqual(limit);
    all.push(...rows);
    if (next === null) return all;
    after = next;
  }
}

describe('the tables of projections', () => {
  it('are all listed in fold order, with the columns and the primary key that the database has', () => {
    const sql = new NodeSql();
    migrate(sql, projections);
    const tables = tablesOf(sql, projections);
    expect(tables.map(({ projection }) => projection)).toEqual(
      projections.flatMap(({ name }) => tables.filter((table) => table.projection === name).map(() => name)),
    );
    expect(tables.find(({ name }) => name === 'serials')).toEqual({
      ...{
        projection: 'stock',
        name: 'serials',
        columns: ['item', 'serial', 'site', 'entry', 'seen', 'never_in'],
        key: ['item', 'serial'],
      },
    });
    expect(tables.find(({ name }) => name === 'sites')?.key).toEqual(['id']);
    const all = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => row['name']);
    const own = new Set(tables.map(({ name }) => name));
    migrate(sql, []);
    expect(tables.every(({ name }) => all.includes(name)) && own.size === tables.length).toBe(true);
  });

  it('take their key in the order of the key, and know columns that a later migration added', () => {
    const sql = new NodeSql();
    const create = 'CREATE TABLE "t" (b TEXT, a INTEGER, c BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID';
    const table = tableOf(sql, create, 'ALTER TABLE t ADD COLUMN d INTEGER', 'CREATE INDEX t_d ON t (d)');
    expect(table).toEqual({ projection: 'test', name: 't', columns: ['b', 'a', 'c', 'd'], key: ['a', 'b'] });
  });

  it('must have a primary key', () => {
    expect(() => tableOf(new NodeSql(), 'CREATE TABLE t (a INTEGER)')).toThrow(/t of test has no primary key/);
  });

  it('are read whole and in key order in pages of any size', () => {
    const value = fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.uint8Array({ maxLength: 2 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value)), fc.integer({ min: 1, max: 7 }), (pairs, limit) => {
        const sql = new NodeSql();
        const table = tableOf(sql, 'CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID');
        for (const pair of pairs) sql.exec('INSERT OR REPLACE INTO t (a, b) VALUES (?, ?)', ...pair);
        expect(paged(sql, table, limit)).toEqual(sql.exec('SELECT a, b FROM t ORDER BY a, b'));
      }),
    );
  });

  it('write a row as a canonical array in the order of the columns, a blob by its base64url', () => {
    const table = { columns: ['n', 's', 'b', 'x'] };
    expect(rowLine(table, { x: null, n: -7, b: Uint8Array.of(255, 0), s: 'é"\n' })).toBe('[-7,"é\\"\\n",{"b":"_wA"},null]');
    expect(() => rowLine(table, { n: 1.5, s: '', b: null, x: null })).toThrow(/not a safe integer/);
  });

  it('have a digest that every value of every row changes, and no order of writing', () => {
    const create = 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)';
    const digest = (...rows: [number, string | null][]): { rows: number; sha256: string } => {
      const sql = new NodeSql();
      const table = tableOf(sql, create);
      for (const row of rows) sql.exec('INSERT INTO t (id, v) VALUES (?, ?)', ...row);
      return digestOf(sql, table);
    };
    expect(digest()).toEqual({ rows: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' });
    expect(digest([1, 'a'], [2, 'b'])).toEqual(digest([2, 'b'], [1, 'a']));
    const all = [digest([1, 'a']), digest([2, 'a']), digest([1, 'b']), digest([1, null]), digest([1, 'a'], [2, 'a'])];
    expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(all.length);
    const many = Array.from({ length: 451 }, (_, n): [number, string] => [n, `row ${n}`]);
    expect(digest(...many).rows).toBe(451);
  });
});
