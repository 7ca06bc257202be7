import { checkDigitOf } from '../../protocol/gtin.ts';
import type { Random } from '../random.ts';

/** A company of the story. Its GS1 company prefix lies in 952, the range GS1 keeps for demonstrations. */
export interface Company {
  readonly name: string;
  /** French company number, 9 digits with a Luhn check digit. */
  readonly siren: string;
  readonly vat: string;
  readonly prefix: string;
  readonly city: string;
}

/**
 * How an item's paperwork may go wrong. An item that is sometimes short is never over: a surplus from one delivery could
 * otherwise fill a gap in another by date alone, and the expected status would be a matter of taste.
 */
export type Temper = 'exact' | 'short' | 'over';

export interface CatalogItem {
  readonly gtin: string;
  readonly name: string;
  readonly supplier: Company;
  /** Price per piece as a decimal string, what we pay and what we ask. */
  readonly cost: string;
  readonly price: string;
  readonly temper: Temper;
}

export interface Catalog {
  readonly company: Company;
  readonly suppliers: readonly Company[];
  readonly customers: readonly Company[];
  readonly items: readonly CatalogItem[];
}

const SUPPLIERS = [
  ['Ateliers du Rhône', 'Valence'],
  ['Brasserie Belle-Île', 'Quimper'],
  ['Fonderie Charpentier', 'Saint-Étienne'],
  ['Savonnerie des Alpilles', 'Arles'],
] as const;
const CUSTOMERS = [
  ['Bricolage Martin', 'Grenoble'],
  ['Hôtels du Parc', 'Annecy'],
  ['Maison Perrin', 'Dijon'],
  ['Épicerie Sud', 'Avignon'],
] as const;
const THINGS = [
  'Lampe',
  'Vanne',
  'Bidon',
  'Carafe',
  'Outil',
  'Savon',
  'Câble',
  'Coffret',
  'Filtre',
  'Tabouret',
  'Pompe',
  'Plateau',
] as const;
const KINDS = ['Alto', 'Brio', 'Corsa', 'Duo', 'Essor', 'Forte'] as const;
/** Company prefixes of 7 to 9 digits: the prefix length moves the bits of an EPC, so one length would test one layout. */
const PREFIX_DIGITS = [7, 8, 9] as const;
const TEMPERS: readonly Temper[] = ['exact', 'short', 'exact', 'over'];

/** A SIREN: 8 digits and a Luhn check digit. */
function siren(random: Random): string {
  const digits = String(random.int(30_000_000, 89_999_999));
  let sum = 0;
  for (let i = 0; i < 8; i++) {
    const digit = Number(digits[i]) * (i % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return digits + ((10 - (sum % 10)) % 10);
}

/** French VAT number: FR, two check digits, SIREN. */
function vatOf(number: string): string {
  return `FR${String((12 + 3 * (Number(number) % 97)) % 97).padStart(2, '0')}${number}`;
}

function company(random: Random, name: string, city: string, ordinal: number): Company {
  const number = siren(random);
  const digits = PREFIX_DIGITS[ordinal % PREFIX_DIGITS.length] as number;
  return { name, city, siren: number, vat: vatOf(number), prefix: `952${String(1000 + ordinal)}00`.slice(0, digits) };
}

/** `cents` as decimal text with two decimals. */
function euros(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/** Companies and items of a world; the same for the same seed. */
export function makeCatalog(root: Random): Catalog {
  const random = root.fork('catalog');
  const us = company(random, 'Docket Démonstration', 'Lyon', 0);
  const suppliers = SUPPLIERS.map(([name, city], i) => company(random, name, city, i + 1));
  const customers = CUSTOMERS.map(([name, city], i) => company(random, name, city, i + 1 + SUPPLIERS.length));
  const items: CatalogItem[] = [];
  for (const kind of KINDS) {
    for (const thing of THINGS) {
      const ordinal = items.length;
      const supplier = suppliers[ordinal % suppliers.length] as Company;
      const body = `0${supplier.prefix}${String(ordinal + 1).padStart(12 - supplier.prefix.length, '0')}`;
      const cost = random.int(180, 9_900);
      items.push({
        gtin: body + checkDigitOf(body),
        name: `${thing} ${kind}`,
        supplier,
        cost: euros(cost),
        price: euros(Math.round(cost * random.between(1.2, 1.7))),
        temper: TEMPERS[Math.floor(ordinal / suppliers.length) % TEMPERS.length] as Temper,
      });
    }
  }
  return { company: us, suppliers, customers, items };
}
