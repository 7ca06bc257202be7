import { randomBytes } from 'node:crypto';
import { type DecisionBody, groupItems, itemOf, MAX_ITEMS, type NodeClock } from '../../protocol/record.ts';
import type { Doubt } from './passages.ts';

/** What a person says of undecided items of one passage. */
export interface Decision {
  readonly passage: string;
  readonly epcs: readonly string[];
  readonly verdict: 'in' | 'out' | 'stray';
  readonly by: string;
  readonly reason?: string;
}

/** The record bodies of a decision on these doubts of one passage, each with its EPCs: one for each MAX_ITEMS of them. */
export function decisionBodies(
  { passage, verdict, by, reason }: Decision,
  doubts: readonly Doubt[],
  clock: NodeClock,
): { readonly body: DecisionBody; readonly epcs: readonly string[] }[] {
  const [first] = doubts;
  if (first === undefined) return [];
  const parts: { body: DecisionBody; epcs: string[] }[] = [];
  for (let from = 0; from < doubts.length; from += MAX_ITEMS) {
    const epcs = doubts.slice(from, from + MAX_ITEMS).map((doubt) => doubt.epc);
    const body: DecisionBody = {
      type: 'decision',
      v: 1,
      decision: `${clock.wall.toString(36)}-${randomBytes(6).toString('hex')}`,
      passage,
      door: first.door,
      verdict,
      opened: first.opened,
      closed: first.closed,
      by,
      ...(reason === undefined || reason === '' ? {} : { reason }),
      ...(first.document === undefined ? {} : { document: first.document }),
      items: groupItems(epcs.map(itemOf)),
      clock,
    };
    parts.push({ body, epcs });
  }
  return parts;
}
