import { add, compare, type Decimal, decimal, divideRounded, minorDecimals, minorText, multiply, rescale } from '../../protocol/money.ts';
import { endOfDay } from './days.ts';
import type { Demand, Resolved, Unmatched } from './demand.ts';
import type { Explanation, Finding, FindingCode, InvoiceFact, LineFact, LineMatch, LineStatus, Price } from './facts.ts';
import { mayBeUnread, type Policy, within } from './policy.ts';

/** What the doors brought a line. */
export interface Served {
  /** Stocking units, or kits. */
  readonly quantity: number;
  /** Surplus in the strongest bucket that served the line. */
  readonly over: number;
  /** Items of the line's goods that inspection turned away. */
  readonly rejected: number;
  /** Of the quantity: items that nobody saw coming in, but later sightings prove. */
  readonly inferred?: number;
  /** Sites that served it although the document names another. */
  readonly otherSites: readonly string[];
  /** First door movement that served the line: what the explanation names. */
  readonly first?: { readonly site: string; readonly at: number; readonly door?: string };
}

export const UNSERVED: Served = { quantity: 0, over: 0, rejected: 0, otherSites: [] };

/** A line judged: what it shows, what it finds, and how much difference it accepts (minor units). */
export interface Judged {
  readonly match: LineMatch;
  readonly findings: readonly Finding[];
  readonly accepted: number;
}

const ONE: Decimal = { units: 1n, scale: 0 };
const whole = (quantity: number): Decimal => ({ units: BigInt(quantity), scale: 0 });
const abs = (value: Decimal): Decimal => (value.units < 0n ? { units: -value.units, scale: value.scale } : value);
const negated = (value: Decimal): Decimal => ({ units: -value.units, scale: value.scale });

/** Minor units, or the largest safe integer: a price agreed by mistake must not stop the ledger. */
function cappedMinor(amount: Decimal, currency: string): number {
  const { units } = rescale(amount, minorDecimals(currency));
  return units > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(units);
}

/** What `part` of `total` items of a line are worth, by its amount of record (BT-131), in minor units. */
export function worth(net: string, part: number, total: number, currency: string): number {
  const amount = abs(decimal(net));
  const scale = Math.max(amount.scale, minorDecimals(currency));
  const units = divideRounded(rescale(amount, scale).units * BigInt(part), BigInt(total));
  return cappedMinor({ units, scale }, currency);
}

/** How a billed price stands to the agreed one. */
interface PriceTest {
  readonly result: 'untested' | 'equal' | 'tolerated' | 'variance' | 'incomparable';
  /** Absolute difference on the whole line, minor units. */
  readonly amount: number;
  /** Billed price of one stocking unit, decimal text; for the explanation. */
  readonly billed: string;
  readonly agreed: string;
}

const UNTESTED: PriceTest = { result: 'untested', amount: 0, billed: '', agreed: '' };

/** Of two prices that nothing else tells apart the lower one counts: we ask before we pay more. */
const byNewest = (a: Price, b: Price): number =>
  (b.from ?? 0) - (a.from ?? 0) || (b.entry ?? 0) - (a.entry ?? 0) || compare(decimal(a.price), decimal(b.price));

const isFor = ({ role }: Price, invoice: InvoiceFact): boolean => role === undefined || role === invoice.role;

/** The item whose price a line is tested against: a case is priced by what it holds, a kit as a whole. */
export function pricedGtin({ parts, kit }: Demand): string {
  return kit ?? parts[0]?.gtin ?? '';
}

/**
 * The price that holds for a line, in the invoice's currency: the order's own first, else the one agreed with the partner that was valid
 * at the end of the issue date, else the first one agreed after it.
 */
