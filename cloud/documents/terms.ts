import { Fault } from '../../protocol/fault.ts';
import { decimal } from '../../protocol/money.ts';
import type { Identifier, Invoice, Party, RuleFinding } from './document.ts';
import { first, textAt, type XmlElement } from './element.ts';

/** A ledger entry holds 1 MB: some 3,000 lines with long names, 5,000 short ones. */
export const MAX_LINES = 5000;
/** More findings than this say the same: a line rule broken by every line. */
export const MAX_FINDINGS = 100;
/** BT-5 by ISO 4217. */
const CURRENCY = /^[A-Z]{3}$/;
/** BT-1: as long as the number of an order or a despatch advice may be (json.ts), 35 in EN 16931 practice. */
const NUMBER = /^\P{Cc}{1,80}$/u;

/** An invoice as one syntax's mapper read it. */
export interface InvoiceReading {
  readonly syntax: 'UBL-Invoice' | 'UBL-CreditNote' | 'CII';
  readonly invoice: Invoice;
  /** Rules about what the normal form does not keep. */
  readonly findings: readonly RuleFinding[];
}

/** Members whose value is undefined are left out, as `exactOptionalPropertyTypes` wants them. */
export function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) kept[name] = value;
  return kept as T;
}

/** The same, and undefined when nothing is left. */
export function presentOrNone<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T | undefined {
  const kept = present<T>(values);
  return Object.keys(kept).length === 0 ? undefined : kept;
}

export const someOf = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);

export function identifier(element: XmlElement | undefined): Identifier | undefined {
  if (element === undefined || element.text === '') return undefined;
  const scheme = element.attributes.get('schemeID');
  return scheme === undefined || scheme === '' ? { id: element.text } : { id: element.text, scheme };
}

/** @throws Fault LIMIT_SIZE */
export function checkLines(lines: readonly XmlElement[]): void {
  if (lines.length > MAX_LINES) throw new Fault('LIMIT_SIZE', `${lines.length} lines, more than ${MAX_LINES}: split the invoice`);
}

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

/** YYYY-MM-DD of a day as UBL (xs:date, which may name a zone) or CII (formats 102, 203 and 204 of UNTDID 2379) writes it. */
function dayOf(text: string): string | undefined {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:Z|[+-]\d{2}:\d{2}|T.{0,40})?$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})(?:\d{4}(?:\d{2})?)?$/.exec(text);
  if (match === null) return undefined;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  return isDate(day) ? day : undefined;
}

/**
 * Reads the terms of one document and remembers which mandatory ones are missing, so that a supplier hears of all of them at once.
 * Mandatory is what a document's identity and payment stand on: BT-1, 2, 3, 5, 112, 115, and who sells and buys. What else EN 16931
 * asks for and is not there is a finding.
 */
export class Terms {
  readonly findings: RuleFinding[] = [];
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

  number(at: XmlElement, path: string): string {
    return this.formed(at, path, 'BT-1', NUMBER, 'number of 1 to 80 characters on one line');
  }

  currency(at: XmlElement, path: string): string {
    return this.formed(at, path, 'BT-5', CURRENCY, 'ISO 4217 code such as EUR');
  }

  finding(code: string, line?: string): void {
    if (this.findings.length < MAX_FINDINGS) this.findings.push(line === undefined ? { code } : { code, line });
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
    const day = dayOf(text);
    if (day === undefined)
      throw new Fault('VALUE_INVALID', `line ${at.line}: ${term} is "${text.slice(0, 40)}", which is no day such as 2026-11-24`, { term });
    return day;
  }
}

const isNamed = (party: Party): boolean =>
  party.name !== undefined || party.vat !== undefined || party.legalId !== undefined || party.ids !== undefined;
