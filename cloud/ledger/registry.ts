import { num, type Sql } from './sql.ts';
import type { Whereabouts } from './transition.ts';

/**
 * Serials in one JSON parameter: 13 digits and a comma each stay far below the 2 MB that a value may have.
 */
const MAX_SERIALS = 50_000;
/** Groups of at most 1,000 serials in one JSON parameter. */
const MAX_SAW_GROUPS = 50;

/** Reads `serials` for all (item, serial) in one statement: `{"item": [serial, ...], ...}`. CROSS JOIN keeps SQLite from scanning the registry. */
const LOAD = `SELECT r.item, r.serial, r.site FROM json_each(?) AS g, json_each(g.value) AS s
  CROSS JOIN serials AS r ON r.item = CAST(g.key AS INTEGER) AND r.serial = s.value`;

/** Writes `[[item, site, entry, seen, never in, [serial, ...]], ...]`. Materialized, so that a group is parsed once and not for each serial. */
const SAVE = `WITH g AS MATERIALIZED (
    SELECT value ->> 0 AS item, value ->> 1 AS site, value ->> 2 AS entry, value ->> 3 AS seen, value ->> 4 AS never_in, value -> 5 AS serials
      FROM json_each(?))
  INSERT INTO serials (item, serial, site, entry, seen, never_in)
    SELECT g.item, s.value, g.site, g.entry, g.seen, g.never_in FROM g CROSS JOIN json_each(g.serials) AS s WHERE true
  ON CONFLICT DO UPDATE SET site = excluded.site, entry = excluded.entry, seen = MAX(seen, excluded.seen)`;

/** Of known serials that moved nothing only that a door saw them: a count that began before must not take them for lost. */
const SAW = `WITH g AS MATERIALIZED (SELECT value ->> 0 AS item, value ->> 1 AS seen, value -> 2 AS serials FROM json_each(?))
  INSERT INTO serials (item, serial, site, entry, seen, never_in)
    SELECT g.item, s.value, 0, 0, g.seen, 0 FROM g CROSS JOIN json_each(g.serials) AS s WHERE true
  ON CONFLICT DO UPDATE SET seen = excluded.seen WHERE excluded.seen > seen`;

type Group = readonly [item: number, site: number, entry: number, seen: number, neverIn: number, serials: readonly number[]];
type SawGroup = readonly [item: number, seen: number, serials: readonly number[]];

/**
 * Where each serial is, for one commit: read in bulk, changed in memory, written in bulk. One row per serial in a table
 * WITHOUT ROWID on compact integer keys: the row is the whole cost of an item.
 */
export class Registry {
  readonly #sql: Sql;
  readonly #sites = new Map<number, Map<number, number>>();
  #groups: Group[] = [];
  #saw: SawGroup[] = [];

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

  /**
   * Notes that an entry moved serials of an item to `site` (negative: out of it) at `at` (epoch milliseconds). `neverIn`: the site
   * that they left without ever having come, noted once for ever. Order matters: a later note wins.
   */
  moved(item: number, site: number, entry: number, at: number, serials: readonly number[], neverIn = 0): void {
    if (serials.length > 0) this.#groups.push([item, site, entry, at, neverIn, serials]);
  }

  /** Notes that a door saw known serials of an item at `at`, which changed nothing. */
  saw(item: number, at: number, serials: readonly number[]): void {
    if (serials.length > 0) this.#saw.push([item, at, serials]);
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
      if (count + group[5].length > MAX_SERIALS) write();
      part.push(group);
      count += group[5].length;
    }
    write();
    this.#groups = [];
    // After those that moved: by now each has its row. One group holds at most a record.
    for (let from = 0; from < this.#saw.length; from += MAX_SAW_GROUPS)
      this.#sql.exec(SAW, JSON.stringify(this.#saw.slice(from, from + MAX_SAW_GROUPS)));
    this.#saw = [];
  }
}
