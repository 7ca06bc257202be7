import { Fault } from './fault.ts';

/** Money: a safe integer of minor units (cents for EUR) and an ISO 4217 currency. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

/** Decimals of currencies that do not have two (ISO 4217, as EN 16931 uses it). */
const DECIMALS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};

/** Number of decimals of a currency's minor unit. */
export function minorDecimals(currency: string): number {
  return DECIMALS[currency] ?? 2;
}

/** An exact decimal: `units` times 10 to the power of minus `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** xs:decimal with at most 30 digits: an amount that needs more is a mistake. */
const DECIMAL = /^([+-]?)(\d{1,30})(?:\.(\d{0,30}))?$/;

/** Reads xs:decimal text: sign, digits, point, digits; no exponent, comma or blank. @throws Fault DECIMAL_INVALID */
export function decimal(text: string): Decimal {
  const match = DECIMAL.exec(text);
  if (match === null) throw new Fault('DECIMAL_INVALID', `"${text.slice(0, 40)}" is not a decimal number such as -12.50`);
  const [, sign, whole, fraction = ''] = match;
  const units = BigInt(`${whole}${fraction}`);
  return { units: sign === '-' ? -units : units, scale: fraction.length };
}

/** The same decimal as text, with its scale kept. */
export function decimalText(value: Decimal): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  const at = digits.length - value.scale;
  const text = value.scale === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
  return negative ? `-${text}` : text;
}

/** Integer division rounded half away from zero. `divisor` must be positive. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n;
  const size = negative ? -dividend : dividend;
  const rounded = (size * 2n + divisor) / (divisor * 2n);
  return negative ? -rounded : rounded;
}

/** Brings a decimal to `scale` decimals, half away from zero. */
export function rescale(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) return { units: value.units * 10n ** BigInt(scale - value.scale), scale };
  return { units: divideRounded(value.units, 10n ** BigInt(value.scale - scale)), scale };
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: rescale(a, scale).units + rescale(b, scale).units, scale };
}

/** -1, 0 or 1. */
export function compare(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = rescale(a, scale).units - rescale(b, scale).units;
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** A decimal amount as minor units, rounded once, half away from zero. @throws Fault AMOUNT_RANGE beyond a safe integer */
export function toMinor(amount: Decimal, currency: string): number {
  const minor = Number(rescale(amount, minorDecimals(currency)).units);
  if (!Number.isSafeInteger(minor))
    throw new Fault('AMOUNT_RANGE', `${decimalText(amount)} ${currency} is beyond what can be kept exactly`);
  return minor;
}

/** Minor units as decimal text, `1250` EUR as `12.50`. */
export function minorText(minor: number, currency: string): string {
  return decimalText({ units: BigInt(minor), scale: minorDecimals(currency) });
}
