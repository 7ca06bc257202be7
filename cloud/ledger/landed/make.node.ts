import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { projections } from '../../projections.ts';
import { Ledger } from '../ledger.ts';
import { keepRefused, keepReport } from '../sidelines.ts';
import { NodeSql } from '../sql.node.ts';
import { Story } from '../story.fixture.ts';
import { MORNING } from '../warehouse.fixture.ts';

/** A short story after which every table has rows, so that the file stays below 100 KB. */
const SEED = 62;
const COMMITS = 18;

/** Saves a ledger as this code leaves it: `node cloud/ledger/landed/make.node.ts cloud/ledger/landed/0002.sqlite` (README.md). */
const path = process.argv[2];
if (path === undefined) throw new TypeError('name the file to write');
rmSync(path, { force: true });
const sql = new NodeSql(path);
let salts = 0;
const salt = (): Uint8Array => {
  salts += 1;
  return new Uint8Array(16).fill(salts % 256);
};
const ledger = new Ledger({ sql, tenant: 'demo', projections, salt, log: (event) => console.error(JSON.stringify(event)) });
await new Story(SEED).tell(ledger, COMMITS);
while (ledger.drain().more);
keepReport(sql, 'LYON', 'dock-1', { v: 1, online: true, queued: 3 }, MORNING);
keepRefused(sql, 'LYON', 'dock-1', 'SIGNATURE', Uint8Array.of(1, 2, 3), MORNING);
sql.close();
// Small pages: most of some 80 trees are nearly empty.
const db = new DatabaseSync(path);
db.exec('PRAGMA page_size = 512; VACUUM');
db.close();
