import { gtin14 } from '../../../protocol/gtin.ts';
import { add, compare, type Decimal, decimal, decimalText, divideRounded, multiply, rescale } from '../../../protocol/money.ts';
import type { Invoice, InvoiceLine } from '../document.ts';
import { absolute, amount, type Breaches, subtract, sum, ZERO } from './amounts.ts';
import { backwards, VAT_CATEGORIES } from './presence.ts';

/** A code of UN/ECE Recommendation 20, or of 21 behind an X. Which codes there are, master data knows. */
const UNIT = /^[A-Z0-9]{2,3}$/;
/** Decimals a quotient is worked out to before it is compared. */
const QUOTIENT_SCALE = 10;
/** What the line formula may be off, in units of the currency (Peppol BIS 3, rule R120). */
const SLACK: Decimal = { units: 2n, scale: 2 };

/** BT-129 times BT-146, for BT-149 units: without the base quantity, or with none that makes sense, one. */
function priced(quantity: string, price: string, base: string | undefined): Decimal {
  const product = multiply(decimal(quantity), decimal(price));
  const divisor = base === undefined ? ZERO : decimal(base);
  if (divisor.units <= 0n) return product;
  const scaled = product.units * 10n ** BigInt(QUOTIENT_SCALE + divisor.scale);
  return { units: divideRounded(scaled, divisor.units), scale: product.scale + QUOTIENT_SCALE };
}

/** EN 16931 does not tie the amount to quantity and price: it is the record, and a line that differs is only told. */
function checkFormula({ id, quantity, price, net, baseQuantity, charges = [], allowances = [] }: InvoiceLine, breaches: Breaches): void {
  if (quantity === undefined || price === undefined || net === undefined) return;
  const expected = add(subtract(priced(quantity, price, baseQuantity), sum(allowances)), sum(charges));
  if (compare(absolute(subtract(decimal(net), expected)), SLACK) > 0)
    breaches.add('PEPPOL-EN16931-R120', { line: id, found: net, expected: decimalText(rescale(expected, 2)) });
}

/** BR-21 to BR-28, BR-30, BR-64, BR-CO-04, and what matching stands on. */
export function checkLines({ lines }: Invoice, breaches: Breaches): void {
  for (const line of lines) {
    const about = { line: line.id };
    // A line that only informs, or heads a group, need not say what was sold.
    const sells = line.lineStatus !== 'GROUP' && line.lineStatus !== 'INFORMATION';
    breaches.ask(line.id !== '', 'BR-21', about);
    breaches.ask(!sells || line.quantity !== undefined, 'BR-22', about);
    breaches.ask(!sells || line.unit !== undefined, 'BR-23', about);
    breaches.ask(!sells || line.net !== undefined, 'BR-24', about);
    breaches.ask(line.name !== undefined, 'BR-25', about);
    breaches.ask(!sells || line.price !== undefined, 'BR-26', about);
    for (const [code, price] of [['BR-27', line.price] as const, ['BR-28', line.grossPrice] as const])
      if (price !== undefined && amount(price).units < 0n) breaches.add(code, { ...about, found: price });
    breaches.ask(!backwards(line.period), 'BR-30', about);
    const { standardId, unit, vatCategory } = line;
    breaches.ask(standardId === undefined || standardId.scheme !== undefined, 'BR-64', about);
    breaches.ask(!sells || vatCategory !== undefined, 'BR-CO-04', about);
    if (vatCategory !== undefined) breaches.ask(VAT_CATEGORIES.has(vatCategory), 'BR-CL-18', { ...about, found: vatCategory });
    if (unit !== undefined) breaches.ask(UNIT.test(unit), 'BR-CL-23', { ...about, found: unit });
    if (standardId?.scheme === '0160' && gtin14(standardId.id) === undefined)
      breaches.add('GTIN_INVALID', { ...about, found: standardId.id });
    checkFormula(line, breaches);
  }
}
