import { Fault } from '../../protocol/fault.ts';
import { gtin14 } from '../../protocol/gtin.ts';
import { decimal } from '../../protocol/money.ts';
import { isName } from '../../protocol/topics.ts';
import type { JsonObject } from './entry.ts';
import type { Projection } from './projection.ts';
import { num, type Sql, text } from './sql.ts';

/** Body of an `item` entry. A later one replaces the earlier one of the same GTIN. */
export type ItemBody = {
  readonly v: 1;
  readonly gtin: string;
  readonly name: string;
  /** Smallest stocking unit (UN/ECE Recommendation 20), C62 when absent. */
  readonly unit?: string;
  /** How many stocking units one of another unit holds. */
  readonly packs?: readonly { readonly unit: string; readonly quantity: number }[];
};

/** Body of a `site` entry. */
export type SiteBody = { readonly v: 1; readonly site: string; readonly name: string; readonly timeZone: string; readonly gln?: string };

/** Body of a `company` entry: who the tenant is. */
export type CompanyBody = { readonly v: 1; readonly name: string; readonly vat?: string; readonly siren?: string; readonly gln?: string };

/** Body of a `partner` entry. */
export type PartnerBody = { readonly v: 1; readonly id: string; readonly name: string };

/** Body of a `price` entry: agreed with a partner from the entry's effective time on. */
export type PriceBody = {
  readonly v: 1;
  readonly partner: string;
  readonly gtin: string;
  /** Decimal string per stocking unit. */
  readonly price: string;
  readonly currency: string;
};

/** Names and identifiers in master data: longer than any legal name, short enough that a list page stays small. */
const MAX_TEXT = 300;
/** Pack units of one item. */
const MAX_PACKS = 32;

const invalid = (what: string): Fault => new Fault('MASTERDATA_INVALID', `master data refused: ${what}`);

function textOf(value: JsonObject, field: string): string {
  const found = value[field];
  if (typeof found !== 'string' || found.length === 0 || found.length > MAX_TEXT) {
    throw invalid(`${field} is ${found === undefined ? 'missing' : `not text of 1 to ${MAX_TEXT} characters`}`);
  }
  return found;
}

const optionalOf = (value: JsonObject, field: string): string | null => (value[field] === undefined ? null : textOf(value, field));

function gtinOf(value: JsonObject): number {
  const gtin = gtin14(textOf(value, 'gtin'));
  if (gtin === undefined) throw invalid(`GTIN ${textOf(value, 'gtin')} has the wrong length or check digit`);
  return Number(gtin);
}

function packsOf(value: JsonObject): string {
  const packs = value['packs'] ?? [];
  if (!Array.isArray(packs) || packs.length > MAX_PACKS) throw invalid(`packs is not a list of at most ${MAX_PACKS}`);
  for (const pack of packs as { unit?: unknown; quantity?: unknown }[]) {
    if (typeof pack.unit !== 'string' || !Number.isSafeInteger(pack.quantity) || (pack.quantity as number) < 1) {
      throw invalid('a pack needs a unit and a whole quantity of at least 1');
    }
  }
  return JSON.stringify(packs);
}

function applyItem(sql: Sql, value: JsonObject, entry: number): void {
  sql.exec(
    `INSERT INTO items (gtin, name, unit, packs, entry) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (gtin) DO UPDATE SET name = excluded.name, unit = excluded.unit, packs = excluded.packs, entry = excluded.entry`,
    gtinOf(value),
    textOf(value, 'name'),
    optionalOf(value, 'unit'),
    packsOf(value),
    entry,
  );
}

function applySite(sql: Sql, value: JsonObject, entry: number): void {
  const site = textOf(value, 'site');
  if (!isName(site)) throw invalid(`site ${site} is no name (letters, digits, . _ -, at most 32)`);
  sql.exec(
    `INSERT INTO sites (site, name, time_zone, gln, entry) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (site) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, gln = excluded.gln, entry = excluded.entry`,
    site,
    textOf(value, 'name'),
    textOf(value, 'timeZone'),
    optionalOf(value, 'gln'),
    entry,
  );
}

