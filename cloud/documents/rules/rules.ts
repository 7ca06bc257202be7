import type { RuleFinding } from '../document.ts';
import type { InvoiceReading } from '../terms.ts';
import { Breaches } from './amounts.ts';
import { checkLines } from './lines.ts';
import { checkPresence } from './presence.ts';
import { checkDecimals, checkTotals } from './totals.ts';
import { checkVat } from './vat.ts';

/**
 * What an invoice breaks of the rules of EN 16931 and two of our own: told with what was found and expected, never put right. The
 * standard's own terms alone are summed, so an EXTENDED invoice whose total holds a logistics charge breaks BR-CO-12.
 */
export function ruleFindings(reading: InvoiceReading): readonly RuleFinding[] {
  const { invoice, syntax, findings } = reading;
  const breaches = new Breaches();
  for (const { code, ...about } of findings) breaches.add(code, about);
  checkPresence(reading, breaches);
  checkTotals(invoice, breaches);
  checkDecimals(invoice, breaches);
  checkLines(invoice, breaches);
  checkVat(invoice, syntax === 'CII', breaches);
  return breaches.list;
}
