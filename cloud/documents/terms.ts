import { Fault } from '../../protocol/fault.ts';
import { decimal } from '../../protocol/money.ts';
import type { Party } from './document.ts';
import { first, textAt, type XmlElement } from './element.ts';

/** At most this many missing terms are named: a wrong file would else list thousands. */
const MAX_NAMED = 20;

/** 10,000 milliards: far above any invoice, and exact as minor units of any currency. */
const MOST = 10n ** 13n;

/** YYYY-MM-DD of a day that exists. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/**
 * Reads the terms of one document and remembers which mandatory ones are missing, so that a supplier hears of all of them at once.
 * Mandatory is what stock and payment stand on: BT-1, 2, 3, 5, 112, 115, who sells and buys, and each line's BT-126, 129, 130, 131, 146.
 */
export class Terms {
  readonly #missing: string[] = [];

  required(text: string | undefined, at: XmlElement, term: string): string {
    if (text !== undefined && text !== '') return text;
    if (this.#missing.length < MAX_NAMED) this.#missing.push(`${term} (line ${at.line})`);
    return '';
  }

  text(at: XmlElement, path: string, term: string): string {
    return this.required(textAt(at, path), at, term);
  }

  /** A text of one form, such as a currency: another spelling would be another value wherever the two are compared. */
  formed(at: XmlElement, path: string, term: string, form: RegExp, told: string): string {
    const text = this.text(at, path, term);
    if (text === '' || form.test(text)) return text;
    const { line } = first(at, path) ?? at;
    throw new Fault('VALUE_INVALID', `line ${line}: ${term} is ${JSON.stringify(text.slice(0, 40))}, which is no ${told}`, { term });
  }

  /** An xs:decimal below 10^13, with its own digits. */
  decimal(text: string, at: XmlElement, term: string): string {
    try {
      const { units, scale } = decimal(text);
      if (units >= MOST * 10n ** BigInt(scale) || -units >= MOST * 10n ** BigInt(scale)) throw new RangeError(text);
    } catch {
      throw new Fault(
        'VALUE_INVALID',
        `line ${at.line}: ${term} is "${text.slice(0, 40)}", which is no decimal number such as -12.50 below 10^13`,
        {
          term,
        },
      );
    }
    return text;
  }

  amount(at: XmlElement, path: string, term: string): string {
    const text = this.text(at, path, term);
    return text === '' ? text : this.decimal(text, first(at, path) ?? at, term);
  }

  optionalAmount(at: XmlElement, path: string, term: string): string | undefined {
    const text = textAt(at, path);
    return text === undefined ? undefined : this.decimal(text, first(at, path) ?? at, term);
  }

  date(at: XmlElement, path: string, term: string): string {
    const text = this.text(at, path, term);
    return text === '' ? text : this.#date(text, first(at, path) ?? at, term);
  }

  optionalDate(at: XmlElement, path: string, term: string): string | undefined {
    const text = textAt(at, path);
    return text === undefined ? undefined : this.#date(text, first(at, path) ?? at, term);
  }

  /** @throws Fault MISSING_MANDATORY naming the terms */
  check(seller: Party, buyer: Party): void {
    if (!isNamed(seller)) this.#missing.push('BT-27 or BT-29 to 31 (seller)');
    if (!isNamed(buyer)) this.#missing.push('BT-44 or BT-46 to 48 (buyer)');
    if (this.#missing.length === 0) return;
    const terms = this.#missing.join(', ');
    throw new Fault('MISSING_MANDATORY', `the document lacks ${terms}: ask its issuer for a complete one`, { terms });
  }

  #date(text: string, at: XmlElement, term: string): string {
    if (!isDate(text))
      throw new Fault('VALUE_INVALID', `line ${at.line}: ${term} is "${text.slice(0, 40)}", which is no day such as 2026-11-24`, { term });
    return text;
  }
}

const isNamed = (party: Party): boolean =>
  party.name !== undefined || party.vat !== undefined || party.legalId !== undefined || party.ids !== undefined;
