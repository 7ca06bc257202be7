import { encodeSgtin96, encodeSscc96 } from '../../protocol/epc.ts';
import { checkDigitOf } from '../../protocol/gtin.ts';
import type { Random } from '../random.ts';
import type { Catalog, CatalogItem, Company, Temper } from './catalog.ts';

/**
 * What is wrong on purpose with a delivery. The first four happen on the floor, the others on paper:
 * `missing` items are advised and billed but never loaded, `dead` tags go through the door and answer to nothing, `extra`
 * items are loaded and not billed; `overbilled`, `underbilled`, `unshipped` (a whole line) and `price` are errors of the
 * invoice; `duplicate` is a second invoice under the same number, `resent` the same one twice.
 */
export type Intention =
  | 'clean'
  | 'missing'
  | 'dead'
  | 'extra'
  | 'overbilled'
  | 'underbilled'
  | 'unshipped'
  | 'price'
  | 'duplicate'
  | 'resent';

/** How well a tag answers: a hard one sits behind metal and is heard a few times, a dead one never. */
export type TagState = 'good' | 'hard' | 'dead';

export interface TaggedItem {
  readonly gtin: string;
  readonly serial: number;
  /** SGTIN-96, 24 upper-case hexadecimal digits. */
  readonly epc: string;
  readonly tag: TagState;
}

export interface Pallet {
  /** 18 digits. */
  readonly sscc: string;
  /** SSCC-96 of the pallet's label. */
  readonly epc: string;
  readonly items: readonly TaggedItem[];
}

/** Goods of one despatch advice, on one or more pallets, through one door in one direction. */
export interface Delivery {
  /** From 1, in the order in which they are played. */
  readonly number: number;
  readonly direction: 'in' | 'out';
  readonly partner: Company;
  readonly intention: Intention;
  readonly despatch: string;
  readonly order: string;
  /** What the despatch advice says, by GTIN. */
  readonly advised: readonly { readonly item: CatalogItem; readonly quantity: number }[];
  readonly pallets: readonly Pallet[];
}

export interface PlanOptions {
  /** Direction of the delivery with this number. Goods that leave come from what arrived before; with no stock a delivery comes in. */
  readonly direction: (number: number) => 'in' | 'out';
  /** Pallets per delivery. */
  readonly pallets: number;
  /** Share of items with a hard tag. */
  readonly hard: number;
}

/** A hand of ten: each kind of trouble once, so that any twenty deliveries show all of it. */
const DECK: readonly Intention[] = [
  'clean',
  'clean',
  'resent',
  'missing',
  'dead',
  'extra',
  'overbilled',
  'underbilled',
  'price',
  'duplicate',
];

const NEEDS: Readonly<Record<Intention, Temper | undefined>> = {
  clean: undefined,
  resent: undefined,
  duplicate: undefined,
  price: 'exact',
  missing: 'short',
  dead: 'short',
  overbilled: 'short',
  unshipped: undefined,
  extra: 'over',
  underbilled: 'over',
};

/** A line needs this many pieces so that one or two may go missing and it is still short, not empty. */
const LEAST_PIECES = 4;

/** Plans deliveries for ever; the same seed and options give the same ones. */
export class Planner {
  readonly catalog: Catalog;
  readonly #options: PlanOptions;
  readonly #random: Random;
  readonly #serials = new Map<string, number>();
  readonly #stock = new Map<string, TaggedItem[]>();
  readonly #decks = { in: [] as Intention[], out: [] as Intention[] };
  #number = 0;
  #units = 0;

  constructor(catalog: Catalog, root: Random, options: PlanOptions) {
    this.catalog = catalog;
    this.#random = root.fork('plan');
    this.#options = options;
  }

