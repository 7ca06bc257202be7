import { type CountBody, eachItem, type ItemGroup, WHOLE_SITE } from '../../protocol/record.ts';
import { Adjustments, type CountPlace } from './adjustments.ts';
import { type CountedRow, countedRow, keyOf, saveCounted, Tallies, type Tally } from './counted.ts';
import type { Effects } from './effects.ts';
import type { RecordEntry } from './entry.ts';
import { firstHanded } from './handed.ts';
import { type CountSpan, judgeMissing, judgeRead, type Known, type ReadOutcome, WORD, type Word, zoneOf } from './judge.ts';
import { itemIds, siteId, siteNames } from './masterdata.ts';
import { Quantities } from './quantities.ts';
import { num, type Sql } from './sql.ts';

/** What one pass did not see may have been shaded by what stood before it. */
const PASSES_TO_LOSE = 2;

/** The line of a count that an outcome adds to, beside `read`. */
const OF_OUTCOME: Partial<Record<ReadOutcome, Tally>> = { unknown: 'unknown', out: 'gone_out', elsewhere: 'elsewhere', found: 'found' };

interface Count extends CountSpan {
  readonly id: number;
}

interface Item extends Known {
  readonly item: number;
  readonly serial: number;
  readonly counted: CountedRow | undefined;
}

/** The key of a zone, made and named by the records of counts; 0 for the whole site. */
function zoneId(sql: Sql, site: number, { zone, name }: CountBody): number {
  if (zone === WHOLE_SITE) return 0;
  const [row] = sql.exec(
    `INSERT INTO zones (site, zone, name) VALUES (?, ?, ?) ON CONFLICT (site, zone) DO UPDATE SET name = COALESCE(excluded.name, name) RETURNING id`,
    site,
    zone,
    name ?? null,
  );
  return num(row ?? {}, 'id');
}

/** The count of a part. Its first part in the log says when it was: the others must not be judged by another clock. */
function countOf(entry: RecordEntry, body: CountBody, sql: Sql): Count {
  const site = siteId(sql, entry.site);
  const node = `${entry.site}/${entry.node}`;
  const raws = body.items.reduce((sum, group) => sum + ('raw' in group ? group.raw.length : 0), 0);
  const ssccs = body.ssccs?.length ?? 0;
  const zone = zoneId(sql, site, body);
  const [row = {}] = sql.exec(
    `INSERT INTO counts (entry, node, count, site, zone, opened, closed, passes, expected, approved_by, parts, seen_parts, raws, ssccs)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
      ON CONFLICT (node, count) DO UPDATE SET seen_parts = seen_parts + 1, raws = raws + excluded.raws, ssccs = ssccs + excluded.ssccs
      RETURNING id, site, zone, opened, closed`,
    ...[entry.index, node, body.count, site, zone, Math.max(0, entry.effectiveAt - (body.closed - body.opened)), entry.effectiveAt],
    ...[body.passes, body.expected ?? null, body.by, body.parts, raws, ssccs],
  );
  const when = { opened: num(row, 'opened'), closed: num(row, 'closed') };
  return { id: num(row, 'id'), site: num(row, 'site'), zone: num(row, 'zone'), ...when };
}

/** Serials by item key. */
function serialsOf(groups: readonly ItemGroup[], items: ReadonlyMap<string, number>): Record<number, number[]> {
  const by: Record<number, number[]> = {};
  for (const one of eachItem(groups)) {
    if ('raw' in one) continue;
    const item = items.get(one.gtin) as number;
    by[item] ??= [];
    by[item].push(one.serial);
  }
  return by;
}

const KNOWN = `SELECT g.key AS item, s.value AS serial, r.site AS at_site, r.seen, k.count, k.zone, k.word, k.origin, n.site AS count_site, n.opened, n.closed
  FROM json_each(?) AS g CROSS JOIN json_each(g.value) AS s
  LEFT JOIN serials AS r ON r.item = CAST(g.key AS INTEGER) AND r.serial = s.value
  LEFT JOIN counted AS k ON k.item = CAST(g.key AS INTEGER) AND k.serial = s.value LEFT JOIN counts AS n ON n.id = k.count`;

/** What is known of items, in the order of the record. One part holds at most 1,000. */
function knownOf(sql: Sql, groups: readonly ItemGroup[], items: ReadonlyMap<string, number>): Item[] {
  const wanted = serialsOf(groups, items);
  const found = new Map<string, Item>();
  for (const row of sql.exec(KNOWN, JSON.stringify(wanted))) {
    const [item, serial] = [Number(row['item']), num(row, 'serial')];
    const stood = row['at_site'] !== null;
    found.set(keyOf(item, serial), {
      ...{ item, serial, where: stood ? num(row, 'at_site') : undefined, seen: stood ? num(row, 'seen') : 0 },
      counted: row['word'] === null ? undefined : countedRow(row),
    });
  }
  return Object.entries(wanted).flatMap(([item, serials]) => serials.map((serial) => found.get(keyOf(Number(item), serial)) as Item));
}

/** What a part of a count changes. */
class Posting {
  readonly #sql: Sql;
  readonly #entry: number;
  readonly #count: Count;
  readonly #place: CountPlace;
  readonly #quantities: Quantities;
  readonly #tallies = new Tallies();
  readonly #adjustments = new Adjustments();
  readonly #deltas = new Map<string, readonly [item: number, site: number, delta: number]>();
  readonly #stands: (readonly [item: number, serial: number, site: number])[] = [];
  readonly #words: (readonly [number, number, number, number, Word, number | null])[] = [];

