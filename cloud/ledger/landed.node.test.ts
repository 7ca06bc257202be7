import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { equal } from '../../protocol/bytes.ts';
import { commitment } from '../../protocol/chain.ts';
import { projections } from '../projections.ts';
import { leaf, producerId } from './entry.ts';
import { Ledger } from './ledger.ts';
import { decodedEntries, entryView, readHead } from './log.ts';
import { projectionsState } from './rebuild.ts';
import { replay } from './replay.ts';
import { NodeSql } from './sql.node.ts';
import { num, text } from './sql.ts';
import { digestOf, tablesOf } from './tables.ts';
import { append, EMPTY, leafHash, rootOf } from './tree.ts';

const FOLDER = join(import.meta.dirname, 'landed');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.sqlite'));
const NOW = 1_900_000_000_000;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A copy to open, and the saved rows of a table as they were. */
function copy(file: string): { path: string; saved: (statement: string) => Record<string, unknown>[] } {
  const folder = mkdtempSync(join(tmpdir(), 'docket-landed-'));
  folders.push(folder);
  const path = join(folder, file);
  copyFileSync(join(FOLDER, file), path);
  const db = new DatabaseSync(join(FOLDER, file), { readOnly: true });
  const saved = (statement: string): Record<string, unknown>[] => db.prepare(statement).all();
  return { path, saved };
}

const open = (sql: NodeSql): Ledger =>
  new Ledger({ sql, tenant: 'demo', projections, salt: () => new Uint8Array(16), log: ({ text: said }) => expect(said).toBe('') });

/** The root of the log's entries, worked out from their leaves and bodies alone. */
function rootOfEntries(sql: NodeSql): Uint8Array {
  const leaves = decodedEntries(sql, 0, 10_000).map((entry) => {
    expect(commitment(entry.salt as Uint8Array, entry.body as Uint8Array)).toEqual(entry.commitment);
    return leafHash(leaf(entry, producerId('demo', entry.producer)));
  });
  return rootOf(append(EMPTY, leaves, () => undefined));
}

describe('a ledger that released code left behind', () => {
  it('is saved for each schema', () => {
    expect(FILES[0]).toBe('0001.sqlite');
  });

  it.each(FILES)('%s opens, keeps its log to the last byte, and comes to what a fold of it gives', (file) => {
    const { path, saved } = copy(file);
    const sql = new NodeSql(path);
    const ledger = open(sql);
    const log = 'SELECT idx, type, at, effective, epoch, seq, salt, body, commitment, effects FROM entries ORDER BY idx';
    expect(sql.exec(log)).toEqual(saved(log).map((row) => ({ ...row })));
    expect(readHead(sql).frontier.size).toBeGreaterThan(20);
    expect(equal(rootOfEntries(sql), readHead(sql).root)).toBe(true);
    for (const statement of [
      'SELECT site, node, status FROM reports',
      'SELECT site, node, code, bytes FROM quarantine',
      'SELECT * FROM batches',
    ]) {
      expect(sql.exec(statement)).toEqual(saved(statement).map((row) => ({ ...row })));
      expect(sql.exec(statement).length).toBeGreaterThan(0);
    }
    // Where a fold has changed since, the ledger folds again by itself.
    const folds = new Map(saved('SELECT name, version FROM folds').map((row) => [row['name'], row['version']]));
    const changed = projections.some(({ name, foldVersion }) => folds.get(name) !== foldVersion);
    expect(projectionsState(sql).state).toBe(changed ? 'rebuilding' : 'current');
    while (ledger.rebuild.slice(NOW) !== null);
    expect(projectionsState(sql)).toMatchObject({ state: 'current', alarms: [] });
    const again = new NodeSql();
    replay(sql, again, projections);
    const tables = tablesOf(sql, projections);
    expect(tables.map((table) => [table.name, digestOf(sql, table)])).toEqual(tables.map((table) => [table.name, digestOf(again, table)]));
    sql.close();
  });

  it.each(FILES)('%s goes on: with entries, another opening, a rebuild and an inspection', (file) => {
    const { path } = copy(file);
    const first = new NodeSql(path);
    const size = readHead(first).frontier.size;
    const body = { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' };
    expect(open(first).append([{ type: 'site', body }], NOW)).toMatchObject({ ok: true, appended: [{ index: size }] });
    first.close();
    const sql = new NodeSql(path);
    const ledger = open(sql);
    expect(entryView(sql, size)?.body).toContain('Europe/Paris');
    ledger.rebuild.start('asked', NOW);
    while (ledger.rebuild.slice(NOW) !== null);
    for (let now = NOW; projectionsState(sql).inspection.rotations === 0; ) now += ledger.inspection.slice(now) ?? 0;
    expect(projectionsState(sql)).toMatchObject({ state: 'current', alarms: [] });
    sql.close();
  });

  it.each(FILES)('%s has rows in every table that it has, but for work that waits', (file) => {
    const { saved } = copy(file);
    const names = saved("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => text(row as Record<string, string>, 'name'));
    const rare = ['match_work', 'device_quarantine', 'alarms', 'rebuild', 'rebuild_ranges', 'inspection'];
    const empty = names.filter((name) => num(saved(`SELECT COUNT(*) AS n FROM ${name}`)[0] as Record<string, number>, 'n') === 0);
    expect(empty.filter((name) => !rare.includes(name))).toEqual([]);
  });
});