function applyPrice(sql: Sql, value: JsonObject, entry: number, from: number): void {
  const price = textOf(value, 'price');
  decimal(price);
  const currency = textOf(value, 'currency');
  if (!/^[A-Z]{3}$/.test(currency)) throw invalid(`currency ${currency} is no ISO 4217 code`);
  // Of two prices from the same instant the later entry counts.
  sql.exec(
    'INSERT OR REPLACE INTO prices (partner, gtin, valid_from, price, currency, entry) VALUES (?, ?, ?, ?, ?, ?)',
    textOf(value, 'partner'),
    gtinOf(value),
    from,
    price,
    currency,
    entry,
  );
}

/** Company, sites, items with packs, partners and agreed prices. Items and sites that only a record named have no name yet. */
export const masterdata: Projection = {
  name: 'masterdata',
  // 2: packs stand in canonical form.
  foldVersion: 2,
  migrations: [
    {
      id: 'tables',
      statements: [
        'CREATE TABLE items (id INTEGER PRIMARY KEY, gtin INTEGER NOT NULL UNIQUE, name TEXT, unit TEXT, packs TEXT, entry INTEGER)',
        'CREATE TABLE sites (id INTEGER PRIMARY KEY, site TEXT NOT NULL UNIQUE, name TEXT, time_zone TEXT, gln TEXT, entry INTEGER)',
        'CREATE TABLE company (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, vat TEXT, siren TEXT, gln TEXT, entry INTEGER NOT NULL)',
        'CREATE TABLE partners (id TEXT PRIMARY KEY, name TEXT NOT NULL, entry INTEGER NOT NULL) WITHOUT ROWID',
        `CREATE TABLE prices (
          partner TEXT NOT NULL, gtin INTEGER NOT NULL, valid_from INTEGER NOT NULL, price TEXT NOT NULL, currency TEXT NOT NULL,
          entry INTEGER NOT NULL, PRIMARY KEY (partner, gtin, valid_from)) WITHOUT ROWID`,
      ],
    },
  ],
  apply(commit, sql) {
    for (const entry of commit.entries) {
      if (entry.type === 'record') continue;
      const { value, index } = entry;
      if (entry.type === 'item') applyItem(sql, value, index);
      else if (entry.type === 'site') applySite(sql, value, index);
      else if (entry.type === 'price') applyPrice(sql, value, index, entry.effectiveAt);
      else if (entry.type === 'partner') {
        sql.exec('INSERT OR REPLACE INTO partners (id, name, entry) VALUES (?, ?, ?)', textOf(value, 'id'), textOf(value, 'name'), index);
      } else if (entry.type === 'company') {
        sql.exec(
          'INSERT OR REPLACE INTO company (id, name, vat, siren, gln, entry) VALUES (1, ?, ?, ?, ?, ?)',
          textOf(value, 'name'),
          optionalOf(value, 'vat'),
          optionalOf(value, 'siren'),
          optionalOf(value, 'gln'),
          index,
        );
      }
    }
  },
};

/** Compact keys of GTINs, made in the order given for those never seen. */
export function itemIds(sql: Sql, gtins: readonly string[]): Map<string, number> {
  const wanted = JSON.stringify(gtins.map(Number));
  const ids = new Map<string, number>();
  const keep = (rows: ReturnType<Sql['exec']>): void => {
    for (const row of rows) ids.set(gtinText(num(row, 'gtin')), num(row, 'id'));
  };
  keep(sql.exec('SELECT gtin, id FROM items WHERE gtin IN (SELECT value FROM json_each(?))', wanted));
  const missing = gtins.filter((gtin) => !ids.has(gtin));
  if (missing.length > 0) {
    keep(sql.exec('INSERT INTO items (gtin) SELECT value FROM json_each(?) RETURNING gtin, id', JSON.stringify(missing.map(Number))));
  }
  return ids;
}

/** Compact key of a site, made when it was never seen. */
export function siteId(sql: Sql, site: string): number {
  const row =
    sql.exec('SELECT id FROM sites WHERE site = ?', site)[0] ?? sql.exec('INSERT INTO sites (site) VALUES (?) RETURNING id', site)[0];
  return num(row ?? {}, 'id');
}

/** Codes of sites by their compact keys. */
export function siteNames(sql: Sql): Map<number, string> {
  return new Map(sql.exec('SELECT id, site FROM sites').map((row) => [num(row, 'id'), text(row, 'site')]));
}

/** The 14 digits of a GTIN kept as a number. */
export function gtinText(gtin: number): string {
  return String(gtin).padStart(14, '0');
}
