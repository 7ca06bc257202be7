import { gtinText } from '../ledger/masterdata.ts';
import { num, optionalText, type Row, type Sql, text } from '../ledger/sql.ts';
import type { InvoiceFact, ItemFact, LineFact, Price, Role } from './facts.ts';

/** Facts from the ledger's tables. Documents and lines get their keys as ids: 16 digits, so that text sorts as the log does. */

export function documentName(doc: number): string {
  return String(doc).padStart(16, '0');
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

function lineFact(row: Row): LineFact {
  const gtin = row['gtin'] === null ? undefined : gtinText(num(row, 'gtin'));
  return {
    id: String(num(row, 'line')),
    ...optional('gtin', gtin),
    ...(num(row, 'gtin_invalid') === 1 ? { gtinInvalid: true } : {}),
    quantity: text(row, 'quantity'),
    unit: text(row, 'unit'),
    ...optional('price', optionalText(row, 'price')),
    ...optional('baseQuantity', optionalText(row, 'base_quantity')),
    // A line without an amount (BR-24) bills nothing.
    net: optionalText(row, 'net') ?? '0',
    ...(num(row, 'adjusted') === 1 ? { adjusted: true } : {}),
    ...optional('sellerItemId', optionalText(row, 'code')),
    ...optional('despatchRef', optionalText(row, 'despatch')),
    ...optional('orderRef', optionalText(row, 'order_ref')),
  };
}

/** Lines of an invoice: all, or those at the positions asked for. */
function linesOf(sql: Sql, doc: number, positions: readonly number[] | undefined): LineFact[] {
  const rows =
    positions === undefined
      ? sql.exec('SELECT * FROM document_lines WHERE doc = ? ORDER BY line', doc)
      : sql.exec(
          'SELECT * FROM document_lines WHERE doc = ? AND line IN (SELECT value FROM json_each(?)) ORDER BY line',
          doc,
          JSON.stringify(positions),
        );
  return rows.map(lineFact);
}

/** Our site that a purchase says the goods go to, by its GLN (BT-71); a sale names the customer's place, which is none of our sites. */
function siteOf(sql: Sql, row: Row): string | undefined {
  const location = optionalText(row, 'location');
  if (location === undefined || text(row, 'role') !== 'purchase') return undefined;
  const [site] = sql.exec('SELECT site FROM sites WHERE gln = ? ORDER BY id LIMIT 1', location);
  return site === undefined ? undefined : text(site, 'site');
}

/** An invoice or credit note that we buy or sell by; undefined for any other document. */
export function loadInvoice(sql: Sql, doc: number, positions?: readonly number[]): InvoiceFact | undefined {
  const [row] = sql.exec("SELECT * FROM documents WHERE entry = ? AND kind IN ('invoice', 'creditNote') AND role IS NOT NULL", doc);
  if (row === undefined) return undefined;
  return {
    id: documentName(doc),
    role: text(row, 'role') as Role,
    typeCode: text(row, 'type_code'),
    number: text(row, 'number'),
    issueDate: text(row, 'issue_date'),
    partner: text(row, 'partner'),
    currency: text(row, 'currency'),
    ...optional('despatchRef', optionalText(row, 'despatch')),
    ...optional('orderRef', optionalText(row, 'order_ref')),
    ...optional('site', siteOf(sql, row)),
    preceding: JSON.parse(optionalText(row, 'preceding') ?? '[]') as string[],
    lines: linesOf(sql, doc, positions),
  };
}

/** What the master data says of some items; without `gtins` of all. */
export function loadItems(sql: Sql, gtins?: readonly string[]): ItemFact[] {
  const rows =
    gtins === undefined
      ? sql.exec('SELECT gtin, unit, packs FROM items')
      : sql.exec('SELECT gtin, unit, packs FROM items WHERE gtin IN (SELECT value FROM json_each(?))', JSON.stringify(gtins.map(Number)));
  return rows.map((row) => ({
    gtin: gtinText(num(row, 'gtin')),
    unit: optionalText(row, 'unit') ?? 'C62',
    packs: JSON.parse(optionalText(row, 'packs') ?? '[]') as { unit: string; quantity: number }[],
  }));
}

/** Prices that may hold for an invoice's lines: agreed with its partner under any spelling, and of the orders its lines name. */
export function loadPrices(sql: Sql, doc: number, invoice: InvoiceFact): Price[] {
  const [row] = sql.exec('SELECT partner_spellings FROM documents WHERE entry = ?', doc);
  const gtins = JSON.stringify([...new Set(invoice.lines.flatMap(({ gtin }) => (gtin === undefined ? [] : [Number(gtin)])))]);
  const agreed = sql.exec(
    `SELECT gtin, price, currency, valid_from, entry FROM prices
      WHERE partner IN (SELECT value FROM json_each(?)) AND gtin IN (SELECT value FROM json_each(?))`,
    row === undefined ? '[]' : text(row, 'partner_spellings'),
    gtins,
  );
  const orders = [...new Set(invoice.lines.flatMap((line) => line.orderRef ?? invoice.orderRef ?? []))];
  const ordered =
    orders.length === 0
      ? []
      : sql.exec(
          `SELECT d.entry, d.number, d.currency, l.gtin, l.price FROM documents d JOIN document_lines l ON l.doc = d.entry
            WHERE d.kind = 'order' AND d.number IN (SELECT value FROM json_each(?)) AND d.partner = ? AND l.price IS NOT NULL
              AND l.gtin IN (SELECT value FROM json_each(?))`,
          JSON.stringify(orders),
          invoice.partner,
          gtins,
        );
  const { partner } = invoice;
  return [
    ...agreed.map((price) => ({
      partner,
      gtin: gtinText(num(price, 'gtin')),
      price: text(price, 'price'),
      currency: text(price, 'currency'),
      from: num(price, 'valid_from'),
      entry: num(price, 'entry'),
    })),
    ...ordered.map((price) => ({
      partner,
      gtin: gtinText(num(price, 'gtin')),
      price: text(price, 'price'),
      // An order without a currency is in the invoice's.
      currency: optionalText(price, 'currency') ?? invoice.currency,
      order: text(price, 'number'),
      entry: num(price, 'entry'),
    })),
  ];
}
