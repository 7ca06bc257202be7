import { add, compare, type Decimal, decimal, decimalText, multiply, rescale } from '../../../protocol/money.ts';
import type { Invoice, VatGroup } from '../document.ts';
import { absolute, adjustmentsOf, amount, type Breaches, countedLines, equal, rounded, subtract, sum, within1, ZERO } from './amounts.ts';

/** The letters a VAT category's rules go by, and how its rate and tax stand. */
interface Category {
  readonly code: string;
  readonly rules: string;
  readonly rate: 'positive' | 'zero' | 'none' | 'any';
  /** Whether each rate has a group of its own; the other categories have one group. */
  readonly byRate: boolean;
  /** Whether the breakdown gives a reason why no VAT is charged. */
  readonly reason: boolean;
}

const CATEGORIES: readonly Category[] = [
  { code: 'S', rules: 'BR-S', rate: 'positive', byRate: true, reason: false },
  { code: 'Z', rules: 'BR-Z', rate: 'zero', byRate: false, reason: false },
  { code: 'E', rules: 'BR-E', rate: 'zero', byRate: false, reason: true },
  { code: 'AE', rules: 'BR-AE', rate: 'zero', byRate: false, reason: true },
  { code: 'K', rules: 'BR-IC', rate: 'zero', byRate: false, reason: true },
  { code: 'G', rules: 'BR-G', rate: 'zero', byRate: false, reason: true },
  { code: 'O', rules: 'BR-O', rate: 'none', byRate: false, reason: true },
  { code: 'L', rules: 'BR-AF', rate: 'any', byRate: true, reason: false },
  { code: 'M', rules: 'BR-AG', rate: 'any', byRate: true, reason: false },
];

/** Who must be registered for VAT when something of a category is sold: rules 02 to 04 of each category. */
function registered({ seller, buyer, representativeVat }: Invoice, code: string): boolean {
  const vat = seller.vat ?? representativeVat;
  if (code === 'O') return vat === undefined && buyer.vat === undefined;
  if (code === 'K') return vat !== undefined && buyer.vat !== undefined;
  if (code === 'G') return vat !== undefined;
  if (code === 'AE') return (vat ?? seller.taxId) !== undefined && (buyer.vat ?? buyer.legalId) !== undefined;
  return (vat ?? seller.taxId) !== undefined;
}

function rateHolds(rate: string | undefined, asked: Category['rate']): boolean {
  if (asked === 'any') return true;
  if (asked === 'none') return rate === undefined;
  if (rate === undefined) return false;
  return asked === 'positive' ? decimal(rate).units > 0n : decimal(rate).units === 0n;
}

const sameRate = (a: string | undefined, b: string | undefined): boolean => equal(amount(a), amount(b));

/** BT-116 as the lines, charges and allowances of its category (and rate) come to. */
function baseOf(invoice: Invoice, group: VatGroup, { code, byRate }: Category): Decimal {
  const ofGroup = (one: { readonly vatCategory?: string; readonly vatRate?: string }): boolean =>
    one.vatCategory === code && (!byRate || sameRate(one.vatRate, group.rate));
  const adjustments = adjustmentsOf(invoice).filter(ofGroup);
  const lines = rounded(
    sum(
      countedLines(invoice)
        .filter(ofGroup)
        .map(({ net }) => net),
    ),
  );
  const charges = rounded(sum(adjustments.filter(({ charge }) => charge).map((one) => one.amount)));
  const allowances = rounded(sum(adjustments.filter(({ charge }) => !charge).map((one) => one.amount)));
  return subtract(add(lines, charges), allowances);
}

/** BR-CO-17: BT-117 is BT-116 times BT-119, within one unit of the currency. */
function taxHolds({ rate, taxable, tax }: VatGroup): boolean {
  const charged = absolute(amount(tax));
  if (rate === undefined || rescale(decimal(rate), 0).units === 0n) return rescale(charged, 0).units === 0n;
  return compare(absolute(subtract(charged, taxOf(rate, taxable))), { units: 1n, scale: 0 }) <= 0;
}

