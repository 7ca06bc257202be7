import { gtinText } from '../ledger/masterdata.ts';
import { cursorOf, keysOf, limitOf, sizeOf } from '../ledger/page.ts';
import type { Page } from '../ledger/rpc.ts';
import { num, optionalText, type Row, type Sql, text } from '../ledger/sql.ts';
import { Costs } from './cost.ts';
import { tellCount } from './words.ts';

/** A count as lists show it. Instants are epoch milliseconds by the hub's time. */
export interface CountRow {
  /** Its first entry, by which it is addressed. */
  readonly entry: number;
  readonly count: string;
  readonly site: string;
  readonly node: string;
  /** `*` for the whole site. */
  readonly zone: string;
  readonly name: string | null;
  readonly opened: number;
  readonly closed: number;
  readonly passes: number;
  /** When the list was made that was expected; null for a count without one. */
  readonly expectedAt: number | null;
  readonly by: string;
  /** Whether all of its parts have come. */
  readonly complete: boolean;
  readonly read: number;
  readonly missing: number;
  readonly lost: number;
  readonly surplus: number;
  readonly found: number;
  readonly relocated: number;
  /** Tags without a GTIN, and logistic units. */
  readonly raw: number;
  readonly ssccs: number;
  /** Articles whose difference nobody has explained or settled. */
  readonly open: number;
}

export interface CountLine {
  readonly gtin: string;
  readonly name: string | null;
  readonly read: number;
  readonly missing: number;
  readonly lost: number;
  readonly surplus: { readonly unknown: number; readonly out: number; readonly elsewhere: number; readonly neverIn: number };
  readonly found: number;
  readonly relocated: number;
  readonly explained: { readonly lost: number; readonly surplus: number };
  /** Surplus less loss at the last known cost, minor units; null where none is known. */
  readonly amount: number | null;
  readonly currency: string | null;
  readonly settled: { readonly by: string; readonly reason: string } | null;
  /** Serials that were booked out and in, ascending; at most 1,000 each. */
  readonly serials: { readonly lost: readonly number[]; readonly surplus: readonly number[] };
}

export interface CountView extends CountRow {
  readonly lines: readonly CountLine[];
}

/** What a count booked of an article and nothing explains. */
export interface CountFinding {
  readonly count: number;
  readonly site: string;
  readonly zone: string;
  readonly at: number;
  readonly gtin: string;
  readonly name: string | null;
  readonly code: 'SHRINKAGE' | 'SURPLUS';
  readonly quantity: number;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly text: Readonly<Record<'fr' | 'en', string>>;
}

