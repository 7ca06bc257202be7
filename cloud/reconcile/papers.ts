import { sha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../../protocol/bytes.ts';
import { canonical, type Json } from '../../protocol/canonical.ts';
import { Fault } from '../../protocol/fault.ts';
import { gtin14 } from '../../protocol/gtin.ts';
import { CORRECTED_CODES } from '../documents/document.ts';
import type { InvoiceFact, LineFact, Price } from './facts.ts';
import type { Scenario, ScenarioAdvice, ScenarioConfirmation, ScenarioInvoice, ScenarioLine, ScenarioOrder } from './scenario.ts';
import type { Advices } from './sightings.ts';

/** An invoice of a scenario with the fact that it is. */
export interface Paper {
  readonly invoice: ScenarioInvoice;
  readonly fact: InvoiceFact;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What a document says, whatever the order in which it says it. */
function contentOf(value: unknown): string {
  const unordered = (one: unknown): Json => {
    if (Array.isArray(one)) return one.map(unordered).sort((a, b) => compareText(canonical(a), canonical(b)));
    if (typeof one !== 'object' || one === null) return one as Json;
    return Object.fromEntries(Object.entries(one).map(([key, member]) => [key, unordered(member)]));
  };
  return canonical(unordered(value));
}

/** Each document once: the same by e-mail and by platform is one. */
function distinct<T>(documents: readonly T[]): T[] {
  const byContent = new Map(documents.map((document) => [contentOf(document), document]));
  return [...byContent.entries()].sort(([a], [b]) => compareText(a, b)).map(([, document]) => document);
}

/** GTIN-14 where it is a GTIN, so that two spellings of one are one. */
export const textOf = (gtin: string): string => gtin14(gtin) ?? gtin;

function lineOf(line: ScenarioLine): LineFact {
  const named = line.gtin ?? undefined;
  const gtin = named === undefined ? undefined : gtin14(named);
  return {
    id: line.id,
    ...(gtin === undefined ? {} : { gtin }),
    ...(gtin === undefined && named !== undefined ? { gtinInvalid: true } : {}),
    quantity: line.qty,
    unit: line.unit,
    ...(line.price === undefined ? {} : { price: line.price }),
    ...(line.baseQty === undefined ? {} : { baseQuantity: line.baseQty }),
    net: line.net,
    ...(line.freeQty === undefined ? {} : { freeQuantity: line.freeQty }),
    ...(line.sellerItemId === undefined ? {} : { sellerItemId: line.sellerItemId }),
    ...(line.despatchRef === undefined ? {} : { despatchRef: line.despatchRef }),
    ...(line.orderRef === undefined ? {} : { orderRef: line.orderRef }),
    ...(line.classification === undefined ? {} : { classification: line.classification }),
  };
}

const partnerOf = ({ role, seller, buyer }: ScenarioInvoice): string => (role === 'purchase' ? seller : buyer) ?? '';

function factOf(invoice: ScenarioInvoice, id: string, copies: number): InvoiceFact {
  const ids = new Set(invoice.lines.map((line) => line.id));
  if (ids.size < invoice.lines.length)
    throw new Fault('LINE_DUPLICATE', `invoice ${invoice.number} has two lines of one id: give each its own`, { number: invoice.number });
  return {
    id,
    role: invoice.role,
    typeCode: invoice.typeCode,
    number: invoice.number,
    issueDate: invoice.issueDate,
    partner: partnerOf(invoice),
    currency: invoice.currency,
    ...(invoice.despatchRef === undefined ? {} : { despatchRef: invoice.despatchRef }),
    ...(invoice.orderRef === undefined ? {} : { orderRef: invoice.orderRef }),
    ...(invoice.deliverySite === undefined ? {} : { site: invoice.deliverySite }),
    preceding: invoice.precedingInvoices ?? [],
    ...(copies === 0 ? {} : { contested: copies }),
    lines: invoice.lines.filter(({ lineType = 'DETAIL' }) => lineType === 'DETAIL').map(lineOf),
  };
}

/** The year whose invoice of a number a correction means, when several years have one: the newest that is not after it. */
function yearMeant(paper: InvoiceFact, number: string, mine: readonly InvoiceFact[]): string | undefined {
  const before = mine.filter((one) => one.number === number && one.issueDate <= paper.issueDate);
  return before
    .map(({ issueDate }) => issueDate.slice(0, 4))
    .sort()
    .at(-1);
}

/** The ids that a corrected invoice replaces: what it names, and earlier corrections of the same. */
function replacedBy(paper: InvoiceFact, all: readonly InvoiceFact[]): string[] {
  const mine = all.filter(({ id, role, partner }) => id !== paper.id && role === paper.role && partner === paper.partner);
  const isEarlier = (one: InvoiceFact): boolean =>
    one.issueDate < paper.issueDate || (one.issueDate === paper.issueDate && one.number < paper.number);
  const ids = new Set<string>();
  for (const number of paper.preceding ?? []) {
    const year = yearMeant(paper, number, mine);
    for (const one of mine) {
      const named = one.number === number && (year === undefined || one.issueDate.startsWith(year));
      const corrects = CORRECTED_CODES.has(one.typeCode) && one.preceding?.includes(number) === true;
      if (named || (corrects && isEarlier(one) && yearMeant(one, number, mine) === year)) ids.add(one.id);
    }
  }
  return [...ids].sort();
}

/**
 * The invoices, each once. Two of one seller, number and year with different content are both kept, and neither may be paid before somebody
 * says which one is meant.
 * @throws Fault LINE_DUPLICATE
 */
export function papersOf(invoices: readonly ScenarioInvoice[]): Paper[] {
  const byKey = new Map<string, ScenarioInvoice[]>();
  for (const invoice of distinct(invoices)) {
    const key = JSON.stringify([invoice.seller ?? '', invoice.number, invoice.issueDate.slice(0, 4)]);
    byKey.set(key, [...(byKey.get(key) ?? []), invoice]);
  }
  const papers = [...byKey.entries()].flatMap(([key, copies]) =>
    copies.map((invoice): Paper => {
      const id = JSON.stringify([key, toHex(sha256(utf8(contentOf(invoice))))]);
      return { invoice, fact: factOf(invoice, id, copies.length - 1) };
    }),
  );
  const facts = papers.map(({ fact }) => fact);
  return papers.map(({ invoice, fact }) =>
    CORRECTED_CODES.has(fact.typeCode) ? { invoice, fact: { ...fact, replaces: replacedBy(fact, facts) } } : { invoice, fact },
  );
}

/** Who we are: who buys by purchases and sells by sales. */
function oursOf(documents: Scenario['documents']): ReadonlySet<string> {
  return new Set(
    documents
      .flatMap((one) => (one.kind !== 'invoice' ? [] : [(one.role === 'purchase' ? one.buyer : one.seller) ?? '']))
      .filter((us) => us !== ''),
  );
}

/** Despatch advices, those of our suppliers apart from our own: ours are sold by us, or went out. */
export function advicesOf({ documents, movements }: Scenario): Advices {
  const ours = oursOf(documents);
  const directions = new Map<string, Set<string>>();
  for (const { despatchRef, direction } of movements)
    if (despatchRef !== undefined) directions.set(despatchRef, (directions.get(despatchRef) ?? new Set()).add(direction));
  const isOurs = ({ number, seller }: ScenarioAdvice): boolean => {
    if (seller !== undefined && ours.has(seller)) return true;
    if (seller !== undefined && ours.size > 0) return false;
    const seen = directions.get(number);
    return seen?.has('out') === true && !seen.has('in');
  };
  const all = distinct(documents.filter((one): one is ScenarioAdvice => one.kind === 'despatchAdvice'));
  return { coming: all.filter((one) => !isOurs(one)), going: all.filter(isOurs) };
}

/** The other party of a movement by what it refers to, where the documents of that number agree. */
export class Partners {
  readonly #byReference = new Map<string, string | null>();

  constructor(advices: Advices, orders: readonly ScenarioOrder[]) {
    for (const { number, seller } of advices.coming) this.#add(['despatch', 'in', number], seller);
    for (const { number, buyer } of advices.going) this.#add(['despatch', 'out', number], buyer);
    for (const { number, seller, buyer } of orders) {
      this.#add(['order', 'in', number], seller);
      this.#add(['order', 'out', number], buyer);
    }
  }

  #add(reference: readonly string[], partner: string | undefined): void {
    if (partner === undefined) return;
    const key = JSON.stringify(reference);
    const before = this.#byReference.get(key);
    this.#byReference.set(key, before === undefined || before === partner ? partner : null);
  }

  of(direction: 'in' | 'out', despatchRef: string | undefined, orderRef: string | undefined): string | undefined {
    const find = (kind: string, number: string | undefined): string | undefined =>
      number === undefined ? undefined : (this.#byReference.get(JSON.stringify([kind, direction, number])) ?? undefined);
    return find('despatch', despatchRef) ?? find('order', orderRef);
  }
}

export function ordersOf({ documents }: Scenario): ScenarioOrder[] {
  return distinct(documents.filter((one): one is ScenarioOrder => one.kind === 'order'));
}

/**
 * Agreed prices: what we pay a supplier, and what we ask as the supplier of a sale. One without a currency is in that of the invoice. An
 * order's own price comes before them for what is billed on it.
 */
export function pricesOf(scenario: Scenario, papers: readonly Paper[]): Price[] {
  const prices = new Map<string, Price>();
  const put = (price: Price): void => void prices.set(JSON.stringify(price), price);
  const sides = new Map<string, { role: InvoiceFact['role']; partner: string; supplier: string; currency: string }>();
  for (const { invoice, fact } of papers) {
    const side = { role: fact.role, partner: fact.partner, supplier: invoice.seller ?? '', currency: fact.currency };
    sides.set(JSON.stringify(side), side);
  }
  const bySupplier = new Map<string, Scenario['prices']>();
  for (const price of scenario.prices) bySupplier.set(price.supplier, [...(bySupplier.get(price.supplier) ?? []), price]);
  for (const { role, partner, supplier, currency } of sides.values())
    for (const { gtin, price, currency: own } of bySupplier.get(supplier) ?? [])
      put({ role, partner, gtin: textOf(gtin), price, currency: own ?? currency });
  for (const { number, seller, buyer, currency: own, lines } of ordersOf(scenario))
    for (const { role, partner, currency } of sides.values()) {
      const party = role === 'purchase' ? seller : buyer;
      if (party !== undefined && party !== partner) continue;
      for (const { gtin, price } of lines)
        if (gtin !== undefined && price !== undefined)
          put({ role, partner, gtin: textOf(gtin), price, currency: own ?? currency, order: number });
    }
  return [...prices.values()];
}

/** Confirmations and payments, each once, with what they name in `lines`. */
export function confirmationsIn({ documents }: Scenario): ScenarioConfirmation[] {
  const all = documents.filter((one): one is ScenarioConfirmation => one.kind === 'confirmation' || one.kind === 'payment');
  return distinct(all).flatMap((one) => {
    const { line, movements, invoice, invoices = [] } = one;
    const lines = line === undefined || movements === undefined ? one.lines : [...(one.lines ?? []), { id: line, movements }];
    return [...new Set([...(invoice === undefined ? [] : [invoice]), ...invoices])].map((number) => ({
      ...one,
      invoice: number,
      ...(lines === undefined ? {} : { lines }),
    }));
  });
}
