import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { decimal, toMinor } from '../../protocol/money.ts';
import { Random } from '../random.ts';
import { makeCatalog } from '../warehouse/catalog.ts';
import { type Invoice, lineNet, totals, writeUbl } from './ubl.ts';

const catalog = makeCatalog(new Random(1));
const [supplier] = catalog.suppliers;

/** Text of each element by its local path, as a strict namespace-aware parser reads it. */
function read(xml: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const path: string[] = [];
  let held = '';
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    path.push(tag.local);
    held = '';
  });
  parser.on('text', (text) => {
    held += text;
  });
  parser.on('closetag', () => {
    const key = path.join('/');
    found.set(key, [...(found.get(key) ?? []), held]);
    held = '';
    path.pop();
  });
  parser.write(xml).close();
  return found;
}

/** Characters that XML 1.0 allows and does not fold into others. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((value) => [...value].every((char) => char >= ' ' && char !== '\ufffe' && char !== '\uffff'));
const line = fc.record({
  id: fc.nat(999).map(String),
  gtin: fc.constantFrom(...catalog.items.map((item) => item.gtin)),
  name: text,
  quantity: fc.integer({ min: 1, max: 5_000 }),
  price: fc.tuple(fc.nat(99_999), fc.nat(9_999)).map(([whole, part]) => `${whole}.${String(part).padStart(4, '0')}`),
});

function invoice(lines: Invoice['lines']): Invoice {
  return {
    number: 'F-2026-0001',
    issueDate: '2026-11-24',
    dueDate: '2026-12-24',
    seller: supplier ?? catalog.company,
    buyer: catalog.company,
    order: 'PO-0001',
    despatch: 'DA-0001',
    deliverTo: '9521000000015',
    lines,
  };
}

describe('the UBL writer', () => {
  it('writes well-formed XML whose texts come back as they were', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const found = read(writeUbl(invoice(lines)));
        expect(found.get('Invoice/InvoiceLine/Item/Name')).toEqual(lines.map((one) => one.name));
        expect(found.get('Invoice/InvoiceLine/ID')).toEqual(lines.map((one) => one.id));
      }),
    );
  });

  it('adds up as EN 16931 wants: BR-CO-10, BR-CO-13, BR-CO-14, BR-CO-15 and BR-CO-16', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const found = read(writeUbl(invoice(lines)));
        const cents = (path: string): number[] => (found.get(`Invoice/${path}`) ?? []).map((amount) => toMinor(decimal(amount), 'EUR'));
        const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
        const [net] = cents('LegalMonetaryTotal/LineExtensionAmount');
        expect(sum(cents('InvoiceLine/LineExtensionAmount'))).toBe(net);
        expect(cents('LegalMonetaryTotal/TaxExclusiveAmount')).toEqual([net]);
        expect(cents('TaxTotal/TaxAmount')).toEqual(cents('TaxTotal/TaxSubtotal/TaxAmount'));
        expect(cents('LegalMonetaryTotal/TaxInclusiveAmount')).toEqual([sum([net ?? 0, ...cents('TaxTotal/TaxAmount')])]);
        expect(cents('LegalMonetaryTotal/PayableAmount')).toEqual(cents('LegalMonetaryTotal/TaxInclusiveAmount'));
      }),
    );
  });

  it('rounds a line once, half away from zero', () => {
    const one = { id: '1', gtin: '', name: '', quantity: 3, price: '0.335' };
    expect(lineNet(one)).toEqual({ units: 101n, scale: 2 });
    expect(totals(invoice([one])).vat).toEqual({ units: 20n, scale: 2 });
  });

  it('names both companies by VAT number and SIREN, and the delivery by its references', () => {
    const found = read(writeUbl(invoice([{ id: '1', gtin: '09521001000017', name: 'Lampe', quantity: 2, price: '1.00' }])));
    expect(found.get('Invoice/AccountingSupplierParty/Party/PartyLegalEntity/CompanyID')).toEqual([supplier?.siren]);
    expect(found.get('Invoice/AccountingCustomerParty/Party/PartyTaxScheme/CompanyID')).toEqual([catalog.company.vat]);
    expect(found.get('Invoice/DespatchDocumentReference/ID')).toEqual(['DA-0001']);
    expect(found.get('Invoice/OrderReference/ID')).toEqual(['PO-0001']);
  });
});
