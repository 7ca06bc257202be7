import { PIECE_UNITS } from '../../protocol/quantity.ts';
import type { ItemFact, LineFact } from './facts.ts';

/** So many of an item for one of what is billed. */
export interface Part {
  readonly gtin: string;
  readonly per: number;
}

/** Kits hold kits a few levels deep; a deeper one is a mistake, as a circular one is. */
const MAX_LEVELS = 8;
/** Items of one kind in one kit: more is a slip of the keyboard, and its multiples must stay exact. */
const MAX_PER_KIT = 1_000_000;

/** One value that all agree on; undefined where two differ, for no order may say which one counts. */
class Agreed<V> {
  readonly #values = new Map<string, V | undefined>();

  add(key: string, value: V): void {
    const before = this.#values.get(key);
    const contradicts = this.#values.has(key) && JSON.stringify(before) !== JSON.stringify(value);
    this.#values.set(key, contradicts ? undefined : value);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }
}

/** The master data of items, by all that may lead to one. Two entries that contradict each other are no rule at all. */
export class Items {
  readonly #byGtin = new Agreed<ItemFact>();
  readonly #byCode = new Agreed<string>();
  readonly #byCase = new Agreed<{ readonly gtin: string; readonly quantity: number }>();
  readonly #parts = new Map<string, readonly Part[] | undefined>();

  constructor(items: readonly ItemFact[]) {
    for (const item of items) {
      this.#byGtin.add(item.gtin, item);
      for (const { gtin, quantity } of item.cases ?? []) this.#byCase.add(gtin, { gtin: item.gtin, quantity });
      for (const { supplier, code } of item.supplierCodes ?? []) this.#byCode.add(JSON.stringify([supplier, code]), item.gtin);
    }
  }

  get(gtin: string): ItemFact | undefined {
    return this.#byGtin.get(gtin);
  }

  /**
   * The item that a GTIN of a line or a tag stands for, and how many of it: a case holds several. Undefined where the master data contradicts
   * itself; without a quantity where the case holds no whole number of items.
   */
  inCase(gtin: string): { readonly gtin: string; readonly quantity?: number } | undefined {
    if (this.#byGtin.has(gtin) && this.#byGtin.get(gtin) === undefined) return undefined;
    if (!this.#byCase.has(gtin)) return { gtin, quantity: 1 };
    const held = this.#byCase.get(gtin);
    if (held === undefined) return undefined;
    return isCount(held.quantity) ? held : { gtin: held.gtin };
  }

  /** The GTIN that a line means: its own, else the one of the supplier's code. */
  gtinOf(line: LineFact, partner: string): string | undefined {
    if (line.gtin !== undefined) return line.gtin;
    return line.sellerItemId === undefined ? undefined : this.#byCode.get(JSON.stringify([partner, line.sellerItemId]));
  }

  isKit(gtin: string): boolean {
    return (this.get(gtin)?.kit?.length ?? 0) > 0;
  }

  /** What one of an item is made of: itself, or a kit's parts down to items that are tagged. Undefined for a kit that cannot be: circular, of nothing. */
  partsOf(gtin: string): readonly Part[] | undefined {
    if (!this.#parts.has(gtin)) this.#parts.set(gtin, this.#explode(gtin));
    return this.#parts.get(gtin);
  }

  #explode(gtin: string): readonly Part[] | undefined {
    const sums = new Map<string, number>();
    const add = (of: string, quantity: number, above: readonly string[]): boolean => {
      if (!isCount(quantity) || above.includes(of) || above.length > MAX_LEVELS) return false;
      const kit = this.get(of)?.kit ?? [];
      if (kit.length > 0) return kit.every((part) => isCount(part.quantity) && add(part.gtin, quantity * part.quantity, [...above, of]));
      const held = above.length === 0 ? { gtin: of, quantity: 1 } : this.inCase(of);
      const sum = (sums.get(held?.gtin ?? of) ?? 0) + quantity * (held?.quantity ?? 0);
      sums.set(held?.gtin ?? of, sum);
      return isCount(sum);
    };
    if (!add(gtin, 1, [])) return undefined;
    return [...sums].map(([part, per]) => ({ gtin: part, per })).sort((a, b) => (a.gtin < b.gtin ? -1 : 1));
  }
}

const isCount = (quantity: number): boolean => Number.isSafeInteger(quantity) && quantity > 0 && quantity <= MAX_PER_KIT;

/** Units that hold a fixed number of pieces whatever the item: pair, dozen, hundred, thousand, gross. */
const COUNTS: ReadonlyMap<string, number> = new Map([
  ['PR', 2],
  ['DZN', 12],
  ['CEN', 100],
  ['MIL', 1000],
  ['GRO', 144],
]);

/** A pack that can be counted with: above zero, and written without an exponent. */
const isFactor = (quantity: number): boolean => quantity > 0 && /^\d{1,15}(\.\d{1,6})?$/.test(String(quantity));

/**
 * How many stocking units one of a document's unit holds; undefined when no rule says so, or when it says nothing usable: a pack of zero, two
 * packs of one unit that differ. Never taken for one.
 */
export function unitFactor(unit: string, item: ItemFact | undefined): number | undefined {
  const stocking = item?.unit ?? 'C62';
  if (unit === stocking) return 1;
  const packs = new Set(item?.packs?.filter((one) => one.unit === unit).map(({ quantity }) => quantity) ?? []);
  const [pack] = packs;
  if (pack !== undefined) return packs.size === 1 && isFactor(pack) ? pack : undefined;
  if (!PIECE_UNITS.has(stocking)) return undefined;
  return PIECE_UNITS.has(unit) ? 1 : COUNTS.get(unit);
}
