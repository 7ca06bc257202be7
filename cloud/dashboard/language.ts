import { computed, effect, signal } from '@preact/signals';
import { type Language, WORDS, type Words } from './words.ts';

const KEPT = 'docket.language';

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === 'fr' || kept === 'en') return kept;
  // Browsers list what the user reads, best first; whoever reads neither is more likely to read English.
  const known = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name === 'fr' || name === 'en');
  return known === 'fr' ? 'fr' : 'en';
}

export const language = signal<Language>(first());
export const words = computed<Words>(() => WORDS[language.value]);

effect(() => {
  document.documentElement.lang = language.value;
});

/** Switches the language and remembers it in this browser. */
export function speak(next: Language): void {
  language.value = next;
  localStorage.setItem(KEPT, next);
}

const locale = computed(() => (language.value === 'fr' ? 'fr-FR' : 'en-GB'));
const numbers = computed(() => new Intl.NumberFormat(locale.value));
const issueDates = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeZone: 'UTC' }));

/** Formats are slow to make and there are few of them: currencies and the sites' zones. */
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
function kept<T extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: () => T): T {
  const found = made.get(name) as T | undefined;
  if (found !== undefined) return found;
  const format = make();
  made.set(name, format);
  return format;
}

export const count = (n: number): string => numbers.value.format(n);

/** Decimal text in the reader's format, exactly: it never becomes a binary float. */
export const decimals = (text: string): string => numbers.value.format(text as Intl.StringNumericLiteral);

function currencyFormat(currency: string, most: number): Intl.NumberFormat {
  return kept(`${locale.value} ${currency} ${most}`, () => {
    const style = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const;
    const { minimumFractionDigits = 2 } = new Intl.NumberFormat(locale.value, style).resolvedOptions();
    return new Intl.NumberFormat(locale.value, {
      ...style,
      minimumFractionDigits,
      maximumFractionDigits: Math.max(minimumFractionDigits, most),
    });
  });
}

/** Amount as decimal text. */
export function money(text: string, currency: string | null): string {
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) return decimals(text);
  return currencyFormat(currency, 0).format(text as Intl.StringNumericLiteral);
}

/** Unit prices have up to six decimals, and all of them count. */
export function unitPrice(text: string, currency: string | null): string {
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) return decimals(text);
  return currencyFormat(currency, 6).format(text as Intl.StringNumericLiteral);
}

/** The date of a document, YYYY-MM-DD: a day, in no zone. */
export const issueDate = (text: string): string => issueDates.value.format(new Date(`${text}T00:00:00Z`));

const zoned = (name: string, style: Intl.DateTimeFormatOptions, zone: string | null | undefined): Intl.DateTimeFormat =>
  kept(`${locale.value} ${name} ${zone ?? ''}`, () => new Intl.DateTimeFormat(locale.value, { ...style, ...(zone && { timeZone: zone }) }));

/** The time of an instant, with the day when it is not today. */
export function time(at: number, zone?: string | null): string {
  const text = zoned('time', { hour: '2-digit', minute: '2-digit', second: '2-digit' }, zone).format(at);
  const day = zoned('day', { day: 'numeric', month: 'short' }, zone);
  return day.format(at) === day.format(Date.now()) ? text : `${day.format(at)} ${text}`;
}

/** Day, month, year and time. */
export const dateTime = (at: number, zone?: string | null): string =>
  zoned('full', { dateStyle: 'medium', timeStyle: 'short' }, zone).format(at);