function agreedPrice(invoice: InvoiceFact, demand: Demand, gtin: string, prices: readonly Price[]): Price | undefined {
  const fit = prices
    .filter(
      (price) => isFor(price, invoice) && price.gtin === gtin && price.partner === invoice.partner && price.currency === invoice.currency,
    )
    .sort(byNewest);
  const ordered = fit.filter((price) => price.order !== undefined && price.order === demand.orderRef);
  if (ordered.length > 0) return ordered.at(-1);
  const agreed = fit.filter((price) => price.order === undefined);
  const end = endOfDay(demand.day);
  return agreed.find((price) => (price.from ?? 0) < end) ?? agreed.at(-1);
}

/** What was agreed for a line: a price that it is tested against, or the other currencies in which alone there is one. */
export interface Agreement {
  readonly price?: Price;
  /** No rate is known here, so the price cannot be found right: a person has to. */
  readonly elsewhere?: string;
}

export function agreement(invoice: InvoiceFact, demand: Demand, gtin: string, prices: readonly Price[]): Agreement {
  const price = agreedPrice(invoice, demand, gtin, prices);
  if (price !== undefined) return { price };
  if (demand.returns) return {};
  const fit = prices.filter(
    (one) =>
      isFor(one, invoice) &&
      one.gtin === gtin &&
      one.partner === invoice.partner &&
      (one.order === undefined || one.order === demand.orderRef),
  );
  const currencies = [...new Set(fit.map(({ currency }) => currency))].sort();
  return currencies.length === 0 ? {} : { elsewhere: currencies.join(', ') };
}

/** Goods that are given: nothing is asked for them, so no price can be wrong. */
const isFree = ({ net, price }: LineFact): boolean => decimal(net).units === 0n && (price === undefined || decimal(price).units === 0n);

/**
 * What a line's amount may differ from its own price times its quantity: EN 16931 does not tie the two, and sellers round price and amount
 * apart. Minor units.
 */
const FORMULA_SLACK = 2;

/**
 * Tests a line's price: exactly the unit price where the line has no allowances of its own, and always the amount of record against the
 * agreed price times the quantity, so that a right price with a wrong amount is seen too.
 */
function testPrice(
  line: LineFact,
  { demand, factor }: Resolved,
  currency: string,
  { price, elsewhere }: Agreement,
  policy: Policy,
): PriceTest {
  if (demand.returns || isFree(line)) return UNTESTED;
  if (price === undefined)
    return elsewhere === undefined ? UNTESTED : { ...UNTESTED, result: 'incomparable', amount: worth(line.net, 1, 1, currency) };
  const agreed = decimal(price.price);
  // A negative line of a credit note takes goods back again: its amount is negative too.
  const quantity = whole(decimal(line.quantity).units < 0n ? -demand.quantity : demand.quantity);
  // What a right bill says: rounded before it is compared, or a half cent that the seller rounded well would count as a cent.
  const due = rescale(multiply(agreed, quantity), minorDecimals(currency));
  // Signed: goods that are billed with an amount below zero are not billed at the right price.
  const net = decimal(line.net);
  const difference = add(net, negated(due));
  const base = line.baseQuantity === undefined || decimal(line.baseQuantity).units === 0n ? ONE : abs(decimal(line.baseQuantity));
  const perBase = multiply(multiply(agreed, base), decimal(String(factor)));
  const toldPrice = line.adjusted === true || line.price === undefined ? undefined : decimal(line.price);
  const sameUnitPrice = toldPrice === undefined || compare(toldPrice, perBase) === 0;
  const amount = cappedMinor(abs(difference), currency);
  const perUnit = divideRounded(rescale(net, 6).units, BigInt(demand.quantity));
  const billed = { units: quantity.units < 0n ? -perUnit : perUnit, scale: 6 };
  const shown = { amount, billed: trimmed(billed), agreed: price.price };
  // Of an amount alone nobody knows how it was rounded: there exact is exact.
  if (sameUnitPrice && amount <= (toldPrice === undefined ? 0 : FORMULA_SLACK)) return { result: 'equal', ...shown };
  // A unit price may differ by less than the line's rounding: exact means exact, any tolerance at all covers it.
  const { abs: most, pct } = policy.priceTolerance;
  const exact = decimal(most).units === 0n || decimal(pct).units === 0n;
  const tolerated = amount === 0 ? !exact : within(difference, due, policy.priceTolerance);
  return { result: tolerated ? 'tolerated' : 'variance', ...shown };
}