export interface CountsQuery {
  readonly site?: string;
  readonly zone?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** Articles that one view shows: a zone holds fewer, a page of more is read by machines. */
const MAX_LINES = 2_000;
const MAX_SERIALS = 1_000;

/** As in the index: only so does SQLite use it. */
const OPEN = 'settled_by IS NULL AND (lost > lost_explained OR unknown + gone_out + elsewhere + never_in > surplus_explained)';
const SUMS = `COALESCE(SUM(l.read), 0) AS read, COALESCE(SUM(l.missing), 0) AS missing, COALESCE(SUM(l.lost), 0) AS lost,
  COALESCE(SUM(l.unknown + l.gone_out + l.elsewhere + l.never_in), 0) AS surplus, COALESCE(SUM(l.found), 0) AS found,
  COALESCE(SUM(l.relocated), 0) AS relocated, COALESCE(SUM(${OPEN}), 0) AS open`;
const COUNT = `n.*, s.site AS site_name, COALESCE(z.zone, '*') AS zone_name, z.name`;
const FROM = 'FROM counts n JOIN sites s ON s.id = n.site LEFT JOIN zones z ON z.id = n.zone LEFT JOIN count_lines l ON l.count = n.id';

function countRow(row: Row): CountRow {
  return {
    ...{ entry: num(row, 'entry'), count: text(row, 'count'), site: text(row, 'site_name'), node: text(row, 'node').split('/')[1] ?? '' },
    ...{ zone: text(row, 'zone_name'), name: optionalText(row, 'name') ?? null, opened: num(row, 'opened'), closed: num(row, 'closed') },
    ...{ passes: num(row, 'passes'), expectedAt: row['expected'] === null ? null : num(row, 'expected'), by: text(row, 'approved_by') },
    ...{ complete: num(row, 'seen_parts') >= num(row, 'parts'), read: num(row, 'read'), missing: num(row, 'missing') },
    ...{ lost: num(row, 'lost'), surplus: num(row, 'surplus'), found: num(row, 'found'), relocated: num(row, 'relocated') },
    ...{ raw: num(row, 'raws'), ssccs: num(row, 'ssccs'), open: num(row, 'open') },
  };
}

/** Counts, newest in the log first. @throws Fault CURSOR_INVALID */
export function countsPage(sql: Sql, { site, zone, after, limit: wanted }: CountsQuery): Page<CountRow> {
  const limit = limitOf(wanted);
  const [before = Number.MAX_SAFE_INTEGER] = keysOf(after, 1) ?? [];
  const rows = sql.exec(
    `SELECT ${COUNT}, ${SUMS} ${FROM} WHERE n.id < ?1 AND (?2 IS NULL OR s.site = ?2) AND (?3 IS NULL OR COALESCE(z.zone, '*') = ?3)
      GROUP BY n.id ORDER BY n.id DESC LIMIT ?4`,
    ...[before, site ?? null, zone ?? null, limit],
  );
  const last = rows.at(-1);
  const next = last === undefined || rows.length < limit ? null : cursorOf([num(last, 'id')]);
  return { data: rows.map(countRow), next, entry: sizeOf(sql) };
}

/** Serials that a count booked, by item and direction. What was taken back later stays in the list: it was booked. */
function bookedSerials(sql: Sql, count: number): Map<string, number[]> {
  const by = new Map<string, number[]>();
  const rows = sql.exec(
    "SELECT reason, lines FROM adjustments WHERE count = ? AND (reason, direction) IN (VALUES ('shrinkage', 'out'), ('surplus', 'in')) ORDER BY entry, n",
    count,
  );
  for (const row of rows) {
    for (const [item, , differences] of JSON.parse(text(row, 'lines')) as [number, number, number[]][]) {
      const key = `${item} ${text(row, 'reason')}`;
      const serials = by.get(key) ?? [];
      let serial = 0;
      for (const difference of differences) {
        serial += difference;
        if (serials.length < MAX_SERIALS) serials.push(serial);
      }
      by.set(key, serials);
    }
  }
  return by;
}

function lineOf(row: Row, costs: Costs, serials: ReadonlyMap<string, number[]>): CountLine {
  const gtin = gtinText(num(row, 'gtin'));
  const surplus = {
    ...{ unknown: num(row, 'unknown'), out: num(row, 'gone_out') },
    ...{ elsewhere: num(row, 'elsewhere'), neverIn: num(row, 'never_in') },
  };
  const more = surplus.unknown + surplus.out + surplus.elsewhere + surplus.neverIn;
  const worth = costs.amount(gtin, more - num(row, 'lost'));
  const of = (reason: string): number[] => serials.get(`${num(row, 'item')} ${reason}`) ?? [];
  return {
    ...{
      gtin,
      name: optionalText(row, 'name') ?? null,
      read: num(row, 'read'),
      missing: num(row, 'missing'),
      lost: num(row, 'lost'),
      surplus,
    },
    ...{ found: num(row, 'found'), relocated: num(row, 'relocated') },
    explained: { lost: num(row, 'lost_explained'), surplus: num(row, 'surplus_explained') },
    ...{ amount: worth?.amount ?? null, currency: worth?.currency ?? null },
    settled: row['settled_by'] === null ? null : { by: text(row, 'settled_by'), reason: text(row, 'settled_why') },
    serials: { lost: of('shrinkage'), surplus: of('surplus') },
  };
}

/** One count with its articles, those with the largest differences first; null when no count begins with this entry. */
export function countView(sql: Sql, entry: number): CountView | null {
  const [row] = sql.exec(`SELECT ${COUNT}, ${SUMS} ${FROM} WHERE n.entry = ? GROUP BY n.id`, entry);
  if (row === undefined) return null;
  const lines = sql.exec(
    `SELECT l.*, i.gtin, i.name FROM count_lines l JOIN items i ON i.id = l.item WHERE l.count = ?
      ORDER BY l.lost + l.unknown + l.gone_out + l.elsewhere + l.never_in DESC, i.gtin LIMIT ?`,
    num(row, 'id'),
    MAX_LINES,
  );
  const costs = new Costs(sql);
  const serials = bookedSerials(sql, num(row, 'id'));
  return { ...countRow(row), lines: lines.map((line) => lineOf(line, costs, serials)) };
}

function findingsOf(row: Row, costs: Costs): CountFinding[] {
  const gtin = gtinText(num(row, 'gtin'));
  const kinds = {
    ...{ unknown: num(row, 'unknown'), out: num(row, 'gone_out') },
    ...{ elsewhere: num(row, 'elsewhere'), neverIn: num(row, 'never_in') },
  };
  const lost = num(row, 'lost') - num(row, 'lost_explained');
  const surplus = kinds.unknown + kinds.out + kinds.elsewhere + kinds.neverIn - num(row, 'surplus_explained');
  const finding = (code: CountFinding['code'], quantity: number): CountFinding[] => {
    if (quantity <= 0) return [];
    const zone = text(row, 'zone_name');
    const worth = costs.amount(gtin, quantity);
    const at = { count: num(row, 'entry'), site: text(row, 'site_name'), zone, at: num(row, 'closed') };
    const called = optionalText(row, 'zone_label') ?? zone;
    const told = tellCount({ code, quantity, zone: zone === '*' ? zone : called, ...kinds });
    const amounts = { amount: worth?.amount ?? null, currency: worth?.currency ?? null };
    return [{ ...at, gtin, name: optionalText(row, 'name') ?? null, code, quantity, ...amounts, text: told }];
  };
  return [...finding('SHRINKAGE', lost), ...finding('SURPLUS', surplus)];
}

/** What counts booked and nothing explains, newest count first; a page holds whole articles. @throws Fault CURSOR_INVALID */
export function countFindings(
  sql: Sql,
  { after, limit: wanted }: { readonly after?: string; readonly limit?: number },
): Page<CountFinding> {
  const limit = limitOf(wanted);
  const [count = Number.MAX_SAFE_INTEGER, item = 0] = keysOf(after, 2) ?? [];
  const rows = sql.exec(
    `SELECT l.*, n.entry, n.closed, s.site AS site_name, COALESCE(z.zone, '*') AS zone_name, z.name AS zone_label, i.gtin, i.name
      FROM count_lines l JOIN counts n ON n.id = l.count JOIN sites s ON s.id = n.site LEFT JOIN zones z ON z.id = n.zone JOIN items i ON i.id = l.item
      WHERE ${OPEN} AND (l.count < ?1 OR (l.count = ?1 AND l.item > ?2)) ORDER BY l.count DESC, l.item LIMIT ?3`,
    ...[count, item, limit],
  );
  const costs = new Costs(sql);
  const last = rows.at(-1);
  const next = last === undefined || rows.length < limit ? null : cursorOf([num(last, 'count'), num(last, 'item')]);
  return { data: rows.flatMap((row) => findingsOf(row, costs)), next, entry: sizeOf(sql) };
}
