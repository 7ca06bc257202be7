import { add } from '../../../protocol/money.ts';
import type { Invoice } from '../document.ts';
import { adjustmentsOf, amount, type Breaches, countedLines, rounded, subtract, sum, tooFine } from './amounts.ts';

/** The sums of BG-22 (EN 16931-1 section 6.4.2): exact, after rounding to two decimals. */
export function checkTotals(invoice: Invoice, breaches: Breaches): void {
  const { totals, vatGroups = [] } = invoice;
  breaches.same(totals.lineNet, rounded(sum(countedLines(invoice).map(({ net }) => net))), 'BR-CO-10');
  for (const [charge, total, code] of [
    [false, totals.allowances, 'BR-CO-11'],
    [true, totals.charges, 'BR-CO-12'],
  ] as const) {
    const amounts = adjustmentsOf(invoice).filter((one) => one.charge === charge);
    if (amounts.length > 0 || total !== undefined) breaches.same(total, rounded(sum(amounts.map((one) => one.amount))), code);
  }
  const withoutVat = rounded(add(subtract(amount(totals.lineNet), amount(totals.allowances)), amount(totals.charges)));
  if (totals.lineNet === undefined) breaches.add('BR-CO-13', totals.withoutVat === undefined ? {} : { found: totals.withoutVat });
  else breaches.same(totals.withoutVat, withoutVat, 'BR-CO-13');
  if (totals.vat !== undefined) breaches.same(totals.vat, rounded(sum(vatGroups.map(({ tax }) => tax))), 'BR-CO-14');
  breaches.same(totals.withVat, rounded(add(amount(totals.withoutVat), amount(totals.vat))), 'BR-CO-15');
  breaches.same(totals.payable, add(subtract(amount(totals.withVat), amount(totals.prepaid)), amount(totals.rounding)), 'BR-CO-16');
}

/** BR-DEC: amounts have two decimals at most; prices and quantities have as many as they need. */
export function checkDecimals(invoice: Invoice, breaches: Breaches): void {
  const { totals } = invoice;
  const fine: readonly (readonly [string, string | undefined])[] = [
    ['BR-DEC-09', totals.lineNet],
    ['BR-DEC-10', totals.allowances],
    ['BR-DEC-11', totals.charges],
    ['BR-DEC-12', totals.withoutVat],
    ['BR-DEC-13', totals.vat],
    ['BR-DEC-14', totals.withVat],
    ['BR-DEC-15', totals.vatAccounting],
    ['BR-DEC-16', totals.prepaid],
    ['BR-DEC-17', totals.rounding],
    ['BR-DEC-18', totals.payable],
  ];
  for (const [code, text] of fine) if (text !== undefined && tooFine(text)) breaches.add(code, { found: text });
  for (const { taxable, tax } of invoice.vatGroups ?? []) {
    if (taxable !== undefined && tooFine(taxable)) breaches.add('BR-DEC-19', { found: taxable });
    if (tax !== undefined && tooFine(tax)) breaches.add('BR-DEC-20', { found: tax });
  }
  for (const { charge, amount: text } of adjustmentsOf(invoice))
    if (text !== undefined && tooFine(text)) breaches.add(charge ? 'BR-DEC-05' : 'BR-DEC-01', { found: text });
  for (const line of invoice.lines) {
    if (line.net !== undefined && tooFine(line.net)) breaches.add('BR-DEC-23', { line: line.id, found: line.net });
    for (const text of line.allowances ?? []) if (tooFine(text)) breaches.add('BR-DEC-24', { line: line.id, found: text });
    for (const text of line.charges ?? []) if (tooFine(text)) breaches.add('BR-DEC-27', { line: line.id, found: text });
  }
}
