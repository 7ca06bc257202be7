import type { Effects } from '../ledger/effects.ts';
import { num, type Row, type Sql, text } from '../ledger/sql.ts';
import { type FindingNews, WHOLE_DOCUMENT } from './findings.ts';
import type { Settled } from './settle.ts';

/** Up to this many lines a change shows all of a document; of a longer one only the lines that changed, lest each pallet repeat thousands. */
const MAX_SHOWN = 100;

const headOf = (sql: Sql, doc: number): Row | undefined =>
  sql.exec('SELECT id, kind, number, line_count FROM documents WHERE entry = ?', doc)[0];

function linesOf(sql: Sql, doc: number, all: boolean, positions: readonly number[]) {
  const rows = sql.exec(
    `SELECT d.id, m.status, m.matched, m.short, m.over FROM match_lines m JOIN document_lines d ON d.doc = m.doc AND d.line = m.line
      WHERE m.doc = ?1 AND (?2 OR m.line IN (SELECT value FROM json_each(?3))) ORDER BY m.line`,
    doc,
    all ? 1 : 0,
    JSON.stringify(positions),
  );
  return rows.map((row) => ({
    id: text(row, 'id'),
    status: text(row, 'status'),
    matched: num(row, 'matched'),
    short: num(row, 'short'),
    over: num(row, 'over'),
  }));
}

/** A document that is only recorded: an order, a despatch advice, an invoice between others. */
export function publishRecorded(sql: Sql, effects: Effects, doc: number): void {
  const head = headOf(sql, doc);
  if (head === undefined) return;
  const { documents } = effects.of(doc);
  documents.push({ id: text(head, 'id'), kind: text(head, 'kind'), number: text(head, 'number'), status: 'RECORDED', lines: [] });
}

/** Tells the stream what a round changed; it stands beside the entry that the round ended with. */
export function publish(sql: Sql, effects: Effects, entry: number, settled: readonly Settled[], findings: readonly FindingNews[]): void {
  const lists = effects.of(entry);
  for (const { doc, was, status, lines } of settled) {
    const head = headOf(sql, doc);
    if (head === undefined) continue;
    lists.documents.push({
      id: text(head, 'id'),
      kind: text(head, 'kind'),
      number: text(head, 'number'),
      ...(was === '' ? {} : { was }),
      status,
      lines: linesOf(sql, doc, num(head, 'line_count') <= MAX_SHOWN, lines),
    });
  }
  for (const { doc, line, code, open, amount, currency, explanation } of findings) {
    const head = headOf(sql, doc);
    if (head === undefined) continue;
    const [row] = line === WHOLE_DOCUMENT ? [] : sql.exec('SELECT id FROM document_lines WHERE doc = ? AND line = ?', doc, line);
    lists.findings.push({
      document: text(head, 'id'),
      number: text(head, 'number'),
      ...(row === undefined ? {} : { line: text(row, 'id') }),
      code,
      open,
      amount,
      currency,
      explanation,
    });
  }
}
