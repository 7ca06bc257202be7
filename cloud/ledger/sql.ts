/**
 * The ledger's database, as far as the ledger uses it: synchronous SQLite. Two implementations are real: a Durable Object's storage
 * (sql.object.ts) and node:sqlite (sql.node.ts: simulation, rebuild, offline check), so that the ledger runs outside workerd unchanged.
 */
export type Value = string | number | null | Uint8Array;

/** A row by column name. Integers are numbers (safe integers only), blobs are Uint8Array. */
export type Row = Readonly<Record<string, Value>>;

/** A Durable Object binds at most 100 parameters to a statement; bulk work passes one JSON text to json_each instead. */
export const MAX_PARAMETERS = 100;

export interface Sql {
  /** Runs one statement to its end and returns all its rows. Throws what SQLite throws. */
  exec(statement: string, ...params: Value[]): Row[];
  /** Runs `work` as one transaction; rolled back when it throws. `work` must not be asynchronous. Nests. */
  transaction<T>(work: () => T): T;
}

/** A column that the schema says is a number. @throws TypeError when it is not */
export function num(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`column ${column} is ${typeof value}, expected a number`);
  return value;
}

/** A column that the schema says is text. @throws TypeError when it is not */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`column ${column} is ${typeof value}, expected text`);
  return value;
}

/** A column that the schema says is text or NULL; NULL comes back as undefined. @throws TypeError when it is neither */
export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null || row[column] === undefined ? undefined : text(row, column);
}

/** A column that the schema says is a blob. @throws TypeError when it is not */
export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} is ${typeof value}, expected a blob`);
  return value;
}
