import { num, type Sql, text } from '../ledger/sql.ts';

/** What a commit had no room for. `line` -1: the whole document. */
export interface Work {
  /** Read a document or line again; serve a claim again; judge a line again. */
  readonly kind: 'adopt' | 'serve' | 'judge';
  readonly doc: number;
  readonly line: number;
  /** Of a claim; 0 otherwise. */
  readonly rank: number;
}

/** Keeps work for a later slice. `entry`: since when its values wait. */
export function keepWork(sql: Sql, works: readonly Work[], entry: number): void {
  if (works.length === 0) return;
  sql.exec(
    `INSERT INTO match_work (kind, doc, line, rank, entry) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ? FROM json_each(?)
      WHERE true ON CONFLICT DO NOTHING`,
    entry,
    JSON.stringify(works.map(({ kind, doc, line, rank }) => [kind, doc, line, rank])),
  );
}

/** Takes at most `limit` pieces of work: adopting before serving before judging, strongest claims first. */
export function takeWork(sql: Sql, limit: number): Work[] {
  const rows = sql.exec(
    `DELETE FROM match_work WHERE (kind, doc, line, rank) IN
      (SELECT kind, doc, line, rank FROM match_work ORDER BY kind = 'judge', kind = 'serve', rank, doc, line LIMIT ?)
      RETURNING kind, doc, line, rank`,
    limit,
  );
  return rows.map((row) => ({
    kind: text(row, 'kind') as Work['kind'],
    doc: num(row, 'doc'),
    line: num(row, 'line'),
    rank: num(row, 'rank'),
  }));
}

export function hasWork(sql: Sql): boolean {
  return sql.exec('SELECT 1 FROM match_work LIMIT 1').length > 0;
}
