import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64url, toHex, utf8 } from '../../protocol/bytes.ts';
import { canonical, type Json } from '../../protocol/canonical.ts';
import { Fault } from '../../protocol/fault.ts';
import type { Projection } from './projection.ts';
import { num, type Row, type Sql, text, type Value } from './sql.ts';

/** A table that follows from the log: its rows are the same whenever the log is folded again. */
export interface Table {
  readonly projection: string;
  readonly name: string;
  /** As created, which is the order of the values in a row's line. */
  readonly columns: readonly string[];
  /** The primary key: rows are compared and handed out in its order. */
  readonly key: readonly string[];
}

/** Rows read at a time for a digest: a row of 2 MB is possible, 200 usual ones are some 40 KB. */
const DIGEST_ROWS = 200;

const CREATED = /^\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)"?/i;

/** The names of the tables that a projection's migrations create, in order. */
export function createdTables({ migrations }: Projection): string[] {
  return migrations.flatMap(({ statements }) => statements.flatMap((statement) => CREATED.exec(statement)?.[1] ?? []));
}

function tableOf(sql: Sql, projection: string, name: string): Table {
  // The database is asked, not the text of the migrations: a later one may have added columns.
  const rows = sql.exec('SELECT name, pk FROM pragma_table_info(?) ORDER BY cid', name);
  const keyed = rows.filter((row) => num(row, 'pk') > 0).sort((a, b) => num(a, 'pk') - num(b, 'pk'));
  if (keyed.length === 0) {
    throw new Fault('TABLE_KEYLESS', `table ${name} of ${projection} has no primary key: its rows cannot be compared, declare one`);
  }
  return { projection, name, columns: rows.map((row) => text(row, 'name')), key: keyed.map((row) => text(row, 'name')) };
}

/**
 * The tables of the projections as they stand in the database: in fold order, then as created.
 * @throws Fault TABLE_KEYLESS for one without a primary key
 */
export function tablesOf(sql: Sql, projections: readonly Projection[]): Table[] {
  return projections.flatMap((projection) => createdTables(projection).map((name) => tableOf(sql, projection.name, name)));
}

const quoted = (name: string): string => `"${name}"`;

type Named = Pick<Table, 'name' | 'columns' | 'key'>;

/**
 * At most `limit` rows after the key `after` up to and with the key `to` (null: from the start, to the end), in key order as SQLite compares
 * them: numbers, then text by its UTF-8 bytes, then blobs.
 */
export function rowsUpTo(sql: Sql, table: Named, after: readonly Value[] | null, to: readonly Value[] | null, limit: number): Row[] {
  const key = `(${table.key.map(quoted).join(', ')})`;
  const bound = (operator: string, values: readonly Value[] | null): string[] =>
    values === null ? [] : [`${key} ${operator} (${values.map(() => '?').join(', ')})`];
  const bounds = [...bound('>', after), ...bound('<=', to)];
  return sql.exec(
    `SELECT ${table.columns.map(quoted).join(', ')} FROM ${quoted(table.name)} ${bounds.length === 0 ? '' : `WHERE ${bounds.join(' AND ')}`}
      ORDER BY ${table.key.map(quoted).join(', ')} LIMIT ?`,
    ...(after ?? []),
    ...(to ?? []),
    limit,
  );
}

/** At most `limit` rows after the key `after`, in key order. `next` is the key of the last of them, null when no row follows. */
export function rowsAfter(
  sql: Sql,
  table: Named,
  after: readonly Value[] | null,
  limit: number,
): { rows: readonly Row[]; next: readonly Value[] | null } {
  const found = rowsUpTo(sql, table, after, null, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last !== undefined ? keyOf(table, last) : null };
}

/** The values of a row's primary key. */
export function keyOf(table: Pick<Table, 'key'>, row: Row): Value[] {
  return table.key.map((column) => row[column] ?? null);
}

const jsonOf = (value: Value | undefined): Json => (value instanceof Uint8Array ? { b: toBase64url(value) } : (value ?? null));

/**
 * A row as canonical JSON: an array of its values in the order of the columns; a blob is `{"b": "<base64url>"}`. Without a line end.
 * @throws Fault NOT_CANONICAL for a float: no projection keeps one
 */
export function rowLine(table: Pick<Table, 'columns'>, row: Row): string {
  return canonical(table.columns.map((column) => jsonOf(row[column])));
}

/** How many rows a table has, and the SHA-256 (hexadecimal) over the lines of all of them in key order, each with its line end. */
export function digestOf(sql: Sql, table: Table): { rows: number; sha256: string } {
  const hash = sha256.create();
  let count = 0;
  for (let after: readonly Value[] | null = null; ; ) {
    const { rows, next } = rowsAfter(sql, table, after, DIGEST_ROWS);
    for (const row of rows) hash.update(utf8(`${rowLine(table, row)}\n`));
    count += rows.length;
    if (next === null) return { rows: count, sha256: toHex(hash.digest()).toLowerCase() };
    after = next;
  }
}
