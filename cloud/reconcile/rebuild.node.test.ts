import { expect, it } from 'vitest';
import type { Document } from '../documents/document.ts';
import { contentHash } from '../documents/identity.ts';
import type { JsonObject } from '../ledger/entry.ts';
import { Ledger } from '../ledger/ledger.ts';
import { replay } from '../ledger/replay.ts';
import { NodeSql } from '../ledger/sql.node.ts';
import { text } from '../ledger/sql.ts';
import { COFFEE, MORNING, passage, serials, TEA, TestNode } from '../ledger/warehouse.fixture.ts';
import { projections } from '../projections.ts';

const US = { name: 'Docket', vat: 'FR40303265045' };
const MILL = { name: 'Fournil', vat: 'FR83404833048' };

function invoice(number: string, gtin: string, quantity: number, more: object = {}): Document {
  const lines = [{ id: '1', gtin, quantity: String(quantity), unit: 'C62', net: String(quantity * 2), price: '2.00' }];
  const head = { kind: 'invoice' as const, v: 1 as const, typeCode: '380', number, issueDate: '2026-11-24', currency: 'EUR' };
  return { ...head, seller: MILL, buyer: US, totals: { withVat: '1', payable: '1' }, lines, ...more };
}

const rows = (sql: NodeSql): Record<string, unknown> => {
  const names = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").map((row) => text(row, 'name'));
  const mine = names.filter((name) => /^(documents?(_|$)|match_|findings)/.test(name));
  return Object.fromEntries(
    mine.map((name) => [
      name,
      sql
        .exec(`SELECT * FROM ${name}`)
        .map((row) => JSON.stringify(row))
        .sort(),
    ]),
  );
};

it('a rebuild from the log alone comes to the same documents, allocations and findings', async () => {
  const sql = new NodeSql();
  const ledger = new Ledger({
    sql,
    tenant: 'demo',
    projections,
    salt: () => new Uint8Array(16),
    log: ({ text: line }) => expect(line).toBe(''),
  });
  const node = new TestNode('LYON');
  let now = MORNING;
  const record = (document: Document): void => {
    now += 1000;
    ledger.append(
      [
        {
          type: 'document',
          body: { ...document, original: contentHash(document), contentType: 'application/xml' } as unknown as JsonObject,
        },
      ],
      now,
    );
  };
  ledger.append(
    [
      { type: 'company', body: { v: 1, ...US } },
      { type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } },
      node.registration(),
    ],
    now,
  );
  record(invoice('F1', TEA, 3, { despatchRef: 'D1' }));
  record(invoice('F1', TEA, 4, { despatchRef: 'D1' }));
  record(invoice('F2', TEA, 2));
  const by = (number: string) => ({ document: { kind: 'despatchAdvice' as const, number, how: 'chosen' as const } });
  node.record(
    passage('p1', 'in', serials(TEA, 1, 2), 60, by('D1')),
    passage('p2', 'in', serials(TEA, 2, 3, 4), 61),
    passage('p3', 'in', serials(COFFEE, 1), 62),
    passage('p4', 'out', serials(TEA, 3), 63),
    passage('p5', 'in', serials(TEA, 9), 64, by('D1')),
  );
  ledger.post('LYON', 'dock-1', await node.batch(1, 3), MORNING + 70_000);
  record(invoice('F3', TEA, 1, { typeCode: '381', kind: 'creditNote' }));
  ledger.post('LYON', 'dock-1', await node.batch(4, 5), MORNING + 80_000);
  record(invoice('F2C', TEA, 1, { typeCode: '384', preceding: [{ number: 'F2' }] }));
  const stored = sql.exec('SELECT effects FROM entries ORDER BY idx').map((row) => text(row, 'effects'));
  expect(sql.exec("SELECT COUNT(*) AS n FROM match_documents WHERE status = 'MATCHED'")[0]).toEqual({ n: 3 });
  for (const together of [1, 256]) {
    const again = new NodeSql();
    expect(replay(sql, again, projections, together)).toEqual(stored);
    expect(rows(again)).toEqual(rows(sql));
  }
});
