import type { Policy } from './policy.ts';

/** Days as whole numbers from 1970-01-01, so that windows are plain differences. */

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string): Intl.DateTimeFormat {
  let made = formats.get(timeZone);
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    // Zones come from site settings: a few per tenant.
    formats.set(timeZone, made);
  }
  return made;
}

/** The day number of YYYY-MM-DD. */
export function dayOf(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
}

/** The first instant after a day number, UTC: prices are not cut finer than that. */
export function endOfDay(day: number): number {
  return (day + 1) * DAY_MS;
}

/** Instants that surely cover a span of day numbers in any zone (UTC-12 to UTC+14), epoch milliseconds. */
export function spanOf(firstDay: number, lastDay: number): { from: number; to: number } {
  return { from: (firstDay - 1) * DAY_MS, to: (lastDay + 2) * DAY_MS };
}

/** YYYY-MM-DD of an instant in a zone: 31 December 23:30 UTC is 1 January in Paris. */
export function localDate(at: number, timeZone: string): string {
  const parts = new Map(
    format(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
}

/** The zone in which a site's days are cut. */
export function zoneOf(site: string, policy: Policy): string {
  return policy.timeZones?.[site] ?? policy.timeZone;
}

/** No zone changes its offset but on a quarter of an hour, so a day is the same for all of one. */
const QUARTER_MS = 900_000;
/** A year of quarters in one zone; a fold goes through the log in about the order of time. */
const MAX_CACHED = 35_040;
const cache = new Map<string, number>();

/** The day number of an instant at a site. */
export function localDay(at: number, site: string, policy: Policy): number {
  const zone = zoneOf(site, policy);
  const key = `${Math.floor(at / QUARTER_MS)} ${zone}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const day = dayOf(localDate(at, zone));
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, day);
  return day;
}
