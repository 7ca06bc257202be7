import { effect, signal } from '@preact/signals';
import { ask } from './api.ts';
import { all } from './load.ts';
import { key } from './session.ts';
import type { Site } from './shapes.ts';
import { onEntry } from './stream.ts';

/** Names that other lists leave out. What is not known yet is shown by its number. */
export const itemNames = signal<ReadonlyMap<string, string>>(new Map());
export const sites = signal<readonly Site[]>([]);

/** Beyond this many items a browser asks too long; the rest is shown by GTIN. */
const MOST_ITEMS = 5_000;

async function loadItems(): Promise<void> {
  const rows = await all<{ gtin: string; name: string | null }>('/v1/items', MOST_ITEMS).catch(() => []);
  itemNames.value = new Map(rows.flatMap(({ gtin, name }) => (name === null ? [] : [[gtin, name]])));
}

async function loadSites(): Promise<void> {
  try {
    // Sites are few and come in one piece.
    sites.value = ((await (await ask('/v1/sites')).json()) as { data: Site[] }).data;
  } catch {
    sites.value = [];
  }
}

export const nameOf = (gtin: string): string => itemNames.value.get(gtin) ?? gtin;

export const siteName = (site: string): string => sites.value.find((one) => one.site === site)?.name ?? site;

/** The zone in which a site's times are read. */
export const zoneOf = (site: string): string | null => sites.value.find((one) => one.site === site)?.timeZone ?? null;

/** Loads both when somebody signs in, and again when the ledger has new ones. */
export function start(): void {
  effect(() => {
    if (key.value === null) return;
    void loadItems();
    void loadSites();
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  onEntry(({ type }) => {
    if (type !== 'item' && type !== 'site') return;
    clearTimeout(timer);
    // An import makes many entries: one reload after the last of them.
    timer = setTimeout(() => void (type === 'item' ? loadItems() : loadSites()), 500);
  });
}
