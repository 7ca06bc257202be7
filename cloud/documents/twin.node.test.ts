import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import type { Invoice } from './document.ts';
import { read, readDocument } from './intake.ts';

const textOf = (name: string): string => readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8');
const UBL = textOf('twin.ubl.xml');
const CII = textOf('twin.cii.xml');
const invoice = (text: string): Invoice => readDocument(utf8(text)) as Invoice;
const codes = (text: string): string[] => read(utf8(text)).findings.map(({ code }) => code);

/** A text in UTF-16 of either byte order, with its mark. */
function utf16(text: string, big: boolean): Uint8Array {
  const bytes = Buffer.from(`\ufeff${text.replace('encoding="UTF-8"', 'encoding="UTF-16"')}`, 'utf16le');
  return big ? bytes.swap16() : bytes;
}

describe('an invoice in two syntaxes', () => {
  it('has one normal form, and breaks no rule', () => {
    expect(invoice(CII)).toEqual(invoice(UBL));
    expect([codes(UBL), codes(CII)]).toEqual([[], []]);
  });

  it('is read with its foreign currency, prepayment, rates, base quantity, gross price and discount', () => {
    expect(invoice(CII)).toMatchObject({
      currency: 'CHF',
      taxCurrency: 'EUR',
      totals: { vat: '114.03', vatAccounting: '121.50', prepaid: '100.00', payable: '624.03' },
      vatGroups: [{ rate: '20' }, { rate: '5.5' }],
      lines: [{ grossPrice: '1250', priceDiscount: '50', price: '1200', baseQuantity: '100', baseUnit: 'C62' }, { allowances: ['5.00'] }],
    });
  });

  it.each([
    ['UTF-16, little end first', (text: string) => utf16(text, false)],
    ['UTF-16, big end first', (text: string) => utf16(text, true)],
    ['UTF-8 with a mark', (text: string) => utf8(`\ufeff${text}`)],
    ['ISO-8859-1', (text: string) => Buffer.from(text.replace('UTF-8', 'ISO-8859-1'), 'latin1')],
    [
      'other prefixes',
      (text: string) => utf8(text.replaceAll(/\b(cac|cbc|rsm|ram|udt|qdt):/g, 'p-$1:').replaceAll(/xmlns:(\w)/g, 'xmlns:p-$1')),
    ],
  ])('is the same in %s', (_, encode) => {
    for (const text of [UBL, CII]) expect(readDocument(encode(text))).toEqual(invoice(UBL));
  });

  it('as a credit note credits in either syntax', () => {
    const credit = UBL.replace(/<cbc:DueDate>.*?<\/cbc:DueDate>/, '')
      .replaceAll('InvoiceLine>', 'CreditNoteLine>')
      .replaceAll('InvoicedQuantity', 'CreditedQuantity')
      .replace('<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>', '<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>')
      .replace('<cac:PayeeFinancialAccount>', '<cbc:PaymentDueDate>2026-12-20</cbc:PaymentDueDate>$&')
      .replaceAll(/(<\/?)Invoice\b/g, '$1CreditNote')
      .replace('Invoice-2', 'CreditNote-2');
    expect(invoice(credit)).toEqual(invoice(CII.replace('>380<', '>381<')));
    expect(invoice(credit).kind).toBe('creditNote');
  });

  it('of profile MINIMUM has no lines, and says what EN 16931 misses', () => {
    const minimum = CII.replace(/<ram:IncludedSupplyChainTradeLineItem>[\s\S]*<\/ram:IncludedSupplyChainTradeLineItem>/, '')
      .replace('urn:cen.eu:en16931:2017', 'urn:factur-x.eu:1p0:minimum')
      .replace('<ram:LineTotalAmount>631.00</ram:LineTotalAmount>', '');
    expect(invoice(minimum).lines).toEqual([]);
    expect(codes(minimum)).toEqual(expect.arrayContaining(['BR-12', 'BR-16', 'BR-CO-10', 'BR-CO-13']));
  });

  it.each([
    ['a line’s amount', '>576.00<', '>575.00<', ['BR-CO-10', 'PEPPOL-EN16931-R120', 'BR-S-08']],
    ['an allowance', 'ActualAmount>31.00<', 'ActualAmount>32.00<', ['BR-CO-11', 'BR-S-08']],
    ['the total with VAT', '>724.03<', '>724.04<', ['BR-CO-15', 'BR-CO-16']],
    ['the amount due', '>624.03<', '>724.03<', ['BR-CO-16']],
    ['a VAT amount', '>3.03<', '>5.03<', ['BR-CO-14', 'BR-S-09', 'BR-CO-17']],
    ['a third decimal', '>724.03<', '>724.030<', ['BR-DEC-14']],
    ['a negative price', '>20.00<', '>-20.00<', ['BR-27', 'PEPPOL-EN16931-R120']],
    ['the check digit of a GTIN', '3400930000014', '3400930000015', ['GTIN_INVALID']],
    ['a currency that there is not', '>CHF<', '>QQQ<', ['BR-CL-04']],
    ['a unit of words', '"XBX"', '"CARTON"', ['BR-CL-23']],
    [
      'a missing price',
      '<ram:NetPriceProductTradePrice><ram:ChargeAmount>20.00</ram:ChargeAmount></ram:NetPriceProductTradePrice>',
      '',
      ['BR-26'],
    ],
    ['a missing reason', '<ram:Reason>Casse</ram:Reason>', '', ['BR-42']],
  ])('tells of %s by the code of the rule, and leaves the value as it is', (_, from, to, expected) => {
    expect(CII).toContain(from);
    const text = CII.replace(from, to);
    expect(codes(text).sort()).toEqual(expect.arrayContaining([...expected].sort()));
  });

  it('tells found and expected in the document’s own decimals', () => {
    const [finding] = read(utf8(CII.replace('>624.03<', '>700<'))).findings;
    expect(finding).toEqual({ code: 'BR-CO-16', found: '700', expected: '624.03' });
  });
});
