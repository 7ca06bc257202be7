import { gtinText } from './masterdata.ts';
import { cursorOf, keysOf, limitOf, numberKey, sizeOf, textKeysOf } from './page.ts';
import type { Company, ItemRow, ListQuery, Page, PriceQuery, PriceRow, SiteRow, StockQuery, StockRow } from './rpc.ts';
import { num, optionalText, type Row, type Sql, text } from './sql.ts';

function pageOf<T>(sql: Sql, rows: readonly Row[], limit: number, keys: (row: Row) => (string | number)[], map: (row: Row) => T): Page<T> {
  const last = rows.at(-1);
  return { data: rows.map(map), next: last === undefined || rows.length < limit ? null : cursorOf(keys(last)), entry: sizeOf(sql) };
}

/** Quantities by GTIN and site, in the order of GTINs; those that stand at zero are left out. @throws Fault CURSOR_INVALID */
export function stockPage(sql: Sql, query: StockQuery): Page<StockRow> {
  const limit = limitOf(query.limit);
  const [gtin = '-1', site = ''] = textKeysOf(query.after, 2) ?? [];
  const from = numberKey(gtin, query.after);
  // CROSS JOIN: items outermost, so that a page reads its own rows and sorts none.
  const rows = sql.exec(
    `SELECT s.site, i.gtin, i.name, k.quantity FROM items i CROSS JOIN stock k ON k.item = i.id JOIN sites s ON s.id = k.site
      WHERE i.gtin >= ? AND (i.gtin > ? OR s.site > ?) AND k.quantity <> 0
        ${query.gtin === undefined ? '' : 'AND i.gtin = ?'} ${query.site === undefined ? '' : 'AND s.site = ?'}
      ORDER BY i.gtin, s.site LIMIT ?`,
    from,
    from,
    site,
    ...(query.gtin === undefined ? [] : [Number(query.gtin)]),
    ...(query.site === undefined ? [] : [query.site]),
    limit,
  );
  return pageOf(
    sql,
    rows,
    limit,
    (row) => [num(row, 'gtin'), text(row, 'site')],
    (row) => ({
      site: text(row, 'site'),
      gtin: gtinText(num(row, 'gtin')),
      name: optionalText(row, 'name') ?? null,
      quantity: num(row, 'quantity'),
    }),
  );
}

/** Items in the order of GTINs, those that only a record named included. @throws Fault CURSOR_INVALID */
export function itemsPage(sql: Sql, query: ListQuery): Page<ItemRow> {
  const limit = limitOf(query.limit);
  const [after = -1] = keysOf(query.after, 1) ?? [];
  const rows = sql.exec('SELECT gtin, name, unit, packs FROM items WHERE gtin > ? ORDER BY gtin LIMIT ?', after, limit);
  return pageOf(sql, rows, limit, (row) => [num(row, 'gtin')], itemRow);
}

function itemRow(row: Row): ItemRow {
  return {
    gtin: gtinText(num(row, 'gtin')),
    name: optionalText(row, 'name') ?? null,
    unit: optionalText(row, 'unit') ?? null,
    packs: JSON.parse(optionalText(row, 'packs') ?? '[]') as ItemRow['packs'],
  };
}

/** One item; undefined for a GTIN that no entry named. */
export function itemOf(sql: Sql, gtin: string): ItemRow | undefined {
  const row = sql.exec('SELECT gtin, name, unit, packs FROM items WHERE gtin = ?', Number(gtin))[0];
  return row === undefined ? undefined : itemRow(row);
}

/** All sites, in the order of their codes. */
export function siteRows(sql: Sql): SiteRow[] {
  return sql.exec('SELECT site, name, time_zone, gln FROM sites ORDER BY site').map((row) => ({
    site: text(row, 'site'),
    name: optionalText(row, 'name') ?? null,
    timeZone: optionalText(row, 'time_zone') ?? null,
    gln: optionalText(row, 'gln') ?? null,
  }));
}

const priceRow = (row: Row): PriceRow => ({
  partner: text(row, 'partner'),
  gtin: gtinText(num(row, 'gtin')),
  price: text(row, 'price'),
  currency: text(row, 'currency'),
  from: num(row, 'valid_from'),
});

/** Agreed prices with the time they are valid from. @throws Fault CURSOR_INVALID */
export function pricesPage(sql: Sql, query: PriceQuery): Page<PriceRow> {
  const limit = limitOf(query.limit);
  const [partner = '', gtin = '-1', from = '-1'] = textKeysOf(query.after, 3) ?? [];
  const rows = sql.exec(
    `SELECT partner, gtin, valid_from, price, currency FROM prices
      WHERE (partner, gtin, valid_from) > (?1, ?2, ?3) AND (?4 IS NULL OR partner = ?4) AND (?5 IS NULL OR gtin = ?5)
      ORDER BY partner, gtin, valid_from LIMIT ?6`,
    partner,
    numberKey(gtin, query.after),
    numberKey(from, query.after),
    query.partner ?? null,
    query.gtin === undefined ? null : Number(query.gtin),
    limit,
  );
  return pageOf(sql, rows, limit, (row) => [text(row, 'partner'), num(row, 'gtin'), num(row, 'valid_from')], priceRow);
}

/** The price agreed with a partner for a GTIN at an instant (epoch milliseconds). */
export function priceAt(sql: Sql, partner: string, gtin: string, at: number): PriceRow | undefined {
  const row = sql.exec(
    'SELECT partner, gtin, valid_from, price, currency FROM prices WHERE partner = ? AND gtin = ? AND valid_from <= ? ORDER BY valid_from DESC LIMIT 1',
    partner,
    Number(gtin),
    at,
  )[0];
  return row === undefined ? undefined : priceRow(row);
}

/** Who the tenant is; null before its first `company` entry. */
export function companyOf(sql: Sql): Company | null {
  const row = sql.exec('SELECT name, vat, siren, gln FROM company')[0];
  if (row === undefined) return null;
  return {
    name: text(row, 'name'),
    vat: optionalText(row, 'vat') ?? null,
    siren: optionalText(row, 'siren') ?? null,
    gln: optionalText(row, 'gln') ?? null,
  };
}
