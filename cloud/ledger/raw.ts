import { decodeEpcHex } from '../../protocol/epc.ts';
import { countItems } from '../../protocol/record.ts';
import type { Effects } from './effects.ts';
import type { Move } from './move.ts';
import type { Migration } from './projection.ts';
import type { RawRow } from './rpc.ts';
import { num, type Sql, text } from './sql.ts';
import { Ranges, transition } from './transition.ts';

/** EPCs in one JSON parameter: at most 127 characters each stay below the 2 MB that a value may have. */
const MAX_EPCS = 10_000;

/** EPCs that are no SGTIN-96: no GTIN to stock them under, so they are counted by why they are none. */
export const rawMigration: Migration = {
  id: 'raw',
  statements: [
    'CREATE TABLE raws (epc TEXT PRIMARY KEY, reason TEXT NOT NULL, site INTEGER NOT NULL, entry INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE TABLE raw_stock (site INTEGER, reason TEXT, quantity INTEGER NOT NULL, PRIMARY KEY (site, reason)) WITHOUT ROWID',
  ],
};

function reasonOf(hex: string): string {
  const epc = decodeEpcHex(hex);
  return epc.scheme === 'raw' ? epc.reason : epc.scheme;
}

function load(sql: Sql, epcs: readonly string[]): Map<string, number> {
  const where = new Map<string, number>();
  for (let from = 0; from < epcs.length; from += MAX_EPCS) {
    const part = JSON.stringify(epcs.slice(from, from + MAX_EPCS));
    for (const row of sql.exec('SELECT epc, site FROM raws WHERE epc IN (SELECT value FROM json_each(?))', part)) {
      where.set(text(row, 'epc'), num(row, 'site'));
    }
  }
  return where;
}

/** Applies the stock rule to the raw EPCs of the moves. They come after the GTINs in a record and go on counting its ordinals. */
export function foldRaw(moves: readonly Move[], sql: Sql, sites: ReadonlyMap<string, number>, effects: Effects): void {
  const work = moves.flatMap((move) => {
    const group = move.groups.at(-1);
    return group !== undefined && 'raw' in group ? [{ move, epcs: group.raw, ordinal: countItems(move.groups) - group.raw.length }] : [];
  });
  if (work.length === 0) return;
  const where = load(sql, [...new Set(work.flatMap(({ epcs }) => epcs))]);
  const rows = new Map<string, [string, string, number, number]>();
  const deltas = new Map<string, [number, string, number]>();
  const count = (site: number, reason: string, delta: number): void => {
    const key = `${site} ${reason}`;
    const [, , before] = deltas.get(key) ?? [site, reason, 0];
    deltas.set(key, [site, reason, before + delta]);
  };
  for (const { move, epcs, ordinal } of work) {
    const anomalies = new Map<string, Ranges>();
    for (const [i, epc] of epcs.entries()) {
      const { next, minus, plus, anomaly, effective } = transition(where.get(epc), sites.get(move.site) as number, move.direction);
      if (anomaly !== undefined) {
        const ranges = anomalies.get(anomaly) ?? new Ranges();
        ranges.add(ordinal + i);
        anomalies.set(anomaly, ranges);
      }
      if (!effective) continue;
      const reason = reasonOf(epc);
      where.set(epc, next);
      rows.set(epc, [epc, reason, next, move.entry]);
      if (minus !== 0) count(minus, reason, -1);
      if (plus !== 0) count(plus, reason, 1);
    }
    for (const [code, ranges] of anomalies) {
      effects
        .of(move.entry)
        .anomalies.push({ entry: move.entry, code: code as 'NEVER_IN', site: move.site, gtin: null, ordinals: ranges.list });
    }
  }
  const all = [...rows.values()];
  for (let from = 0; from < all.length; from += MAX_EPCS) {
    sql.exec(
      `INSERT INTO raws (epc, reason, site, entry) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
        ON CONFLICT DO UPDATE SET site = excluded.site, entry = excluded.entry`,
      JSON.stringify(all.slice(from, from + MAX_EPCS)),
    );
  }
  sql.exec(
    `INSERT INTO raw_stock (site, reason, quantity) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
      ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity`,
    JSON.stringify([...deltas.values()]),
  );
}

/** How many raw EPCs stand in each site, by reason. */
export function rawStock(sql: Sql): RawRow[] {
  return sql
    .exec(
      'SELECT s.site, r.reason, r.quantity FROM raw_stock r JOIN sites s ON s.id = r.site WHERE r.quantity <> 0 ORDER BY s.site, r.reason',
    )
    .map((row) => ({ site: text(row, 'site'), reason: text(row, 'reason'), quantity: num(row, 'quantity') }));
}
