import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { chainNext, chainStart, commitment } from '../../protocol/chain.ts';
import { encodeBody } from '../../protocol/record.ts';
import { ADDRESS, Bench, passageBody, verify } from './outbox.fixture.ts';
import { VERSION } from './schema.ts';

const bench = new Bench();
afterEach(() => bench.clean());

/** The tables as the first released program made them. */
const VERSION_1 = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), tenant TEXT NOT NULL, site TEXT NOT NULL, node TEXT NOT NULL,
    epoch INTEGER NOT NULL, seq INTEGER NOT NULL, chain BLOB NOT NULL, acknowledged INTEGER NOT NULL, acknowledged_chain BLOB NOT NULL) STRICT;
  CREATE TABLE records (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
  CREATE TABLE passages (passage TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, door TEXT NOT NULL, direction TEXT NOT NULL,
    opened INTEGER NOT NULL, closed INTEGER NOT NULL, confidence INTEGER NOT NULL, document TEXT, moved_in INTEGER NOT NULL,
    moved_out INTEGER NOT NULL, strays INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX passages_closed ON passages (closed);
  CREATE TABLE doubts (passage TEXT NOT NULL, epc TEXT NOT NULL, door TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER NOT NULL,
    reason TEXT NOT NULL, reads INTEGER NOT NULL, d INTEGER, document TEXT, PRIMARY KEY (passage, epc)) STRICT, WITHOUT ROWID;
  CREATE INDEX doubts_closed ON doubts (closed, passage, epc);
  CREATE TABLE expectations (kind TEXT NOT NULL, number TEXT NOT NULL, arrived INTEGER NOT NULL, command TEXT NOT NULL,
    PRIMARY KEY (kind, number)) STRICT, WITHOUT ROWID;
  CREATE INDEX expectations_arrived ON expectations (arrived);
  CREATE TABLE accepted (kind TEXT NOT NULL, number TEXT NOT NULL, gtin TEXT NOT NULL, quantity INTEGER NOT NULL,
    PRIMARY KEY (kind, number, gtin)) STRICT, WITHOUT ROWID;
  CREATE TABLE door_documents (door TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1;
`;

/** A file of version 1 with `count` records of 2 items, of which the hub has 3 and the file still holds the third. */
function version1(count: number, damage = false): string {
  const path = bench.path();
  const db = new DatabaseSync(path);
  db.exec(VERSION_1);
  let chain = chainStart(ADDRESS, 1);
  let acknowledged = chain;
  for (let seq = 1; seq <= count; seq++) {
    const salt = new Uint8Array(16).fill(seq);
    const body = encodeBody(passageBody(`p${seq}`));
    chain = chainNext(chain, commitment(salt, body));
    if (seq === 3) acknowledged = chain;
    if (damage && seq === 5) salt[0] = 99;
    if (seq >= 3) db.prepare('INSERT INTO records VALUES (?, ?, ?, ?)').run(seq, salt, body, chain);
  }
  const { tenant, site, node } = ADDRESS;
  db.prepare('INSERT INTO head VALUES (1, ?, ?, ?, 1, ?, ?, 3, ?)').run(tenant, site, node, count, chain, acknowledged);
  db.close();
  return path;
}

describe('a file of version 1', () => {
  it('goes on with its records, its chain and its count, and is never read as version 1 again', async () => {
    const path = version1(8);
    const outbox = bench.open(path);
    expect(outbox.health()).toMatchObject({ notices: [], space: { items: 10 } });
    expect(outbox.head().seq).toBe(8);
    expect(await outbox.append({ body: passageBody('p9') })).toMatchObject({ seq: 9 });
    expect(await verify(outbox, 3)).toMatchObject(['p4', 'p5', 'p6', 'p7', 'p8', 'p9'].map((passage) => ({ passage })));
    outbox.acknowledge(1, 6);
    expect(outbox.health().space.items).toBe(6);
    expect(await outbox.newEpoch('restored', { epoch: 2, seq: 1, chain: 'x' })).toMatchObject({ epoch: 3, seq: 4 });
    await bench.close(outbox);
    const again = bench.open(path);
    expect(await verify(again)).toMatchObject([{ type: 'epoch' }, { passage: 'p7' }, { passage: 'p8' }, { passage: 'p9' }]);
    await bench.close(again);
    const db = new DatabaseSync(path);
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: VERSION });
    db.close();
  });

  it('that is damaged is salvaged like one of today', async () => {
    const outbox = bench.open(version1(8, true));
    expect(outbox.health().notices).toMatchObject([{ kind: 'damaged', saved: 4, lost: 1, names: ['record 5'] }]);
    expect(await verify(outbox, 3)).toMatchObject(['p4', 'p6', 'p7', 'p8'].map((passage) => ({ passage })));
  });
});

describe('epochs one after the other', () => {
  it('keep every record that the hub does not have, in its order, also when nothing is acknowledged between them', async () => {
    const path = bench.path();
    let outbox = bench.open(path);
    for (const name of ['a', 'b', 'c']) await outbox.append({ body: passageBody(name) });
    outbox.acknowledge(1, 1);
    await outbox.newEpoch('restored', { epoch: 1, seq: 9, chain: 'x' });
    await outbox.newEpoch('restored', { epoch: 2, seq: 9, chain: 'x' });
    await bench.close(outbox);
    outbox = bench.open(path);
    await outbox.append({ body: passageBody('d') });
    await outbox.newEpoch('restored', { epoch: 3, seq: 9, chain: 'x' });
    const bodies = (await verify(outbox)) as { type: string; passage?: string }[];
    // An epoch record that the hub never saw goes with its epoch: as a later record of another one it would be refused for good.
    expect(bodies.map(({ type, passage }) => passage ?? type)).toEqual(['epoch', 'b', 'c', 'd']);
    outbox.acknowledge(4, 2);
    await bench.close(outbox);
    expect(await verify(bench.open(path), 2)).toMatchObject([{ passage: 'c' }, { passage: 'd' }]);
  });
});
