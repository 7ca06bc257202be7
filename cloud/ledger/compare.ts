import { sha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../../protocol/bytes.ts';
import type { Row, Sql, Value } from './sql.ts';
import { keyOf, rowLine, rowsAfter, rowsUpTo, type Table } from './tables.ts';

/** One range of a table's rows by key, as two foldings have it. */
export interface Compared {
  /** Rows and the SHA-256 (hexadecimal) over their lines. */
  readonly stored: { readonly rows: number; readonly sha256: string };
  readonly refolded: { readonly rows: number; readonly sha256: string };
  /** Canonical JSON of the keys where they part; absent when they are equal. */
  readonly differs?: { readonly stored: string | null; readonly refolded: string | null };
  /** Key of the last row of the range; null when it reaches to the end of the table. */
  readonly next: readonly Value[] | null;
}

function digest(lines: readonly string[]): { rows: number; sha256: string } {
  const hash = sha256.create();
  for (const line of lines) hash.update(utf8(`${line}\n`));
  return { rows: lines.length, sha256: toHex(hash.digest()).toLowerCase() };
}

const keyText = (table: Table, row: Row | undefined): string | null => (row === undefined ? null : rowLine({ columns: table.key }, row));

/**
 * Compares `stored` with `refolded` (the same table under another name) in the range of keys that begins after `after` and holds at most `limit`
 * stored rows. A range with many more refolded rows than stored ones is read only as far as its difference is certain.
 */
export function compareRange(sql: Sql, stored: Table, refolded: Table, after: readonly Value[] | null, limit: number): Compared {
  const { rows, next } = rowsAfter(sql, stored, after, limit);
  const others = rowsUpTo(sql, refolded, after, next, rows.length + limit);
  const lines = rows.map((row) => rowLine(stored, row));
  const otherLines = others.map((row) => rowLine(refolded, row));
  const at = Array.from({ length: Math.max(lines.length, otherLines.length) }, (_, i) => i).find((i) => lines[i] !== otherLines[i]);
  return {
    stored: digest(lines),
    refolded: digest(otherLines),
    ...(at === undefined ? {} : { differs: { stored: keyText(stored, rows[at]), refolded: keyText(refolded, others[at]) } }),
    next: next === null ? null : keyOf(stored, rows.at(-1) as Row),
  };
}