  constructor(sql: Sql, entry: number, count: Count, place: CountPlace, items: readonly number[]) {
    this.#sql = sql;
    this.#entry = entry;
    this.#count = count;
    this.#place = place;
    this.#quantities = new Quantities(sql, items);
  }

  #stock(item: number, site: number, delta: number): void {
    const key = keyOf(item, site);
    this.#deltas.set(key, [item, site, (this.#deltas.get(key)?.[2] ?? 0) + delta]);
  }

  /**
   * Goods of a counted article that left without ever having come stand as less than nothing: whoever counts the article says that they had been
   * there. As many as there are: each is a row that a passage wrote, and it is settled once.
   */
  settle(items: readonly number[]): void {
    const { site, id } = this.#count;
    const rows = this.#sql.exec(
      `UPDATE serials SET never_in = 0 WHERE never_in <> 0 AND never_in = ? AND item IN (SELECT value FROM json_each(?)) RETURNING item, serial`,
      site,
      JSON.stringify(items),
    );
    // The order of RETURNING is nobody's promise.
    const settled = rows.map((row) => [num(row, 'item'), num(row, 'serial')] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [item, serial] of settled) {
      this.#tallies.add(id, item, 'never_in');
      this.#adjustments.add(this.#place, 'surplus', 'in', item, serial);
      this.#stock(item, site, 1);
      this.#words.push([item, serial, id, 0, WORD.surplus, id]);
    }
    // Read with the others below, where one of them is there again.
    saveCounted(this.#sql, this.#words.splice(0));
  }

  read(one: Item): void {
    const { item, serial, counted } = one;
    const { id, site, zone } = this.#count;
    const { outcome, minus, plus, word } = judgeRead(one, this.#count);
    this.#tallies.add(id, item, 'read');
    // A count of the whole site does not say where in it.
    const before = outcome === 'stands' ? zoneOf(one) : 0;
    if (zone !== 0 && before !== 0 && before !== zone) this.#tallies.add(id, item, 'relocated');
    const tally = OF_OUTCOME[outcome];
    if (tally !== undefined) this.#tallies.add(id, item, tally);
    if (minus !== 0) this.#stock(item, minus, -1);
    if (plus) {
      this.#stock(item, site, 1);
      this.#adjustments.add(this.#place, 'surplus', 'in', item, serial);
      this.#stands.push([item, serial, site]);
    }
    // What an earlier count wrote off and this one found again asks nothing of anybody.
    if (outcome === 'found') this.#tallies.explain(counted?.origin ?? null, item, WORD.lost);
    if (word === undefined) return;
    const origin = word === WORD.surplus ? (plus ? id : (counted?.origin ?? null)) : null;
    this.#words.push([item, serial, id, zone === 0 ? before : zone, word, origin]);
  }

  miss(one: Item, passes: number): void {
    const { item, serial, counted } = one;
    const { id, site } = this.#count;
    this.#tallies.add(id, item, 'missing');
    if (passes < PASSES_TO_LOSE || judgeMissing(one, this.#count) !== 'lost') return;
    this.#tallies.add(id, item, 'lost');
    this.#stock(item, site, -1);
    this.#adjustments.add(this.#place, 'shrinkage', 'out', item, serial);
    this.#stands.push([item, serial, -site]);
    this.#words.push([item, serial, id, zoneOf(one), WORD.lost, id]);
    // No surplus any more: the loss says what became of it.
    if (counted?.word === WORD.surplus) this.#tallies.explain(counted.origin, item, WORD.surplus);
  }

  save(effects: Effects, gtins: ReadonlyMap<number, string>): void {
    const sql = this.#sql;
    sql.exec(
      `INSERT INTO serials (item, serial, site, entry) SELECT value ->> 0, value ->> 1, value ->> 2, ? FROM json_each(?) WHERE true
        ON CONFLICT DO UPDATE SET site = excluded.site, entry = excluded.entry`,
      this.#entry,
      JSON.stringify(this.#stands),
    );
    saveCounted(sql, this.#words);
    this.#tallies.save(sql);
    this.#adjustments.save(sql, effects, this.#entry, this.#count.closed, gtins);
    const names = siteNames(sql);
    for (const [item, site, delta] of this.#deltas.values()) {
      if (delta === 0) continue;
      const quantity = this.#quantities.add(item, site, delta);
      effects.of(this.#entry).stock.push({ site: names.get(site) as string, gtin: gtins.get(item) as string, quantity });
    }
    this.#quantities.save();
  }
}

/** Folds one part of a count: its items are judged against what stands when the part comes in the log. */
export function foldCount(entry: RecordEntry, body: CountBody, sql: Sql, effects: Effects): void {
  const { index, site, node } = entry;
  const groups = [...body.items, ...(body.missing ?? [])];
  const [fresh] = firstHanded([{ entry: index, site, node, name: `c/${body.count}/${body.part}`, groups: body.items }], sql, effects);
  if (fresh === undefined) return;
  const count = countOf(entry, body, sql);
  const items = itemIds(sql, [...new Set(groups.flatMap((group) => ('raw' in group ? [] : group.gtin)))]);
  const keys = [...items.values()];
  const posting = new Posting(sql, index, count, { id: count.id, count: body.count, zone: body.zone, site, node }, keys);
  posting.settle(keys);
  for (const one of knownOf(sql, body.items, items)) posting.read(one);
  for (const one of knownOf(sql, body.missing ?? [], items)) posting.miss(one, body.passes);
  posting.save(effects, new Map([...items].map(([gtin, item]) => [item, gtin])));
}
