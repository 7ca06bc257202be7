import { type Decimal, decimal, multiply, toMinor } from '../../protocol/money.ts';
import { optionalText, type Sql, text } from '../ledger/sql.ts';

/** What a stocking unit cost when it was last bought, or is agreed to cost. */
export interface Cost {
  readonly price: string;
  readonly currency: string;
  readonly from: 'invoice' | 'agreed';
}

/**
 * The last known cost of a GTIN: the price of the last purchase invoice that bills it by the stocking unit, else the price agreed last. An invoice by
 * the carton is passed over: its price is not that of an item.
 */
export function costOf(sql: Sql, gtin: string): Cost | undefined {
  const [billed] = sql.exec(
    `SELECT l.price, d.currency FROM document_lines l JOIN documents d ON d.entry = l.doc LEFT JOIN items i ON i.gtin = l.gtin
      WHERE l.gtin = ? AND d.kind = 'invoice' AND d.role = 'purchase' AND l.price IS NOT NULL AND l.base_quantity IS NULL
        AND l.unit = COALESCE(i.unit, 'C62') ORDER BY l.doc DESC, l.line LIMIT 1`,
    Number(gtin),
  );
  const [agreed] =
    billed === undefined ? sql.exec('SELECT price, currency FROM prices WHERE gtin = ? ORDER BY entry DESC LIMIT 1', Number(gtin)) : [];
  const row = billed ?? agreed;
  const currency = row === undefined ? undefined : optionalText(row, 'currency');
  if (row === undefined || currency === undefined) return undefined;
  return { price: text(row, 'price'), currency, from: billed === undefined ? 'agreed' : 'invoice' };
}

/** Costs by GTIN, each looked up once. */
export class Costs {
  readonly #sql: Sql;
  readonly #known = new Map<string, Cost | undefined>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  of(gtin: string): Cost | undefined {
    if (!this.#known.has(gtin)) this.#known.set(gtin, costOf(this.#sql, gtin));
    return this.#known.get(gtin);
  }

  /** What so many cost, in minor units, rounded once; undefined where no cost is known. */
  amount(gtin: string, quantity: number): { readonly amount: number; readonly currency: string } | undefined {
    const cost = this.of(gtin);
    if (cost === undefined) return undefined;
    const price: Decimal = decimal(cost.price);
    return { amount: toMinor(multiply(price, { units: BigInt(quantity), scale: 0 }), cost.currency), currency: cost.currency };
  }
}
