import { CORRECTED_CODES } from '../documents/document.ts';
import { num, optionalText, type Sql, text } from '../ledger/sql.ts';
import type { Book } from './book.ts';
import { dayOf } from './days.ts';
import { type Resolved, resolve, type Unmatched } from './demand.ts';
import type { InvoiceFact, LineFact } from './facts.ts';
import { Items } from './items.ts';
import { loadInvoice, loadItems } from './load.ts';
import type { Settlement } from './settle.ts';
import type { Sweep } from './sweep.ts';
import { DIRECTION_NUMBER } from './tables.ts';

/** One round of the match: what is dirty, and what has to be judged when it is served. */
export interface Round {
  readonly book: Book;
  readonly sweep: Sweep;
  readonly settlement: Settlement;
}

const CORRECTED = JSON.stringify([...CORRECTED_CODES]);

/** The number of the newest corrected invoice that replaces this one (BT-25 of the other names it): of two that name each other the later. */
function replacedBy(sql: Sql, doc: number): string | undefined {
  const [row] = sql.exec(
    `SELECT other.number FROM documents own JOIN documents other ON other.partner = own.partner AND other.role = own.role
        AND other.type_code IN (SELECT value FROM json_each(?1)) AND other.number <> own.number
      WHERE own.entry = ?2 AND EXISTS (SELECT 1 FROM json_each(other.preceding) WHERE value = own.number)
        AND NOT (own.type_code IN (SELECT value FROM json_each(?1)) AND (own.issue_date, own.number) > (other.issue_date, other.number)
          AND EXISTS (SELECT 1 FROM json_each(own.preceding) WHERE value = other.number))
      ORDER BY other.issue_date DESC, other.number DESC LIMIT 1`,
    CORRECTED,
    doc,
  );
  return row === undefined ? undefined : text(row, 'number');
}

/** Invoices that a corrected one replaces. */
function replacedOnes(sql: Sql, invoice: InvoiceFact): number[] {
  if (!CORRECTED_CODES.has(invoice.typeCode) || invoice.preceding === undefined || invoice.preceding.length === 0) return [];
  return sql
    .exec(
      `SELECT entry FROM documents WHERE number IN (SELECT value FROM json_each(?)) AND kind IN ('invoice', 'creditNote')
        AND partner = ? AND role = ? AND number <> ?`,
      JSON.stringify(invoice.preceding),
      invoice.partner,
      invoice.role,
      invoice.number,
    )
    .map((row) => num(row, 'entry'));
}

/**
 * Takes a document into the match, or again after something it rests on has changed (its role, its site, a correction of it). Lines that
 * ask for the same as before keep what they hold.
 */
export function adopt(round: Round, doc: number): void {
  const { sql } = round.book;
  const invoice = loadInvoice(sql, doc);
  if (invoice === undefined) return;
  const by = replacedBy(sql, doc);
  // What its lines asked for so far, before the document's own columns change under them.
  for (const row of sql.exec('SELECT line FROM match_lines WHERE doc = ?', doc)) round.book.asked(doc, num(row, 'line'));
  sql.exec(
    `INSERT INTO match_documents (doc, status, gate, replaced_by, issue_date, number, day, role, type_code, partner, currency, site)
      VALUES (?, '', '', ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET replaced_by = excluded.replaced_by, role = excluded.role, partner = excluded.partner, site = excluded.site`,
    doc,
    by ?? null,
    invoice.issueDate,
    invoice.number,
    dayOf(invoice.issueDate),
    invoice.role,
    invoice.typeCode,
    invoice.partner,
    invoice.currency,
    invoice.site ?? null,
  );
  round.settlement.document(doc);
  if (by === undefined) adoptLines(round, doc, invoice);
  else dropLines(round, doc);
  for (const other of replacedOnes(sql, invoice)) {
    const known = sql.exec('SELECT replaced_by FROM match_documents WHERE doc = ?', other)[0];
    if (known !== undefined && optionalText(known, 'replaced_by') !== replacedBy(sql, other)) adopt(round, other);
  }
}

