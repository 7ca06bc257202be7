import { Fault } from '../../protocol/fault.ts';
import type { Projection } from './projection.ts';
import type { Row, Sql, Value } from './sql.ts';
import { renameTables } from './statement.ts';
import { createdTables, type Table } from './tables.ts';

/** Rewritten statements kept: projections have fewer, those that put column names together included. */
const MAX_STATEMENTS = 500;

/** What a table is called while it is folded again. */
export function shadowName(table: string): string {
  return `refold_${table}`;
}

/** A table under the name of its shadow. */
export function shadowOf(table: Table): Table {
  return { ...table, name: shadowName(table.name) };
}

/**
 * The tables of the projections a second time, in the same database: runs their unchanged statements on shadow tables, so that a rebuild and
 * the commits fold side by side, and in one transaction. What is no projection's table may be read (json_each, sqlite_master) but never written.
 *
 * Names of indexes are one space for the whole database and an index can't be renamed, so each rebuild has its own: `<index>_<generation>`.
 * No statement but CREATE INDEX may name one.
 */
export class ShadowSql implements Sql {
  readonly #sql: Sql;
  readonly #tables: ReadonlySet<string>;
  readonly #generation: number;
  readonly #rewritten = new Map<string, string>();

  constructor(sql: Sql, projections: readonly Projection[], generation: number) {
    this.#sql = sql;
    this.#tables = new Set(projections.flatMap(createdTables).map((name) => name.toLowerCase()));
    this.#generation = generation;
  }

  /** The statement as it runs. @throws Fault SQL_AMBIGUOUS, SHADOW_WRITE */
  rewrite(statement: string): string {
    let rewritten = this.#rewritten.get(statement);
    if (rewritten === undefined) {
      rewritten = renameTables(statement, (name, write) => {
        if (this.#tables.has(name)) return shadowName(name);
        if (!write) return undefined;
        const index = new RegExp(`^\\s*CREATE\\s+(UNIQUE\\s+)?INDEX\\s+(IF\\s+NOT\\s+EXISTS\\s+)?"?${name}\\b`, 'i').test(statement);
        if (index) return `${name}_${this.#generation}`;
        throw new Fault('SHADOW_WRITE', `${name} is no projection's table, a fold must not write it: ${statement}`);
      });
      if (this.#rewritten.size < MAX_STATEMENTS) this.#rewritten.set(statement, rewritten);
    }
    return rewritten;
  }

  exec(statement: string, ...params: Value[]): Row[] {
    return this.#sql.exec(this.rewrite(statement), ...params);
  }

  transaction<T>(work: () => T): T {
    return this.#sql.transaction(work);
  }
}
