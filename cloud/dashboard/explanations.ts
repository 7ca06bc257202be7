import type { FindingCode, LineStatus } from '../reconcile/facts.ts';
import { count, date, money, unitPrice } from './language.ts';
import { siteName, zoneOf } from './masterdata.ts';
import type { Explanation } from './shapes.ts';
import type { Language } from './words.ts';

/** The values of an explanation, formatted for a sentence. */
interface Facts {
  readonly raw: Explanation['params'];
  /** A count in the reader's format. */
  n(name: string): string;
  /** A text as it is. */
  text(name: string): string;
  /** The amount at stake; empty when there is none. */
  amount(before: string, after?: string): string;
  price(name: string): string;
  /** Where and when the first movement was, such as " at LYON on 24 Nov"; empty when none is known. */
  seen(at: string, on: string): string;
}

type Sentence = (facts: Facts) => string;
type Sentences = Record<LineStatus | FindingCode, Sentence>;

function factsOf({ params }: Explanation): Facts {
  const text = (name: string): string => String(params[name] ?? '');
  const currency = text('currency');
  return {
    raw: params,
    text,
    n: (name) => count(Math.abs(Number(params[name] ?? 0))),
    amount: (before, after = '') => (Number(params['amount'] ?? 0) === 0 ? '' : `${before}${money(text('amount'), currency)}${after}`),
    price: (name) => unitPrice(text(name), currency),
    seen: (at, on) =>
      params['at'] === undefined ? '' : ` ${at} ${siteName(text('site'))} ${on} ${date(Number(params['at']), zoneOf(text('site')))}`,
  };
}

const fr: Sentences = {
  MATCHED: (f) => `${f.n('billed')} facturés, ${f.n('moved')} vus aux quais${f.seen('à', 'le')}.`,
  MATCHED_TOLERANCE: (f) => `${f.n('billed')} facturés, ${f.n('moved')} vus ; l’écart${f.amount(' de ')} reste dans la tolérance.`,
  SHORT_RECEIVED: (f) =>
    `${f.n('billed')} facturés, ${f.n('moved')} reçus${f.seen('à', 'le')} : il en manque ${f.n('short')}${f.amount(', soit ')}.`,
  OVER_RECEIVED: (f) => `${f.n('billed')} facturés, et ${f.n('over')} de plus reçus${f.seen('à', 'le')}${f.amount(', d’une valeur de ')}.`,
  NOT_RECEIVED: (f) => `${f.n('billed')} facturés, aucun vu aux quais${f.amount(' : ', ' en attente')}.`,
  SHORT_SHIPPED: (f) =>
    `${f.n('billed')} facturés, ${f.n('moved')} expédiés${f.seen('de', 'le')} : il en manque ${f.n('short')}${f.amount(', soit ')}.`,
  OVER_SHIPPED: (f) =>
    `${f.n('billed')} facturés, et ${f.n('over')} de plus expédiés${f.seen('de', 'le')}${f.amount(', d’une valeur de ')}.`,
  NOT_SHIPPED: (f) => `${f.n('billed')} facturés, aucun n’a quitté les quais${f.amount(' : ', ' facturés trop tôt')}.`,
  QUANTITY_SHORT: (f) => `${f.n('billed')} facturés, ${f.n('moved')} vus : il en manque ${f.n('short')}${f.amount(', soit ')}.`,
  QUANTITY_OVER: (f) => `${f.n('billed')} facturés, ${f.n('over')} vus en plus${f.amount(', d’une valeur de ')}.`,
  PRICE_VARIANCE: (f) =>
    `Facturé ${f.price('billedPrice')} l’unité, convenu ${f.price('agreedPrice')}${f.amount(' : ', ' d’écart sur la ligne')}.`,
  PRICE_WITHIN_TOLERANCE: (f) =>
    `Facturé ${f.price('billedPrice')} l’unité, convenu ${f.price('agreedPrice')}${f.amount(' : ', ', dans la tolérance')}.`,
  INVOICE_CAP: (f) => `Les petits écarts acceptés font ensemble ${f.amount('')}, plus que le plafond.`,
  DOUBTFUL_READS: (f) =>
    `${f.n('billed')} facturés, ${f.n('moved')} lus : les ${f.n('short')} restants ont pu passer sans être lus. Recomptez avant de réclamer.`,
  QUALITY_REJECTED: (f) => `${f.n('rejected')} refusés au contrôle${f.amount(', soit ')}.`,
  SITE_MISMATCH: (f) => `Attendu à ${f.text('expected')}, vu à ${f.text('found')}.`,
  GTIN_INVALID: () => 'Le GTIN de la ligne a une clé de contrôle fausse : demandez une facture corrigée.',
  ITEM_UNKNOWN: (f) => `L’article ${f.text('item') || 'de cette ligne'} n’est pas connu : ajoutez-le aux articles.`,
  UOM_UNKNOWN: (f) =>
    `L’unité ${f.text('unit')} n’est pas connue pour l’article ${f.text('item')} : dites combien de pièces elle contient.`,
  QTY_FRACTIONAL: (f) => `${f.text('quantity')} ${f.text('unit')} ne fait pas un nombre entier de pièces.`,
  RETURN_OPEN: (f) => `${f.n('billed')} à rendre, ${f.n('moved')} vus : il en manque ${f.n('short')}.`,
  DUPLICATE_NUMBER: (f) => `Un autre document porte déjà ce numéro${f.text('number') && ` (${f.text('number')})`} avec un autre contenu.`,
  SUPERSEDED: (f) => `Remplacée par ${f.text('by')}.`,
  CHARGE: () => 'Des frais : rien n’est attendu aux quais.',
  SERVICE: () => 'Un service : rien n’est attendu aux quais.',
};

