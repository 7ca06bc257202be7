import { alarmMigration } from './alarms.ts';
import { archiveMigration } from './archive.ts';
import { identityMigration } from './enrolments.ts';
import { exportMigration, exportSumsMigration } from './exports.ts';
import { inspectionMigration } from './inspection.ts';
import { sizeOf } from './page.ts';
import type { Migration, Projection } from './projection.ts';
import { rebuildMigration } from './rebuild.ts';
import { signerMigration } from './signer.ts';
import { num, type Sql, text } from './sql.ts';
import { tileMigration } from './tiles.ts';

/** The log's own tables. An entry's `effects` stand in its row so that a commit writes it once. */
const LEDGER: readonly Migration[] = [
  {
    id: 'log',
    statements: [
      `CREATE TABLE entries (
        idx INTEGER PRIMARY KEY, type INTEGER NOT NULL, at INTEGER NOT NULL, effective INTEGER NOT NULL,
        node INTEGER, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
        salt BLOB, body BLOB, commitment BLOB NOT NULL, effects TEXT NOT NULL)`,
      `CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL, peaks BLOB NOT NULL,
        at INTEGER NOT NULL, hub_seq INTEGER NOT NULL)`,
      `CREATE TABLE nodes (
        id INTEGER PRIMARY KEY, site TEXT NOT NULL, node TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, chain BLOB NOT NULL,
        boot TEXT, boot_at INTEGER, effective INTEGER, UNIQUE (site, node))`,
      // The header and signature of each batch, so that what a node signed can be shown; "before" is the chain value before record "first".
      `CREATE TABLE batches (
        node INTEGER NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL, entry INTEGER NOT NULL, before BLOB NOT NULL,
        header BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (node, epoch, first)) WITHOUT ROWID`,
      'CREATE TABLE outbound (id INTEGER PRIMARY KEY, site TEXT NOT NULL, node TEXT NOT NULL, command TEXT NOT NULL)',
    ],
  },
  tileMigration,
  {
    id: 'reports',
    statements: [
      'CREATE TABLE reports (site TEXT NOT NULL, node TEXT NOT NULL, status TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (site, node)) WITHOUT ROWID',
      `CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, site TEXT NOT NULL, node TEXT NOT NULL, code TEXT NOT NULL, digest TEXT NOT NULL, bytes BLOB NOT NULL,
        at INTEGER NOT NULL)`,
    ],
  },
  identityMigration,
  signerMigration,
  archiveMigration,
  exportMigration,
  alarmMigration,
  rebuildMigration,
  inspectionMigration,
  exportSumsMigration,
];

function run(sql: Sql, owner: string, migrations: readonly Migration[], done: ReadonlySet<string>): void {
  for (const { id, statements } of migrations) {
    if (done.has(`${owner}/${id}`)) continue;
    for (const statement of statements) sql.exec(statement);
    sql.exec('INSERT INTO _migrations (owner, id) VALUES (?, ?)', owner, id);
  }
}

/**
 * Brings the schema up to date: the ledger's tables, then each projection's, each migration once for ever. Returns the names of projections whose
 * stored rows were folded by another version of their code, or not at all: they must be rebuilt (rebuild.ts), and answer with what they have meanwhile.
 */
export function migrate(sql: Sql, projections: readonly Projection[]): string[] {
  return sql.transaction(() => {
    sql.exec('CREATE TABLE IF NOT EXISTS _migrations (owner TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner, id)) WITHOUT ROWID');
    sql.exec('CREATE TABLE IF NOT EXISTS folds (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID');
    const done = new Set(sql.exec('SELECT owner, id FROM _migrations').map((row) => `${text(row, 'owner')}/${text(row, 'id')}`));
    run(sql, 'ledger', LEDGER, done);
    const stale: string[] = [];
    for (const { name, foldVersion, migrations } of projections) {
      run(sql, name, migrations, done);
      const row = sql.exec('SELECT version FROM folds WHERE name = ?', name)[0];
      if (row !== undefined && num(row, 'version') === foldVersion) continue;
      // A projection that comes to a log which has entries already has folded none of them: version 0.
      const version = sizeOf(sql) === 0 ? foldVersion : row === undefined ? 0 : num(row, 'version');
      sql.exec('INSERT INTO folds (name, version) VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version', name, version);
      if (version !== foldVersion) stale.push(name);
    }
    return stale;
  });
}
