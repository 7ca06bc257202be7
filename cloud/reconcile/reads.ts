import { Fault } from '../../protocol/fault.ts';
import type { RuleFinding } from '../documents/document.ts';
import { ruleWords } from '../documents/rules/words.ts';
import { gtinText } from '../ledger/masterdata.ts';
import { limitOf, sizeOf } from '../ledger/page.ts';
import type { Page } from '../ledger/rpc.ts';
import { num, optionalText, type Row, type Sql, text } from '../ledger/sql.ts';
import { type Proof, proofs, UNPROVEN } from './allocations.ts';
import { type Told, tell } from './explain.ts';
import type { Explanation } from './facts.ts';

/** A document as lists show it. */
export interface DocumentRow {
  readonly id: string;
  readonly kind: 'invoice' | 'creditNote' | 'order' | 'despatchAdvice';
  readonly number: string;
  readonly issueDate: string;
  readonly role: 'purchase' | 'sale' | null;
  readonly partner: { readonly id: string; readonly name: string };
  readonly currency: string | null;
  /** Without VAT, decimal text. */
  readonly total: string | null;
  /** RECORDED where nothing is matched. */
  readonly status: string;
  readonly lineCount: number;
  readonly at: number;
  readonly entry: number;
}

export interface DocumentLineView extends Proof {
  readonly id: string;
  readonly gtin: string | null;
  readonly name: string | null;
  readonly quantity: string;
  readonly unit: string | null;
  readonly price: string | null;
  readonly net: string | null;
  readonly status: string | null;
  readonly matched: number;
  readonly short: number;
  readonly over: number;
  readonly explanation: Told | null;
}

export interface FindingView {
  /** Id of the document. */
  readonly document: string;
  readonly number: string;
  /** The document's own line id; null for the whole document. */
  readonly line: string | null;
  readonly code: string;
  /** Minor units. */
  readonly amount: number | null;
  readonly currency: string | null;
  readonly explanation: Told;
}

export interface DocumentView extends DocumentRow {
  readonly despatchRef: string | null;
  readonly orderRef: string | null;
  readonly original: string;
  readonly contentType: string;
  readonly lines: readonly DocumentLineView[];
  readonly findings: readonly FindingView[];
  /** What the document itself breaks of the rules of EN 16931, as its reader found it. */
  readonly ruleFindings: readonly RuleFindingView[];
}

export interface RuleFindingView {
  readonly code: string;
  readonly line: string | null;
  readonly found: string | null;
  readonly expected: string | null;
  readonly text: { readonly fr: string; readonly en: string };
}

export interface DocumentsQuery {
  readonly kind?: string;
  readonly status?: string;
  /** Cursor of the page before; newest first. */
  readonly after?: string;
  readonly limit?: number;
}

const textOrNull = (row: Row, column: string): string | null => optionalText(row, column) ?? null;

function rowOf(row: Row): DocumentRow {
  return {
    id: text(row, 'id'),
    kind: text(row, 'kind') as DocumentRow['kind'],
    number: text(row, 'number'),
    issueDate: text(row, 'issue_date'),
    role: textOrNull(row, 'role') as DocumentRow['role'],
    partner: { id: text(row, 'partner_id'), name: text(row, 'partner_name') },
    currency: textOrNull(row, 'currency'),
    total: textOrNull(row, 'total'),
    status: optionalText(row, 'status') ?? 'RECORDED',
    lineCount: num(row, 'line_count'),
    at: num(row, 'at'),
    entry: num(row, 'entry'),
  };
}

/** The parts of a cursor, joined by underscores: what an address may hold as it is. @throws Fault CURSOR_INVALID */
function cursorParts(cursor: string, pattern: RegExp): string[] {
  const found = pattern.exec(cursor);
  if (found === null) throw new Fault('CURSOR_INVALID', `cursor ${cursor.slice(0, 80)} is not one of this list: start again without it`);
  return found.slice(1);
}

function pageOf<T>(sql: Sql, rows: readonly Row[], limit: number, view: (row: Row) => T, cursor: (row: Row) => string): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(view), next: rows.length > limit && last !== undefined ? cursor(last) : null, entry: sizeOf(sql) };
}

/** Documents, newest first, by kind and status. @throws Fault CURSOR_INVALID */
export function documentsPage(sql: Sql, { kind, status, after, limit: wanted }: DocumentsQuery): Page<DocumentRow> {
  const limit = limitOf(wanted);
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (condition: string, value: string | number): void => {
    conditions.push(condition);
    values.push(value);
  };
  // Each condition stands alone, so that the index of a kind or of a status leads, and the newest come first from either.
  const matched = status !== undefined && status !== 'RECORDED';
  if (matched) where('m.status = ?', status);
  if (kind !== undefined) where('d.kind = ?', kind);
  if (after !== undefined) where(matched ? 'm.doc < ?' : 'd.entry < ?', Number(cursorParts(after, /^(\d{1,15})$/)[0]));
  if (status === 'RECORDED') conditions.push('m.doc IS NULL');
  const rows = sql.exec(
    `SELECT d.*, m.status FROM documents d ${matched ? '' : 'LEFT '}JOIN match_documents m ON m.doc = d.entry
      ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} ORDER BY ${matched ? 'm.doc' : 'd.entry'} DESC LIMIT ?`,
    ...values,
    limit + 1,
  );
  return pageOf(sql, rows, limit, rowOf, (row) => String(num(row, 'entry')));
}

interface Place {
  readonly name: string | undefined;
  readonly timeZone: string | undefined;
}

/** Gives explanations their words, with the names and zones of the sites: one read for all of a page. */
class Teller {
  readonly #places: ReadonlyMap<string, Place>;