const en: Sentences = {
  MATCHED: (f) => `${f.n('billed')} billed, ${f.n('moved')} seen at the doors${f.seen('at', 'on')}.`,
  MATCHED_TOLERANCE: (f) => `${f.n('billed')} billed, ${f.n('moved')} seen; the difference${f.amount(' of ')} is within tolerance.`,
  SHORT_RECEIVED: (f) =>
    `${f.n('billed')} billed, ${f.n('moved')} received${f.seen('at', 'on')}: ${f.n('short')} missing${f.amount(', worth ')}.`,
  OVER_RECEIVED: (f) => `${f.n('billed')} billed, and ${f.n('over')} more received${f.seen('at', 'on')}${f.amount(', worth ')}.`,
  NOT_RECEIVED: (f) => `${f.n('billed')} billed, none seen at the doors${f.amount(': ', ' waiting')}.`,
  SHORT_SHIPPED: (f) =>
    `${f.n('billed')} billed, ${f.n('moved')} shipped${f.seen('from', 'on')}: ${f.n('short')} missing${f.amount(', worth ')}.`,
  OVER_SHIPPED: (f) => `${f.n('billed')} billed, and ${f.n('over')} more shipped${f.seen('from', 'on')}${f.amount(', worth ')}.`,
  NOT_SHIPPED: (f) => `${f.n('billed')} billed, none has left the doors${f.amount(': ', ' billed too early')}.`,
  QUANTITY_SHORT: (f) => `${f.n('billed')} billed, ${f.n('moved')} seen: ${f.n('short')} missing${f.amount(', worth ')}.`,
  QUANTITY_OVER: (f) => `${f.n('billed')} billed, ${f.n('over')} more seen${f.amount(', worth ')}.`,
  PRICE_VARIANCE: (f) => `Billed ${f.price('billedPrice')} each, agreed ${f.price('agreedPrice')}${f.amount(': ', ' apart on the line')}.`,
  PRICE_WITHIN_TOLERANCE: (f) =>
    `Billed ${f.price('billedPrice')} each, agreed ${f.price('agreedPrice')}${f.amount(': ', ', within tolerance')}.`,
  INVOICE_CAP: (f) => `The small differences accepted come to ${f.amount('')} together, more than the cap.`,
  DOUBTFUL_READS: (f) =>
    `${f.n('billed')} billed, ${f.n('moved')} read: the other ${f.n('short')} may have passed unread. Recount before you claim.`,
  QUALITY_REJECTED: (f) => `${f.n('rejected')} turned away at inspection${f.amount(', worth ')}.`,
  SITE_MISMATCH: (f) => `Expected at ${f.text('expected')}, seen at ${f.text('found')}.`,
  GTIN_INVALID: () => 'The GTIN of this line has a wrong check digit: ask for a corrected invoice.',
  ITEM_UNKNOWN: (f) => `Item ${f.text('item') || 'of this line'} is not known: add it to the items.`,
  UOM_UNKNOWN: (f) => `Unit ${f.text('unit')} is not known for item ${f.text('item')}: say how many pieces it holds.`,
  QTY_FRACTIONAL: (f) => `${f.text('quantity')} ${f.text('unit')} is not a whole number of pieces.`,
  RETURN_OPEN: (f) => `${f.n('billed')} to go back, ${f.n('moved')} seen: ${f.n('short')} missing.`,
  DUPLICATE_NUMBER: (f) => `Another document has this number${f.text('number') && ` (${f.text('number')})`} with other content.`,
  SUPERSEDED: (f) => `Superseded by ${f.text('by')}.`,
  CHARGE: () => 'A charge: nothing is due at the doors.',
  SERVICE: () => 'A service: nothing is due at the doors.',
};

const SENTENCES: Record<Language, Readonly<Record<string, Sentence>>> = { fr, en };

/** An explanation in words; a code of a newer hub stands as it is. */
export function explain(explanation: Explanation, language: Language): string {
  return SENTENCES[language][explanation.code]?.(factsOf(explanation)) ?? explanation.code;
}