/** Reads lines of a document again: all, or those at some positions after their items have changed. */
export function adoptLines(round: Round, doc: number, invoice: InvoiceFact): void {
  const gtins = [...new Set(invoice.lines.flatMap(({ gtin }) => (gtin === undefined ? [] : [gtin])))];
  const items = new Items(loadItems(round.book.sql, gtins));
  for (const fact of invoice.lines) adoptLine(round, doc, fact, resolve(invoice, fact, items));
}

function adoptLine(round: Round, doc: number, fact: LineFact, asked: Resolved | Unmatched): void {
  const { book, sweep, settlement } = round;
  const line = Number(fact.id);
  const before = book.asked(doc, line);
  settlement.line(doc, line);
  book.forget(doc, line);
  if ('demand' in asked) writeAsked(book.sql, doc, line, asked);
  else writeUnmatched(book.sql, doc, line, asked);
  const after = book.asked(doc, line);
  if (before !== undefined && after !== undefined && JSON.stringify(before) === JSON.stringify(after)) return;
  for (const asking of [before, after]) if (asking !== undefined) sweep.guessAgain(asking);
  if (before !== undefined) {
    // What it held is offered to all: it may hold part of it again, as any other claim.
    sweep.withdraw(before);
    if (after === undefined) book.sql.exec('DELETE FROM match_lanes WHERE doc = ? AND line = ?', doc, line);
  }
  if (after !== undefined) sweep.dirty(after);
}

/** A line whose demand is gone keeps its row; columns that judging fills start empty. */
function writeUnmatched(sql: Sql, doc: number, line: number, { status }: Unmatched): void {
  sql.exec(
    `INSERT INTO match_lines (doc, line, over, status, matched, short, accepted, explanation) VALUES (?, ?, 0, ?, 0, 0, 0, '{}')
      ON CONFLICT DO UPDATE SET quantity = NULL, factor = NULL, direction = NULL, back = NULL, parts = NULL, despatch = NULL, order_ref = NULL,
        over = 0, status = excluded.status, matched = 0, short = 0, accepted = 0`,
    doc,
    line,
    status,
  );
}

function writeAsked(sql: Sql, doc: number, line: number, { demand, factor }: Resolved): void {
  const direction = DIRECTION_NUMBER[demand.direction];
  sql.exec(
    `INSERT INTO match_lines (doc, line, quantity, factor, direction, back, parts, despatch, order_ref, over, status, matched, short, accepted, explanation)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, ?, 0, '{}')
      ON CONFLICT DO UPDATE SET quantity = excluded.quantity, factor = excluded.factor, direction = excluded.direction, back = excluded.back,
        parts = excluded.parts, despatch = excluded.despatch, order_ref = excluded.order_ref`,
    doc,
    line,
    demand.quantity,
    factor,
    direction,
    demand.returns ? 1 : 0,
    JSON.stringify(demand.parts),
    demand.despatchRef ?? null,
    demand.orderRef ?? null,
    demand.quantity,
  );
  for (const { gtin } of demand.parts)
    sql.exec(
      `INSERT INTO match_lanes (gtin, direction, day, doc, line, open, back, despatch, order_ref) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)
        ON CONFLICT DO UPDATE SET back = excluded.back, despatch = excluded.despatch, order_ref = excluded.order_ref`,
      Number(gtin),
      direction,
      demand.day,
      doc,
      line,
      demand.returns ? 1 : 0,
      demand.despatchRef ?? null,
      demand.orderRef ?? null,
    );
}

/** A document that was replaced asks for nothing. */
function dropLines({ book, sweep, settlement }: Round, doc: number): void {
  for (const row of book.sql.exec('SELECT line FROM match_lines WHERE doc = ?', doc)) {
    const line = num(row, 'line');
    const asked = book.asked(doc, line);
    book.forget(doc, line);
    // Gone before its goods are offered, so that it is not asked itself.
    book.sql.exec('DELETE FROM match_lines WHERE doc = ? AND line = ?', doc, line);
    if (asked !== undefined) sweep.guessAgain(asked);
    if (asked !== undefined) sweep.withdraw(asked);
    settlement.gone(doc, line);
  }
  book.sql.exec('DELETE FROM match_lanes WHERE doc = ?', doc);
}
