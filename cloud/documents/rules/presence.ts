import { compare } from '../../../protocol/money.ts';
import type { Invoice, Party, Period } from '../document.ts';
import type { InvoiceReading } from '../terms.ts';
import { adjustmentsOf, amount, type Breaches, ZERO } from './amounts.ts';

/** UNTDID 1001 codes that EN 16931 lists for invoices and credit notes. */
const TYPE_CODES: ReadonlySet<string> = new Set(
  (
    '71 80 81 82 83 84 102 130 202 203 204 211 218 219 261 262 295 296 308 325 326 331 380 381 382 383 384 385 386 387 388 389 390 393 394 ' +
    '395 396 420 456 457 458 471 472 473 480 481 500 501 502 503 527 532 553 575 623 633 751 780 817 870 875 876 877 935'
  ).split(' '),
);
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
/** UNTDID 5305 as EN 16931 takes it. */
export const VAT_CATEGORIES: ReadonlySet<string> = new Set(['S', 'Z', 'E', 'AE', 'K', 'G', 'O', 'L', 'M', 'B']);
/** UNTDID 4461: credit transfers, which need an account (BR-61). */
const TRANSFERS: ReadonlySet<string> = new Set(['30', '58']);

const backwards = (period: Period | undefined): boolean =>
  period?.start !== undefined && period.end !== undefined && period.end < period.start;

function checkParties({ seller, buyer, representativeVat }: Invoice, breaches: Breaches): void {
  const party = (one: Party, [name, address, country, scheme]: readonly [string, string, string, string]): void => {
    breaches.ask(one.name !== undefined, name);
    breaches.ask(one.address !== undefined, address);
    breaches.ask(one.country !== undefined, country);
    breaches.ask(one.endpoint === undefined || one.endpoint.scheme !== undefined, scheme);
  };
  party(seller, ['BR-06', 'BR-08', 'BR-09', 'BR-62']);
  party(buyer, ['BR-07', 'BR-10', 'BR-11', 'BR-63']);
  breaches.ask(seller.ids !== undefined || seller.legalId !== undefined || seller.vat !== undefined, 'BR-CO-26');
  for (const vat of [seller.vat, buyer.vat, representativeVat])
    if (vat !== undefined && !/^[A-Z1][A-Z]/.test(vat)) breaches.add('BR-CO-09', { found: vat });
}

/** What a document has to say at all: BR-01 to BR-63, BR-CO-18, 25 and 26. What makes it no document is refused by the reader. */
export function checkPresence({ invoice, syntax }: InvoiceReading, breaches: Breaches): void {
  const { totals, payment } = invoice;
  breaches.ask(invoice.specification !== undefined, 'BR-01');
  checkParties(invoice, breaches);
  breaches.ask(totals.lineNet !== undefined, 'BR-12');
  breaches.ask(totals.withoutVat !== undefined, 'BR-13');
  breaches.ask(invoice.lines.length > 0, 'BR-16');
  breaches.ask(!backwards(invoice.period), 'BR-29');
  for (const { charge, amount: text, vatCategory, reason, reasonCode } of adjustmentsOf(invoice)) {
    breaches.ask(text !== undefined, charge ? 'BR-36' : 'BR-31');
    breaches.ask(vatCategory !== undefined, charge ? 'BR-37' : 'BR-32');
    if ((reason ?? reasonCode) !== undefined) continue;
    breaches.add(charge ? 'BR-38' : 'BR-33');
    breaches.add(charge ? 'BR-CO-22' : 'BR-CO-21');
  }
  const { taxCurrency } = invoice;
  breaches.ask(
    taxCurrency === undefined || taxCurrency === invoice.currency || totals.vatAccounting !== undefined,
    'BR-53',
    taxCurrency === undefined ? {} : { found: taxCurrency },
  );
  breaches.ask(!TRANSFERS.has(payment?.means ?? '') || payment?.account !== undefined, 'BR-61');
  // A UBL credit note has no place for terms, nor has an invoice of profile MINIMUM, which has no lines either.
  const mayTell = syntax !== 'UBL-CreditNote' && invoice.lines.length > 0;
  const owed = mayTell && compare(amount(totals.payable), ZERO) > 0;
  breaches.ask(!owed || invoice.dueDate !== undefined || payment?.terms !== undefined, 'BR-CO-25');
  breaches.ask(invoice.lines.length === 0 || (invoice.vatGroups ?? []).length > 0, 'BR-CO-18');
  breaches.ask(TYPE_CODES.has(invoice.typeCode), 'BR-CL-01', { found: invoice.typeCode });
  breaches.ask(CURRENCIES.has(invoice.currency), 'BR-CL-04', { found: invoice.currency });
  if (taxCurrency !== undefined) breaches.ask(CURRENCIES.has(taxCurrency), 'BR-CL-05', { found: taxCurrency });
  for (const { taxable, tax, category, rate } of invoice.vatGroups ?? []) {
    breaches.ask(taxable !== undefined, 'BR-45');
    breaches.ask(tax !== undefined, 'BR-46');
    breaches.ask(category !== undefined, 'BR-47');
    breaches.ask(rate !== undefined || category === 'O', 'BR-48');
    if (category !== undefined) breaches.ask(VAT_CATEGORIES.has(category), 'BR-CL-17', { found: category });
  }
}

export { backwards };
