import { num, type Sql, text } from './sql.ts';

/**
 * Sessions that the gateway must end because the node's keys change or it was quarantined: kept until the gateway has done it. The ledger
 * takes nothing from a key that is not valid in any case; this also ends what the machine still hears and says about itself.
 */

/** How soon a gateway that failed is asked again, milliseconds: it is deploying. */
const RETRY_MS = 5_000;
/** Sessions ended in one go: an alarm stays a short event. */
const MAX_DROPS = 50;

export interface Drop {
  readonly site: string;
  readonly node: string;
  /** Epoch milliseconds. */
  readonly due: number;
}

export function keepDrops(sql: Sql, drops: readonly Drop[]): void {
  for (const { site, node, due } of drops) {
    sql.exec('INSERT INTO drops (site, node, due) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', site, node, due);
  }
}

/** Milliseconds until the next session must be ended; null when none must. */
export function nextDrop(sql: Sql, now: number): number | null {
  const row = sql.exec('SELECT min(due) AS due FROM drops')[0];
  return row === undefined || row['due'] === null ? null : Math.max(0, num(row, 'due') - now);
}

/** Ends the sessions that are due. Returns in how many milliseconds to go on; null when nothing is left. */
export async function drainDrops(sql: Sql, now: number, drop: (site: string, node: string) => Promise<void>): Promise<number | null> {
  let failed = false;
  for (const row of sql.exec('SELECT site, node, due FROM drops WHERE due <= ? LIMIT ?', now, MAX_DROPS)) {
    const [site, node] = [text(row, 'site'), text(row, 'node')];
    try {
      await drop(site, node);
      sql.exec('DELETE FROM drops WHERE site = ? AND node = ? AND due = ?', site, node, num(row, 'due'));
    } catch {
      failed = true;
    }
  }
  return failed ? RETRY_MS : nextDrop(sql, now);
}
