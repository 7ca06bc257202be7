import type { Delivery } from '../warehouse/delivery.ts';
import type { Invoice } from './ubl.ts';

export type LineStatus =
  | 'MATCHED'
  | 'SHORT_RECEIVED'
  | 'OVER_RECEIVED'
  | 'NOT_RECEIVED'
  | 'SHORT_SHIPPED'
  | 'OVER_SHIPPED'
  | 'NOT_SHIPPED'
  | 'PRICE_VARIANCE';

export interface ExpectedLine {
  readonly id: string;
  readonly gtin: string;
  readonly status: LineStatus;
  readonly matched: number;
  readonly short: number;
  readonly over: number;
}

/** What the hub should say of an invoice once everything that crossed is decided. */
export interface ExpectedInvoice {
  readonly number: string;
  readonly role: 'purchase' | 'sale';
  /** The worst line's: at most one line of an invoice is wrong. */
  readonly status: LineStatus;
  readonly lines: readonly ExpectedLine[];
  /** True when nothing is to be found: every line matched and no second invoice under the number. */
  readonly clean: boolean;
  /** Another invoice came under the same number: a finding of its own. */
  readonly duplicated: boolean;
}

/** Pieces of a delivery that a door can see, by GTIN: all that crossed but those whose tag is dead. */
export function visible(delivery: Delivery): Map<string, number> {
  const count = new Map<string, number>();
  for (const item of delivery.pallets.flatMap((pallet) => pallet.items)) {
    if (item.tag !== 'dead') count.set(item.gtin, (count.get(item.gtin) ?? 0) + 1);
  }
  return count;
}

function status(role: 'purchase' | 'sale', billed: number, seen: number, price: boolean): LineStatus {
  if (price) return 'PRICE_VARIANCE';
  if (billed === seen) return 'MATCHED';
  if (role === 'purchase') return seen === 0 ? 'NOT_RECEIVED' : seen < billed ? 'SHORT_RECEIVED' : 'OVER_RECEIVED';
  return seen === 0 ? 'NOT_SHIPPED' : seen < billed ? 'SHORT_SHIPPED' : 'OVER_SHIPPED';
}

/** Compares what an invoice bills with what crossed; `mispriced` are the line ids whose price is not the agreed one. */
export function expectation(invoice: Invoice, delivery: Delivery, mispriced: ReadonlySet<string>, duplicated: boolean): ExpectedInvoice {
  const role = delivery.direction === 'in' ? 'purchase' : 'sale';
  const seen = visible(delivery);
  const lines = invoice.lines.map((line): ExpectedLine => {
    const moved = seen.get(line.gtin) ?? 0;
    return {
      id: line.id,
      gtin: line.gtin,
      status: status(role, line.quantity, moved, mispriced.has(line.id)),
      matched: Math.min(line.quantity, moved),
      short: Math.max(0, line.quantity - moved),
      over: Math.max(0, moved - line.quantity),
    };
  });
  const worst = lines.find((line) => line.status !== 'MATCHED')?.status ?? 'MATCHED';
  return { number: invoice.number, role, status: worst, lines, clean: !duplicated && worst === 'MATCHED', duplicated };
}
