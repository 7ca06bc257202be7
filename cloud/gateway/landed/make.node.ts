import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NodeSql } from '../../ledger/sql.node.ts';
import { SessionStore } from '../store.ts';

/** 2026-11-24T08:00:00Z */
const NOW = 1_795_507_200_000;

/** Saves a node's session as this code leaves it: `node cloud/gateway/landed/make.node.ts cloud/gateway/landed/0002.sqlite`. */
const path = process.argv[2];
if (path === undefined) throw new TypeError('name the file to write');
rmSync(path, { force: true });
const sql = new NodeSql(path);
const store = new SessionStore(sql, NOW);
store.enter('c1', 'demo/LYON/dock-1', { clean: false, expiry: 3_600, will: { payload: '{"online":false}', delay: 5 } }, NOW);
store.subscribe(['commands']);
for (const number of ['O1', 'O2', 'O3']) store.keep({ v: 1, id: `forget-${number}`, type: 'forget', kind: 'order', number }, NOW);
store.sent(1, 7);
store.keepUnreported({ v: 1, online: true, queued: 3 }, NOW);
store.leave('c1', true, NOW + 1_000);
sql.close();
const db = new DatabaseSync(path);
db.exec('PRAGMA page_size = 512; VACUUM');
db.close();
