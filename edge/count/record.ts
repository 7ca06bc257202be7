import { type CountBody, eachItem, groupItems, type Item, MAX_ITEMS, type NodeClock } from '../../protocol/record.ts';
import type { Count } from './count.ts';

const ordered = (items: readonly Item[]): Item[] => [...eachItem(groupItems(items))];

/** When the first pass began, by the wall clock as it goes now: a clock that was set during the count must not lengthen or turn it. */
function openedOf({ opened, closed }: Count['head'], clock: NodeClock): number {
  const begun = opened.boot === clock.boot ? clock.wall - (clock.mono - opened.mono) : opened.wall;
  return Math.max(0, Math.min(begun, closed));
}

/** The record bodies of an approved count: one, or parts 1 to n when it holds more than a record may. They belong in one commit. */
export function countBodies(count: Count, by: string, clock: NodeClock): CountBody[] {
  const { head } = count;
  const items = [
    ...ordered(count.readItems()).map((item) => ({ item, read: true })),
    ...ordered(count.missingItems()).map((item) => ({ item, read: false })),
  ];
  const ssccs = count.ssccs();
  const parts = Math.max(1, Math.ceil(items.length / MAX_ITEMS), Math.ceil(ssccs.length / MAX_ITEMS));
  return Array.from({ length: parts }, (_, i) => {
    const share = items.slice(i * MAX_ITEMS, (i + 1) * MAX_ITEMS);
    const of = (read: boolean): Item[] => share.filter((one) => one.read === read).map((one) => one.item);
    const missing = groupItems(of(false));
    const units = ssccs.slice(i * MAX_ITEMS, (i + 1) * MAX_ITEMS);
    return {
      ...{ type: 'count', v: 1, count: head.count, zone: head.zone, name: head.name, part: i + 1, parts },
      ...{ opened: openedOf(head, clock), closed: head.closed, passes: count.passes },
      ...(head.expected === null ? {} : { expected: head.expected }),
      ...{ by, approved: clock.wall, items: groupItems(of(true)) },
      ...(missing.length === 0 ? {} : { missing }),
      ...(units.length === 0 ? {} : { ssccs: units }),
      clock,
    };
  });
}
