import { decimal, decimalText } from '../../protocol/money.ts';
import type { Random } from '../random.ts';
import type { Catalog, CatalogItem } from '../warehouse/catalog.ts';
import type { Delivery } from '../warehouse/delivery.ts';
import { type ExpectedInvoice, expectation } from './expectation.ts';
import { type Invoice, type InvoiceLine, writeUbl } from './ubl.ts';

/** A document as the hub takes it in JSON. */
export interface OrderJson {
  readonly kind: 'order';
  readonly number: string;
  readonly issueDate: string;
  readonly seller: { readonly id: string; readonly name: string };
  readonly buyer: { readonly id: string; readonly name: string };
  readonly currency: string;
  readonly lines: readonly { readonly id: string; readonly gtin: string; readonly quantity: number; readonly price: string }[];
}

export interface DespatchAdviceJson {
  readonly kind: 'despatchAdvice';
  readonly number: string;
  readonly issueDate: string;
  readonly seller: { readonly id: string; readonly name: string };
  readonly buyer: { readonly id: string; readonly name: string };
  readonly orderRef: string;
  readonly site: string;
  readonly ssccs: readonly string[];
  readonly lines: readonly { readonly id: string; readonly gtin: string; readonly quantity: number }[];
}

/** One sending of an invoice, and what the hub should answer: 201 new, 200 known already, 409 same number with other content. */
export interface Sending {
  readonly xml: string;
  readonly answer: 201 | 200 | 409;
}

/** All papers of one delivery. */
export interface Paperwork {
  readonly delivery: Delivery;
  readonly order: OrderJson;
  readonly despatchAdvice: DespatchAdviceJson;
  readonly invoice: Invoice;
  readonly sendings: readonly Sending[];
  readonly expected: ExpectedInvoice;
}

export interface PaperworkOptions {
  readonly catalog: Catalog;
  readonly site: string;
  /** GLN of the site, 13 digits. */
  readonly gln: string;
  /** YYYY-MM-DD in the site's time zone. */
  readonly today: string;
  readonly due: string;
}

/** A price a few percent above the agreed one. */
function dearer(price: string, random: Random): string {
  const { units, scale } = decimal(price);
  const percent = BigInt(random.int(2, 9));
  return decimalText({ units: units + (units * percent) / 100n + 1n, scale });
}

function billedLines(delivery: Delivery, catalog: Catalog, random: Random): { lines: InvoiceLine[]; mispriced: Set<string> } {
  const mispriced = new Set<string>();
  const billed: { item: CatalogItem; quantity: number }[] = delivery.advised.map((line) => ({ ...line }));
  const [first] = billed;
  if (first !== undefined && delivery.intention === 'overbilled') first.quantity += random.int(1, 3);
  if (first !== undefined && delivery.intention === 'underbilled') first.quantity -= random.int(1, 2);
  if (delivery.intention === 'unshipped') {
    const known = new Set(billed.map((line) => line.item.gtin));
    // Only an item that never has a surplus: nothing else may fill this line.
    const others = catalog.items.filter(
      (item) => item.temper === 'short' && !known.has(item.gtin) && (delivery.direction === 'out' || item.supplier === delivery.partner),
    );
    const [item] = random.shuffle(others);
    if (item !== undefined) billed.push({ item, quantity: random.int(2, 6) });
  }
  const lines = billed.map(({ item, quantity }, i): InvoiceLine => {
    const id = String(i + 1);
    const agreed = delivery.direction === 'in' ? item.cost : item.price;
    const wrong = i === 0 && delivery.intention === 'price';
    if (wrong) mispriced.add(id);
    return { id, gtin: item.gtin, name: item.name, quantity, price: wrong ? dearer(agreed, random) : agreed };
  });
  return { lines, mispriced };
}

/**
 * How an invoice names its delivery. Without any reference only item and date are left: fair for goods whose
 * deliveries always agree, ambiguous for the others.
 */
function references(delivery: Delivery, random: Random): { despatch?: string; order?: string } {
  const alone = delivery.intention === 'clean' && delivery.advised.every((line) => line.item.temper === 'exact');
  const drawn = random.float();
  if (alone && drawn < 0.3) return {};
  if (drawn > 0.8) return { order: delivery.order };
  return { despatch: delivery.despatch, order: delivery.order };
}

/** Writes the papers of a delivery, with the errors its intention asks for. */
export function makePaperwork(delivery: Delivery, root: Random, options: PaperworkOptions): Paperwork {
  const random = root.fork(`paper/${delivery.number}`);
  const { catalog, site, gln, today, due } = options;
  const [seller, buyer] = delivery.direction === 'in' ? [delivery.partner, catalog.company] : [catalog.company, delivery.partner];
  const parties = { seller: { id: seller.vat, name: seller.name }, buyer: { id: buyer.vat, name: buyer.name } };
  const advised = delivery.advised.map(({ item, quantity }, i) => ({ id: String(i + 1), gtin: item.gtin, quantity }));
  const { lines, mispriced } = billedLines(delivery, catalog, random);
  const invoice: Invoice = {
    number: `${delivery.direction === 'in' ? 'F' : 'FA'}-${today.slice(0, 4)}-${String(delivery.number).padStart(4, '0')}`,
    issueDate: today,
    dueDate: due,
    seller,
    buyer,
    ...references(delivery, random),
    ...(delivery.direction === 'in' ? { deliverTo: gln } : {}),
    lines,
  };
  const xml = writeUbl(invoice);
  const sendings: Sending[] = [{ xml, answer: 201 }];
  if (delivery.intention === 'resent') sendings.push({ xml, answer: 200 });
  if (delivery.intention === 'duplicate') {
    const other = invoice.lines.map((line, i) => (i === 0 ? { ...line, quantity: line.quantity + 1 } : line));
    sendings.push({ xml: writeUbl({ ...invoice, lines: other }), answer: 409 });
  }
  return {
    delivery,
    order: {
      kind: 'order',
      number: delivery.order,
      issueDate: today,
      ...parties,
      currency: 'EUR',
      lines: delivery.advised.map(({ item, quantity }, i) => ({
        id: String(i + 1),
        gtin: item.gtin,
        quantity,
        price: delivery.direction === 'in' ? item.cost : item.price,
      })),
    },
    despatchAdvice: {
      kind: 'despatchAdvice',
      number: delivery.despatch,
      issueDate: today,
      ...parties,
      orderRef: delivery.order,
      site,
      ssccs: delivery.pallets.map((pallet) => pallet.sscc),
      lines: advised,
    },
    invoice,
    sendings,
    expected: expectation(invoice, delivery, mispriced, delivery.intention === 'duplicate'),
  };
}
