import { add, compare, type Decimal, decimal, decimalText, rescale } from '../../../protocol/money.ts';
import type { Invoice, InvoiceLine, RuleFinding } from '../document.ts';
import { MAX_FINDINGS } from '../terms.ts';

export const ZERO: Decimal = { units: 0n, scale: 0 };

/** An amount of the normal form; what is absent counts as nothing. */
export const amount = (text: string | undefined): Decimal => (text === undefined ? ZERO : decimal(text));

export const negated = ({ units, scale }: Decimal): Decimal => ({ units: -units, scale });
export const subtract = (a: Decimal, b: Decimal): Decimal => add(a, negated(b));
export const absolute = (value: Decimal): Decimal => (value.units < 0n ? negated(value) : value);
export const equal = (a: Decimal, b: Decimal): boolean => compare(a, b) === 0;
export const sum = (texts: readonly (string | undefined)[]): Decimal =>
  texts.reduce<Decimal>((total, text) => add(total, amount(text)), ZERO);
/** Two decimals, as EN 16931 rounds its sums. */
export const rounded = (value: Decimal): Decimal => rescale(value, 2);

/** Whether two amounts are less than one unit of the currency apart: the slack that the rules grant to VAT. */
export const within1 = (a: Decimal, b: Decimal): boolean => compare(absolute(subtract(a, b)), { units: 1n, scale: 0 }) < 0;

/** More decimals than the two that amounts may have. */
export const tooFine = (text: string | undefined): boolean => (text?.split('.')[1]?.length ?? 0) > 2;

/** Lines that count in sums: those of a group, and those that only inform, say their parts once more (EXTENDED). */
export const countedLines = ({ lines }: Invoice): readonly InvoiceLine[] =>
  lines.filter(({ lineStatus }) => lineStatus !== 'GROUP' && lineStatus !== 'INFORMATION');

/** Allowances and charges that EN 16931 knows: BG-20 and BG-21. */
export const adjustmentsOf = ({ allowancesCharges = [] }: Invoice) => allowancesCharges.filter(({ logistics }) => logistics !== true);

/** The findings of one invoice, in the order they were made, and no more than say something new. */
export class Breaches {
  readonly list: RuleFinding[] = [];

  add(code: string, about: Omit<RuleFinding, 'code'> = {}): void {
    if (this.list.length < MAX_FINDINGS) this.list.push({ code, ...about });
  }

  /** Notes the rule when what it asks for is not so. */
  ask(holds: boolean, code: string, about: Omit<RuleFinding, 'code'> = {}): void {
    if (!holds) this.add(code, about);
  }

  /** Notes the rule when an amount is not what it should be, with both. */
  same(found: string | undefined, expected: Decimal, code: string, about: Omit<RuleFinding, 'code'> = {}): void {
    if (found === undefined) this.add(code, { ...about, expected: decimalText(expected) });
    else if (!equal(decimal(found), expected)) this.add(code, { ...about, found, expected: decimalText(expected) });
  }
}
