import { compare, type Decimal, decimal, multiply } from '../../protocol/money.ts';

/** Both bounds must hold. Decimal texts; "0" is exact. */
export interface Tolerance {
  readonly abs: string;
  /** Per cent of what was billed (quantity) or agreed (price). */
  readonly pct: string;
}

export interface Policy {
  /** Where days are cut for sites that have no zone of their own. */
  readonly timeZone: string;
  readonly timeZones?: Readonly<Record<string, string>>;
  readonly quantityTolerance: Tolerance;
  /** `abs` is money of the line, in units of the currency. */
  readonly priceTolerance: Tolerance;
  /** Sum of the absolute money differences accepted on one invoice, in units of its currency. */
  readonly invoiceCap: string;
  /** Days around the issue date in which goods without a reference are looked for. */
  readonly windowDays: { readonly before: number; readonly after: number };
  /** Share of the tags that a door reads, decimal text up to "1". */
  readonly readRate: string;
  readonly siteMismatch: 'finding' | 'hold';
}

/** Exact to the item and the cent; goods come up to 30 days before their invoice and 10 days after it (pre-billing). */
export const EXACT: Policy = {
  timeZone: 'Europe/Paris',
  quantityTolerance: { abs: '0', pct: '0' },
  priceTolerance: { abs: '0', pct: '0' },
  invoiceCap: '0',
  windowDays: { before: 30, after: 10 },
  readRate: '1',
  siteMismatch: 'finding',
};

const PER_CENT: Decimal = { units: 1n, scale: 2 };

const size = (value: Decimal): Decimal => (value.units < 0n ? { units: -value.units, scale: value.scale } : value);

/** True when a difference is within both bounds; the percentage is taken of `of`. */
export function within(difference: Decimal, of: Decimal, tolerance: Tolerance): boolean {
  const by = size(difference);
  if (by.units === 0n) return true;
  return compare(by, decimal(tolerance.abs)) <= 0 && compare(by, multiply(multiply(size(of), decimal(tolerance.pct)), PER_CENT)) <= 0;
}

/** True when `missing` of `billed` items may have gone through a door of this read rate unseen. */
export function mayBeUnread(missing: number, billed: number, readRate: string): boolean {
  const rate = decimal(readRate);
  const unread: Decimal = { units: 10n ** BigInt(rate.scale) - rate.units, scale: rate.scale };
  return compare({ units: BigInt(missing), scale: 0 }, multiply({ units: BigInt(billed), scale: 0 }, unread)) <= 0;
}
