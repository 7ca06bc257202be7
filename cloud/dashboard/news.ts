import { effect, signal } from '@preact/signals';
import { key } from './session.ts';
import type { Movement } from './shapes.ts';
import { onEntry, onNode } from './stream.ts';

/** Count up when the ledger changed what a view shows: views load again on it. */
export const documentsChanged = signal(0);
export const nodesChanged = signal(0);
export const countsChanged = signal(0);
/** Quantities since the dashboard was opened, by site and GTIN. */
export const stockNow = signal<ReadonlyMap<string, { readonly site: string; readonly gtin: string; readonly quantity: number }>>(new Map());
/** Movements since then, newest first. */
export const movementsNow = signal<readonly Movement[]>([]);

/** What a person scrolls through while it arrives; older ones are loaded page by page. */
const MOST_MOVEMENTS = 300;

export const stockKey = (site: string, gtin: string): string => `${site} ${gtin}`;

export function start(): void {
  // Another key may be another organisation's: nothing of the last one stays.
  effect(() => {
    if (key.value !== null) return;
    stockNow.value = new Map();
    movementsNow.value = [];
  });
  onEntry(({ effects }) => {
    if (effects.documents !== undefined || effects.findings !== undefined) documentsChanged.value++;
    if (effects.stock !== undefined) {
      const next = new Map(stockNow.peek());
      for (const change of effects.stock) next.set(stockKey(change.site, change.gtin), change);
      stockNow.value = next;
    }
    const booked = effects.adjustments ?? [];
    if (booked.length > 0) countsChanged.value++;
    // As the list has them: the zone stands where the door does, the count where the passage.
    const adjusted = booked.map((one): Movement => ({ ...one, door: one.zone, passage: one.count, document: null }));
    const fresh = [...(effects.movements ?? []), ...adjusted];
    if (fresh.length > 0) movementsNow.value = [...fresh.toReversed(), ...movementsNow.peek()].slice(0, MOST_MOVEMENTS);
  });
  onNode(() => {
    nodesChanged.value++;
  });
}
