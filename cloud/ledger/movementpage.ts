import type { Direction } from '../../protocol/record.ts';
import type { Adjustment, Movement } from './effects.ts';
import { gtinText } from './masterdata.ts';
import { movementsOf, PASSAGE } from './movements.ts';
import { cursorOf, keysOf, limitOf, sizeOf } from './page.ts';
import type { MovementsQuery, Page } from './rpc.ts';
import { num, type Row, type Sql, text } from './sql.ts';

/** What changed the stock: a movement through a door, or with a reason what a count booked; then `door` is the zone and `passage` the count. */
export type StockMovement = Movement & { readonly reason?: Adjustment['reason'] };

type StoredLine = readonly [item: number, quantity: number, serials: readonly number[]];

/** What counts booked in an entry, and what it took back; with `gtin` only its own. */
export function adjustmentsOf(sql: Sql, entry: number, gtin?: string): StockMovement[] {
  const rows = sql.exec(
    `SELECT a.at, a.reason, a.direction, a.lines, n.node, n.count, s.site, COALESCE(z.zone, '*') AS zone FROM adjustments a JOIN counts n ON n.id = a.count
      JOIN sites s ON s.id = n.site LEFT JOIN zones z ON z.id = n.zone WHERE a.entry = ? ORDER BY a.n`,
    entry,
  );
  return rows.flatMap((row) => {
    const lines = JSON.parse(text(row, 'lines')) as StoredLine[];
    return lines.flatMap(([item, quantity]) => {
      const name = gtinText(num(sql.exec('SELECT gtin FROM items WHERE id = ?', item)[0] ?? {}, 'gtin'));
      if (gtin !== undefined && name !== gtin) return [];
      return {
        ...{ entry, at: num(row, 'at'), site: text(row, 'site'), node: text(row, 'node').split('/')[1] ?? '' },
        ...{ door: text(row, 'zone'), passage: text(row, 'count'), direction: text(row, 'direction') as Direction, gtin: name, quantity },
        ...{ ordinals: [], document: null, reason: text(row, 'reason') as Adjustment['reason'] },
      };
    });
  });
}

/** The newest entries that moved or booked something, by entry, or with a GTIN by effective time: at most `limit`, and their passages. */
function headsOf(sql: Sql, query: MovementsQuery, keys: readonly number[], limit: number): { key: number[]; entry: number; row?: Row }[] {
  const site = query.site === undefined ? [] : [query.site];
  const ofSite = query.site === undefined ? '' : 'AND s.site = ?';
  const booked = 'JOIN counts n ON n.id = a.count JOIN sites s ON s.id = n.site';
  const [first = Number.MAX_SAFE_INTEGER, second = 0] = keys;
  const found =
    query.gtin === undefined
      ? [
          sql.exec(
            `SELECT ${PASSAGE} FROM passages p JOIN sites s ON s.id = p.site WHERE p.entry < ? ${ofSite} ORDER BY p.entry DESC LIMIT ?`,
            ...[first, ...site, limit],
          ),
          sql.exec(
            `SELECT DISTINCT a.entry FROM adjustments a ${booked} WHERE a.entry < ? ${ofSite} ORDER BY a.entry DESC LIMIT ?`,
            ...[first, ...site, limit],
          ),
        ]
      : [
          sql.exec(
            `SELECT ${PASSAGE} FROM items i JOIN movements m ON m.item = i.id JOIN passages p ON p.entry = m.entry JOIN sites s ON s.id = p.site
              WHERE i.gtin = ? AND (m.at, m.entry) < (?, ?) ${ofSite} ORDER BY m.at DESC, m.entry DESC LIMIT ?`,
            ...[Number(query.gtin), first, second, ...site, limit],
          ),
          sql.exec(
            `SELECT DISTINCT d.at, d.entry FROM items i JOIN adjusted d ON d.item = i.id JOIN adjustments a ON a.entry = d.entry ${booked}
              WHERE i.gtin = ? AND (d.at, d.entry) < (?, ?) ${ofSite} ORDER BY d.at DESC, d.entry DESC LIMIT ?`,
            ...[Number(query.gtin), first, second, ...site, limit],
          ),
        ];
  const heads = new Map<number, { key: number[]; entry: number; row?: Row }>();
  found.forEach((rows, list) => {
    for (const row of rows) {
      const entry = num(row, 'entry');
      const key = query.gtin === undefined ? [entry] : [num(row, 'at'), entry];
      heads.set(entry, { ...heads.get(entry), key, entry, ...(list === 0 ? { row } : {}) });
    }
  });
  const after = (a: number[], b: number[]): number => (b[0] as number) - (a[0] as number) || (b.at(-1) as number) - (a.at(-1) as number);
  return [...heads.values()].sort((a, b) => after(a.key, b.key)).slice(0, limit);
}

/**
 * A page of what changed the stock, newest first: by entry, or with `gtin` by effective time. A page holds whole entries, so it may be a little longer
 * than asked.
 * @throws Fault CURSOR_INVALID
 */
export function movementsPage(sql: Sql, query: MovementsQuery): Page<StockMovement> {
  const limit = limitOf(query.limit);
  const heads = headsOf(sql, query, keysOf(query.after, query.gtin === undefined ? 1 : 2) ?? [], limit);
  const data: StockMovement[] = [];
  let last: (typeof heads)[number] | undefined;
  for (const head of heads) {
    if (data.length >= limit) break;
    if (head.row !== undefined) data.push(...movementsOf(sql, [head.row], query.gtin));
    const booked = adjustmentsOf(sql, head.entry, query.gtin);
    data.push(...(query.site === undefined ? booked : booked.filter(({ site }) => site === query.site)));
    last = head;
  }
  const more = last !== undefined && (last !== heads.at(-1) || heads.length === limit);
  return { data, next: more && last !== undefined ? cursorOf(last.key) : null, entry: sizeOf(sql) };
}
