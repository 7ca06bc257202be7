import { computed, effect, signal } from '@preact/signals';
import { panel } from './live.ts';
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

/** Switches the language and remembers it on this screen. */
export function speak(next: Language): void {
  language.value = next;
  localStorage.setItem(KEPT, next);
}

/** French as in France, English with the 24-hour clock and day before month that a European site expects. */
const locale = computed(() => (language.value === 'fr' ? 'fr-FR' : 'en-GB'));
const numbers = computed(() => new Intl.NumberFormat(locale.value));
const rates = computed(() => new Intl.NumberFormat(locale.value, { maximumFractionDigits: 0 }));
const zone = computed(() => panel.value?.timeZone ?? 'UTC');
const times = computed(
  () => new Intl.DateTimeFormat(locale.value, { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: zone.value }),
);
const days = computed(() => new Intl.DateTimeFormat(locale.value, { day: 'numeric', month: 'short', timeZone: zone.value }));

export const count = (n: number): string => numbers.value.format(n);
export const rate = (n: number): string => rates.value.format(n);

/** Time of day at the site, with the day when it is not today. `now` is the node's time. */
export function time(at: number, now: number): string {
  const text = times.value.format(at);
  const day = days.value.format(at);
  return day === days.value.format(now) ? text : `${day} ${text}`;
}
