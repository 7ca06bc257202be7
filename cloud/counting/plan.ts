import type { NodeStatus } from '../../protocol/command.ts';
import { gtinText } from '../ledger/masterdata.ts';
import { num, optionalText, type Sql, text } from '../ledger/sql.ts';
import { Costs } from './cost.ts';

/** A zone as the plan of cycle counts has it. */
export interface PlannedZone {
  readonly site: string;
  readonly zone: string;
  readonly name: string | null;
  /** Items that stand there since the last count. */
  readonly quantity: number;
  /** At the last known cost, minor units; null where no article of the zone has one. Articles without a cost count as nothing. */
  readonly value: number | null;
  readonly currency: string | null;
  /** End of the last count of the zone or the whole site, epoch milliseconds; null before the first. */
  readonly lastCounted: number | null;
  readonly ageDays: number | null;
  /** Zones in the order in which to count them, one a day: 1 is today, 2 the next where a zone of the site was counted within a day. */
  readonly day: number;
}

export interface CountPlan {
  readonly zones: readonly PlannedZone[];
  /** What stands in each site and was counted in no zone since a door saw it last. */
  readonly unassigned: readonly { readonly site: string; readonly quantity: number }[];
  /** What decides beside the age: the value, or where no cost is known in any zone the quantity. */
  readonly basis: 'value' | 'quantity';
}

interface Zone {
  readonly site: string;
  readonly zone: string;
  name: string | null;
  quantity: number;
  value: number;
  currency: string | null;
  lastCounted: number | null;
}

const DAY_MS = 86_400_000;

/** Zones that counts or the nodes' settings name. */
function zonesOf(sql: Sql): Map<string, Zone> {
  const zones = new Map<string, Zone>();
  const add = (site: string, zone: string, name: string | null): void => {
    const key = `${site} ${zone}`;
    const known = zones.get(key);
    if (known === undefined) zones.set(key, { site, zone, name, quantity: 0, value: 0, currency: null, lastCounted: null });
    else known.name = name ?? known.name;
  };
  for (const row of sql.exec('SELECT s.site, z.zone, z.name FROM zones z JOIN sites s ON s.id = z.site'))
    add(text(row, 'site'), text(row, 'zone'), optionalText(row, 'name') ?? null);
  for (const row of sql.exec('SELECT site, status FROM reports ORDER BY site, node')) {
    const { zones: told } = JSON.parse(text(row, 'status')) as NodeStatus;
    if (!Array.isArray(told)) continue;
    for (const one of told) if (typeof one?.id === 'string' && typeof one.name === 'string') add(text(row, 'site'), one.id, one.name);
  }
  return zones;
}

/** Notes when each zone was counted last: by itself or with its site. */
function datesOf(sql: Sql, zones: ReadonlyMap<string, Zone>): void {
  const rows = sql.exec(
    `SELECT s.site, COALESCE(z.zone, '*') AS zone, MAX(n.closed) AS closed FROM counts n JOIN sites s ON s.id = n.site LEFT JOIN zones z ON z.id = n.zone
      GROUP BY n.site, n.zone`,
  );
  const last = new Map(rows.map((row) => [`${text(row, 'site')} ${text(row, 'zone')}`, num(row, 'closed')]));
  for (const [key, zone] of zones) {
    const dates = [last.get(key), last.get(`${zone.site} *`)].filter((date) => date !== undefined);
    zone.lastCounted = dates.length === 0 ? null : Math.max(...dates);
  }
}

/** Adds up what stands in each zone. Returns what stands in none, by site. Reads a row for each item that was ever counted. */
function fill(sql: Sql, zones: ReadonlyMap<string, Zone>): Map<string, number> {
  const costs = new Costs(sql);
  const assigned = new Map<string, number>();
  const rows = sql.exec(
    `SELECT s.site, z.zone, i.gtin, COUNT(*) AS quantity FROM counted k JOIN zones z ON z.id = k.zone JOIN counts n ON n.id = k.count
      JOIN serials r ON r.item = k.item AND r.serial = k.serial JOIN sites s ON s.id = z.site JOIN items i ON i.id = k.item
      WHERE r.site = n.site AND r.seen <= n.closed GROUP BY z.id, k.item`,
  );
  for (const row of rows) {
    const [site, quantity] = [text(row, 'site'), num(row, 'quantity')];
    assigned.set(site, (assigned.get(site) ?? 0) + quantity);
    const zone = zones.get(`${site} ${text(row, 'zone')}`);
    if (zone === undefined) continue;
    zone.quantity += quantity;
    const worth = costs.amount(gtinText(num(row, 'gtin')), quantity);
    // One plan compares one currency: the first that a zone knows.
    if (worth === undefined || (zone.currency !== null && zone.currency !== worth.currency)) continue;
    zone.currency = worth.currency;
    zone.value += worth.amount;
  }
  const all = sql.exec('SELECT s.site, SUM(k.quantity) AS quantity FROM stock k JOIN sites s ON s.id = k.site GROUP BY k.site');
  return new Map(all.map((row) => [text(row, 'site'), Math.max(0, num(row, 'quantity') - (assigned.get(text(row, 'site')) ?? 0))]));
}

/**
 * Which zone to count on which day: those never counted first, then by what is at stake for how long: value (else quantity) times the days since
 * the last count. `now` is epoch milliseconds.
 */
export function countPlan(sql: Sql, site: string | undefined, now: number): CountPlan {
  const zones = zonesOf(sql);
  datesOf(sql, zones);
  const unassigned = fill(sql, zones);
  const of = <T extends { readonly site: string }>(rows: readonly T[]): T[] =>
    rows.filter((row) => site === undefined || row.site === site);
  const chosen = of([...zones.values()]);
  const basis = chosen.some(({ currency }) => currency !== null) ? 'value' : 'quantity';
  const days = (zone: Zone): number => (zone.lastCounted === null ? 0 : Math.max(0, now - zone.lastCounted) / DAY_MS);
  const urgency = (zone: Zone): number =>
    zone.lastCounted === null ? Number.POSITIVE_INFINITY : (1 + (basis === 'value' ? zone.value : zone.quantity)) * days(zone);
  const order = (a: Zone, b: Zone): number => {
    const [x, y] = [urgency(a), urgency(b)];
    if (x !== y) return x > y ? -1 : 1;
    return `${a.site} ${a.zone}` < `${b.site} ${b.zone}` ? -1 : 1;
  };
  // A zone a day at each site, and a site that has counted one has done its day: the sites count at the same time.
  const day = new Map(chosen.flatMap((zone) => (zone.lastCounted !== null && days(zone) < 1 ? [[zone.site, 1] as [string, number]] : [])));
  const planned = chosen.sort(order).map((zone): PlannedZone => {
    day.set(zone.site, (day.get(zone.site) ?? 0) + 1);
    const { currency, value, ...rest } = zone;
    const ageDays = zone.lastCounted === null ? null : Math.floor(days(zone));
    return { ...rest, value: currency === null ? null : value, currency, ageDays, day: day.get(zone.site) as number };
  });
  const left = [...unassigned].map(([at, quantity]) => ({ site: at, quantity })).sort((a, b) => (a.site < b.site ? -1 : 1));
  return { zones: planned.sort((a, b) => a.day - b.day || (a.site < b.site ? -1 : 1)), unassigned: of(left), basis };
}
