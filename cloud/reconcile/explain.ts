import type { Explanation } from './facts.ts';

/** Sentences for people. A code and its values stand in the ledger; the words can be made better at any time without a new fold. */
export type Language = 'fr' | 'en';

/** Days before months in both: the docks are in Europe. */
const LOCALES: Readonly<Record<Language, string>> = { fr: 'fr-FR', en: 'en-GB' };

type Params = Explanation['params'];
type Sentence = (p: Values) => string;

/** Reads values of an explanation in a language's own writing. */
class Values {
  readonly #params: Params;
  readonly #language: Language;
  readonly #timeZone: string;

  constructor(params: Params, language: Language, timeZone: string) {
    this.#params = params;
    this.#language = language;
    this.#timeZone = timeZone;
  }

  text(key: string): string {
    const value = this.#params[key];
    return value === undefined ? '' : String(value);
  }

  count(key: string): number {
    const value = this.#params[key];
    return typeof value === 'number' ? value : 0;
  }

  /** A whole number with the language's separators. */
  number(key: string): string {
    return new Intl.NumberFormat(LOCALES[this.#language]).format(this.count(key));
  }

  /** A decimal text as money: never through a float, so the digits are grouped by hand. */
  money(key: string): string {
    const value = this.text(key);
    const [whole = '0', fraction = ''] = value.split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, this.#language === 'fr' ? '\u202F' : ',');
    const point = this.#language === 'fr' ? ',' : '.';
    return `${grouped}${fraction === '' ? '' : `${point}${fraction}`}\u00A0${this.text('currency')}`;
  }

  has(key: string): boolean {
    return this.#params[key] !== undefined && this.#params[key] !== '';
  }

  /** Where and when the first goods moved. */
  where(): string {
    if (!this.has('site')) return '';
    const day = new Intl.DateTimeFormat(LOCALES[this.#language], { timeZone: this.#timeZone, dateStyle: 'short', timeStyle: 'short' });
    const when = this.has('at') ? day.format(this.count('at')) : '';
    const door = this.has('door') ? this.text('door') : '';
    if (this.#language === 'fr') return `${door === '' ? '' : ` par la porte ${door}`} à ${this.text('site')} dès le ${when}`;
    return `${door === '' ? '' : ` through door ${door}`} at ${this.text('site')} from ${when} on`;
  }

  /** The document by which goods and line were put together. */
  by(): string {
    if (this.has('despatch'))
      return this.#language === 'fr' ? ` (expédition ${this.text('despatch')})` : ` (despatch ${this.text('despatch')})`;
    if (this.has('order')) return this.#language === 'fr' ? ` (commande ${this.text('order')})` : ` (order ${this.text('order')})`;
    return '';
  }

  item(): string {
    return this.has('name') ? this.text('name') : this.text('item');
  }
}

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

const moved: Readonly<Record<Language, (p: Values) => string>> = {
  fr: (p) => {
    const back = p.text('direction') === 'out' ? plural(p.count('moved'), 'sorti', 'sortis') : plural(p.count('moved'), 'reçu', 'reçus');
    return `${p.number('billed')} ${plural(p.count('billed'), 'facturé', 'facturés')}, ${p.number('moved')} ${back}${p.where()}${p.by()}`;
  },
  en: (p) =>
    `${p.number('billed')} billed, ${p.number('moved')} ${p.text('direction') === 'out' ? 'shipped' : 'received'}${p.where()}${p.by()}`,
};

const short: Readonly<Record<Language, Sentence>> = {
  fr: (p) =>
    `${moved.fr(p)} ; ${p.number('short')} ${plural(p.count('short'), 'manquant', 'manquants')} : ${p.item()} ; valeur ${p.money('amount')}`,
  en: (p) => `${moved.en(p)}; ${p.number('short')} missing: ${p.item()}; value ${p.money('amount')}`,
};

const over: Readonly<Record<Language, Sentence>> = {
  fr: (p) =>
    `${moved.fr(p)} et ${p.number('over')} de plus, non ${plural(p.count('over'), 'facturé', 'facturés')} : ${p.item()} ; valeur ${p.money('amount')}`,
  en: (p) =>
    `${moved.en(p)} and ${p.number('over')} more that ${plural(p.count('over'), 'is', 'are')} not billed: ${p.item()}; value ${p.money('amount')}`,
};

const price: Readonly<Record<Language, Sentence>> = {
  fr: (p) =>
    `${p.item()} facturé ${p.money('billedPrice')}, prix convenu ${p.money('agreedPrice')} ; écart ${p.money('amount')} pour ${p.number('billed')}`,
  en: (p) =>
    `${p.item()} billed at ${p.money('billedPrice')}, agreed ${p.money('agreedPrice')}; difference ${p.money('amount')} for ${p.number('billed')}`,
};

const SENTENCES: Readonly<Record<string, Readonly<Record<Language, Sentence>>>> = {
  MATCHED: { fr: (p) => moved.fr(p), en: (p) => moved.en(p) },
  MATCHED_TOLERANCE: {
    fr: (p) => `${moved.fr(p)} ; écart de ${p.money('amount')} dans la tolérance`,
    en: (p) => `${moved.en(p)}; a difference of ${p.money('amount')} is within tolerance`,
  },
  SHORT_RECEIVED: short,
  SHORT_SHIPPED: short,
  NOT_RECEIVED: {
    fr: (p) =>
      `${p.number('billed')} ${plural(p.count('billed'), 'facturé', 'facturés')}, rien reçu${p.by()} : ${p.item()} ; valeur ${p.money('amount')}`,
    en: (p) => `${p.number('billed')} billed, nothing received${p.by()}: ${p.item()}; value ${p.money('amount')}`,
  },
  NOT_SHIPPED: {
    fr: (p) =>
      `${p.number('billed')} ${plural(p.count('billed'), 'facturé', 'facturés')}, rien sorti${p.by()} : ${p.item()} ; valeur ${p.money('amount')}`,
    en: (p) => `${p.number('billed')} billed, nothing shipped${p.by()}: ${p.item()}; value ${p.money('amount')}`,
  },
  OVER_RECEIVED: over,
  OVER_SHIPPED: over,
  PRICE_VARIANCE: price,
  PRICE_WITHIN_TOLERANCE: {
    fr: (p) => `${price.fr(p)}, dans la tolérance`,
    en: (p) => `${price.en(p)}, within tolerance`,
  },
  DOUBTFUL_READS: {
    fr: (p) => `${short.fr(p)} ; pas plus que ce que la porte a pu ne pas lire : recompter avant de contester`,
    en: (p) => `${short.en(p)}; no more than the door may have missed: count again before disputing`,
  },
  RETURN_OPEN: {
    fr: (p) =>
      `avoir de ${p.number('billed')}, ${p.number('moved')} ${plural(p.count('moved'), 'repassé', 'repassés')} à la porte : ${p.item()} ; ${p.money('amount')} en attente`,
    en: (p) => `${p.number('billed')} credited, ${p.number('moved')} went back through the door: ${p.item()}; ${p.money('amount')} open`,
  },
  ITEM_UNKNOWN: {
    fr: (p) => `article inconnu${p.has('item') ? ` (${p.text('item')})` : ''} : donner son GTIN`,
    en: (p) => `unknown item${p.has('item') ? ` (${p.text('item')})` : ''}: give its GTIN`,
  },
  UOM_UNKNOWN: {
    fr: (p) => `unité ${p.text('unit')} sans règle pour ${p.text('item')} : dire combien elle en contient`,
    en: (p) => `no rule for unit ${p.text('unit')} of ${p.text('item')}: say how many it holds`,
  },
  QTY_FRACTIONAL: {
    fr: (p) => `${p.text('quantity')} ${p.text('unit')} n’est pas un nombre entier d’articles`,
    en: (p) => `${p.text('quantity')} ${p.text('unit')} is no whole number of items`,
  },
  QUALITY_REJECTED: {
    fr: (p) =>
      `${p.number('rejected')} ${plural(p.count('rejected'), 'refusé', 'refusés')} au contrôle : ${p.item()} ; valeur ${p.money('amount')}`,
    en: (p) => `${p.number('rejected')} turned away at inspection: ${p.item()}; value ${p.money('amount')}`,
  },
  SITE_MISMATCH: {
    fr: (p) => `livraison prévue à ${p.text('expected')}, reçue à ${p.text('found')}`,
    en: (p) => `due at ${p.text('expected')}, received at ${p.text('found')}`,
  },
  GTIN_INVALID: {
    fr: () => 'le GTIN de la ligne a une mauvaise clé de contrôle',
    en: () => 'the check digit of the line’s GTIN is wrong',
  },
  INVOICE_CAP: {
    fr: (p) => `écarts acceptés de ${p.money('amount')} au total, plus que les ${p.money('cap')} permis par facture`,
    en: (p) => `accepted differences of ${p.money('amount')} in all, more than the ${p.money('cap')} allowed on an invoice`,
  },
  DUPLICATE_NUMBER: {
    fr: (p) =>
      `le même numéro est arrivé avec un autre contenu (${p.number('copies')} fois)${p.has('amount') ? ` ; valeur ${p.money('amount')}` : ''}`,
    en: (p) =>
      `the same number came with other content (${p.number('copies')} ${plural(p.count('copies'), 'time', 'times')})${p.has('amount') ? `; value ${p.money('amount')}` : ''}`,
  },
  SUPERSEDED: {
    fr: (p) => `remplacée par la facture rectificative ${p.text('by')}`,
    en: (p) => `replaced by the corrected invoice ${p.text('by')}`,
  },
  CHARGE: { fr: () => 'frais : suit les marchandises', en: () => 'charge: follows the goods' },
  SERVICE: { fr: () => 'service : rien ne passe à la porte', en: () => 'service: nothing goes through a door' },
};

/** Codes that have sentences. */
export const EXPLAINED: readonly string[] = Object.keys(SENTENCES);

/** The sentence of an explanation. `timeZone` is where its instants are shown; an unknown code comes back as it is. */
export function explain({ code, params }: Explanation, language: Language, timeZone = 'Europe/Paris'): string {
  const sentence = SENTENCES[code]?.[language];
  return sentence === undefined ? code : sentence(new Values(params, language, timeZone));
}
