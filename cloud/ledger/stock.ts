import type { CountBody } from '../../protocol/record.ts';
import { countMigration, settleCount } from './counted.ts';
import { foldCount } from './countfold.ts';
import { CountWords } from './countwords.ts';
import type { Effects, Movement } from './effects.ts';
import { firstHanded, handedMigration } from './handed.ts';
import { itemIds, siteId, siteNames } from './masterdata.ts';
import { type Move, moveOf } from './move.ts';
import { movementMigration, writeMovements } from './movements.ts';
import type { Commit, Projection } from './projection.ts';
import { Quantities } from './quantities.ts';
import { foldRaw, rawMigration } from './raw.ts';
import { Registry } from './registry.ts';
import type { Sql } from './sql.ts';
import { Ranges, transition } from './transition.ts';

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

interface Fold {
  readonly items: ReadonlyMap<string, number>;
  readonly sites: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
  readonly registry: Registry;
  readonly words: CountWords;
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
  const neverIn: number[] = [];
  const idle: number[] = [];
  const deltas = new Map<number, number>();
  const anomalies = new Map<string, Ranges>();
  for (const [i, serial] of line.serials.entries()) {
    const beside = fold.words.judge(move, site, item, serial, where.get(serial));
    if (beside === 'explains') {
      // It moved, and a count has booked it: the stock is what it is.
      idle.push(serial);
      ordinals.add(line.ordinal + i);
      continue;
    }
    const usual = transition(where.get(serial), site, move.direction);
    const { next, minus, plus, effective } = usual;
    const anomaly = beside === 'older' ? 'BEFORE_COUNT' : usual.anomaly;
    if (anomaly !== undefined) {
      const ranges = anomalies.get(anomaly) ?? new Ranges();
      ranges.add(line.ordinal + i);
      anomalies.set(anomaly, ranges);
    }
    if (!effective || beside === 'older') {
      idle.push(serial);
      continue;
    }
    where.set(serial, next);
    (anomaly === 'NEVER_IN' ? neverIn : moved).push(serial);
    ordinals.add(line.ordinal + i);
    if (minus !== 0) deltas.set(minus, (deltas.get(minus) ?? 0) - 1);
    if (plus !== 0) deltas.set(plus, (deltas.get(plus) ?? 0) + 1);
  }
  registry.moved(item, move.direction === 'in' ? site : -site, move.entry, move.at, moved);
  registry.moved(item, -site, move.entry, move.at, neverIn, site);
  registry.saw(item, move.at, idle);
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
  const words = new CountWords(sql, wanted);
  const quantities = new Quantities(sql, [...items.values()]);
  const fold: Fold = { items, sites, names: siteNames(sql), registry, words, quantities, effects };
  for (const { move, lines } of work) for (const line of lines) foldLine(move, line, fold);
  registry.save();
  quantities.save();
  words.save(effects, new Map([...items].map(([gtin, item]) => [item, gtin])));
  const moved = moves.flatMap(({ entry }) => effects.of(entry).movements);
  writeMovements(sql, moved, items, sites);
}

/** Folds passages and decisions that stand in the log with no count between them. */
function foldMoves(handed: readonly Move[], sql: Sql, effects: Effects): void {
  const moves = handed.length === 0 ? [] : firstHanded(handed, sql, effects);
  if (moves.length === 0) return;
  const sites = new Map([...new Set(moves.map(({ site }) => site))].map((site) => [site, siteId(sql, site)]));
  foldItems(moves, sql, sites, effects);
  foldRaw(moves, sql, sites, effects);
}

/** Where each item is, how many stand in each site, what each entry moved, and what counts make of it. */
export const stock: Projection = {
  name: 'stock',
  // 2: counts, and when a door saw an item last.
  foldVersion: 2,
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
    countMigration,
  ],
  apply(commit: Commit, sql: Sql, effects: Effects): void {
    let moves: Move[] = [];
    for (const entry of commit.entries) {
      if (entry.type === 'decision') settleCount(sql, entry.value);
      if (entry.type !== 'record') continue;
      if (entry.record.type !== 'count') {
        moves.push(...[moveOf(entry) ?? []].flat());
        continue;
      }
      // A count judges what stands when it comes in the log.
      foldMoves(moves, sql, effects);
      moves = [];
      foldCount(entry, entry.record as CountBody, sql, effects);
    }
    foldMoves(moves, sql, effects);
  },
};
