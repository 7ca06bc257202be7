import { minorText } from '../../protocol/money.ts';
import type { Effects } from '../ledger/effects.ts';
import type { HubEntry } from '../ledger/entry.ts';
import { num, type Sql, text } from '../ledger/sql.ts';
import { adopt, adoptLines, type Round } from './adopt.ts';
import { dayOf } from './days.ts';
import { resolveAgain } from './groups.ts';
import { loadInvoice } from './load.ts';
import { publishRecorded } from './news.ts';
import type { Work } from './work.ts';

/** Does one piece of work. */
export function perform(round: Round, { kind, doc, line, rank }: Work): void {
  if (kind === 'adopt' && line < 0) adopt(round, doc);
  else if (kind === 'adopt') {
    const invoice = loadInvoice(round.book.sql, doc, [line]);
    const known = round.book.sql.exec('SELECT 1 FROM match_documents WHERE doc = ? AND replaced_by IS NULL', doc).length > 0;
    if (invoice !== undefined && known) adoptLines(round, doc, invoice);
  } else if (kind === 'judge') round.settlement.line(doc, line);
  else {
    const asked = round.book.asked(doc, line);
    if (asked !== undefined) round.sweep.dirtyClaim({ asked, rank });
  }
}

const worksOf = (kind: Work['kind'], rows: ReturnType<Sql['exec']>): Work[] =>
  rows.map((row) => ({ kind, doc: num(row, 'doc'), line: num(row, 'line'), rank: 0 }));

/** An order prices the lines that name it. */
function orderedLines(sql: Sql, order: string): Work[] {
  return worksOf('judge', sql.exec('SELECT DISTINCT doc, line FROM match_lanes WHERE order_ref = ?', order));
}

/** Lines whose price an agreement may change: of its partner, issued from its day on, or all where it is the first one in its currency. */
function pricedLines(sql: Sql, entry: HubEntry): Work[] {
  const { partner, gtin, currency } = entry.value as { partner: string; gtin: string; currency: string };
  const earlier = sql.exec(
    'SELECT 1 FROM prices WHERE partner = ? AND gtin = ? AND currency = ? AND valid_from < ? LIMIT 1',
    partner,
    Number(gtin),
    currency,
    entry.effectiveAt,
  );
  // A day of slack: prices and documents are cut in different zones.
  const from = earlier.length === 0 ? 0 : dayOf(new Date(entry.effectiveAt).toISOString().slice(0, 10)) - 1;
  const rows = sql.exec(
    `SELECT l.doc, l.line FROM document_lines l JOIN match_documents m ON m.doc = l.doc JOIN documents d ON d.entry = l.doc
      WHERE l.gtin = ? AND m.day >= ? AND EXISTS (SELECT 1 FROM json_each(d.partner_spellings) WHERE value = ?)`,
    Number(gtin),
    from,
    partner,
  );
  return worksOf('judge', rows);
}

/** Lines of an item: its unit or packs may be others now. */
function itemLines(sql: Sql, gtin: string): Work[] {
  const rows = sql.exec(
    'SELECT l.doc, l.line FROM document_lines l JOIN match_documents m ON m.doc = l.doc WHERE l.gtin = ?',
    Number(gtin),
  );
  return worksOf('adopt', rows);
}

/** The company has said who it is: documents may be its own now, and partners of orders and despatch advices may be others. */
function companyChanges(round: Round): Work[] {
  const { sql } = round.book;
  const works: Work[] = [];
  for (const row of sql.exec("SELECT entry, kind, number FROM documents WHERE kind IN ('order', 'despatchAdvice') ORDER BY entry")) {
    for (const stored of resolveAgain(round.book, num(row, 'entry'))) round.sweep.reconsider(stored);
    if (text(row, 'kind') === 'order') works.push(...orderedLines(sql, text(row, 'number')));
  }
  return [...works, ...unadopted(sql)];
}

function unadopted(sql: Sql): Work[] {
  const rows = sql.exec(
    `SELECT entry AS doc, -1 AS line FROM documents d WHERE role IS NOT NULL AND kind IN ('invoice', 'creditNote')
      AND NOT EXISTS (SELECT 1 FROM match_documents m WHERE m.doc = d.entry)`,
  );
  return worksOf('adopt', rows);
}

/** Purchases that name the place of a site. */
function locatedAt(sql: Sql, gln: string): Work[] {
  return worksOf('adopt', sql.exec('SELECT entry AS doc, -1 AS line FROM documents WHERE location = ?', gln));
}

function documentChanges(round: Round, entry: HubEntry, effects: Effects): Work[] {
  const { sql } = round.book;
  const [row] = sql.exec('SELECT kind, number, role FROM documents WHERE entry = ?', entry.index);
  if (row === undefined) return [];
  const kind = text(row, 'kind');
  if (kind === 'invoice' || kind === 'creditNote') {
    if (row['role'] === null) publishRecorded(sql, effects, entry.index);
    return row['role'] === null ? [] : [{ kind: 'adopt', doc: entry.index, line: -1, rank: 0 }];
  }
  publishRecorded(sql, effects, entry.index);
  for (const stored of resolveAgain(round.book, entry.index)) round.sweep.reconsider(stored);
  return kind === 'order' ? orderedLines(sql, text(row, 'number')) : [];
}

/** A refused copy under a number that is taken: the first document shows it, with the most that a copy asks for. */
function duplicate(round: Round, entry: HubEntry): void {
  const { sql } = round.book;
  const [row] = sql.exec(
    `SELECT d.entry, COUNT(*) AS copies, MAX(x.amount) AS amount, MAX(x.currency) AS currency FROM documents d
      JOIN document_duplicates x ON x.doc = d.entry WHERE d.id = ? GROUP BY d.entry`,
    String(entry.value['id']),
  );
  if (row === undefined) return;
  const amount = num(row, 'amount');
  const currency = text(row, 'currency');
  const params = { copies: num(row, 'copies'), ...(currency === '' ? {} : { amount: minorText(amount, currency), currency }) };
  round.settlement.findings.replaceCode(num(row, 'entry'), 'DUPLICATE_NUMBER', {
    code: 'DUPLICATE_NUMBER',
    amount,
    currency,
    explanation: { code: 'DUPLICATE_NUMBER', params },
  });
}

/** What an entry of the hub makes necessary. Entries of other types change nothing that is matched. */
export function worksFor(round: Round, entry: HubEntry, effects: Effects): Work[] {
  const { sql } = round.book;
  switch (entry.type) {
    case 'document':
      return documentChanges(round, entry, effects);
    case 'refusal':
      duplicate(round, entry);
      return [];
    case 'price':
      return pricedLines(sql, entry);
    case 'item':
      return itemLines(sql, String(entry.value['gtin']));
    case 'company':
      return companyChanges(round);
    case 'site':
      return typeof entry.value['gln'] === 'string' ? locatedAt(sql, entry.value['gln']) : [];
    default:
      return [];
  }
}

/** Entry types that `worksFor` acts on. */
export const TRIGGERS: ReadonlySet<string> = new Set(['document', 'refusal', 'price', 'item', 'company', 'site']);