  next(): Delivery {
    this.#number += 1;
    const number = this.#number;
    const direction = this.#options.direction(number) === 'out' && this.#stocked().length >= 2 ? 'out' : 'in';
    const partner = this.#random.pick(direction === 'in' ? this.catalog.suppliers : this.catalog.customers);
    const drawn = this.#draw(direction);
    const offered = direction === 'in' ? this.catalog.items.filter((item) => item.supplier === partner) : this.#stocked();
    const wanted = NEEDS[drawn];
    const first = wanted === undefined ? undefined : this.#random.shuffle(offered).find((item) => item.temper === wanted);
    const intention = wanted !== undefined && first === undefined ? 'clean' : drawn;
    const others = this.#random.shuffle(offered.filter((item) => item !== first));
    const items = [...(first === undefined ? [] : [first]), ...others].slice(0, this.#random.int(2, 3));
    const lines = items.map((item, i) => this.#line(item, direction, i === 0 ? intention : 'clean'));
    const prefix = direction === 'in' ? partner.prefix : this.catalog.company.prefix;
    const tag = String(number).padStart(4, '0');
    return {
      number,
      direction,
      partner,
      intention,
      despatch: `${direction === 'in' ? 'DA' : 'BL'}-${tag}`,
      order: `${direction === 'in' ? 'PO' : 'SO'}-${tag}`,
      advised: lines.map(({ item, advised }) => ({ item, quantity: advised })),
      pallets: this.#load(
        lines.flatMap((line) => line.loaded),
        prefix,
      ),
    };
  }

  #draw(direction: 'in' | 'out'): Intention {
    const deck = this.#decks[direction];
    if (deck.length === 0) deck.push(...this.#random.shuffle(DECK));
    // The first delivery of a story is one that works.
    if (this.#number === 1) deck.push(...deck.splice(deck.indexOf('clean'), 1));
    const drawn = deck.pop() ?? 'clean';
    // Two ways of billing too much, and customers pay what we ask: a price error is one of purchases.
    if (drawn === 'overbilled' && this.#random.chance(0.5)) return 'unshipped';
    return drawn === 'price' && direction === 'out' ? 'clean' : drawn;
  }

  /** Items of which enough well tagged pieces stand inside. */
  #stocked(): CatalogItem[] {
    return this.catalog.items.filter((item) => (this.#stock.get(item.gtin)?.length ?? 0) >= LEAST_PIECES);
  }

  #line(item: CatalogItem, direction: 'in' | 'out', intention: Intention): { item: CatalogItem; advised: number; loaded: TaggedItem[] } {
    const random = this.#random;
    const few = random.int(1, 2);
    const stock = this.#stock.get(item.gtin) ?? [];
    const most = direction === 'in' ? 9 : Math.min(9, stock.length);
    const pieces = random.int(Math.min(LEAST_PIECES + 1, most), most);
    const loaded: TaggedItem[] = [];
    for (let i = 0; i < pieces; i++) {
      // Nothing of the first delivery needs a person: a story begins with an invoice that agrees.
      const hard = random.chance(this.#options.hard) && this.#number > 1;
      const tag: TagState = intention === 'dead' && i < few ? 'dead' : hard ? 'hard' : 'good';
      const held = direction === 'out' ? stock.shift() : undefined;
      loaded.push(held === undefined ? this.#make(item, tag) : { ...held, tag });
    }
    // Advised and billed, but left on the supplier's floor or on our own.
    const left = intention === 'missing' ? loaded.splice(0, few) : [];
    // Only what the door surely saw may leave again: a piece that nobody decided on yet must not be sold.
    const arrived = direction === 'in' ? loaded.filter((one) => one.tag === 'good') : left;
    this.#stock.set(item.gtin, [...stock, ...arrived]);
    return { item, advised: loaded.length + left.length - (intention === 'extra' ? few : 0), loaded };
  }

  #make(item: CatalogItem, tag: TagState): TaggedItem {
    const serial = this.#serials.get(item.gtin) ?? this.#random.int(1, 2 ** 30);
    this.#serials.set(item.gtin, serial + this.#random.int(1, 3));
    return { gtin: item.gtin, serial, epc: encodeSgtin96(item.gtin, serial, item.supplier.prefix.length), tag };
  }

  #load(items: readonly TaggedItem[], prefix: string): Pallet[] {
    const count = this.#options.pallets;
    const mixed = this.#random.shuffle(items);
    return Array.from({ length: count }, (_, k) => {
      this.#units += 1;
      const body = `0${prefix}${String(this.#units).padStart(16 - prefix.length, '0')}`;
      const sscc = body + checkDigitOf(body);
      return { sscc, epc: encodeSscc96(sscc, prefix.length), items: mixed.filter((_item, i) => i % count === k) };
    });
  }
}
