import {
  type DocumentRef,
  eachItem,
  groupItems,
  type Item,
  type ItemGroup,
  itemOf,
  MAX_ITEMS,
  type NodeClock,
  type PassageBody,
} from '../../protocol/record.ts';
import type { ClosedPassage } from '../passage/tracker.ts';

interface Share {
  readonly items: ItemGroup[];
  readonly doubts: ItemGroup[];
}

/**
 * Cuts items and doubts into parts of at most MAX_ITEMS of both together: a body of 1,000 long raw EPCs each way would exceed
 * what a record may hold in bytes.
 */
function share(moved: readonly Item[], doubtful: readonly Item[]): Share[] {
  const all = [...moved.map((item) => ({ item, sure: true })), ...doubtful.map((item) => ({ item, sure: false }))];
  const parts: Share[] = [];
  for (let from = 0; from < all.length || from === 0; from += MAX_ITEMS) {
    const part = all.slice(from, from + MAX_ITEMS);
    parts.push({
      items: groupItems(part.filter((one) => one.sure).map((one) => one.item)),
      doubts: groupItems(part.filter((one) => !one.sure).map((one) => one.item)),
    });
  }
  return parts;
}

const ordered = (epcs: Iterable<string>): Item[] => [...eachItem(groupItems(Array.from(epcs, itemOf)))];

/** The record bodies of a passage: one, or parts 1 to n when it holds more than a record may. They belong in one commit. */
export function passageBodies(closed: ClosedPassage, document: DocumentRef | undefined, clock: NodeClock): PassageBody[] {
  const parts = share(ordered(closed.moved), ordered(closed.doubts.map((doubt) => doubt.epc)));
  return parts.map(({ items, doubts }, i) => ({
    type: 'passage',
    v: 1,
    passage: closed.passage,
    door: closed.door,
    part: i + 1,
    parts: parts.length,
    direction: closed.direction,
    opened: closed.opened,
    closed: closed.closed,
    confidence: Math.round(closed.confidence * 1000),
    ...(document === undefined ? {} : { document }),
    // What belongs to the whole passage stands in its first part only, so that a sum over the parts is right.
    ...(i > 0 || closed.ssccs.length === 0 ? {} : { ssccs: closed.ssccs.slice(0, MAX_ITEMS) }),
    items,
    ...(doubts.length === 0 ? {} : { doubts }),
    ...(i > 0 ? {} : { strays: closed.strays.length }),
    clock,
  }));
}