  constructor(sql: Sql) {
    const rows = sql.exec('SELECT site, name, time_zone FROM sites');
    this.#places = new Map(
      rows.map((row) => [text(row, 'site'), { name: optionalText(row, 'name'), timeZone: optionalText(row, 'time_zone') }]),
    );
  }

  tell(json: string, item: string | undefined): Told {
    const explanation = JSON.parse(json) as Explanation;
    const { site } = explanation.params;
    const place = site === undefined ? undefined : this.#places.get(String(site));
    return tell(explanation, { item, site: place?.name, timeZone: place?.timeZone });
  }
}

/** What a line has for an explanation until it is judged. */
const NOT_JUDGED = '{}';

function lineOf(row: Row, teller: Teller, proof: Proof): DocumentLineView {
  const explanation = optionalText(row, 'explanation') ?? NOT_JUDGED;
  return {
    id: text(row, 'id'),
    gtin: row['gtin'] === null ? null : gtinText(num(row, 'gtin')),
    name: textOrNull(row, 'name'),
    quantity: text(row, 'quantity'),
    unit: textOrNull(row, 'unit'),
    price: textOrNull(row, 'price'),
    net: textOrNull(row, 'net'),
    status: textOrNull(row, 'status'),
    matched: row['matched'] === null ? 0 : num(row, 'matched'),
    short: row['short'] === null ? 0 : num(row, 'short'),
    over: row['over'] === null ? 0 : num(row, 'over'),
    explanation: explanation === NOT_JUDGED ? null : teller.tell(explanation, optionalText(row, 'name')),
    ...proof,
  };
}

function findingOf(row: Row, teller: Teller): FindingView {
  const currency = text(row, 'currency');
  return {
    document: text(row, 'document'),
    number: text(row, 'number'),
    line: textOrNull(row, 'line_id'),
    code: text(row, 'code'),
    amount: currency === '' ? null : num(row, 'amount'),
    currency: currency === '' ? null : currency,
    explanation: teller.tell(text(row, 'explanation'), optionalText(row, 'name')),
  };
}

const FINDINGS = `SELECT f.*, d.id AS document, d.number, l.id AS line_id, COALESCE(l.name, i.name) AS name FROM findings f
  JOIN documents d ON d.entry = f.doc LEFT JOIN document_lines l ON l.doc = f.doc AND l.line = f.line LEFT JOIN items i ON i.gtin = l.gtin`;

/** They stand in the entry alone: nothing is folded from them. An erased body tells none. */
function ruleFindingsOf(sql: Sql, doc: number): RuleFindingView[] {
  const [row] = sql.exec("SELECT json_extract(CAST(body AS TEXT), '$.findings') AS told FROM entries WHERE idx = ?", doc);
  const told = row === undefined ? undefined : optionalText(row, 'told');
  const findings = told === undefined ? [] : (JSON.parse(told) as RuleFinding[]);
  return findings.map(({ code, line, found, expected }) => ({
    code,
    line: line ?? null,
    found: found ?? null,
    expected: expected ?? null,
    text: ruleWords(code),
  }));
}

/** One document with its lines, the movements that prove each, and its findings; null when there is none of this id. */
export function documentView(sql: Sql, id: string): DocumentView | null {
  const [row] = sql.exec('SELECT d.*, m.status FROM documents d LEFT JOIN match_documents m ON m.doc = d.entry WHERE d.id = ?', id);
  if (row === undefined) return null;
  const doc = num(row, 'entry');
  const lines = sql.exec(
    `SELECT l.line, l.id, l.gtin, COALESCE(l.name, i.name) AS name, l.quantity, l.unit, l.price, l.net, m.status, m.matched, m.short, m.over, m.explanation
      FROM document_lines l LEFT JOIN match_lines m ON m.doc = l.doc AND m.line = l.line LEFT JOIN items i ON i.gtin = l.gtin
      WHERE l.doc = ? ORDER BY l.line`,
    doc,
  );
  const teller = new Teller(sql);
  const proven = proofs(sql, doc, lines.length);
  return {
    ...rowOf(row),
    despatchRef: textOrNull(row, 'despatch'),
    orderRef: textOrNull(row, 'order_ref'),
    original: text(row, 'original'),
    contentType: text(row, 'content_type'),
    lines: lines.map((line) => lineOf(line, teller, proven.get(num(line, 'line')) ?? UNPROVEN)),
    findings: sql.exec(`${FINDINGS} WHERE f.doc = ? ORDER BY f.line, f.code`, doc).map((finding) => findingOf(finding, teller)),
    ruleFindings: ruleFindingsOf(sql, doc),
  };
}

/** Open findings, those of the newest documents first; that a document was replaced asks nothing of anybody. @throws Fault CURSOR_INVALID */
export function findingsPage(sql: Sql, { after, limit: wanted }: { readonly after?: string; readonly limit?: number }): Page<FindingView> {
  const limit = limitOf(wanted);
  const [doc, line, code] = after === undefined ? [null, null, null] : cursorParts(after, /^(\d{1,15})_(-?\d{1,7})_([A-Z_]{1,40})$/);
  const rows = sql.exec(
    `${FINDINGS} WHERE f.code <> 'SUPERSEDED' AND (?1 IS NULL OR f.doc < ?1 OR (f.doc = ?1 AND (f.line, f.code) > (?2, ?3))) ORDER BY f.doc DESC, f.line, f.code LIMIT ?4`,
    doc === null ? null : Number(doc),
    line === null ? null : Number(line),
    code ?? null,
    limit + 1,
  );
  const teller = new Teller(sql);
  return pageOf(
    sql,
    rows,
    limit,
    (row) => findingOf(row, teller),
    (row) => `${num(row, 'doc')}_${num(row, 'line')}_${text(row, 'code')}`,
  );
}
