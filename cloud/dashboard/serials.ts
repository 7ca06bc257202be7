import { eachItem, type ItemGroup } from '../../protocol/record.ts';

/** Serial numbers of one item, in the order of the record. */
export interface Serials {
  readonly gtin: string;
  readonly numbers: readonly number[];
}

/** What a record says beside its items. */
export interface Origin {
  readonly passage: string;
  /** Who decided on the items, where a person did. */
  readonly by?: string;
  readonly reason?: string;
}

interface Body extends Partial<Origin> {
  readonly items?: readonly ItemGroup[];
}

/** The items of a record's body that `ordinals` name, ranges of [first, count], by item; and where the record came from. */
export function readRecord(body: string, ordinals: readonly (readonly [number, number])[]): { serials: Serials[]; origin: Origin } {
  const { items = [], passage = '', by, reason } = JSON.parse(body) as Body;
  const found = new Map<string, number[]>();
  let ordinal = 0;
  for (const item of eachItem(items)) {
    const named = ordinals.some(([first, count]) => ordinal >= first && ordinal < first + count);
    ordinal += 1;
    if (!named || 'raw' in item) continue;
    const numbers = found.get(item.gtin);
    if (numbers === undefined) found.set(item.gtin, [item.serial]);
    else numbers.push(item.serial);
  }
  return {
    serials: [...found].map(([gtin, numbers]) => ({ gtin, numbers })),
    origin: { passage, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) },
  };
}
