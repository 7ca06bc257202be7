import { type Decimal, decimal, decimalText, multiply } from '../../protocol/money.ts';
import { wholeQuantity } from '../../protocol/quantity.ts';
import type { Direction } from '../../protocol/record.ts';
import { CREDIT_CODES, PREPAYMENT_CODES } from '../documents/document.ts';
import { dayOf } from './days.ts';
import type { InvoiceFact, LineFact, LineStatus } from './facts.ts';
import { type Items, type Part, unitFactor } from './items.ts';

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
  readonly parts: readonly Part[];
  /** GTIN of the kit that the parts make; absent where the item itself is asked for. */
  readonly kit?: string;
  /** Stocking units on top that cost nothing. */
  readonly free?: number;
  readonly partner: string;
  readonly despatchRef?: string;
  readonly orderRef?: string;
  readonly site?: string;
  /** Numbers of the invoices on which the goods of a return came or went. */
  readonly preceding?: readonly string[];
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

/** Time is a service and never crosses a door (UN/ECE Recommendation 20: minute, hour, day, week, month, year). */
const SERVICE_UNITS: ReadonlySet<string> = new Set(['MIN', 'HUR', 'DAY', 'WEE', 'MON', 'ANN']);

export function isReturn(invoice: InvoiceFact, quantity: Decimal): boolean {
  return CREDIT_CODES.has(invoice.typeCode) !== quantity.units < 0n;
}

const positive = (value: Decimal): Decimal => (value.units < 0n ? { units: -value.units, scale: value.scale } : value);

/** Stocking units of a quantity; undefined when they are not whole. */
const stocked = (quantity: Decimal, factor: Decimal): number | undefined => wholeQuantity(multiply(positive(quantity), factor));

/** How many of a GTIN one unit holds. A case billed by the carton is one carton, where the item's own rule says that a carton holds as many. */
function perUnitOf(
  unit: string,
  gtin: string,
  held: { readonly gtin: string; readonly quantity?: number },
  items: Items,
): number | undefined {
  const own = unitFactor(unit, items.get(gtin));
  if (own !== undefined || held.gtin === gtin) return own;
  return unitFactor(unit, items.get(held.gtin)) === held.quantity ? 1 : undefined;
}

/**
 * What an invoice's line asks for, or why it asks for nothing. `consigned` gives the goods of a purchase that is billed when they leave.
 */
export function resolve(
  invoice: InvoiceFact,
  line: LineFact,
  items: Items,
  consigned: (gtin: string) => boolean = () => false,
): Resolved | Unmatched {
  if (line.classification === 'charge') return { status: 'CHARGE' };
  if (line.classification === 'service' || SERVICE_UNITS.has(line.unit)) return { status: 'SERVICE' };
  if (PREPAYMENT_CODES.has(invoice.typeCode)) return { status: 'SERVICE' };
  const gtin = items.gtinOf(line, invoice.partner);
  const item = gtin === undefined ? undefined : items.inCase(gtin);
  if (gtin === undefined || item === undefined) return { status: 'ITEM_UNKNOWN' };
  const exploded = items.partsOf(item.gtin);
  if (exploded === undefined) return { status: 'ITEM_UNKNOWN' };
  const perUnit = perUnitOf(line.unit, gtin, item, items);
  if (perUnit === undefined || item.quantity === undefined) return { status: 'UOM_UNKNOWN' };
  const factor = multiply(decimal(String(perUnit)), decimal(String(item.quantity)));
  const billed = decimal(line.quantity);
  const quantity = stocked(billed, factor);
  const free = line.freeQuantity === undefined ? 0 : stocked(decimal(line.freeQuantity), factor);
  if (quantity === undefined || free === undefined) return { status: 'QTY_FRACTIONAL' };
  if (quantity === 0) return { status: 'CHARGE' };
  const returns = isReturn(invoice, billed);
  const goods = invoice.role === 'purchase' && !consigned(item.gtin) ? 'in' : 'out';
  const back = goods === 'in' ? 'out' : 'in';
  const despatchRef = line.despatchRef ?? invoice.despatchRef;
  const orderRef = line.orderRef ?? invoice.orderRef;
  return {
    factor: Number(decimalText(factor)),
    demand: {
      document: invoice.id,
      line: line.id,
      issueDate: invoice.issueDate,
      number: invoice.number,
      direction: returns ? back : goods,
      returns,
      quantity,
      parts: exploded,
      ...(items.isKit(item.gtin) ? { kit: item.gtin } : {}),
      ...(free === 0 ? {} : { free }),
      partner: invoice.partner,
      ...(despatchRef === undefined ? {} : { despatchRef }),
      ...(orderRef === undefined ? {} : { orderRef }),
      ...(invoice.site === undefined ? {} : { site: invoice.site }),
      ...(returns && invoice.preceding !== undefined && invoice.preceding.length > 0 ? { preceding: invoice.preceding } : {}),
      day: dayOf(invoice.issueDate),
    },
  };
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
