import { gtin14 } from '../../protocol/gtin.ts';
import type { Sql, Value } from '../ledger/sql.ts';
import type { Document, DocumentBody, GoodsLine, InvoiceLine } from './document.ts';
import { contentHash, documentId, documentKey, partyKey, partySpellings } from './identity.ts';
import { type Sides, shownPartner } from './role.ts';

type Columns = Record<string, Value>;

/** What the partner of a document is called and known under. */
export function partnerColumns({ role, partner }: Sides): Columns {
  const shown = shownPartner(partner);
  return {
    role,
    partner: partyKey(partner),
    partner_spellings: JSON.stringify(partySpellings(partner)),
    partner_id: shown.id,
    partner_name: shown.name,
  };
}

/** What only some kinds of documents have. */
function specificColumns(document: Document): Columns {
  if (document.kind === 'order') return { currency: document.currency ?? null, site: document.site ?? null };
  if (document.kind === 'despatchAdvice') return { order_ref: document.orderRef ?? null, site: document.site ?? null };
  return {
    type_code: document.typeCode,
    currency: document.currency,
    total: document.totals.withoutVat ?? document.totals.lineNet ?? null,
    despatch: document.despatchRef ?? null,
    order_ref: document.orderRef ?? null,
    location: document.delivery?.location?.id ?? null,
    preceding: JSON.stringify((document.preceding ?? []).map(({ number }) => number)),
  };
}

const gtinNumber = (gtin: string | undefined): number | null => (gtin === undefined ? null : Number(gtin));

/** Lines of these kinds sum up or explain others (EXTENDED): they move nothing themselves. */
const NO_GOODS: ReadonlySet<string> = new Set(['GROUP', 'INFORMATION']);

/** The columns of an invoice's line. A number written as a GTIN whose check digit is wrong is told from no number at all. */
function invoiceLine(line: InvoiceLine): Value[] {
  const standard = line.standardId?.id ?? '';
  const invalid = line.gtin === undefined && /^\d{8,14}$/.test(standard) && gtin14(standard) === undefined;
  return [
    line.id,
    gtinNumber(line.gtin),
    invalid ? 1 : 0,
    NO_GOODS.has(line.lineStatus ?? '') ? '0' : (line.quantity ?? '0'),
    // Without a unit it is one that nobody knows: the line is held, not counted as pieces.
    line.unit ?? '',
    line.price ?? null,
    line.baseQuantity ?? null,
    line.net ?? null,
    line.allowances !== undefined || line.charges !== undefined ? 1 : 0,
    line.sellerItemId ?? null,
    line.name ?? null,
    line.despatchRef ?? null,
    line.orderRef ?? null,
  ];
}

function goodsLine(line: GoodsLine & { readonly price?: string }): Value[] {
  const { id, gtin, quantity, price, name } = line;
  return [id, gtinNumber(gtin), 0, String(quantity), null, price ?? null, null, null, 0, null, name ?? null, null, null];
}

function linesOf(document: Document): Value[][] {
  if (document.kind === 'order') return document.lines.map(goodsLine);
  if (document.kind === 'despatchAdvice') return document.lines.map(goodsLine);
  return document.lines.map(invoiceLine);
}

/** One statement for all lines: a Durable Object takes 100 parameters, json_each any number of rows. */
function writeLines(sql: Sql, doc: number, document: Document): void {
  const lines = linesOf(document);
  sql.exec(
    `INSERT INTO document_lines (doc, line, id, gtin, gtin_invalid, quantity, unit, price, base_quantity, net, adjusted, code, name, despatch, order_ref)
      SELECT ?, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
        value ->> 9, value ->> 10, value ->> 11, value ->> 12 FROM json_each(?)`,
    doc,
    JSON.stringify(lines),
  );
}

/** Writes a document, its lines and its logistic units. `entry` is its key, `at` when it was appended. */
export function writeDocument(sql: Sql, entry: number, at: number, body: DocumentBody, sides: Sides): void {
  const columns: Columns = {
    entry,
    id: documentId(documentKey(body)),
    kind: body.kind,
    number: body.number,
    issue_date: body.issueDate,
    ...partnerColumns(sides),
    // Kept only until the company has said who it is.
    parties: sides.role === null ? JSON.stringify({ seller: body.seller, buyer: body.buyer }) : null,
    ...specificColumns(body),
    line_count: body.lines.length,
    content: contentHash(body),
    original: body.original,
    content_type: body.contentType,
    at,
  };
  const names = Object.keys(columns);
  sql.exec(`INSERT INTO documents (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, ...Object.values(columns));
  writeLines(sql, entry, body);
  if (body.kind !== 'despatchAdvice') return;
  // A logistic unit belongs to the first despatch advice that names it.
  sql.exec(
    'INSERT INTO document_ssccs (sscc, doc) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING',
    entry,
    JSON.stringify(body.ssccs ?? []),
  );
}
