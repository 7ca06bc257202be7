import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { readDocument } from './intake.ts';

const sample = (name: string): Uint8Array => readFileSync(new URL(`samples/${name}`, import.meta.url));

function faultOf(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Fault('TEST', 'nothing was refused: the test expects a refusal');
}

describe('a UBL invoice', () => {
  it('comes to the terms of EN 16931 with its own decimals', () => {
    expect(readDocument(sample('purchase.xml'))).toEqual({
      kind: 'invoice',
      v: 1,
      typeCode: '380',
      number: 'FA-2026-0107',
      issueDate: '2026-11-20',
      currency: 'EUR',
      specification: 'urn:cen.eu:en16931:2017',
      process: 'B1',
      dueDate: '2026-12-20',
      orderRef: 'CF-552',
      despatchRef: 'BL-9001',
      seller: {
        name: 'Fournil du Rhône SARL',
        vat: 'FR83404833048',
        legalId: { id: '404833048', scheme: '0002' },
        ids: [
          { id: '40483304800022', scheme: '0009' },
          { id: 'FR00ZZZ123456', scheme: 'SEPA' },
        ],
        endpoint: { id: '404833048', scheme: '0225' },
        country: 'FR',
        address: {},
      },
      buyer: { name: 'Entrepôts Docket SA', vat: 'FR40303265045' },
      delivery: { location: { id: '3012345600004', scheme: '0088' }, date: '2026-11-19' },
      payment: { means: '30', remittance: 'FA-2026-0107', account: 'FR7630006000011234567890189' },
      totals: { lineNet: '589.00', withoutVat: '589.00', vat: '32.40', withVat: '621.40', payable: '621.40' },
      vatGroups: [{ category: 'S', rate: '5.5', taxable: '589.00', tax: '32.40' }],
      lines: [
        {
          id: '1',
          quantity: '48',
          unit: 'C62',
          net: '576.00',
          price: '1200',
          baseQuantity: '100',
          baseUnit: 'C62',
          gtin: '03400930000014',
          standardId: { id: '3400930000014', scheme: '0160' },
          sellerItemId: 'FAR-T65',
          name: 'Farine de blé T65, 25 kg',
          vatCategory: 'S',
          vatRate: '5.5',
        },
        {
          id: '2',
          quantity: '1',
          unit: 'XCT',
          net: '13.00',
          price: '15.00',
          standardId: { id: '03400930000015' },
          name: 'Levure',
          // What Peppol writes where only the order itself is known: the document's own text.
          orderLine: 'NA',
          allowances: ['2.00'],
        },
      ],
    });
  });

  it('names every mandatory term that is missing at once', () => {
    const bare = '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>';
    const fault = faultOf(() => readDocument(utf8(bare)));
    expect(fault.code).toBe('MISSING_MANDATORY');
    for (const term of ['BT-1 ', 'BT-2 ', 'BT-3 ', 'BT-5 ', 'BT-112 ', 'BT-115 ', 'BT-27', 'BT-44']) expect(fault.message).toContain(term);
  });

  it('is refused for an amount with an exponent and for a day that does not exist, naming the term', () => {
    const text = sample('purchase.xml').toString();
    const exponent = faultOf(() => readDocument(utf8(text.replace('576.00', '5.76e2'))));
    expect([exponent.code, exponent.details]).toEqual(['VALUE_INVALID', { term: 'BT-131' }]);
    const day = faultOf(() => readDocument(utf8(text.replace('2026-11-20', '2026-11-31'))));
    expect([day.code, day.details]).toEqual(['VALUE_INVALID', { term: 'BT-2' }]);
  });

  it.each([
    ['a currency in lower case, which no agreed price would ever be compared with', '>EUR<', '>eur<', 'BT-5'],
    ['a number of two lines', '>FA-2026-0107</cbc:ID>', '>FA-2026\n0107</cbc:ID>', 'BT-1'],
    ['a number of 81 characters', '>FA-2026-0107</cbc:ID>', `>${'9'.repeat(81)}</cbc:ID>`, 'BT-1'],
  ])('is refused for %s', (_, from, to, term) => {
    const fault = faultOf(() => readDocument(utf8(sample('purchase.xml').toString().replace(from, to))));
    expect([fault.code, fault.details]).toEqual(['VALUE_INVALID', { term }]);
  });

  it('is refused when it says it is of another version of UBL', () => {
    const text = sample('purchase.xml')
      .toString()
      .replace('<cbc:CustomizationID>', '<cbc:UBLVersionID>3.0</cbc:UBLVersionID><cbc:CustomizationID>');
    expect(faultOf(() => readDocument(utf8(text))).code).toBe('UNSUPPORTED_VERSION');
  });
});

describe('a UBL credit note', () => {
  it('is read under any prefix, with what it credits and positive quantities', () => {
    expect(readDocument(sample('credit-note.xml'))).toMatchObject({
      kind: 'creditNote',
      typeCode: '381',
      dueDate: '2026-12-22',
      preceding: [{ number: 'FA-2026-0107', issueDate: '2026-11-20' }],
      buyer: { legalId: { id: '303265045', scheme: '0002' } },
      lines: [{ quantity: '2', gtin: '03400930000014' }],
    });
  });
});
