import { Fault } from '../../protocol/fault.ts';
import { gtin14 } from '../../protocol/gtin.ts';
import { decimal, toMinor } from '../../protocol/money.ts';
import type { Effects } from '../ledger/effects.ts';
import type { HubEntry, JsonObject } from '../ledger/entry.ts';
import type { Admission, Candidate, Projection } from '../ledger/projection.ts';
import { num, type Sql, text, type Value } from '../ledger/sql.ts';
import type { Document, DocumentBody, GoodsLine, InvoiceLine } from './document.ts';
import { announce, catchUp } from './expectation.ts';
import { contentHash, documentId, documentKey, partyKey, partyKeys } from './identity.ts';
import { companyKeys, shownPartner, sidesOf } from './role.ts';
import { DOCUMENT_MIGRATIONS } from './tables.ts';

/** Documents whose role is looked up again when the company's master data changes: all of a tenant that was set up late. */
const MAX_CLEARED = 500;

/** Body of a `refusal` entry: a document that was turned away because its number is taken by another one. */
export interface DuplicateNote {
  readonly v: 1;
  readonly about: 'document';
  readonly code: 'DUPLICATE_NUMBER';
  /** The document that has the number. */
  readonly id: string;
  readonly number: string;
  /** SHA-256 of the refused normal form. */
  readonly content: string;
  /** What the refused one asks for, minor units. */
  readonly amount: number;
  readonly currency: string;
}

const bodyOf = (value: JsonObject): DocumentBody => value as unknown as DocumentBody;
const isInvoice = (document: Document): boolean => document.kind === 'invoice' || document.kind === 'creditNote';

function admit({ value }: Candidate, sql: Sql): Admission {
  const body = bodyOf(value);
  const id = documentId(documentKey(body));
  const [first] = sql.exec('SELECT entry, kind, number, content FROM documents WHERE id = ?', id);
  if (first === undefined) return undefined;
  const content = contentHash(body);
  if (text(first, 'content') === content) return { existing: id };
  const refuse = new Fault(
    'DUPLICATE_NUMBER',
    `${text(first, 'kind')} ${text(first, 'number')} of this issuer and year is there already with other content: ask the issuer which one holds`,
    { id, number: text(first, 'number') },
  );
  const known = sql.exec('SELECT 1 FROM document_duplicates WHERE doc = ? AND content = ?', num(first, 'entry'), content);
  if (known.length > 0) return { refuse };
  const money = body.kind === 'invoice' || body.kind === 'creditNote' ? body : undefined;
  const note: DuplicateNote = {
    v: 1,
    about: 'document',
    code: 'DUPLICATE_NUMBER',
    id,
    number: body.number,
    content,
    amount: money === undefined ? 0 : Math.abs(toMinor(decimal(money.totals.payable), money.currency)),
    currency: money?.currency ?? '',
  };
  return { refuse, note: { type: 'refusal', body: { ...note } } };
}

const gtinNumber = (gtin: string | undefined): number | null => (gtin === undefined ? null : Number(gtin));

/** The columns of an invoice's line. A number written as a GTIN whose check digit is wrong is told from no number at all. */
function invoiceLine(line: InvoiceLine): Value[] {
  const invalid = line.gtin === undefined && line.standardId !== undefined && /^\d{8,14}$/.test(line.standardId.id) && gtin14(line.standardId.id) === undefined;
  const adjusted = line.allowances !== undefined || line.charges !== undefined;
  return [
    line.id,
    gtinNumber(line.gtin),
    invalid ? 1 : 0,
    line.quantity,
    line.unit,
    line.price,
    line.baseQuantity ?? null,
    line.net,
    adjusted ? 1 : 0,
    line.sellerItemId ?? null,
    line.name ?? null,
    line.despatchRef ?? null,
    line.orderRef ?? null,
  ];
}

const goodsLine = (line: GoodsLine & { readonly price?: string }): Value[] => [
  line.id,
  gtinNumber(line.gtin),
  0,
  String(line.quantity),
  null,
  line.price ?? null,
  null,
  null,
  0,
  null,
  line.name ?? null,
  null,
  null,
];

function linesOf(document: Document): Value[][] {
  return document.kind === 'invoice' || document.kind === 'creditNote' ? document.lines.map(invoiceLine) : document.lines.map(goodsLine);
}

