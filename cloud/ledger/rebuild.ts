import { faultCode } from '../../protocol/fault.ts';
import { type AlarmLog, alarmRows, clearAlarms, raise } from './alarms.ts';
import { compareRange } from './compare.ts';
import { Effects } from './effects.ts';
import type { DecodedEntry } from './entry.ts';
import { decodedEntries } from './log.ts';
import { sizeOf } from './page.ts';
import type { Commit, Migration, Projection } from './projection.ts';
import type { ProjectionsState } from './rpc.ts';
import { ShadowSql, shadowName, shadowOf } from './shadow.ts';
import { num, type Sql, text, type Value } from './sql.ts';
import { tablesOf } from './tables.ts';

/**
 * One row says how far the rebuild is, so that a crash at any point goes on from there; `ranges` keeps the digests of what was compared.
 * clear: what an earlier rebuild left is dropped, table by table. fold: shadow tables are folded up to the head. compare: every commit folds both,
 * range by range is compared. swap: the shadow tables take the names. drop: the old ones go, table by table. done, failed: nothing runs.
 */
export const rebuildMigration: Migration = {
  id: 'rebuild',
  statements: [
    `CREATE TABLE rebuild (
      id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL, phase TEXT NOT NULL, next INTEGER NOT NULL, cursor TEXT, why TEXT NOT NULL,
      expected INTEGER NOT NULL, code TEXT NOT NULL, size INTEGER NOT NULL, began INTEGER NOT NULL, ended INTEGER, error TEXT)`,
    `CREATE TABLE rebuild_ranges (
      tbl TEXT NOT NULL, range INTEGER NOT NULL, rows INTEGER NOT NULL, stored TEXT NOT NULL, refolded_rows INTEGER NOT NULL, refolded TEXT NOT NULL,
      first_stored TEXT, first_refolded TEXT, PRIMARY KEY (tbl, range)) WITHOUT ROWID`,
  ],
};

export type Phase = 'clear' | 'fold' | 'compare' | 'swap' | 'drop' | 'done' | 'failed';

/** Body bytes folded in a slice: some 1,200 items, 20 ms at 60,000 items a second (PERFORMANCE.md). At least one entry. */
const SLICE_BYTES = 16_384;
/** Entries in a slice, however small: each costs a row of its own to read and decode. */
const SLICE_ENTRIES = 64;
/** Rows compared in a slice, of each side: some 20 ms of reading and hashing. */
const SLICE_ROWS = 500;
/** Between slices, so that commits have half of the object's time even while their queue is never empty, milliseconds. */
const PAUSE_MS = 20;
/** Tables whose differing keys an alarm names. */
const MAX_NAMED = 5;
/** What a table is called from the swap until it is dropped. */
const retiredName = (table: string): string => `retired_${table}`;

interface State {
  readonly generation: number;
  readonly phase: Phase;
  /** The entry to fold next. */
  readonly next: number;
  /** Where the comparison is: table, range, key before the range. */
  readonly cursor: { readonly table: number; readonly range: number; readonly after: readonly Value[] | null } | null;
  /** The rows are expected to differ: the code of a fold changed. */
  readonly expected: boolean;
  /** The code that folds: a rebuild begun by other code starts again. */
  readonly code: string;
}

export interface RebuildOptions {
  readonly sql: Sql;
  readonly projections: readonly Projection[];
  readonly log: AlarmLog;
}

function codeOf(projections: readonly Projection[]): string {
  return JSON.stringify(projections.map(({ name, foldVersion, migrations }) => [name, foldVersion, migrations.map(({ id }) => id)]));
}

/** Keys are numbers and text: JSON keeps them exactly. */
const cursorText = (cursor: State['cursor']): string | null => (cursor === null ? null : JSON.stringify(cursor));

/**
 * Folds every projection again from the log while the ledger goes on, and puts the result in place of what is stored. Synchronous and without clock,
 * as the ledger is. The log is the truth: where the refolded rows differ, they win. Nothing goes outward.
 */
