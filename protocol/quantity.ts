import { type Decimal, decimal } from './money.ts';

/**
 * A quantity in the smallest stocking unit as a safe integer; undefined when the decimal is not whole or too large.
 * `factor` is how many stocking units one of the document's unit holds.
 */
export function wholeQuantity(quantity: Decimal, factor = 1): number | undefined {
  const scaled = quantity.units * BigInt(factor);
  const divisor = 10n ** BigInt(quantity.scale);
  if (scaled % divisor !== 0n) return undefined;
  const whole = Number(scaled / divisor);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

/** The same from xs:decimal text. @throws Fault DECIMAL_INVALID */
export function wholeQuantityOf(text: string, factor = 1): number | undefined {
  return wholeQuantity(decimal(text), factor);
}

/** Units of count that always mean one piece (UN/ECE Recommendation 20): one, piece, each. */
export const PIECE_UNITS: ReadonlySet<string> = new Set(['C62', 'H87', 'EA', 'NAR', 'PCE']);
