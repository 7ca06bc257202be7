import type { Demand } from './demand.ts';
import type { Evidence, MovementGroup } from './facts.ts';
import type { Policy } from './policy.ts';

/** Evidence in the order it is used, strongest first. */
export const EVIDENCE: readonly Evidence[] = ['despatch', 'order', 'window'];

/** 0 for the strongest. */
export function rankOf(evidence: Evidence): number {
  return EVIDENCE.indexOf(evidence);
}

/**
 * The rank at which a return guesses by time: after all lines that ask for goods. Goods that come in are a delivery far more often than
 * a return, and a wrong guess would charge a supplier with goods that did come.
 */
export const GUESSED_RETURN = EVIDENCE.length;

/** The rank at which a demand is served by this evidence: 0 is served first. */
export function claimRank({ returns }: Pick<Demand, 'returns'>, evidence: Evidence): number {
  return returns && evidence === 'window' ? GUESSED_RETURN : rankOf(evidence);
}

/** A movement group with the day it moved at its site. */
export interface Candidate {
  readonly group: MovementGroup;
  readonly day: number;
}

const differ = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b;

/**
 * What speaks for a movement having served a demand; undefined when nothing does or something speaks against it. A reference that
 * both carry and that differs speaks against: goods that came with another despatch advice are that invoice's, even before it is here.
 * A return names the delivery it goes back on, so its references never speak against a movement.
 */
export function evidenceFor(demand: Demand, { group, day }: Candidate, policy: Policy): Evidence | undefined {
  if (group.direction !== demand.direction || group.rejected === true) return undefined;
  if (!demand.parts.some(({ gtin }) => gtin === group.gtin)) return undefined;
  if (differ(group.partner, demand.partner)) return undefined;
  if (demand.despatchRef !== undefined && group.despatchRef === demand.despatchRef) return 'despatch';
  if (!demand.returns && differ(demand.despatchRef, group.despatchRef)) return undefined;
  if (demand.orderRef !== undefined && group.orderRef === demand.orderRef) return 'order';
  if (!demand.returns && differ(demand.orderRef, group.orderRef)) return undefined;
  if (differ(demand.site, group.site)) return undefined;
  const { before, after } = policy.windowDays;
  return day >= demand.day - before && day <= demand.day + after ? 'window' : undefined;
}

/** First in, first out: by time, then by place in the log. */
export function compareGroups(a: MovementGroup, b: MovementGroup): number {
  return (
    a.at - b.at ||
    a.entry - b.entry ||
    (a.gtin < b.gtin ? -1 : a.gtin > b.gtin ? 1 : 0) ||
    (a.ordinals[0]?.[0] ?? 0) - (b.ordinals[0]?.[0] ?? 0)
  );
}