export class Rebuild {
  readonly #sql: Sql;
  readonly #projections: readonly Projection[];
  readonly #log: AlarmLog;
  /** False while surely nothing runs, so that a commit asks nothing. */
  #active: boolean;
  #shadow: { readonly generation: number; readonly sql: ShadowSql } | undefined;

  /** `stale`: rows of some projection were folded by another version of its code, so a rebuild starts by itself. */
  constructor({ sql, projections, log }: RebuildOptions, stale: boolean) {
    this.#sql = sql;
    this.#projections = projections;
    this.#log = log;
    this.#active = true;
    const state = this.#state();
    const running = state !== undefined && state.phase !== 'done' && state.phase !== 'failed';
    const other = state?.code !== codeOf(projections);
    if ((running && other && state.phase !== 'drop') || (stale && (state === undefined || state.phase === 'done' || other))) {
      this.#begin('a fold has another version', stale || state?.expected === true, sizeOf(sql) === 0 ? 0 : this.#headAt());
    }
    this.#active = this.runs();
  }

  #headAt(): number {
    return num(this.#sql.exec('SELECT at FROM head')[0] ?? { at: 0 }, 'at');
  }

  #state(): State | undefined {
    const row = this.#sql.exec('SELECT generation, phase, next, cursor, expected, code FROM rebuild')[0];
    if (row === undefined) return undefined;
    return {
      generation: num(row, 'generation'),
      phase: text(row, 'phase') as Phase,
      next: num(row, 'next'),
      cursor: row['cursor'] === null ? null : (JSON.parse(text(row, 'cursor')) as State['cursor']),
      expected: num(row, 'expected') === 1,
      code: text(row, 'code'),
    };
  }

  /** Whether slices wait. */
  runs(): boolean {
    if (!this.#active) return false;
    const phase = this.#state()?.phase;
    return phase !== undefined && phase !== 'done' && phase !== 'failed';
  }

  /** Whether what is stored is what this code folds: no rebuild runs, and none that the code needs has failed. */
  settled(): boolean {
    const state = this.#state();
    return state === undefined || state.phase === 'done' || (state.phase === 'failed' && !state.expected);
  }

  /** Starts a rebuild of everything unless one runs. `why` is for people; `at` epoch milliseconds. */
  start(why: string, at: number): void {
    this.#active = true;
    if (!this.runs()) this.#begin(why, false, at);
  }

  #begin(why: string, expected: boolean, at: number): void {
    this.#sql.exec(
      `INSERT INTO rebuild (id, generation, phase, next, why, expected, code, size, began) VALUES (1, 1, 'clear', 0, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET generation = generation + 1, phase = 'clear', next = 0, cursor = NULL, why = excluded.why,
          expected = excluded.expected, code = excluded.code, size = excluded.size, began = excluded.began, ended = NULL, error = NULL`,
      why,
      expected ? 1 : 0,
      codeOf(this.#projections),
      sizeOf(this.#sql),
      at,
    );
  }

  #shadowFor({ generation }: State): ShadowSql {
    if (this.#shadow?.generation !== generation) {
      this.#shadow = { generation, sql: new ShadowSql(this.#sql, this.#projections, generation) };
    }
    return this.#shadow.sql;
  }

  /**
   * Folds a commit into the shadow tables too, once these are up to the head: called in the commit's transaction, before its entries are written.
   * A shadow that can't be folded ends the rebuild, never the commit.
   */
  follow(commit: Commit): void {
    if (!this.#active) return;
    const state = this.#state();
    if (state?.phase !== 'compare' && state?.phase !== 'swap') return;
    this.#guarded(commit.at, () => this.#fold(state, commit.entries));
  }

  /** Runs `work` in a transaction; what it throws ends the rebuild. */
  #guarded(at: number, work: () => void): void {
    try {
      this.#sql.transaction(work);
    } catch (error) {
      const why = `${faultCode(error)}: ${error instanceof Error ? error.message : String(error)}`;
      this.#sql.exec("UPDATE rebuild SET phase = 'failed', error = ?, ended = ?", why, at);
      raise(this.#sql, this.#log, 'REBUILD_FAILED', `the rebuild of the projections stopped, the stored rows stay in use: ${why}`, at);
    }
  }

  #fold(state: State, entries: readonly DecodedEntry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const shadow = this.#shadowFor(state);
    const effects = new Effects();
    for (const projection of this.#projections) projection.apply({ entries, at: last.at }, shadow, effects);
  }

  /**
   * Goes on by one slice of some 20 ms in a transaction of its own. `at` is epoch milliseconds. Returns in how many milliseconds to go on; null when
   * nothing runs.
   */
  slice(at: number): number | null {
    if (!this.runs()) {
      this.#active = false;
      return null;
    }
    this.#guarded(at, () => {
      const state = this.#state();
      if (state !== undefined) this.#slice(state, at);
    });
    this.#active = this.runs();
    return this.#active ? PAUSE_MS : null;
  }

  #slice(state: State, at: number): void {
    if (state.phase === 'clear') this.#clear(state);
    else if (state.phase === 'fold') this.#foldSlice(state);
    else if (state.phase === 'compare') this.#compareSlice(state);
    else if (state.phase === 'swap') this.#swap(state, at);
    else if (!this.#dropOne()) this.#sql.exec("UPDATE rebuild SET phase = 'done', ended = ?", at);
  }

  /** Drops one table that a rebuild left; false when there is none. A table at a time: dropping reads every page of it. */
  #dropOne(): boolean {
    const row = this.#sql.exec(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND (name GLOB 'refold_*' OR name GLOB 'retired_*') LIMIT 1",
    )[0];
    if (row === undefined) return false;
    this.#sql.exec(`DROP TABLE "${text(row, 'name')}"`);
    return true;
  }

  #clear(state: State): void {
    if (this.#dropOne()) return;
    this.#sql.exec('DELETE FROM rebuild_ranges');
    const shadow = this.#shadowFor(state);
    for (const { migrations } of this.#projections)
      for (const { statements } of migrations) for (const each of statements) shadow.exec(each);
    this.#sql.exec("UPDATE rebuild SET phase = 'fold'");
  }

  /** Work that waits in the shadow tables, by one slice; true when there was some. */
  #drained(state: State): boolean {
    const shadow = this.#shadowFor(state);
    const waits = this.#projections.filter((projection) => projection.waits?.(shadow) === true);
    for (const projection of waits) projection.drain?.(shadow, new Effects(), sizeOf(this.#sql) - 1);
    return waits.length > 0;
  }

  #foldSlice(state: State): void {
    if (this.#drained(state)) return;
    const sizes = this.#sql.exec(
      'SELECT LENGTH(body) AS bytes FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?',
      state.next,
      SLICE_ENTRIES,
    );
    let bytes = 0;
    const over = sizes.findIndex((row) => {
      bytes += Number(row['bytes'] ?? 0);
      return bytes > SLICE_BYTES;
    });
    const count = Math.max(1, over < 0 ? sizes.length : over);
    const entries = decodedEntries(this.#sql, state.next, count);
    for (let from = 0; from < entries.length; ) {
      const first = entries[from] as DecodedEntry;
      // A commit has one producer and one time; what is folded together must not matter beyond that.
      const end = entries.findIndex(({ producer, at }, i) => i > from && (producer !== first.producer || at !== first.at));
      const group = entries.slice(from, end < 0 ? entries.length : end);
      this.#fold(state, group);
      from += group.length;
    }
    const next = state.next + entries.length;
    const cursor = cursorText({ table: 0, range: 0, after: null });
    if (next === sizeOf(this.#sql)) this.#sql.exec("UPDATE rebuild SET phase = 'compare', next = ?, cursor = ?", next, cursor);
    else this.#sql.exec('UPDATE rebuild SET next = ?', next);
  }

  #compareSlice(state: State): void {
    if (this.#drained(state)) return;
    // Rows that still wait to be worked out are not expected to be equal: the ledger drains them first.
    if (this.#projections.some((projection) => projection.waits?.(this.#sql) === true)) return;
    const tables = tablesOf(this.#sql, this.#projections);
    const cursor = state.cursor ?? { table: 0, range: 0, after: null };
    const table = tables[cursor.table];
    if (table === undefined) {
      this.#sql.exec("UPDATE rebuild SET phase = 'swap', cursor = NULL");
      return;
    }
    const { stored, refolded, differs, next } = compareRange(this.#sql, table, shadowOf(table), cursor.after, SLICE_ROWS);
    this.#sql.exec(
      'INSERT INTO rebuild_ranges (tbl, range, rows, stored, refolded_rows, refolded, first_stored, first_refolded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ...[table.name, cursor.range, stored.rows, stored.sha256, refolded.rows, refolded.sha256],
      ...[differs?.stored ?? null, differs?.refolded ?? null],
    );
    const step = next === null ? { table: cursor.table + 1, range: 0, after: null } : { ...cursor, range: cursor.range + 1, after: next };
    this.#sql.exec('UPDATE rebuild SET cursor = ?', cursorText(step));
  }

  /** The refolded tables take the place of the stored ones, whatever the comparison said: they are what the log says. */
  #swap(state: State, at: number): void {
    for (const { name } of tablesOf(this.#sql, this.#projections)) {
      this.#sql.exec(`ALTER TABLE "${name}" RENAME TO "${retiredName(name)}"`);
      this.#sql.exec(`ALTER TABLE "${shadowName(name)}" RENAME TO "${name}"`);
    }
    for (const { name, foldVersion } of this.#projections) {
      this.#sql.exec(
        'INSERT INTO folds (name, version) VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version',
        name,
        foldVersion,
      );
    }
    clearAlarms(this.#sql, at);
    if (!state.expected) this.#report(at);
    this.#sql.exec("UPDATE rebuild SET phase = 'drop'");
  }

  #report(at: number): void {
    const rows = this.#sql.exec(
      'SELECT tbl, first_stored, first_refolded FROM rebuild_ranges WHERE stored <> refolded ORDER BY tbl, range',
    );
    for (const name of [...new Set(rows.map((row) => text(row, 'tbl')))].slice(0, MAX_NAMED)) {
      const mine = rows.filter((row) => row['tbl'] === name);
      const { first_stored: stored, first_refolded: refolded } = mine[0] ?? {};
      const where = stored === refolded ? `at key ${stored}` : `stored key ${stored ?? 'none'}, refolded key ${refolded ?? 'none'}`;
      const what = `${name} was not what the log says in ${mine.length} of its ranges, first ${where}; the refolded rows are in use now`;
      raise(this.#sql, this.#log, 'REBUILD_DIFFERS', what, at);
    }
  }
}

/** Alarms that a state shows. */
const MAX_SHOWN = 20;

/** How the tables stand against the log, for those who read them. */
export function projectionsState(sql: Sql): ProjectionsState {
  const row = sql.exec('SELECT phase, next, why, size FROM rebuild')[0];
  const phase = row === undefined ? 'done' : text(row, 'phase');
  // Once the tables are swapped, what is read is what was folded again.
  const state = phase === 'failed' ? 'failed' : phase === 'done' || phase === 'drop' ? 'current' : 'rebuilding';
  const size = sizeOf(sql);
  const next = row === undefined ? 0 : phase === 'compare' || phase === 'swap' ? size : num(row, 'next');
  const seen = sql.exec('SELECT rotations, rotated FROM inspection')[0];
  return {
    state,
    rebuild: row === undefined || state !== 'rebuilding' ? null : { since: num(row, 'size'), next, size, why: text(row, 'why'), phase },
    inspection: {
      rotations: Number(seen?.['rotations'] ?? 0),
      rotatedAt: seen === undefined || seen['rotated'] === null ? null : num(seen, 'rotated'),
    },
    alarms: alarmRows(sql, true, MAX_SHOWN),
  };
}
