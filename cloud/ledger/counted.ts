import type { JsonObject } from './entry.ts';
import { type Counted, WORD, type Word } from './judge.ts';
import type { Migration } from './projection.ts';
import { num, type Row, type Sql } from './sql.ts';

/**
 * What counts said. `counts` has a row per count and `count_lines` one per article of it; `counted` holds the newest count's word on an item and the
 * zone it was seen in; `origin` is the count whose booking nothing explains yet. `adjustments` are what counts booked, and what doors took back:
 * `lines` is JSON `[[item, quantity, [serials as differences]], ...]`; `adjusted` finds them by item and time.
 */
export const countMigration: Migration = {
  id: 'counts',
  statements: [
    // When a door saw the item last, and the site that it left without ever having come: there the stock lacks one until a count settles it.
    'ALTER TABLE serials ADD COLUMN seen INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE serials ADD COLUMN never_in INTEGER NOT NULL DEFAULT 0',
    'CREATE INDEX serials_never_in ON serials (item) WHERE never_in <> 0',
    'CREATE TABLE zones (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, zone TEXT NOT NULL, name TEXT, UNIQUE (site, zone))',
    `CREATE TABLE counts (
      id INTEGER PRIMARY KEY, entry INTEGER NOT NULL, node TEXT NOT NULL, count TEXT NOT NULL, site INTEGER NOT NULL, zone INTEGER NOT NULL,
      opened INTEGER NOT NULL, closed INTEGER NOT NULL, passes INTEGER NOT NULL, expected INTEGER, approved_by TEXT NOT NULL,
      parts INTEGER NOT NULL, seen_parts INTEGER NOT NULL, raws INTEGER NOT NULL, ssccs INTEGER NOT NULL, UNIQUE (node, count))`,
    `CREATE TABLE count_lines (
      count INTEGER, item INTEGER, read INTEGER NOT NULL, missing INTEGER NOT NULL, lost INTEGER NOT NULL, unknown INTEGER NOT NULL,
      gone_out INTEGER NOT NULL, elsewhere INTEGER NOT NULL, never_in INTEGER NOT NULL, found INTEGER NOT NULL, relocated INTEGER NOT NULL,
      lost_explained INTEGER NOT NULL, surplus_explained INTEGER NOT NULL, settled_by TEXT, settled_why TEXT,
      PRIMARY KEY (count, item)) WITHOUT ROWID`,
    // What people have to look at: lines whose bookings nothing explains and nobody has settled.
    `CREATE INDEX count_lines_open ON count_lines (count) WHERE settled_by IS NULL AND
      (lost > lost_explained OR unknown + gone_out + elsewhere + never_in > surplus_explained)`,
    `CREATE TABLE counted (
      item INTEGER, serial INTEGER, count INTEGER NOT NULL, zone INTEGER NOT NULL, word INTEGER NOT NULL, origin INTEGER,
      PRIMARY KEY (item, serial)) WITHOUT ROWID`,
    'CREATE INDEX counted_zone ON counted (zone)',
    `CREATE TABLE adjustments (
      entry INTEGER, n INTEGER, at INTEGER NOT NULL, count INTEGER NOT NULL, reason TEXT NOT NULL, direction TEXT NOT NULL, lines TEXT NOT NULL,
      PRIMARY KEY (entry, n)) WITHOUT ROWID`,
    'CREATE INDEX adjustments_count ON adjustments (count)',
    'CREATE TABLE adjusted (item INTEGER, at INTEGER, entry INTEGER, PRIMARY KEY (item, at, entry)) WITHOUT ROWID',
  ],
};

/** Rows in one JSON parameter: some 40 bytes each stay far below the 2 MB that a value may have. */
export const MAX_ROWS = 20_000;

/** Body of a `decision` entry by which a person settles what a count booked of an article: it asks nothing of anybody any more. The stock stays. */
export type SettlementBody = {
  readonly v: 1;
  readonly about: 'count';
  /** The count by its first entry. */
  readonly count: number;
  readonly gtin: string;
  readonly by: string;
  readonly reason: string;
};

/** Folds a person's settlement; one of a count or article that is not there changes nothing. */
export function settleCount(sql: Sql, value: JsonObject): void {
  if (value['about'] !== 'count') return;
  const { count, gtin, by, reason } = value as unknown as SettlementBody;
  sql.exec(
    `UPDATE count_lines SET settled_by = ?, settled_why = ? WHERE count = (SELECT id FROM counts WHERE entry = ?)
      AND item = (SELECT id FROM items WHERE gtin = ?)`,
    ...[by, reason, count, Number(gtin)],
  );
}

