import type { Explanation } from './facts.ts';
import { EXACT } from './policy.ts';

/**
 * Sentences for people, the only ones of the hub. A code and its values stand in the ledger; the words can be made better at any time
 * without a new fold.
 */
export type Language = 'fr' | 'en';

/** What the master data adds to a sentence: a code is shown as it is where a name is not known. */
export interface Setting {
  readonly item?: string | undefined;
  readonly site?: string | undefined;
  /** Where instants are shown. */
  readonly timeZone?: string | undefined;
}

/** An explanation with its words. */
export interface Told extends Explanation {
  readonly text: Readonly<Record<Language, string>>;
}

/** Days before months in both: the docks are in Europe. */
const LOCALES: Readonly<Record<Language, string>> = { fr: 'fr-FR', en: 'en-GB' };

/** Formats are slow to make and there are few: two languages, a few currencies and zones. */
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
function kept<T extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: () => T): T {
  const made = (formats.get(name) as T | undefined) ?? make();
  formats.set(name, made);
  return made;
}

/** Reads values of an explanation in a language's own writing. */
class Values {
  readonly #params: Explanation['params'];
  readonly #language: Language;
  readonly #setting: Setting;

  constructor(params: Explanation['params'], language: Language, setting: Setting) {
    this.#params = params;
    this.#language = language;
    this.#setting = setting;
  }

  text(key: string): string {
    const value = this.#params[key];
    return value === undefined ? '' : String(value);
  }

  has(key: string): boolean {
    return this.text(key) !== '';
  }

  count(key: string): number {
    const value = this.#params[key];
    return typeof value === 'number' ? value : 0;
  }

  /** A whole number, or decimal text, exactly: text is formatted as text and never becomes a binary float. */
  number(key: string): string {
    const locale = LOCALES[this.#language];
    const format = kept(`${locale} number`, () => new Intl.NumberFormat(locale, { maximumFractionDigits: 20 }));
    return format.format((this.text(key) || '0') as Intl.StringNumericLiteral);
  }

  /** Decimal text as money of the explanation's currency, exactly; a unit price shows all its decimals. */
  money(key: string): string {
    const currency = this.text('currency');
    if (!/^[A-Z]{3}$/.test(currency)) return this.number(key);
    const locale = LOCALES[this.#language];
    const format = kept(`${locale} ${currency}`, () => {
      const style = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const;
      const { minimumFractionDigits } = new Intl.NumberFormat(locale, style).resolvedOptions();
      return new Intl.NumberFormat(locale, { ...style, minimumFractionDigits, maximumFractionDigits: 20 });
    });
    return format.format((this.text(key) || '0') as Intl.StringNumericLiteral);
  }

  /** How large decimal text is, for the grammar alone. */
  magnitude(key: string): number {
    return Math.abs(Number(this.text(key)));
  }

  /** The unit's code, or the word for what people call a piece (UN/ECE Recommendation 20: C62 one, H87 piece). */
  unit(piece: string): string {
    const code = this.text('unit');
    return code === 'C62' || code === 'H87' ? piece : code;
  }

  item(): string {
    return this.#setting.item ?? (this.text('item') || (this.#language === 'fr' ? 'cet article' : 'this item'));
  }

  /** So many of the item, as `2 × Lampe Alto`. */
  items(key: string): string {
    return `${this.number(key)} × ${this.item()}`;
  }

  #when(): string {
    const { timeZone = EXACT.timeZone } = this.#setting;
    const locale = LOCALES[this.#language];
    const format = kept(
      `${locale} ${timeZone}`,
      () => new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'short', timeStyle: 'short' }),
    );
    return format.format(this.count('at'));
  }

