import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NodeSql } from '../ledger/sql.node.ts';
import { SessionStore } from './store.ts';

const FOLDER = join(import.meta.dirname, 'landed');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.sqlite'));
/** As in landed/make.node.ts. */
const NOW = 1_795_507_200_000;

it("a node's session is saved for each schema", () => {
  expect(FILES[0]).toBe('0001.sqlite');
});

it.each(FILES)('%s, a session that released code left behind, goes on where it was', (file) => {
  const folder = mkdtempSync(join(tmpdir(), 'docket-landed-'));
  try {
    copyFileSync(join(FOLDER, file), join(folder, file));
    const sql = new NodeSql(join(folder, file));
    expect(SessionStore.exists(sql)).toBe(true);
    const store = new SessionStore(sql, NOW + 2_000);
    expect(store.client()).toBe('demo/LYON/dock-1');
    expect(store.connected()).toBeUndefined();
    expect(store.will()).toEqual({ payload: '{"online":false}', due: NOW + 6_000 });
    expect(store.unreported()).toEqual({ status: { v: 1, online: true, queued: 3 }, at: NOW });
    expect(store.flying().map(({ packet, body }) => [packet, JSON.parse(body).number])).toEqual([[7, 'O1']]);
    expect(store.unsent(10).map(({ body }) => JSON.parse(body).number)).toEqual(['O2', 'O3']);
    const back = store.enter('c2', 'demo/LYON/dock-1', { clean: false, expiry: 3_600 }, NOW + 3_000);
    expect(back).toEqual({ present: true, channels: ['commands'] });
    store.acknowledged(7);
    store.keep({ v: 1, id: 'forget-O4', type: 'forget', kind: 'order', number: 'O4' }, NOW + 3_000);
    expect(store.flying()).toEqual([]);
    expect(store.unsent(10)).toHaveLength(3);
    sql.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