/** A row of `counted` with the span of its count. */
export interface CountedRow extends Counted {
  readonly count: number;
  readonly origin: number | null;
}

/** Item and serial as the key of a map. */
export const keyOf = (item: number, serial: number): string => `${item} ${serial}`;

export function countedRow(row: Row): CountedRow {
  return {
    ...{ count: num(row, 'count'), zone: num(row, 'zone'), word: num(row, 'word') as Word },
    ...{ site: num(row, 'count_site'), opened: num(row, 'opened'), closed: num(row, 'closed') },
    origin: row['origin'] === null ? null : num(row, 'origin'),
  };
}

const LOAD = `SELECT k.item, k.serial, k.count, k.zone, k.word, k.origin, n.site AS count_site, n.opened, n.closed
  FROM json_each(?) AS g, json_each(g.value) AS s
  CROSS JOIN counted AS k ON k.item = CAST(g.key AS INTEGER) AND k.serial = s.value CROSS JOIN counts AS n ON n.id = k.count`;

/** The newest counts' words on items, by item and serial; empty at once where nothing was ever counted. */
export function loadCounted(sql: Sql, wanted: ReadonlyMap<number, readonly number[]>): Map<string, CountedRow> {
  const found = new Map<string, CountedRow>();
  if (sql.exec('SELECT id FROM counts LIMIT 1').length === 0) return found;
  for (const [item, serials] of wanted) {
    for (let from = 0; from < serials.length; from += MAX_ROWS) {
      const part = JSON.stringify({ [item]: serials.slice(from, from + MAX_ROWS) });
      for (const row of sql.exec(LOAD, part)) found.set(keyOf(num(row, 'item'), num(row, 'serial')), countedRow(row));
    }
  }
  return found;
}

/** Writes words: `[item, serial, count, zone, word, origin]`. */
export function saveCounted(sql: Sql, rows: readonly (readonly [number, number, number, number, Word, number | null])[]): void {
  for (let from = 0; from < rows.length; from += MAX_ROWS) {
    sql.exec(
      `INSERT INTO counted (item, serial, count, zone, word, origin)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
        ON CONFLICT DO UPDATE SET count = excluded.count, zone = excluded.zone, word = excluded.word, origin = excluded.origin`,
      JSON.stringify(rows.slice(from, from + MAX_ROWS)),
    );
  }
}

/** The columns of `count_lines` that add up. */
const TALLIES = [
  ...['read', 'missing', 'lost', 'unknown', 'gone_out', 'elsewhere', 'never_in', 'found', 'relocated'],
  ...['lost_explained', 'surplus_explained'],
] as const;
export type Tally = 'read' | 'missing' | 'lost' | 'unknown' | 'gone_out' | 'elsewhere' | 'never_in' | 'found' | 'relocated' | Explanation;
type Explanation = 'lost_explained' | 'surplus_explained';

/** What an entry adds to the lines of counts. */
export class Tallies {
  readonly #by = new Map<string, { readonly count: number; readonly item: number; readonly sums: Map<string, number> }>();

  add(count: number, item: number, tally: Tally, by = 1): void {
    const key = `${count} ${item}`;
    const line = this.#by.get(key) ?? { count, item, sums: new Map() };
    this.#by.set(key, line);
    line.sums.set(tally, (line.sums.get(tally) ?? 0) + by);
  }

  /** Notes that what `origin` booked is explained. */
  explain(origin: number | null, item: number, word: Word): void {
    if (origin !== null) this.add(origin, item, word === WORD.surplus ? 'surplus_explained' : 'lost_explained');
  }

  save(sql: Sql): void {
    const rows = [...this.#by.values()].map(({ count, item, sums }) => [count, item, ...TALLIES.map((tally) => sums.get(tally) ?? 0)]);
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      sql.exec(
        `INSERT INTO count_lines (count, item, ${TALLIES.join(', ')})
          SELECT value ->> 0, value ->> 1, ${TALLIES.map((_, i) => `value ->> ${i + 2}`).join(', ')} FROM json_each(?) WHERE true
          ON CONFLICT DO UPDATE SET ${TALLIES.map((tally) => `${tally} = ${tally} + excluded.${tally}`).join(', ')}`,
        JSON.stringify(rows.slice(from, from + MAX_ROWS)),
      );
    }
  }
}