/** One statement for all lines: a Durable Object takes 100 parameters, json_each any number of rows. */
function writeLines(sql: Sql, doc: number, document: Document): void {
  sql.exec(
    `INSERT INTO document_lines (doc, line, id, gtin, gtin_invalid, quantity, unit, price, base_quantity, net, adjusted, code, name, despatch, order_ref)
      SELECT ?, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
        value ->> 9, value ->> 10, value ->> 11, value ->> 12 FROM json_each(?)`,
    doc,
    JSON.stringify(linesOf(document)),
  );
}

/** What only some kinds of documents have, as columns. */
function specifics(document: Document): { typeCode: string | null; currency: string | null; total: string | null; despatch: string | null; order: string | null; location: string | null; site: string | null; preceding: string | null } {
  const none = { typeCode: null, currency: null, total: null, despatch: null, order: null, location: null, site: null, preceding: null };
  if (document.kind === 'order') return { ...none, currency: document.currency ?? null, site: document.site ?? null };
  if (document.kind === 'despatchAdvice') return { ...none, order: document.orderRef ?? null, site: document.site ?? null };
  return {
    ...none,
    typeCode: document.typeCode,
    currency: document.currency,
    total: document.totals.withoutVat ?? document.totals.lineNet ?? null,
    despatch: document.despatchRef ?? null,
    order: document.orderRef ?? null,
    location: document.delivery?.location?.id ?? null,
    preceding: document.preceding === undefined ? null : JSON.stringify(document.preceding.map(({ number }) => number)),
  };
}

function record(sql: Sql, entry: HubEntry, effects: Effects): void {
  const body = bodyOf(entry.value);
  const { role, partner } = sidesOf(body, companyKeys(sql));
  const shown = shownPartner(partner);
  const special = specifics(body);
  const row: Value[] = [
    entry.index,
    documentId(documentKey(body)),
    body.kind,
    body.number,
    body.issueDate,
    role,
    partyKey(partner),
    JSON.stringify(partyKeys(partner)),
    shown.id,
    shown.name,
    special.typeCode,
    special.currency,
    special.total,
    special.despatch,
    special.order,
    special.location,
    special.site,
    special.preceding,
    body.lines.length,
    contentHash(body),
    body.original,
    body.contentType,
    entry.at,
  ];
  sql.exec(`INSERT INTO documents VALUES (${row.map(() => '?').join(', ')})`, ...row);
  writeLines(sql, entry.index, body);
  if (body.kind === 'despatchAdvice')
    // A logistic unit belongs to the first despatch advice that names it.
    sql.exec('INSERT INTO document_ssccs (sscc, doc) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING', entry.index, JSON.stringify(body.ssccs ?? []));
  if (!isInvoice(body)) announce(sql, entry.index, special.site ?? undefined, effects);
}

/** Documents that were neither purchase nor sale are looked at again: the company has said who it is. */
function clearRoles(sql: Sql): void {
  const ours = companyKeys(sql);
  for (const row of sql.exec('SELECT entry, seller_keys, partner_keys FROM unclear_documents LIMIT ?', MAX_CLEARED)) void [row, ours];
}

function noteDuplicate(sql: Sql, entry: HubEntry): void {
  const note = entry.value as unknown as DuplicateNote;
  if (note.about !== 'document') return;
  const [first] = sql.exec('SELECT entry FROM documents WHERE id = ?', note.id);
  if (first === undefined) return;
  sql.exec(
    'INSERT INTO document_duplicates (doc, content, entry, amount, currency) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    num(first, 'entry'),
    note.content,
    entry.index,
    note.amount,
    note.currency,
  );
}

/** Documents, their lines and what is due at the doors. */
export const documents: Projection = {
  name: 'documents',
  foldVersion: 1,
  migrations: DOCUMENT_MIGRATIONS,
  admits: ['document'],
  admit,
  apply(commit, sql, effects) {
    for (const entry of commit.entries) {
      if (entry.type === 'document') record(sql, entry, effects);
      else if (entry.type === 'refusal') noteDuplicate(sql, entry);
      else if (entry.type === 'company') clearRoles(sql);
      else if (entry.type === 'device' && entry.value['action'] === 'register')
        catchUp(sql, { site: String(entry.value['site']), node: String(entry.value['node']) }, effects);
    }
  },
};
