import { utf8 } from '../../protocol/bytes.ts';
import { decodeBody, eachItem, type ItemGroup } from '../../protocol/record.ts';
import type { EntryView, HubClient, MovementView } from '../erp/hub.ts';
import type { Crossing } from '../warehouse.ts';

/** Every effective movement of one item in the order of the log, such as `in in`. */
export type Journeys = ReadonlyMap<string, readonly string[]>;

const keyOf = (gtin: string, serial: number): string => `${gtin}/${serial}`;

/** What really crossed and can be seen, item by item: a dead tag crosses without a trace. */
export function trueJourneys(crossings: readonly Crossing[]): Journeys {
  const journeys = new Map<string, string[]>();
  for (const { item, direction } of crossings) {
    if (item.tag === 'dead') continue;
    const key = keyOf(item.gtin, item.serial);
    journeys.set(key, [...(journeys.get(key) ?? []), direction]);
  }
  return journeys;
}

/** The items of a record body, in the order that ordinals count. */
function itemsOf(body: string): string[] {
  const record = decodeBody(utf8(body)) as { readonly items?: readonly ItemGroup[] };
  return Array.from(eachItem(record.items ?? []), (item) => ('raw' in item ? item.raw : keyOf(item.gtin, item.serial)));
}

function moved(movement: MovementView, items: readonly string[]): string[] {
  return movement.ordinals.flatMap(([first, count]) => items.slice(first, first + count));
}

/** What the ledger says of every item, read from the entries that moved something: the record's items and which of them were effective. */
export async function ledgerJourneys(hub: HubClient): Promise<Journeys> {
  const moving = new Set((await hub.all<{ entry: number }>('/v1/movements?limit=200')).map((movement) => movement.entry));
  const entries: EntryView[] = [];
  for (const index of [...moving].sort((a, b) => a - b)) entries.push(await hub.entry(index));
  return journeysIn(entries);
}

/** The journeys that entries tell, in the order of the log. */
export function journeysIn(entries: Iterable<Pick<EntryView, 'body' | 'effects'>>): Journeys {
  const journeys = new Map<string, string[]>();
  for (const { body, effects } of entries) {
    if ((effects.movements ?? []).length === 0) continue;
    const items = itemsOf(body ?? '');
    for (const movement of effects.movements ?? []) {
      for (const key of moved(movement, items)) journeys.set(key, [...(journeys.get(key) ?? []), movement.direction]);
    }
  }
  return journeys;
}

/** Stock by GTIN that follows from journeys, without zeros. */
export function stockOf(journeys: Journeys): Map<string, number> {
  const stock = new Map<string, number>();
  for (const [key, journey] of journeys) {
    const gtin = key.split('/')[0] ?? '';
    const net = journey.reduce((sum, direction) => sum + (direction === 'in' ? 1 : -1), 0);
    stock.set(gtin, (stock.get(gtin) ?? 0) + net);
  }
  for (const [gtin, quantity] of stock) if (quantity === 0) stock.delete(gtin);
  return stock;
}

/** Rows that differ, for a message that a person can read. */
export function differences(truth: Journeys, ledger: Journeys): string[] {
  const keys = new Set([...truth.keys(), ...ledger.keys()]);
  const text = (journey: readonly string[] | undefined): string => journey?.join(' ') ?? 'nothing';
  return [...keys]
    .filter((key) => text(truth.get(key)) !== text(ledger.get(key)))
    .map((key) => `${key}: crossed ${text(truth.get(key))}, ledger ${text(ledger.get(key))}`);
}
