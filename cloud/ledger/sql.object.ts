import type { Row, Sql, Value } from './sql.ts';

/** The ledger's database in a Durable Object (cloudflare: sql.exec and transactionSync of SQLite-backed storage). */
export class ObjectSql implements Sql {
  readonly #storage: DurableObjectStorage;
  /** Rows that statements wrote since this object started, index entries included: what Cloudflare bills. */
  rowsWritten = 0;
  rowsRead = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  exec(statement: string, ...params: Value[]): Row[] {
    const cursor = this.#storage.sql.exec<Record<string, SqlStorageValue>>(statement, ...params);
    const rows = cursor.toArray();
    this.rowsWritten += cursor.rowsWritten;
    this.rowsRead += cursor.rowsRead;
    for (const row of rows) {
      // Blobs come back as ArrayBuffer; the port promises Uint8Array.
      for (const column in row) {
        const value = row[column];
        if (value instanceof ArrayBuffer) (row as Record<string, unknown>)[column] = new Uint8Array(value);
      }
    }
    return rows as Row[];
  }

  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }
}
