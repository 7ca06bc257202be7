import { type Candidate, compareGroups, evidenceFor, rankOf } from './candidates.ts';
import { localDay } from './days.ts';
import type { Demand } from './demand.ts';
import type { Evidence, MovementGroup, Range } from './facts.ts';
import type { Policies, Policy } from './policy.ts';
import { count, overlap, subtract } from './ranges.ts';

/** A movement group as one claim sees it: what stronger and earlier claims left of it. */
export interface Supply {
  readonly group: MovementGroup;
  readonly free: readonly Range[];
}

/** What is known of where the items of a return were before. */
export interface Trail {
  fits(group: MovementGroup): boolean;
  /** The items are known to have been the partner's, so that no line that asks for goods comes first. */
  readonly proves: boolean;
}

const COLD: Trail = { fits: () => true, proves: false };

interface Held {
  readonly candidate: Candidate;
  free: readonly Range[];
}

const laneOf = (direction: string, gtin: string): string => JSON.stringify([direction, gtin]);
const bucketOf = (evidence: 'despatch' | 'order', reference: string, direction: string, gtin: string): string =>
  JSON.stringify([evidence, reference, direction, gtin]);

/** The policy for what a demand asks of its partner. */
export function policyOf(demand: Demand, policies: Policies): Policy {
  return policies.of(demand.partner, demand.kit ?? demand.parts[0]?.gtin);
}

/** All movements of one run by what may lead to them, and what is left of each. */
export class Pool {
  readonly #policies: Policies;
  readonly #byGtin = new Map<string, Held[]>();
  readonly #byReference = new Map<string, Held[]>();
  readonly #rejected = new Map<string, Held[]>();
  readonly #held = new Map<MovementGroup, Held>();
  readonly #byEntry = new Map<string, Held>();
  readonly #goods = new Map<string, Demand[]>();
  readonly #claimable = new Map<Held, boolean>();

