import { devices } from './devices.ts';
import { Ledger } from './ledger.ts';
import { masterdata } from './masterdata.ts';
import type { Projection } from './projection.ts';
import { NodeSql } from './sql.node.ts';
import { stock } from './stock.ts';

/** The ledger's own projections, without those that the documents and their matching add. */
export const OWN: readonly Projection[] = [devices, masterdata, stock];

/** A ledger in memory with salts that count, and what it logged. */
export function ledgerInMemory(folds: readonly Projection[] = OWN): { ledger: Ledger; sql: NodeSql; logged: string[] } {
  const sql = new NodeSql();
  const logged: string[] = [];
  return { ledger: openLedger(sql, logged, folds), sql, logged };
}

/** The same over a database that exists. */
export function openLedger(sql: NodeSql, logged: string[] = [], folds: readonly Projection[] = OWN): Ledger {
  let salts = 0;
  const salt = (): Uint8Array => {
    salts += 1;
    return new Uint8Array(16).fill(salts % 256);
  };
  return new Ledger({ sql, tenant: 'demo', projections: folds, salt, log: ({ text }) => logged.push(text) });
}
