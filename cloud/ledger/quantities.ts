import { num, type Sql } from './sql.ts';

/** Rows in one JSON parameter: some 60 bytes each stay far below the 2 MB that a value may have. */
const MAX_ROWS = 10_000;

/** Quantities by item and site key, with what the commit changes. */
export class Quantities {
  readonly #sql: Sql;
  readonly #by = new Map<number, Map<number, number>>();
  readonly #changed = new Map<number, Set<number>>();

  constructor(sql: Sql, items: readonly number[]) {
    this.#sql = sql;
    const rows = sql.exec('SELECT item, site, quantity FROM stock WHERE item IN (SELECT value FROM json_each(?))', JSON.stringify(items));
    for (const row of rows) this.#of(num(row, 'item')).set(num(row, 'site'), num(row, 'quantity'));
  }

  #of(item: number): Map<number, number> {
    let sites = this.#by.get(item);
    if (sites === undefined) {
      sites = new Map();
      this.#by.set(item, sites);
    }
    return sites;
  }

  /** Adds and returns the quantity after. */
  add(item: number, site: number, delta: number): number {
    const sites = this.#of(item);
    const quantity = (sites.get(site) ?? 0) + delta;
    sites.set(site, quantity);
    const changed = this.#changed.get(item);
    if (changed === undefined) this.#changed.set(item, new Set([site]));
    else changed.add(site);
    return quantity;
  }

  save(): void {
    const rows = [...this.#changed].flatMap(([item, sites]) => [...sites].map((site) => [item, site, this.#of(item).get(site)]));
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      this.#sql.exec(
        `INSERT INTO stock (item, site, quantity) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
          ON CONFLICT DO UPDATE SET quantity = excluded.quantity`,
        JSON.stringify(rows.slice(from, from + MAX_ROWS)),
      );
    }
  }
}
