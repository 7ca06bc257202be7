import type { Document } from '../../documents/document.ts';
import { COFFEE, passage, serials, TEA } from '../../ledger/warehouse.fixture.ts';
import { SigningNode, Warehouse } from './export.fixture.ts';
import { type Files, writePages } from './writer.fixture.ts';

export const ORIGIN = 'docket.example/log/demo';
const US = { name: 'Docket', vat: 'FR40303265045' };
const MILL = { name: 'Fournil', vat: 'FR83404833048' };

export function invoice(number: string, gtin: string, quantity: number, more: object = {}): Document {
  const lines = [{ id: '1', gtin, quantity: String(quantity), unit: 'C62', net: String(quantity * 2), price: '2.00' }];
  const head = { kind: 'invoice' as const, v: 1 as const, typeCode: '380', number, issueDate: '2026-11-24', currency: 'EUR' };
  return { ...head, seller: MILL, buyer: US, totals: { withVat: '1', payable: '1' }, lines, ...more };
}

/** A small log of everything: two nodes, epochs, a straddling batch, a rotated key, documents; its tables were read at two sizes. */
export async function history(): Promise<{ warehouse: Warehouse; files: Files }> {
  const warehouse = new Warehouse();
  const lyon = new SigningNode('LYON', 11);
  const lille = new SigningNode('LILLE', 12);
  warehouse.append(
    { type: 'company', body: { v: 1, ...US } },
    { type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } },
    lyon.registration(),
    lille.registration(),
  );
  warehouse.document(invoice('F1', TEA, 3, { despatchRef: 'D1' }));
  const by = { document: { kind: 'despatchAdvice' as const, number: 'D1', how: 'chosen' as const } };
  lyon.record(
    passage('p1', 'in', serials(TEA, 1, 2), 60, by),
    passage('p2', 'in', serials(TEA, 3, 4), 61),
    passage('p3', 'out', serials(TEA, 3), 62),
  );
  await warehouse.post(lyon, 1, 2);
  await warehouse.post(lyon, 2, 3);
  lille.record(passage('q1', 'in', serials(COFFEE, 1, 2, 3), 63), passage('q2', 'in', [{ raw: 'E2801160' }], 64));
  await warehouse.post(lille, 1);
  const files: Files = new Map();
  const marks = new Map();
  writePages(files, warehouse.sql, 2, marks, true);
  warehouse.append(...lyon.rotate(13, warehouse.now));
  lyon.record(passage('p4', 'in', serials(COFFEE, 9), 66));
  await warehouse.post(lyon, 4);
  lyon.renew(70).record(passage('p5', 'out', serials(COFFEE, 9), 71));
  await warehouse.post(lyon, 1);
  warehouse.document(invoice('F2', COFFEE, 4));
  lille.record(passage('q3', 'out', serials(COFFEE, 2), 80));
  await warehouse.post(lille, 3);
  writePages(files, warehouse.sql, 2, marks, false);
  return { warehouse, files };
}