/** Decimal text without needless zeros, but with at least two decimals. */
function trimmed(value: Decimal): string {
  const { units, scale } = abs(value);
  const text = units.toString().padStart(scale + 1, '0');
  const fraction = text.slice(-scale).replace(/0+$/, '').padEnd(2, '0');
  return `${value.units < 0n ? '-' : ''}${text.slice(0, -scale)}.${fraction}`;
}

function quantityStatus(invoice: InvoiceFact, demand: Demand, served: Served, policy: Policy): LineStatus {
  const short = demand.quantity - served.quantity;
  if (demand.returns) return short === 0 ? 'MATCHED' : 'RETURN_OPEN';
  const received = invoice.role === 'purchase';
  if (short === 0) return served.over === 0 ? 'MATCHED' : received ? 'OVER_RECEIVED' : 'OVER_SHIPPED';
  if (within(whole(short), whole(demand.quantity), policy.quantityTolerance)) return 'MATCHED_TOLERANCE';
  // What was seen and turned away was not missed by the door.
  if (served.rejected === 0 && mayBeUnread(short, demand.quantity, policy.readRate)) return 'DOUBTFUL_READS';
  if (served.quantity === 0) return received ? 'NOT_RECEIVED' : 'NOT_SHIPPED';
  return received ? 'SHORT_RECEIVED' : 'SHORT_SHIPPED';
}

const SHORT: ReadonlySet<LineStatus> = new Set(['SHORT_RECEIVED', 'NOT_RECEIVED', 'SHORT_SHIPPED', 'NOT_SHIPPED']);
const OVER: ReadonlySet<LineStatus> = new Set(['OVER_RECEIVED', 'OVER_SHIPPED']);

/** The findings that go with a quantity, by its status. */
function quantityFinding(status: LineStatus): FindingCode | undefined {
  if (SHORT.has(status)) return 'QUANTITY_SHORT';
  if (OVER.has(status)) return 'QUANTITY_OVER';
  return status === 'DOUBTFUL_READS' || status === 'RETURN_OPEN' ? status : undefined;
}

/** Judges a line that asks for nothing from the doors. */
export function judgeUnmatched(invoice: InvoiceFact, line: LineFact, { status }: Unmatched): Judged {
  const params = { unit: line.unit, item: line.gtin ?? line.sellerItemId ?? '', quantity: line.quantity };
  const match = { id: line.id, status, matched: 0, short: 0, over: 0, explanation: { code: status, params } };
  if (status === 'CHARGE' || status === 'SERVICE') return { match, findings: [], accepted: 0 };
  const amount = worth(line.net, 1, 1, invoice.currency);
  const findings: Finding[] = [
    {
      code: status,
      line: line.id,
      amount,
      currency: invoice.currency,
      explanation: withAmount(match.explanation, amount, invoice.currency),
    },
  ];
  if (line.gtinInvalid === true) findings.push(invalidGtin(invoice, line));
  return { match, findings, accepted: 0 };
}

const withAmount = ({ code, params }: Explanation, amount: number, currency: string): Explanation => ({
  code,
  params: { ...params, amount: minorText(amount, currency), currency },
});

const invalidGtin = (invoice: InvoiceFact, line: LineFact): Finding => ({
  code: 'GTIN_INVALID',
  line: line.id,
  amount: 0,
  currency: invoice.currency,
  explanation: { code: 'GTIN_INVALID', params: { item: line.sellerItemId ?? '' } },
});