  /** Through which door, where and when the first goods moved. */
  where(): string {
    if (!this.has('site') || !this.has('at')) return '';
    const site = this.#setting.site ?? this.text('site');
    const door = this.text('door');
    if (this.#language === 'fr') return `${door === '' ? ` à ${site}` : ` au quai ${door} (${site})`} dès le ${this.#when()}`;
    return `${door === '' ? ` at ${site}` : ` at door ${door} (${site})`} from ${this.#when()} on`;
  }

  /** The document by which goods and line were put together. */
  by(): string {
    const french = this.#language === 'fr';
    if (this.has('despatch')) return `, ${french ? 'avis d’expédition' : 'despatch advice'} ${this.text('despatch')}`;
    if (this.has('order')) return `, ${french ? 'commande' : 'order'} ${this.text('order')}`;
    return '';
  }
}

type Sentence = (p: Values) => string;
type Sentences = Readonly<Record<Language, Sentence>>;

const plural = (count: number, one: string, many: string): string => (Math.abs(count) === 1 ? one : many);
const billedFr: Sentence = (p) =>
  p.has('returns') ? plural(p.count('billed'), 'crédité', 'crédités') : plural(p.count('billed'), 'facturé', 'facturés');
const billedEn: Sentence = (p) => (p.has('returns') ? 'credited' : 'billed');
const goneFr: Sentence = (p) =>
  p.text('direction') === 'out' ? plural(p.count('moved'), 'sorti', 'sortis') : plural(p.count('moved'), 'reçu', 'reçus');
const goneEn: Sentence = (p) => (p.text('direction') === 'out' ? 'shipped' : 'received');

const moved: Sentences = {
  fr: (p) => `${p.number('billed')} ${billedFr(p)}, ${p.number('moved')} ${goneFr(p)}${p.where()}${p.by()}.`,
  en: (p) => `${p.number('billed')} ${billedEn(p)}, ${p.number('moved')} ${goneEn(p)}${p.where()}${p.by()}.`,
};

const short: Sentences = {
  fr: (p) => `${moved.fr(p)} Il manque ${p.items('short')}, soit ${p.money('amount')}.`,
  en: (p) => `${moved.en(p)} Missing: ${p.items('short')}, worth ${p.money('amount')}.`,
};

const over: Sentences = {
  fr: (p) =>
    `${moved.fr(p)} En plus, non ${plural(p.count('over'), 'facturé', 'facturés')} : ${p.items('over')}, d’une valeur de ${p.money('amount')}.`,
  en: (p) => `${moved.en(p)} Beyond that and not billed: ${p.items('over')}, worth ${p.money('amount')}.`,
};

const price: Sentences = {
  fr: (p) =>
    `Facturé ${p.money('billedPrice')} l’unité, convenu ${p.money('agreedPrice')} : écart de ${p.money('amount')} pour ${p.items('billed')}`,
  en: (p) =>
    `Billed ${p.money('billedPrice')} each, agreed ${p.money('agreedPrice')}: a difference of ${p.money('amount')} for ${p.items('billed')}`,
};

const SENTENCES: Readonly<Record<string, Sentences>> = {
  MATCHED: moved,
  MATCHED_TOLERANCE: {
    fr: (p) => `${moved.fr(p)} Un écart de ${p.money('amount')} reste dans la tolérance.`,
    en: (p) => `${moved.en(p)} A difference of ${p.money('amount')} is within tolerance.`,
  },
  SHORT_RECEIVED: short,
  SHORT_SHIPPED: short,
  NOT_RECEIVED: {
    fr: (p) => `${p.items('billed')} ${billedFr(p)}, rien de reçu${p.by()} : ${p.money('amount')} en attente.`,
    en: (p) => `${p.items('billed')} billed, nothing received${p.by()}: ${p.money('amount')} waiting.`,
  },
  NOT_SHIPPED: {
    fr: (p) => `${p.items('billed')} ${billedFr(p)}, rien de sorti${p.by()} : ${p.money('amount')} ${billedFr(p)} trop tôt.`,
    en: (p) => `${p.items('billed')} billed, nothing shipped${p.by()}: ${p.money('amount')} billed too early.`,
  },
  OVER_RECEIVED: over,
  OVER_SHIPPED: over,
  PRICE_VARIANCE: { fr: (p) => `${price.fr(p)}.`, en: (p) => `${price.en(p)}.` },
  PRICE_WITHIN_TOLERANCE: { fr: (p) => `${price.fr(p)}, dans la tolérance.`, en: (p) => `${price.en(p)}, within tolerance.` },
  PRICE_CURRENCY: {
    fr: (p) =>
      `Le prix de ${p.item()} est convenu en ${p.text('agreedIn')} seulement, la facture est en ${p.text('currency')} : acceptez ${p.money('amount')}, ou convenez d’un prix en ${p.text('currency')}.`,
    en: (p) =>
      `The price of ${p.item()} is agreed in ${p.text('agreedIn')} only, the invoice is in ${p.text('currency')}: accept ${p.money('amount')}, or agree on a price in ${p.text('currency')}.`,
  },
  INFERRED_RECEIPT: {
    fr: (p) =>
      `${plural(p.count('inferred'), 'Passé', 'Passés')} sans être ${plural(p.count('inferred'), 'lu', 'lus')} à l’entrée, mais ${plural(p.count('inferred'), 'vu', 'vus')} plus tard : ${p.items('inferred')}, soit ${p.money('amount')}.`,
    en: (p) => `Not read on the way in, but seen later: ${p.items('inferred')}, worth ${p.money('amount')}.`,
  },
  DOUBTFUL_READS: {
    fr: (p) => `${short.fr(p)} Pas plus que ce que le quai a pu ne pas lire : recomptez avant de réclamer.`,
    en: (p) => `${short.en(p)} No more than the door may have missed: count again before you claim.`,
  },
  RETURN_OPEN: {
    fr: (p) => `Avoir pour ${p.items('billed')}, ${p.number('moved')} ${goneFr(p)}${p.where()} : ${p.money('amount')} en attente.`,
    en: (p) => `${p.items('billed')} credited, ${p.number('moved')} ${goneEn(p)}${p.where()}: ${p.money('amount')} open.`,
  },
  ITEM_UNKNOWN: {
    fr: (p) => `Article inconnu${p.has('item') ? ` (${p.text('item')})` : ''} : donnez son GTIN.`,
    en: (p) => `Unknown item${p.has('item') ? ` (${p.text('item')})` : ''}: give its GTIN.`,
  },
  UOM_UNKNOWN: {
    fr: (p) => `L’unité ${p.unit('pièce')} n’a pas de règle pour ${p.item()} : dites combien de pièces elle contient.`,
    en: (p) => `No rule for unit ${p.unit('piece')} of ${p.item()}: say how many pieces it holds.`,
  },
  QTY_FRACTIONAL: {
    fr: (p) =>
      `${p.number('quantity')} ${p.unit(p.magnitude('quantity') < 2 ? 'pièce' : 'pièces')} ne fait pas un nombre entier de pièces.`,
    en: (p) => `${p.number('quantity')} ${p.unit(p.magnitude('quantity') === 1 ? 'piece' : 'pieces')} is not a whole number of pieces.`,
  },
  QUALITY_REJECTED: {
    fr: (p) => `${plural(p.count('rejected'), 'Refusé', 'Refusés')} au contrôle : ${p.items('rejected')}, soit ${p.money('amount')}.`,
    en: (p) => `Turned away at inspection: ${p.items('rejected')}, worth ${p.money('amount')}.`,
  },
  SITE_MISMATCH: {
    fr: (p) => `Livraison prévue à ${p.text('expected')}, passée à ${p.text('found')}.`,
    en: (p) => `Due at ${p.text('expected')}, seen at ${p.text('found')}.`,
  },
  GTIN_INVALID: {
    fr: () => 'Le GTIN de la ligne a une clé de contrôle fausse : demandez une facture corrigée.',
    en: () => 'The GTIN of the line has a wrong check digit: ask for a corrected invoice.',
  },
  INVOICE_CAP: {
    fr: (p) => `Les écarts acceptés font ensemble ${p.money('amount')}, plus que les ${p.money('cap')} permis par facture.`,
    en: (p) => `Accepted differences come to ${p.money('amount')} in all, more than the ${p.money('cap')} allowed on an invoice.`,
  },
  DUPLICATE_NUMBER: {
    fr: (p) =>
      `Le même numéro est revenu avec un autre contenu (${p.number('copies')} fois)${p.has('amount') ? ` : ${p.money('amount')}` : ''}. L’autre a été refusé.`,
    en: (p) =>
      `The same number came again with other content (${p.number('copies')} ${plural(p.count('copies'), 'time', 'times')})${p.has('amount') ? `: ${p.money('amount')}` : ''}. The other one was refused.`,
  },
  SUPERSEDED: {
    fr: (p) => `Remplacée par la facture rectificative ${p.text('by')}.`,
    en: (p) => `Replaced by the corrected invoice ${p.text('by')}.`,
  },
  CHARGE: { fr: () => 'Des frais : rien n’est attendu aux quais.', en: () => 'A charge: nothing is due at the doors.' },
  SERVICE: { fr: () => 'Un service : rien n’est attendu aux quais.', en: () => 'A service: nothing is due at the doors.' },
};

/** Codes that have sentences. */
export const EXPLAINED: readonly string[] = Object.keys(SENTENCES);

/** The sentence of an explanation; an unknown code comes back as it is. */
export function explain({ code, params }: Explanation, language: Language, setting: Setting = {}): string {
  const sentence = SENTENCES[code]?.[language];
  if (sentence === undefined) return code;
  return sentence(new Values(params, language, setting));
}

/** The explanation with its words in both languages. */
export function tell(explanation: Explanation, setting: Setting): Told {
  return { ...explanation, text: { fr: explain(explanation, 'fr', setting), en: explain(explanation, 'en', setting) } };
}
