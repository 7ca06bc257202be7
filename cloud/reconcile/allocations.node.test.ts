import { describe, expect, it } from 'vitest';
import type { Invoice, InvoiceLine } from '../documents/document.ts';
import { documentId, documentKey } from '../documents/identity.ts';
import type { JsonObject } from '../ledger/entry.ts';
import { Ledger } from '../ledger/ledger.ts';
import { NodeSql } from '../ledger/sql.node.ts';
import { COFFEE, MORNING, passage, serials, TEA, TestNode } from '../ledger/warehouse.fixture.ts';
import { projections } from '../projections.ts';
import { documentView } from './reads.ts';

const US = { name: 'Docket SA', vat: 'FR40303265045' };

const line = (id: string, gtin: string, quantity: number): InvoiceLine => ({
  ...{ id, gtin, quantity: String(quantity), unit: 'C62', price: '1.00', net: `${quantity}.00` },
});

const invoice = (lines: readonly InvoiceLine[], more: Partial<Invoice> = {}): Invoice => ({
  ...{ kind: 'invoice', v: 1, typeCode: '380', number: 'F1', issueDate: '2026-11-24', currency: 'EUR' },
  ...{ seller: { name: 'Fournil', vat: 'FR83404833048' }, buyer: US, totals: { withVat: '1', payable: '1' }, lines },
  ...more,
});

/** A ledger with a node whose passages it has, and an invoice; answers what the invoice shows. */
async function shown(node: TestNode, document: Invoice) {
  const sql = new NodeSql();
  const ledger = new Ledger({ sql, tenant: 'demo', projections, salt: () => new Uint8Array(16), log: () => undefined });
  const body = { ...document, original: 'c0ffee', contentType: 'application/xml' } as unknown as JsonObject;
  ledger.append([{ type: 'company', body: { v: 1, ...US } }, node.registration(), { type: 'document', body }], MORNING);
  const count = node.bodies.length;
  for (let first = 1; first <= count; first += 100)
    ledger.post('LYON', 'dock-1', await node.batch(first, Math.min(count, first + 99)), MORNING + 86_400_000);
  while (ledger.drain().more) {
    // one slice after the other
  }
  return documentView(sql, documentId(documentKey(document)));
}

describe('the proof of a line', () => {
  it('names the passages by despatch advice, by order, and by time alone, oldest first', async () => {
    const node = new TestNode('LYON');
    const bySscc = { kind: 'despatchAdvice', number: 'BL-1', how: 'sscc' } as const;
    const byOrder = { kind: 'order', number: 'PO-1', how: 'chosen' } as const;
    node.record(
      passage('p1', 'in', serials(TEA, 1, 2), 60),
      passage('p2', 'in', [...serials(TEA, 3), ...serials(COFFEE, 1, 2)], 120, { document: bySscc }),
      passage('p3', 'in', serials(TEA, 4), 180, { document: byOrder }),
      passage('p4', 'out', serials(TEA, 1), 240),
    );
    const view = await shown(node, invoice([line('1', TEA, 4), line('2', COFFEE, 2)], { despatchRef: 'BL-1', orderRef: 'PO-1' }));
    const place = { site: 'LYON', node: 'dock-1', door: 'D1', direction: 'in' };
    expect(view?.lines[0]).toMatchObject({ status: 'MATCHED', allocationsTotal: 3 });
    expect(view?.lines[0]?.allocations).toEqual([
      { ...place, entry: 3, at: MORNING + 60_000, quantity: 2, ordinals: [[0, 2]], evidence: 'window', document: null },
      { ...place, entry: 4, at: MORNING + 120_000, quantity: 1, ordinals: [[0, 1]], evidence: 'despatch', document: bySscc },
      { ...place, entry: 5, at: MORNING + 180_000, quantity: 1, ordinals: [[0, 1]], evidence: 'order', document: byOrder },
    ]);
    // Ordinals count through the whole record: the coffee stands behind the tea.
    expect(view?.lines[1]?.allocations).toMatchObject([{ entry: 4, quantity: 2, ordinals: [[1, 2]], evidence: 'despatch' }]);
  });

  it('is empty for a line that nothing moved for', async () => {
    const view = await shown(new TestNode('LYON'), invoice([line('1', TEA, 1)]));
    expect(view?.lines[0]).toMatchObject({ status: 'NOT_RECEIVED', allocations: [], allocationsTotal: 0 });
  });

  it('shows 200 of the passages of a line and says how many there are', async () => {
    const node = new TestNode('LYON');
    for (let n = 1; n <= 230; n++) node.record(passage(`p${n}`, 'in', serials(TEA, n), n * 60));
    const view = await shown(node, invoice([line('1', TEA, 220)]));
    expect(view?.lines[0]).toMatchObject({ status: 'MATCHED', matched: 220, allocationsTotal: 220 });
    expect(view?.lines[0]?.allocations).toHaveLength(200);
    expect(view?.lines[0]?.allocations[0]?.at).toBe(MORNING + 60_000);
  });
});