function taxOf(rate: string, taxable: string | undefined): Decimal {
  const { units, scale } = multiply(absolute(amount(taxable)), decimal(rate));
  return rounded({ units, scale: scale + 2 });
}

function checkGroup(invoice: Invoice, group: VatGroup, category: Category, exact: boolean, breaches: Breaches): void {
  const { rules, byRate, reason } = category;
  const base = baseOf(invoice, group, category);
  const taxable = amount(group.taxable);
  // The published rules of UBL, and those of categories with one group, grant less than one unit; those of CII by rate nothing.
  if (!(exact && byRate ? equal(taxable, base) : within1(taxable, base)))
    breaches.add(`${rules}-08`, { ...(group.taxable === undefined ? {} : { found: group.taxable }), expected: decimalText(base) });
  const tax = group.tax === undefined ? {} : { found: group.tax };
  if (category.rate === 'positive' && group.rate !== undefined && !within1(absolute(amount(group.tax)), taxOf(group.rate, group.taxable)))
    breaches.add(`${rules}-09`, { ...tax, expected: decimalText(taxOf(group.rate, group.taxable)) });
  if (category.rate === 'zero' || category.rate === 'none')
    breaches.ask(equal(amount(group.tax), ZERO), `${rules}-09`, { ...tax, expected: '0' });
  breaches.ask(((group.exemption ?? group.exemptionCode) !== undefined) === reason, `${rules}-10`);
}

function checkCategory(invoice: Invoice, category: Category, exact: boolean, breaches: Breaches): void {
  const { code, rules } = category;
  const groups = (invoice.vatGroups ?? []).filter((group) => group.category === code);
  const lines = invoice.lines.filter(({ vatCategory }) => vatCategory === code);
  const adjustments = adjustmentsOf(invoice).filter(({ vatCategory }) => vatCategory === code);
  const used = lines.length + adjustments.length > 0;
  const shown = category.byRate ? !used || groups.length > 0 : groups.length === (used ? 1 : 0);
  breaches.ask(shown, `${rules}-01`);
  const allowance = adjustments.some(({ charge }) => !charge);
  const charge = adjustments.some((one) => one.charge);
  if (!registered(invoice, code)) {
    if (lines.length > 0) breaches.add(`${rules}-02`);
    if (allowance) breaches.add(`${rules}-03`);
    if (charge) breaches.add(`${rules}-04`);
  }
  for (const { id, vatRate } of lines)
    if (!rateHolds(vatRate, category.rate))
      breaches.add(`${rules}-05`, vatRate === undefined ? { line: id } : { line: id, found: vatRate });
  for (const one of adjustments)
    if (!rateHolds(one.vatRate, category.rate))
      breaches.add(`${rules}-${one.charge ? '07' : '06'}`, one.vatRate === undefined ? {} : { found: one.vatRate });
  for (const group of groups) checkGroup(invoice, group, category, exact, breaches);
  if (groups.length === 0) return;
  if (code === 'K') {
    const { delivery, period } = invoice;
    breaches.ask((delivery?.date ?? period?.start ?? period?.end) !== undefined, 'BR-IC-11');
    breaches.ask(delivery?.country !== undefined, 'BR-IC-12');
  }
  if (code === 'O') breaches.ask((invoice.vatGroups ?? []).length === 1, 'BR-O-11');
}

/**
 * The rules of each VAT category (EN 16931-1 section 6.4.3), and BR-CO-17 of each group.
 * @param exact whether the bases of groups by rate are compared to the cent, as the rules published for CII do
 */
export function checkVat(invoice: Invoice, exact: boolean, breaches: Breaches): void {
  for (const category of CATEGORIES) checkCategory(invoice, category, exact, breaches);
  for (const group of invoice.vatGroups ?? [])
    breaches.ask(taxHolds(group), 'BR-CO-17', {
      ...(group.tax === undefined ? {} : { found: group.tax }),
      ...(group.rate === undefined ? {} : { expected: decimalText(taxOf(group.rate, group.taxable)) }),
    });
}
