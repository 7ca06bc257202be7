import { describe, expect, it } from 'vitest';
import type { JsonObject, NewEntry } from '../ledger/entry.ts';
import { Ledger } from '../ledger/ledger.ts';
import { NodeSql } from '../ledger/sql.node.ts';
import { text } from '../ledger/sql.ts';
import { COFFEE, MORNING, passage, serials, TEA, TestNode } from '../ledger/warehouse.fixture.ts';
import { projections } from '../projections.ts';
import { documentsPage, documentView, findingsPage } from '../reconcile/reads.ts';
import type { Document, Invoice } from './document.ts';
import { contentHash, documentId, documentKey } from './identity.ts';

const US = { name: 'Entrepôts Docket SA', vat: 'FR40303265045' };
const MILL = { name: 'Fournil du Rhône', vat: 'FR83404833048', legalId: { id: '404833048', scheme: '0002' } };

function invoice(number: string, quantity: string, more: Partial<Invoice> = {}): Invoice {
  return {
    kind: 'invoice',
    v: 1,
    typeCode: '380',
    number,
    issueDate: '2026-11-24',
    currency: 'EUR',
    seller: MILL,
    buyer: US,
    totals: { withoutVat: '24.00', withVat: '28.80', payable: '28.80' },
    lines: [{ id: '10', quantity, unit: 'C62', net: (Number(quantity) * 12).toFixed(2), price: '12.00', gtin: TEA, name: 'Thé' }],
    ...more,
  };
}

const advice = (number: string, more: object = {}): Document => ({
  kind: 'despatchAdvice',
  v: 1,
  number,
  issueDate: '2026-11-23',
  seller: MILL,
  buyer: US,
  lines: [{ id: '1', gtin: TEA, quantity: 2 }],
  ...more,
});

const entry = (document: Document): NewEntry => ({
  type: 'document',
  body: { ...document, original: contentHash(document), contentType: 'application/xml' } as unknown as JsonObject,
});

