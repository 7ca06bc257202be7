import { num, type Sql } from './sql.ts';
import type { Whereabouts } from './transition.ts';

/**
 * Serials in one JSON parameter: 13 digits and a comma each stay far below the 2 MB that a value may have.
 */
const MAX_SERIALS = 50_000;

/** Reads `serials` for all (item, serial) in one statement: `{"item": [serial, ...], ...}`. CROSS JOIN keeps SQLite from scanning the registry. */
const LOAD = `SELECT r.item, r.serial, r.site FROM json_each(?) AS g, json_each(g.value) AS s
  CROSS JOIN serials AS r ON r.item = CAST(g.key AS INTEGER) AND r.serial = s.value`;

/** Writes `[[item, site, entry, [serial, ...]], ...]`. Materialized, so that a group is parsed once and not for each serial. */
const SAVE = `WITH g AS MATERIALIZED (
    SELECT value ->> 0 AS item, value ->> 1 AS site, value ->> 2 AS entry, value -> 3 AS serials FROM json_each(?))
  INSERT INTO serials (item, serial, site, entry) SELECT g.item, s.value, g.site, g.entry FROM g CROSS JOIN json_each(g.serials) AS s WHERE true
  ON CONFLICT DO UPDATE SET site = excluded.site, entry = excluded.entry`;

type Group = readonly [item: number, site: number, entry: number, serials: readonly number[]];

/**
 * Where each serial is, for one commit: read in bulk, changed in memory, written in bulk. One row per serial in a table
 * WITHOUT ROWID on compact integer keys: the row is the whole cost of an item.
 */
export class Registry {
  readonly #sql: Sql;
  readonly #sites = new Map<number, Map<number, number>>();
  #groups: Group[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reads all serials that the commit names, by item key. */
  load(wanted: ReadonlyMap<number, readonly number[]>): void {
    let part: Record<string, readonly number[]> = {};
    let count = 0;
    const read = (): void => {
      for (const row of this.#sql.exec(LOAD, JSON.stringify(part)))
        this.sitesOf(num(row, 'item')).set(num(row, 'serial'), num(row, 'site'));
      part = {};
      count = 0;
    };
    for (const [item, serials] of wanted) {
      for (let from = 0; from < serials.length; from += MAX_SERIALS) {
        const slice = serials.slice(from, from + MAX_SERIALS);
        if (count + slice.length > MAX_SERIALS) read();
        part[item] = slice;
        count += slice.length;
        // A further slice of the same item needs a statement of its own.
        if (from + MAX_SERIALS < serials.length) read();
      }
    }
    if (count > 0) read();
  }

  /** Where the serials of an item are; the fold changes it as it goes. */
  sitesOf(item: number): Map<number, Whereabouts & number> {
    let sites = this.#sites.get(item);
    if (sites === undefined) {
      sites = new Map();
      this.#sites.set(item, sites);
    }
    return sites;
  }

  /** Notes that an entry moved serials of an item to `site` (negative: out of it). Order matters: a later note wins. */
  moved(item: number, site: number, entry: number, serials: readonly number[]): void {
    if (serials.length > 0) this.#groups.push([item, site, entry, serials]);
  }

  /** Writes what moved. */
  save(): void {
    let part: Group[] = [];
    let count = 0;
    const write = (): void => {
      if (part.length > 0) this.#sql.exec(SAVE, JSON.stringify(part));
      part = [];
      count = 0;
    };
    for (const group of this.#groups) {
      // A record holds at most 1,000 items, so a group never exceeds a statement by itself.
      if (count + group[3].length > MAX_SERIALS) write();
      part.push(group);
      count += group[3].length;
    }
    write();
    this.#groups = [];
  }
}
