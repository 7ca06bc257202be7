import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Fault } from '../../protocol/fault.ts';
import { MAX_PARAMETERS, type Row, type Sql, type Value } from './sql.ts';

/** A Durable Object's limits on one statement and one value (cloudflare: Durable Objects, limits). */
const MAX_STATEMENT_BYTES = 100_000;
const MAX_VALUE_BYTES = 2_000_000;
/** Compiled statements kept: the ledger has fewer, so that none is compiled twice. */
const MAX_STATEMENTS = 500;

const refuse = (what: string): never => {
  throw new Fault('SQL_REFUSED', `a Durable Object would refuse this statement: ${what}`);
};

function check(statement: string, params: readonly Value[]): void {
  if (params.length > MAX_PARAMETERS) refuse(`${params.length} parameters, more than ${MAX_PARAMETERS}: pass one JSON text to json_each`);
  if (statement.length > MAX_STATEMENT_BYTES) refuse(`${statement.length} characters, more than ${MAX_STATEMENT_BYTES}`);
  if (/^\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i.test(statement)) refuse('transactions as text: use transaction()');
  if (/\bPRAGMA\s+user_version\b/i.test(statement)) refuse('PRAGMA user_version: keep versions in a table');
  for (const value of params) {
    if (typeof value === 'number' && !Number.isFinite(value)) refuse(`${value} as a parameter`);
    const length = typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;
    if (length > MAX_VALUE_BYTES) refuse(`a value of ${length} bytes, more than ${MAX_VALUE_BYTES}`);
  }
}

/** The ledger's database on node:sqlite: refuses what a Durable Object would, so that what passes here runs there. */
export class NodeSql implements Sql {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  /** `path` is a file, or `:memory:`. */
  constructor(path = ':memory:') {
    this.#db = new DatabaseSync(path);
  }

  exec(statement: string, ...params: Value[]): Row[] {
    check(statement, params);
    let prepared = this.#statements.get(statement);
    if (prepared === undefined) {
      prepared = this.#db.prepare(statement);
      if (this.#statements.size < MAX_STATEMENTS) this.#statements.set(statement, prepared);
    }
    // A Durable Object stores a whole number as INTEGER, and so does node:sqlite for a safe integer.
    return prepared.all(...params) as Row[];
  }

  transaction<T>(work: () => T): T {
    const name = `t${this.#depth}`;
    this.#db.exec(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const result = work();
      this.#db.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      this.#db.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  close(): void {
    this.#db.close();
  }
}