/** What the sentence of a goods line says: all that it counts, whatever its status. */
function paramsOf(invoice: InvoiceFact, demand: Demand, served: Served): Explanation['params'] {
  return {
    item: demand.parts[0]?.gtin ?? '',
    direction: demand.direction,
    billed: demand.quantity,
    moved: served.quantity,
    short: demand.quantity - served.quantity,
    over: served.over,
    ...(demand.despatchRef === undefined ? {} : { despatch: demand.despatchRef }),
    ...(demand.orderRef === undefined ? {} : { order: demand.orderRef }),
    ...(demand.returns ? { returns: 1 } : {}),
    ...(served.first === undefined ? {} : served.first),
    currency: invoice.currency,
  };
}

/** Judges a goods line by what served it and by its price. */
export function judge(invoice: InvoiceFact, line: LineFact, resolved: Resolved, served: Served, agreed: Agreement, policy: Policy): Judged {
  const { demand } = resolved;
  const { currency } = invoice;
  const byQuantity = quantityStatus(invoice, demand, served, policy);
  const test = testPrice(line, resolved, currency, agreed, policy);
  const short = demand.quantity - served.quantity;
  const params = paramsOf(invoice, demand, served);
  const explained = (code: string, amount: number, more: Explanation['params'] = {}): Explanation =>
    withAmount({ code, params: { ...params, ...more } }, amount, currency);
  const findings: Finding[] = [];
  const find = (code: FindingCode, amount: number, explanation: Explanation): void => {
    findings.push({ code, line: line.id, amount, currency, explanation });
  };
  const gap = worth(line.net, short > 0 ? short : served.over, demand.quantity, currency);
  const prices =
    test.result === 'incomparable' ? { agreedIn: agreed.elsewhere ?? '' } : { billedPrice: test.billed, agreedPrice: test.agreed };
  const priceCode = test.result === 'incomparable' ? 'PRICE_CURRENCY' : 'PRICE_VARIANCE';
  const wrongPrice = test.result === 'variance' || test.result === 'incomparable';
  const quantityCode = quantityFinding(byQuantity);
  if (quantityCode !== undefined) find(quantityCode, gap, explained(byQuantity, gap));
  if (wrongPrice) find('PRICE_VARIANCE', test.amount, explained(priceCode, test.amount, prices));
  if (test.result === 'tolerated') find('PRICE_WITHIN_TOLERANCE', test.amount, explained('PRICE_WITHIN_TOLERANCE', test.amount, prices));
  if (served.rejected > 0 && short > 0) {
    const refused = Math.min(served.rejected, short);
    const amount = worth(line.net, refused, demand.quantity, currency);
    find('QUALITY_REJECTED', amount, explained('QUALITY_REJECTED', amount, { rejected: refused }));
  }
  if (served.inferred !== undefined && served.inferred > 0) {
    const amount = worth(line.net, Math.min(served.inferred, demand.quantity), demand.quantity, currency);
    find('INFERRED_RECEIPT', amount, explained('INFERRED_RECEIPT', amount, { inferred: served.inferred }));
  }
  if (served.otherSites.length > 0)
    find('SITE_MISMATCH', 0, explained('SITE_MISMATCH', 0, { expected: demand.site ?? '', found: served.otherSites.join(', ') }));
  if (line.gtinInvalid === true) findings.push(invalidGtin(invoice, line));
  let status = byQuantity;
  if (wrongPrice) status = 'PRICE_VARIANCE';
  else if (test.result === 'tolerated' && byQuantity === 'MATCHED') status = 'MATCHED_TOLERANCE';
  const sign = decimal(line.quantity).units < 0n ? -1 : 1;
  const signed = (quantity: number): number => (quantity === 0 ? 0 : sign * quantity);
  const headline =
    status === 'PRICE_VARIANCE'
      ? explained(priceCode, test.amount, prices)
      : explained(status, status === 'MATCHED_TOLERANCE' && short === 0 ? test.amount : gap, prices);
  return {
    match: {
      id: line.id,
      status,
      matched: signed(served.quantity),
      short: signed(short),
      over: served.over,
      explanation: headline,
    },
    findings,
    accepted: (test.result === 'tolerated' ? test.amount : 0) + (byQuantity === 'MATCHED_TOLERANCE' ? gap : 0),
  };
}