  constructor(movements: readonly MovementGroup[], policies: Policies) {
    this.#policies = policies;
    for (const group of [...movements].sort(compareGroups)) {
      const held: Held = { candidate: { group, day: localDay(group.at, group.site, policies.general) }, free: group.ordinals };
      const { direction, gtin, despatchRef, orderRef } = group;
      if (group.rejected === true) {
        put(this.#rejected, laneOf(direction, gtin), held);
        continue;
      }
      this.#held.set(group, held);
      this.#byEntry.set(JSON.stringify([group.entry, gtin]), held);
      put(this.#byGtin, laneOf(direction, gtin), held);
      if (despatchRef !== undefined) put(this.#byReference, bucketOf('despatch', despatchRef, direction, gtin), held);
      if (orderRef !== undefined) put(this.#byReference, bucketOf('order', orderRef, direction, gtin), held);
    }
  }

  /**
   * What a claim may take from, in FIFO order, until `want` is there. A weaker claim of a kit may also use what stronger evidence left over.
   * A return guesses within its trail, and at nothing that goods may claim unless the trail proves it.
   */
  supplies(demand: Demand, evidence: Evidence, want: number, trail: Trail = COLD): Supply[] {
    const policy = policyOf(demand, this.#policies);
    const found: Supply[] = [];
    const seen = new Set<Held>();
    for (const { gtin, per } of demand.parts) {
      let missing = want * per;
      for (const held of this.#reach(demand, evidence, gtin)) {
        if (missing <= 0) break;
        if (held.free.length === 0 || seen.has(held)) continue;
        const { group } = held.candidate;
        const own = evidenceFor(demand, held.candidate, policy);
        if (own === undefined || rankOf(own) > rankOf(evidence)) continue;
        if (own === 'window' && demand.returns && !(trail.fits(group) && (trail.proves || !this.#isClaimable(held)))) continue;
        seen.add(held);
        found.push({ group, free: held.free });
        missing -= count(held.free);
      }
    }
    return demand.parts.length === 1 ? found : found.sort((a, b) => compareGroups(a.group, b.group));
  }

  /** The lines that ask for goods: what they may claim, no return takes by a guess. */
  claimedBy(demands: readonly Demand[]): void {
    for (const demand of demands) for (const { gtin } of demand.parts) put(this.#goods, laneOf(demand.direction, gtin), demand);
  }

  #isClaimable(held: Held): boolean {
    const { direction, gtin } = held.candidate.group;
    const known =
      this.#claimable.get(held) ??
      (this.#goods.get(laneOf(direction, gtin)) ?? []).some(
        (goods) => evidenceFor(goods, held.candidate, policyOf(goods, this.#policies)) !== undefined,
      );
    this.#claimable.set(held, known);
    return known;
  }

  take(group: MovementGroup, ordinals: readonly Range[]): void {
    const held = this.#held.get(group);
    if (held !== undefined) held.free = subtract(held.free, ordinals);
  }

  /** What is left of some items that were named, and what speaks for their having served a demand; undefined when nothing is left. */
  named(demand: Demand, entry: number, gtin: string, ordinals: readonly Range[]): (Supply & { readonly evidence: Evidence }) | undefined {
    const held = this.#byEntry.get(JSON.stringify([entry, gtin]));
    const free = held === undefined ? [] : overlap(held.free, ordinals);
    if (held === undefined || free.length === 0) return undefined;
    const evidence = evidenceFor(demand, held.candidate, policyOf(demand, this.#policies)) ?? 'window';
    return { group: held.candidate.group, free, evidence };
  }

  /** Items of one GTIN under a reference that no line took: how many. */
  left(evidence: 'despatch' | 'order', reference: string, demand: Demand, gtin: string): number {
    const policy = policyOf(demand, this.#policies);
    let sum = 0;
    for (const held of this.#byReference.get(bucketOf(evidence, reference, demand.direction, gtin)) ?? [])
      if (evidenceFor(demand, held.candidate, policy) === evidence) sum += count(held.free);
    return sum;
  }

  /** Items that would have been candidates had inspection not turned them away. */
  rejectedFor(demand: Demand): number {
    const policy = policyOf(demand, this.#policies);
    let sum = 0;
    for (const { gtin } of demand.parts)
      for (const { candidate } of this.#rejected.get(laneOf(demand.direction, gtin)) ?? []) {
        const accepted = { group: { ...candidate.group, rejected: false }, day: candidate.day };
        if (evidenceFor(demand, accepted, policy) !== undefined) sum += count(candidate.group.ordinals);
      }
    return sum;
  }

  /** A lane without the groups that nobody can use any more: they are dropped from its front as they run out. */
  #front(lanes: Map<string, Held[]>, key: string): readonly Held[] {
    const lane = lanes.get(key) ?? [];
    let used = 0;
    while (lane[used]?.free.length === 0) used++;
    // Cut in big steps, so that cutting stays cheap.
    if (used * 2 <= lane.length) return used === 0 ? lane : lane.slice(used);
    const rest = lane.slice(used);
    lanes.set(key, rest);
    return rest;
  }

  /** In FIFO order. */
  #reach(demand: Demand, evidence: Evidence, gtin: string): readonly Held[] {
    const { direction, despatchRef, orderRef } = demand;
    if (evidence === 'window') return this.#front(this.#byGtin, laneOf(direction, gtin));
    const lane = (by: 'despatch' | 'order', reference: string | undefined): readonly Held[] =>
      reference === undefined ? [] : this.#front(this.#byReference, bucketOf(by, reference, direction, gtin));
    const despatched = lane('despatch', despatchRef);
    if (evidence === 'despatch') return despatched;
    const ordered = lane('order', orderRef);
    if (despatched.length === 0) return ordered;
    return [...despatched, ...ordered].sort((a, b) => compareGroups(a.candidate.group, b.candidate.group));
  }
}

export function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
