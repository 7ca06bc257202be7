import type { Effects, Movement } from './effects.ts';
import { firstHanded, handedMigration } from './handed.ts';
import { itemIds, siteId, siteNames } from './masterdata.ts';
import { type Move, moveOf } from './move.ts';
import { movementMigration, writeMovements } from './movements.ts';
import type { Commit, Projection } from './projection.ts';
import { foldRaw, rawMigration } from './raw.ts';
import { Registry } from './registry.ts';
import { num, type Sql } from './sql.ts';
import { Ranges, transition } from './transition.ts';

/** Rows in one JSON parameter: some 60 bytes each stay far below the 2 MB that a value may have. */
const MAX_ROWS = 10_000;

/** Items of one GTIN in a move: absolute serials, and the ordinal of the first. */
interface Line {
  readonly gtin: string;
  readonly serials: readonly number[];
  readonly ordinal: number;
}

function linesOf(move: Move): Line[] {
  const lines: Line[] = [];
  let ordinal = 0;
  for (const group of move.groups) {
    if ('raw' in group) continue;
    let serial = 0;
    const serials = group.serials.map((delta) => {
      serial += delta;
      return serial;
    });
    lines.push({ gtin: group.gtin, serials, ordinal });
    ordinal += serials.length;
  }
  return lines;
}

/** Quantities by item and site key, with what the commit changes. */
class Quantities {
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

interface Fold {
  readonly items: ReadonlyMap<string, number>;
  readonly sites: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
  readonly registry: Registry;
  readonly quantities: Quantities;
  readonly effects: Effects;
}

/** Applies the stock rule to the items of one GTIN in one move. */
function foldLine(move: Move, line: Line, fold: Fold): void {
  const { effects, quantities, registry } = fold;
  const item = fold.items.get(line.gtin) as number;
  const site = fold.sites.get(move.site) as number;
  const where = registry.sitesOf(item);
  const ordinals = new Ranges();
  const moved: number[] = [];
  const deltas = new Map<number, number>();
  const anomalies = new Map<string, Ranges>();
  for (const [i, serial] of line.serials.entries()) {
    const { next, minus, plus, anomaly, effective } = transition(where.get(serial), site, move.direction);
    if (anomaly !== undefined) {
      const ranges = anomalies.get(anomaly) ?? new Ranges();
      ranges.add(line.ordinal + i);
      anomalies.set(anomaly, ranges);
    }
    if (!effective) continue;
    where.set(serial, next);
    moved.push(serial);
    ordinals.add(line.ordinal + i);
    if (minus !== 0) deltas.set(minus, (deltas.get(minus) ?? 0) - 1);
    if (plus !== 0) deltas.set(plus, (deltas.get(plus) ?? 0) + 1);
  }
  registry.moved(item, move.direction === 'in' ? site : -site, move.entry, moved);
  const lists = effects.of(move.entry);
  for (const [key, delta] of deltas) {
    if (delta !== 0) lists.stock.push({ site: fold.names.get(key) as string, gtin: line.gtin, quantity: quantities.add(item, key, delta) });
  }
  for (const [code, ranges] of anomalies) {
    lists.anomalies.push({ entry: move.entry, code: code as 'NEVER_IN', site: move.site, gtin: line.gtin, ordinals: ranges.list });
  }
  if (ordinals.count > 0) {
    const { entry, at, node, door, passage, direction, document } = move;
    const movement: Movement = {
      ...{ entry, at, site: move.site, node, door, passage, direction },
      ...{ gtin: line.gtin, quantity: ordinals.count, ordinals: ordinals.list, document },
    };
    lists.movements.push(movement);
  }
}

function foldItems(moves: readonly Move[], sql: Sql, sites: ReadonlyMap<string, number>, effects: Effects): void {
  const work = moves.map((move) => ({ move, lines: linesOf(move) }));
  const gtins = [...new Set(work.flatMap(({ lines }) => lines.map(({ gtin }) => gtin)))];
  if (gtins.length === 0) return;
  const items = itemIds(sql, gtins);
  const wanted = new Map<number, number[]>();
  for (const { lines } of work) {
    for (const { gtin, serials } of lines) {
      const item = items.get(gtin) as number;
      const list = wanted.get(item);
      if (list === undefined) wanted.set(item, [...serials]);
      else for (const serial of serials) list.push(serial);
    }
  }
  const registry = new Registry(sql);
  registry.load(wanted);
  const quantities = new Quantities(sql, [...items.values()]);
  const fold: Fold = { items, sites, names: siteNames(sql), registry, quantities, effects };
  for (const { move, lines } of work) for (const line of lines) foldLine(move, line, fold);
  registry.save();
  quantities.save();
  writeMovements(sql, effects.movements(), items, sites);
}

/** Where each item is, how many stand in each site, and what each entry moved. */
export const stock: Projection = {
  name: 'stock',
  foldVersion: 1,
  migrations: [
    {
      id: 'tables',
      statements: [
        'CREATE TABLE serials (item INTEGER, serial INTEGER, site INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (item, serial)) WITHOUT ROWID',
        'CREATE TABLE stock (item INTEGER, site INTEGER, quantity INTEGER NOT NULL, PRIMARY KEY (item, site)) WITHOUT ROWID',
      ],
    },
    movementMigration,
    rawMigration,
    handedMigration,
  ],
  apply(commit: Commit, sql: Sql, effects: Effects): void {
    const handed = commit.entries.flatMap((entry) => (entry.type === 'record' ? (moveOf(entry) ?? []) : []));
    const moves = handed.length === 0 ? [] : firstHanded(handed, sql, effects);
    if (moves.length === 0) return;
    const sites = new Map([...new Set(moves.map(({ site }) => site))].map((site) => [site, siteId(sql, site)]));
    foldItems(moves, sql, sites, effects);
    foldRaw(moves, sql, sites, effects);
  },
};