/** A ledger as the hub opens it, with company, site, an item and one node. */
function hub() {
  const sql = new NodeSql();
  const ledger = new Ledger({
    sql,
    tenant: 'demo',
    projections,
    salt: () => new Uint8Array(16),
    log: ({ text: line }) => expect(line).toBe(''),
  });
  const node = new TestNode('LYON');
  ledger.append(
    [
      { type: 'company', body: { v: 1, name: US.name, vat: US.vat } },
      { type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris', gln: '3012345600004' } },
      { type: 'item', body: { v: 1, gtin: TEA, name: 'Thé vert' } },
      node.registration(),
    ],
    MORNING,
  );
  const record = (document: Document) => ledger.append([entry(document)], MORNING);
  const commands = () =>
    sql.exec('SELECT site, node, command FROM outbound').map((row) => JSON.parse(text(row, 'command')) as { [key: string]: unknown });
  const view = (document: Document) => documentView(sql, documentId(documentKey(document)));
  return { sql, ledger, node, record, commands, view };
}

describe('a document that comes again', () => {
  it('with the same content is the one that is there, whatever bytes it came in', () => {
    const { ledger, record } = hub();
    record(invoice('F1', '2'));
    const again = ledger.append([{ type: 'document', body: { ...entry(invoice('F1', '2')).body, original: 'other-bytes' } }], MORNING);
    expect(again).toMatchObject({ ok: true, appended: [{ index: null, existing: documentId(documentKey(invoice('F1', '2'))) }] });
  });

  it('with other content is refused and stands as a finding on the first, once for each copy', () => {
    const { sql, record } = hub();
    record(invoice('F1', '2'));
    expect(record(invoice('F1', '3'))).toMatchObject({ ok: false, code: 'DUPLICATE_NUMBER' });
    expect(record(invoice('F1', '3'))).toMatchObject({ ok: false, code: 'DUPLICATE_NUMBER' });
    const found = findingsPage(sql, {}).data.filter(({ code }) => code === 'DUPLICATE_NUMBER');
    expect(found).toMatchObject([
      { number: 'F1', line: null, amount: 2880, currency: 'EUR', explanation: { params: { copies: 1, amount: '28.80' } } },
    ]);
    expect(sql.exec('SELECT COUNT(*) AS n FROM entries')[0]).toEqual({ n: 6 });
  });

  it('in the next year, or from another seller, is another document', () => {
    const { record } = hub();
    record(invoice('F1', '2'));
    expect(record(invoice('F1', '3', { issueDate: '2027-01-02' })).ok).toBe(true);
    expect(record(invoice('F1', '3', { seller: { name: 'Autre', vat: 'FR61954506077' } })).ok).toBe(true);
  });
});

describe('the role of a document', () => {
  it('is purchase or sale by who we are, under any of our identifiers', () => {
    const { record, view } = hub();
    const sale = invoice('V1', '2', { seller: { name: 'us', legalId: { id: '303 265 045', scheme: '0002' } }, buyer: MILL });
    const stranger = invoice('X1', '2', { buyer: { name: 'Someone else' } });
    for (const one of [invoice('F1', '2'), sale, stranger]) record(one);
    expect(view(invoice('F1', '2'))).toMatchObject({
      role: 'purchase',
      partner: { id: 'FR83404833048', name: 'Fournil du Rhône' },
      status: 'NOT_RECEIVED',
    });
    expect(view(sale)).toMatchObject({ role: 'sale', status: 'NOT_SHIPPED' });
    expect(view(stranger)).toMatchObject({ role: null, status: 'RECORDED' });
  });
});

describe('an order or despatch advice', () => {
  it('is announced to the nodes of its site, with names and logistic units', () => {
    const { record, commands, view } = hub();
    record(advice('BL-1', { site: 'LYON', ssccs: ['034009300000000018'] }));
    record(advice('BL-2', { site: 'METZ' }));
    expect(commands()).toEqual([
      {
        v: 1,
        id: `expect-${view(advice('BL-1'))?.id}`,
        type: 'expect',
        kind: 'despatchAdvice',
        number: 'BL-1',
        direction: 'in',
        partner: 'Fournil du Rhône',
        ssccs: ['034009300000000018'],
        lines: [{ gtin: TEA, quantity: 2, name: 'Thé vert' }],
      },
    ]);
  });

  it('is announced to a node that is registered later', () => {
    const { ledger, record, commands } = hub();
    record(advice('BL-2', { site: 'METZ' }));
    ledger.append([new TestNode('METZ').registration()], MORNING);
    expect(commands()).toMatchObject([{ number: 'BL-2' }]);
  });
});

describe('an invoice whose goods cross a door', () => {
  it('is matched in the commit of their record, and the stream says from what to what', async () => {
    const { sql, ledger, node, record, view } = hub();
    record(invoice('F1', '2', { despatchRef: 'BL-1' }));
    record(advice('BL-1', { ssccs: ['034009300000000018'] }));
    const through = passage('p1', 'in', serials(TEA, 1, 2), 60, { document: { kind: 'sscc', number: '034009300000000018', how: 'sscc' } });
    node.record(through, passage('p2', 'in', serials(COFFEE, 1), 61));
    expect(ledger.post('LYON', 'dock-1', await node.batch(1, 2), MORNING + 70_000)).toMatchObject({ ok: true });
    expect(view(invoice('F1', '2'))).toMatchObject({
      status: 'MATCHED',
      lines: [
        {
          id: '10',
          gtin: TEA,
          quantity: '2',
          unit: 'C62',
          matched: 2,
          short: 0,
          status: 'MATCHED',
          explanation: { code: 'MATCHED', params: { despatch: 'BL-1', door: 'D1' } },
        },
      ],
      findings: [],
    });
    const effects = sql
      .exec('SELECT effects FROM entries ORDER BY idx DESC LIMIT 2')
      .map((row) => JSON.parse(text(row, 'effects')) as { documents?: unknown[]; findings?: unknown[] });
    expect(effects[1]).toMatchObject({
      documents: [{ number: 'F1', was: 'NOT_RECEIVED', status: 'MATCHED', lines: [{ id: '10', status: 'MATCHED', matched: 2 }] }],
      findings: [{ number: 'F1', line: '10', code: 'QUANTITY_SHORT', open: false }],
    });
    expect(effects[0]?.documents).toBeUndefined();
  });
});

describe('lists of documents and findings', () => {
  it('come newest first, by kind and status, page by page', () => {
    const { sql, record } = hub();
    for (const n of [1, 2, 3, 4, 5]) record(invoice(`F${n}`, '2'));
    record(advice('BL-1'));
    const first = documentsPage(sql, { kind: 'invoice', limit: 2 });
    expect(first.data.map(({ number }) => number)).toEqual(['F5', 'F4']);
    const second = documentsPage(sql, { kind: 'invoice', limit: 3, after: first.next ?? '' });
    expect(second.data.map(({ number }) => number)).toEqual(['F3', 'F2', 'F1']);
    expect(second.next).toBeNull();
    expect(documentsPage(sql, { status: 'RECORDED' }).data.map(({ number }) => number)).toEqual(['BL-1']);
    expect(documentsPage(sql, { status: 'NOT_RECEIVED' }).data).toHaveLength(5);
    const findings = findingsPage(sql, { limit: 3 });
    expect(findings.data.map(({ number }) => number)).toEqual(['F5', 'F4', 'F3']);
    expect(findingsPage(sql, { after: findings.next ?? '' }).data.map(({ number, amount }) => [number, amount])).toEqual([
      ['F2', 2400],
      ['F1', 2400],
    ]);
    expect(() => documentsPage(sql, { after: 'x' })).toThrow(/start again/);
  });
});
