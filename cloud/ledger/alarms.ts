import type { Migration } from './projection.ts';
import type { AlarmRow } from './rpc.ts';
import { num, type Row, type Sql, text } from './sql.ts';

/**
 * What is wrong with the ledger itself and a person must know: stored rows that do not follow from the log. An alarm is raised once while it
 * is open, and stays to be read after it was cleared.
 */
export const alarmMigration: Migration = {
  id: 'alarms',
  statements: [
    'CREATE TABLE alarms (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, cleared INTEGER)',
  ],
};

/** Alarms kept, open or cleared: a damaged table could raise one for each row, and the first ones say what happened. */
const MAX_ALARMS = 200;
/** Characters of one text: a key of a row can be long. */
const MAX_TEXT = 1_000;

/** A row of the log that every operator's tooling reads. */
export type AlarmLog = (event: { readonly event: string; readonly code: string; readonly text: string }) => void;

/**
 * Raises an alarm at `at` (epoch milliseconds) unless it is open already, and says it in the log. The oldest cleared ones make room; when all are
 * open the log alone has it.
 */
export function raise(sql: Sql, log: AlarmLog, code: string, what: string, at: number): void {
  const said = what.slice(0, MAX_TEXT);
  if (sql.exec('SELECT 1 FROM alarms WHERE code = ? AND text = ? AND cleared IS NULL', code, said).length > 0) return;
  log({ event: 'ledger.alarm', code, text: said });
  if (num(sql.exec('SELECT COUNT(*) AS count FROM alarms')[0] ?? {}, 'count') >= MAX_ALARMS) {
    const gone = sql.exec('DELETE FROM alarms WHERE id = (SELECT MIN(id) FROM alarms WHERE cleared IS NOT NULL) RETURNING id');
    if (gone.length === 0) return;
  }
  sql.exec('INSERT INTO alarms (at, code, text) VALUES (?, ?, ?)', at, code, said);
}

/** Clears what is open: what it was about is gone. */
export function clearAlarms(sql: Sql, at: number): void {
  sql.exec('UPDATE alarms SET cleared = ? WHERE cleared IS NULL', at);
}

const alarmRow = (row: Row): AlarmRow => ({
  id: num(row, 'id'),
  at: num(row, 'at'),
  code: text(row, 'code'),
  text: text(row, 'text'),
  cleared: row['cleared'] === null ? null : num(row, 'cleared'),
});

/** The newest alarms first, at most `limit`; with `open` only those that still stand. */
export function alarmRows(sql: Sql, open: boolean, limit: number): AlarmRow[] {
  return sql.exec(`SELECT * FROM alarms ${open ? 'WHERE cleared IS NULL' : ''} ORDER BY id DESC LIMIT ?`, limit).map(alarmRow);
}
