import type { Direction } from '../../protocol/record.ts';
import { MAX_ROWS } from './counted.ts';
import type { Adjustment, Effects } from './effects.ts';
import type { Sql } from './sql.ts';

type Reason = Adjustment['reason'];

/** Where the stock is adjusted: which count says so, by its key and by the names that people know. */
export interface CountPlace {
  readonly id: number;
  readonly count: string;
  readonly zone: string;
  readonly site: string;
  readonly node: string;
}

interface Group {
  readonly place: CountPlace;
  readonly reason: Reason;
  readonly direction: Direction;
  readonly items: Map<number, number[]>;
}

/** Serials ascending, each but the first as the difference to the one before: as in a record. */
const differences = (serials: readonly number[]): number[] => {
  const sorted = Float64Array.from(serials).sort();
  return Array.from(sorted, (serial, i) => (i === 0 ? serial : serial - (sorted[i - 1] as number)));
};

/** What one entry books or takes back for counts. */
export class Adjustments {
  readonly #groups = new Map<string, Group>();

  add(place: CountPlace, reason: Reason, direction: Direction, item: number, serial: number): void {
    const key = `${place.id} ${reason} ${direction}`;
    const group = this.#groups.get(key) ?? { place, reason, direction, items: new Map<number, number[]>() };
    this.#groups.set(key, group);
    const serials = group.items.get(item);
    if (serials === undefined) group.items.set(item, [serial]);
    else serials.push(serial);
  }

  /** Writes them and shows them as effects. `at` is when they count, epoch milliseconds; `gtins` names the items. */
  save(sql: Sql, effects: Effects, entry: number, at: number, gtins: ReadonlyMap<number, string>): void {
    const groups = [...this.#groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
    const indexed = new Set<number>();
    groups.forEach(({ place, reason, direction, items }, n) => {
      const lines = [...items].map(([item, serials]) => [item, serials.length, differences(serials)] as const);
      sql.exec(
        'INSERT INTO adjustments (entry, n, at, count, reason, direction, lines) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[entry, n, at, place.id, reason, direction],
        JSON.stringify(lines),
      );
      for (const [item, quantity] of lines) {
        indexed.add(item);
        const { count, zone, site, node } = place;
        effects
          .of(entry)
          .adjustments.push({ entry, at, site, node, zone, count, reason, direction, gtin: gtins.get(item) as string, quantity });
      }
    });
    const rows = [...indexed].map((item) => [item, at, entry]);
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      sql.exec(
        'INSERT INTO adjusted (item, at, entry) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)',
        JSON.stringify(rows.slice(from, from + MAX_ROWS)),
      );
    }
  }
}
