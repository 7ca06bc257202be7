import { type Decimal, decimal, multiply } from '../../protocol/money.ts';
import { PIECE_UNITS, wholeQuantity } from '../../protocol/quantity.ts';
import type { Direction } from '../../protocol/record.ts';
import { CREDIT_CODES, PREPAYMENT_CODES } from '../documents/document.ts';
import { dayOf } from './days.ts';
import type { InvoiceFact, ItemFact, LineFact, LineStatus } from './facts.ts';

/** What a line asks the doors for. */
export interface Demand {
  readonly document: string;
  readonly line: string;
  readonly issueDate: string;
  readonly number: string;
  readonly direction: Direction;
  /** Goods that go back: a credit note or a negative line. */
  readonly returns: boolean;
  /** Stocking units, or kits; above zero. */
  readonly quantity: number;
  /** One part of one each, but for kits. */
  readonly parts: readonly { readonly gtin: string; readonly per: number }[];
  readonly partner: string;
  readonly despatchRef?: string;
  readonly orderRef?: string;
  readonly site?: string;
  /** Day number of the issue date. */
  readonly day: number;
}

/** A line that asks for nothing, and why. */
export interface Unmatched {
  readonly status: Extract<LineStatus, 'ITEM_UNKNOWN' | 'UOM_UNKNOWN' | 'QTY_FRACTIONAL' | 'CHARGE' | 'SERVICE'>;
}

/** A line's quantity with its unit resolved. `factor`: stocking units in one of the document's unit. */
export interface Resolved {
  readonly demand: Demand;
  readonly factor: number;
}

export class Items {
  readonly #byGtin = new Map<string, ItemFact>();
  readonly #byCode = new Map<string, string>();
  readonly #byCase = new Map<string, { readonly gtin: string; readonly quantity: number }>();

  constructor(items: readonly ItemFact[]) {
    for (const item of items) {
      this.#byGtin.set(item.gtin, item);
      for (const { gtin, quantity } of item.cases ?? []) this.#byCase.set(gtin, { gtin: item.gtin, quantity });
      for (const { supplier, code } of item.supplierCodes ?? []) this.#byCode.set(JSON.stringify([supplier, code]), item.gtin);
    }
  }

  get(gtin: string): ItemFact | undefined {
    return this.#byGtin.get(gtin);
  }

  /** The item that a case holds, and how many of it. */
  inCase(gtin: string): { readonly gtin: string; readonly quantity: number } | undefined {
    return this.#byCase.get(gtin);
  }

  /** The GTIN that a line means: its own, else the one of the supplier's code. */
  gtinOf(line: LineFact, partner: string): string | undefined {
    if (line.gtin !== undefined) return line.gtin;
    return line.sellerItemId === undefined ? undefined : this.#byCode.get(JSON.stringify([partner, line.sellerItemId]));
  }
}

/** Time is a service and never crosses a door (UN/ECE Recommendation 20: minute, hour, day, week, month, year). */
const SERVICE_UNITS: ReadonlySet<string> = new Set(['MIN', 'HUR', 'DAY', 'WEE', 'MON', 'ANN']);
/** Units that hold a fixed number of pieces whatever the item: pair, dozen, hundred, thousand, gross. */
const COUNTS: ReadonlyMap<string, number> = new Map([
  ['PR', 2],
  ['DZN', 12],
  ['CEN', 100],
  ['MIL', 1000],
  ['GRO', 144],
]);

/** How many stocking units one of a document's unit holds; undefined when no rule says so: never taken for one. */
export function unitFactor(unit: string, item: ItemFact | undefined): number | undefined {
  const stocking = item?.unit ?? 'C62';
  if (unit === stocking) return 1;
  const pack = item?.packs?.find((one) => one.unit === unit);
  if (pack !== undefined) return pack.quantity;
  if (!PIECE_UNITS.has(stocking)) return undefined;
  return PIECE_UNITS.has(unit) ? 1 : COUNTS.get(unit);
}

export function isReturn(invoice: InvoiceFact, quantity: Decimal): boolean {
  return CREDIT_CODES.has(invoice.typeCode) !== quantity.units < 0n;
}

/** What an invoice's line asks for, or why it asks for nothing. */
export function resolve(invoice: InvoiceFact, line: LineFact, items: Items): Resolved | Unmatched {
  if (line.classification === 'charge') return { status: 'CHARGE' };
  if (line.classification === 'service' || SERVICE_UNITS.has(line.unit)) return { status: 'SERVICE' };
  if (PREPAYMENT_CODES.has(invoice.typeCode)) return { status: 'SERVICE' };
  const gtin = items.gtinOf(line, invoice.partner);
  if (gtin === undefined) return { status: 'ITEM_UNKNOWN' };
  const item = items.get(gtin);
  const perUnit = unitFactor(line.unit, item);
  if (perUnit === undefined) return { status: 'UOM_UNKNOWN' };
  const held = items.inCase(gtin);
  const factor = perUnit * (held?.quantity ?? 1);
  const billed = decimal(line.quantity);
  const quantity = wholeQuantity(multiply(billed, { units: billed.units < 0n ? -1n : 1n, scale: 0 }), factor);
  if (quantity === undefined) return { status: 'QTY_FRACTIONAL' };
  if (quantity === 0) return { status: 'CHARGE' };
  const returns = isReturn(invoice, billed);
  const goods = invoice.role === 'purchase' ? 'in' : 'out';
  const back = goods === 'in' ? 'out' : 'in';
  const despatchRef = line.despatchRef ?? invoice.despatchRef;
  const orderRef = line.orderRef ?? invoice.orderRef;
  return {
    factor,
    demand: {
      document: invoice.id,
      line: line.id,
      issueDate: invoice.issueDate,
      number: invoice.number,
      direction: returns ? back : goods,
      returns,
      quantity,
      parts: partsOf(held?.gtin ?? gtin, item),
      partner: invoice.partner,
      ...(despatchRef === undefined ? {} : { despatchRef }),
      ...(orderRef === undefined ? {} : { orderRef }),
      ...(invoice.site === undefined ? {} : { site: invoice.site }),
      day: dayOf(invoice.issueDate),
    },
  };
}

function partsOf(gtin: string, item: ItemFact | undefined): Demand['parts'] {
  if (item?.kit === undefined || item.kit.length === 0) return [{ gtin, per: 1 }];
  return [...item.kit].sort((a, b) => (a.gtin < b.gtin ? -1 : 1)).map(({ gtin: part, quantity }) => ({ gtin: part, per: quantity }));
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Line ids in the order a person reads them: numbers by value, else as text. */
export function compareLines(a: string, b: string): number {
  const numbers = /^\d{1,15}$/.test(a) && /^\d{1,15}$/.test(b);
  return (numbers ? Number(a) - Number(b) : 0) || compareText(a, b);
}

/** What the order of demands goes by. */
export type Turn = Pick<Demand, 'issueDate' | 'number' | 'document' | 'line'>;

/** The order in which demands are served: older invoices first, then by number, document and line. Total, so that no result hangs on the order of an array. */
export function compareDemands(a: Turn, b: Turn): number {
  return (
    compareText(a.issueDate, b.issueDate) ||
    compareText(a.number, b.number) ||
    compareText(a.document, b.document) ||
    compareLines(a.line, b.line)
  );
}
