import { describe, expect, it } from 'vitest';
import { Fault } from '../../protocol/fault.ts';
import { ledgerInMemory, OWN, openLedger } from './ledger.fixture.node.ts';
import { ledgerSuite } from './ledger.suite.ts';
import { DEFAULT_LOAD, type LoadOptions, loadBatches, loadRegistration, postLoad } from './load.fixture.ts';
import { entryView, isLate, logHead } from './log.ts';
import { movementsPage } from './movementpage.ts';
import type { Projection } from './projection.ts';
import { stockPage } from './reads.ts';
import { NodeSql } from './sql.node.ts';
import { MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

describe('the ledger on node:sqlite', () => {
  ledgerSuite(() => {
    const { ledger, sql } = ledgerInMemory();
    return {
      tenant: ledger.tenant,
      post: async (site, node, batch, at) => ledger.post(site, node, batch, at),
      append: async (entries, at) => ledger.append(entries, at),
      stock: async () => stockPage(sql, {}),
      movements: async (gtin) => movementsPage(sql, gtin === undefined ? {} : { gtin }),
      entry: async (index) => entryView(sql, index),
      head: async () => logHead(sql),
    };
  });

  it('rolls a commit back whole when a projection has a bug, says BUSY and logs the text', async () => {
    let broken = true;
    const buggy: Projection = {
      name: 'buggy',
      foldVersion: 1,
      migrations: [],
      apply: (commit) => {
        if (broken && commit.entries.some(({ type }) => type === 'record')) throw new TypeError('x is undefined');
      },
    };
    const { ledger, sql, logged } = ledgerInMemory([...OWN, buggy]);
    const node = new TestNode('LYON').record(passage('p1', 'in', serials(TEA, 1), 1));
    ledger.append([node.registration()], MORNING);
    const before = logHead(sql);
    const batch = await node.batch(1, 1);
    expect(ledger.post('LYON', 'dock-1', batch, MORNING)).toMatchObject({ ok: false, code: 'BUSY', head: { seq: 0 } });
    expect(logged).toEqual([expect.stringContaining('x is undefined')]);
    expect(logHead(sql)).toEqual(before);
    expect(stockPage(sql, {}).data).toEqual([]);
    broken = false;
    expect(ledger.post('LYON', 'dock-1', batch, MORNING)).toMatchObject({ ok: true, head: { seq: 1 } });
    expect(stockPage(sql, {}).data).toMatchObject([{ quantity: 1 }]);
  });

  it('appends all or nothing, answers what is there already and remembers a refusal by its note', () => {
    const unique: Projection = {
      name: 'unique',
      foldVersion: 1,
      migrations: [{ id: 'seen', statements: ['CREATE TABLE seen (name TEXT PRIMARY KEY)', 'CREATE TABLE noted (name TEXT)'] }],
      admits: ['document'],
      admit: ({ value }, sql) => {
        const name = String(value['name']);
        if (name === 'bad') return { refuse: new Fault('BAD', 'bad was refused'), note: { type: 'refusal', body: { name } } };
        return sql.exec('SELECT name FROM seen WHERE name = ?', name).length > 0 ? { existing: name } : undefined;
      },
      apply: ({ entries }, sql) => {
        for (const entry of entries) {
          if (entry.type === 'document') sql.exec('INSERT INTO seen VALUES (?)', String(entry.value['name']));
          if (entry.type === 'refusal') sql.exec('INSERT INTO noted VALUES (?)', String(entry.value['name']));
        }
      },
    };
    const { ledger, sql } = ledgerInMemory([...OWN, unique]);
    const document = (name: string) => ({ type: 'document', body: { v: 1, name } }) as const;
    const twice = ledger.append([document('a'), document('b'), document('a')], MORNING);
    expect(twice).toEqual({
      ok: true,
      appended: [
        { index: 0, existing: null, effects: {} },
        { index: 1, existing: null, effects: {} },
        { index: null, existing: 'a', effects: {} },
      ],
    });
    expect(ledger.append([document('c'), document('bad')], MORNING)).toMatchObject({ ok: false, code: 'BAD' });
    expect(sql.exec('SELECT name FROM seen ORDER BY name')).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(sql.exec('SELECT name FROM noted')).toEqual([{ name: 'bad' }]);
    expect(entryView(sql, 2)).toMatchObject({ type: 'refusal', producer: 'hub', epoch: 0, seq: 3 });
  });

  it('opens an existing database as it was and refuses one whose tiles do not fit, but rebuilds what another version folded', () => {
    const { ledger, sql } = ledgerInMemory();
    ledger.append([{ type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } }], MORNING);
    const head = logHead(sql);
    expect(logHead(openLedger(sql).sql)).toEqual(head);
    const other = { ...(OWN[0] as Projection), foldVersion: 99 };
    expect(openLedger(sql, [], [other]).rebuild.runs()).toBe(true);
    sql.exec('UPDATE tiles SET hashes = zeroblob(32)');
    expect(() => openLedger(sql)).toThrow(expect.objectContaining({ code: 'TREE_CORRUPT' }));
  });

  it('drains work that a commit had no room for, and shows it with the newest entry', async () => {
    let work = 0;
    const busy: Projection = {
      name: 'busy',
      foldVersion: 1,
      migrations: [],
      apply: ({ entries }) => {
        work += entries.filter(({ type }) => type === 'site').length * 2;
      },
      waits: () => work > 0,
      drain: (_, effects, entry) => {
        work -= 1;
        effects.of(entry).stock.push({ site: 'LYON', gtin: TEA, quantity: work });
        return work > 0;
      },
    };
    const { ledger, sql } = ledgerInMemory([...OWN, busy]);
    expect(ledger.drain()).toEqual({ index: undefined, more: false });
    ledger.append([{ type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } }], MORNING);
    expect([ledger.waits(), isLate(sql, 0)]).toEqual([true, false]);
    expect(ledger.drain()).toEqual({ index: 0, more: true });
    expect(ledger.drain()).toEqual({ index: 0, more: false });
    expect([ledger.waits(), isLate(sql, 0)]).toEqual([false, true]);
    expect(entryView(sql, 0)?.effects).toMatchObject({ stock: [{ quantity: 1 }, { quantity: 0 }], late: true });
  });

  it('never lets the appended time fall, whatever the clock says', async () => {
    const { ledger, sql } = ledgerInMemory();
    const node = new TestNode('LYON').record(passage('p1', 'in', serials(TEA, 1), 1));
    ledger.append([node.registration()], MORNING + 100_000);
    ledger.post('LYON', 'dock-1', await node.batch(1, 1), MORNING);
    expect(entryView(sql, 1)).toMatchObject({ at: MORNING + 100_000, effectiveAt: MORNING + 1000 });
  });
});

describe('the load for measurements', () => {
  it('is posted whole, with random and with clustered serials', async () => {
    for (const clustered of [false, true]) {
      const { ledger, sql } = ledgerInMemory();
      const address = { tenant: 'demo', site: 'LYON', node: 'n' };
      const options: LoadOptions = { ...DEFAULT_LOAD, address, batches: 3, passages: 4, clustered };
      ledger.append([loadRegistration(address)], MORNING);
      const items = await postLoad((...posted) => ledger.post(...posted), loadBatches(options), options);
      expect(items).toBe(600);
      expect(stockPage(sql, { limit: 500 }).data.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(600);
    }
  });
});

describe('node:sqlite as the ledger port', () => {
  it('refuses what a Durable Object would', () => {
    const sql = new NodeSql();
    const many = Array.from({ length: 101 }, () => 1);
    const refused = expect.objectContaining({ code: 'SQL_REFUSED' });
    expect(() => sql.exec(`SELECT ${many.map(() => '?').join()}`, ...many)).toThrow(refused);
    for (const text of ['BEGIN', ' savepoint a', 'COMMIT', 'PRAGMA user_version', 'pragma user_version = 3']) {
      expect(() => sql.exec(text)).toThrow(refused);
    }
  });
});
