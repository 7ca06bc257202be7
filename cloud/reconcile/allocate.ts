import { type Candidate, claimRank, compareGroups, EVIDENCE, evidenceFor, GUESSED_RETURN, rankOf } from './candidates.ts';
import { localDay } from './days.ts';
import { compareDemands, type Demand } from './demand.ts';
import type { Allocation, Evidence, MovementGroup, Range } from './facts.ts';
import type { Policy } from './policy.ts';
import { count, subtract, takeFirst } from './ranges.ts';

/** A movement group as one claim sees it: what stronger and earlier claims left of it. */
export interface Supply {
  readonly group: MovementGroup;
  readonly free: readonly Range[];
}

export interface Grant {
  readonly group: MovementGroup;
  readonly ordinals: readonly Range[];
}

/** How much a demand still wants, given what stronger evidence brought it: in stocking units, or kits. */
export function wanted(demand: Demand, granted: ReadonlyMap<string, number>): number {
  let served = demand.quantity;
  for (const { gtin, per } of demand.parts) served = Math.min(served, Math.floor((granted.get(gtin) ?? 0) / per));
  return demand.quantity - served;
}

/**
 * Serves a claim from supplies in FIFO order. Of a kit only whole ones are served: the scarcest part decides, the rest stays for others.
 */
export function serve(demand: Demand, want: number, supplies: readonly Supply[]): Grant[] {
  let whole = want;
  for (const { gtin, per } of demand.parts) {
    let available = 0;
    for (const { group, free } of supplies) if (group.gtin === gtin) available += count(free);
    whole = Math.min(whole, Math.floor(available / per));
  }
  const grants: Grant[] = [];
  for (const { gtin, per } of demand.parts) {
    let left = whole * per;
    for (const { group, free } of supplies) {
      if (left === 0) break;
      if (group.gtin !== gtin) continue;
      const { taken } = takeFirst(free, left);
      if (taken.length === 0) continue;
      grants.push({ group, ordinals: taken });
      left -= count(taken);
    }
  }
  return grants;
}

interface Held {
  readonly candidate: Candidate;
  free: readonly Range[];
}

/** All movements of one run by what may lead to them, and what is left of each. */
export class Pool {
  readonly #byGtin = new Map<string, Held[]>();
  readonly #byReference = new Map<string, Held[]>();
  readonly #held = new Map<MovementGroup, Held>();
  readonly #goods = new Map<string, Demand[]>();
  readonly #claimable = new Map<Held, boolean>();

  constructor(movements: readonly MovementGroup[], policy: Policy) {
    for (const group of [...movements].sort(compareGroups)) {
      if (group.rejected === true) continue;
      const held: Held = { candidate: { group, day: localDay(group.at, group.site, policy) }, free: group.ordinals };
      this.#held.set(group, held);
      const { direction, gtin, despatchRef, orderRef } = group;
      put(this.#byGtin, JSON.stringify([direction, gtin]), held);
      if (despatchRef !== undefined) put(this.#byReference, JSON.stringify(['despatch', despatchRef, direction, gtin]), held);
      if (orderRef !== undefined) put(this.#byReference, JSON.stringify(['order', orderRef, direction, gtin]), held);
    }
  }

  /** What a claim may take from, in FIFO order. A weaker claim of a kit may also use what stronger evidence left over. */
  supplies(demand: Demand, evidence: Evidence, policy: Policy): Supply[] {
    const found = new Set<Held>();
    for (const { gtin } of demand.parts) {
      for (const held of this.#reach(demand, evidence, gtin)) {
        if (held.free.length === 0) continue;
        const own = evidenceFor(demand, held.candidate, policy);
        if (own === undefined || rankOf(own) > rankOf(evidence)) continue;
        if (own === 'window' && demand.returns && this.#isClaimable(held, policy)) continue;
        found.add(held);
      }
    }
    const supplies = [...found].map(({ candidate, free }) => ({ group: candidate.group, free }));
    // One lane is in order already.
    return evidence === 'window' && demand.parts.length === 1 ? supplies : supplies.sort((a, b) => compareGroups(a.group, b.group));
  }

  /** The lines that ask for goods: what they may claim, no return takes by a guess. */
  claimedBy(demands: readonly Demand[]): void {
    for (const demand of demands) for (const { gtin } of demand.parts) put(this.#goods, JSON.stringify([demand.direction, gtin]), demand);
  }

  #isClaimable(held: Held, policy: Policy): boolean {
    const { direction, gtin } = held.candidate.group;
    const known =
      this.#claimable.get(held) ??
      (this.#goods.get(JSON.stringify([direction, gtin])) ?? []).some((goods) => evidenceFor(goods, held.candidate, policy) !== undefined);
    this.#claimable.set(held, known);
    return known;
  }

  take(group: MovementGroup, ordinals: readonly Range[]): void {
    const held = this.#held.get(group);
    if (held !== undefined) held.free = subtract(held.free, ordinals);
  }

  /** Movements of a reference that no line took: how many items. */
  left(evidence: 'despatch' | 'order', reference: string, demand: Demand, policy: Policy): number {
    let sum = 0;
    for (const { gtin } of demand.parts)
      for (const held of this.#byReference.get(JSON.stringify([evidence, reference, demand.direction, gtin])) ?? [])
        if (evidenceFor(demand, held.candidate, policy) === evidence) sum += count(held.free);
    return sum;
  }

  /** Every group with what is left of it. */
  *rest(): Generator<Supply> {
    for (const { candidate, free } of this.#held.values()) yield { group: candidate.group, free };
  }

  /** A lane without the groups that nobody can use any more: they are dropped from its front as they run out. */
  #lane(direction: string, gtin: string): readonly Held[] {
    const key = JSON.stringify([direction, gtin]);
    const lane = this.#byGtin.get(key) ?? [];
    let used = 0;
    while (lane[used]?.free.length === 0) used++;
    // Cut in big steps, so that cutting stays cheap.
    if (used * 2 <= lane.length) return used === 0 ? lane : lane.slice(used);
    const rest = lane.slice(used);
    this.#byGtin.set(key, rest);
    return rest;
  }

  #reach(demand: Demand, evidence: Evidence, gtin: string): readonly Held[] {
    const { direction, despatchRef, orderRef } = demand;
    if (evidence === 'window') return this.#lane(direction, gtin);
    const found: Held[] = [];
    if (despatchRef !== undefined) found.push(...(this.#byReference.get(JSON.stringify(['despatch', despatchRef, direction, gtin])) ?? []));
    if (evidence === 'order' && orderRef !== undefined)
      found.push(...(this.#byReference.get(JSON.stringify(['order', orderRef, direction, gtin])) ?? []));
    return found;
  }
}

function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** The ranks at which a demand can be served at all, with the evidence of each. */
export function claimsOf(demand: Demand): { readonly evidence: Evidence; readonly rank: number }[] {
  return EVIDENCE.filter(
    (evidence) => evidence === 'window' || (evidence === 'despatch' ? demand.despatchRef : demand.orderRef) !== undefined,
  ).map((evidence) => ({ evidence, rank: claimRank(demand, evidence) }));
}

/**
 * Gives movements to demands: the strongest evidence first over all demands, then the next; inside one evidence older invoices first;
 * inside a bucket the oldest movement first. So a weak guess never takes what a reference proves. Returns guess last of all, and never
 * from a movement that a line may claim which asks for goods.
 */
export function allocate(demands: readonly Demand[], pool: Pool, policy: Policy): Allocation[] {
  const sorted = [...demands].sort(compareDemands);
  const granted = new Map<Demand, Map<string, number>>(sorted.map((demand) => [demand, new Map()]));
  const allocations: Allocation[] = [];
  pool.claimedBy(sorted.filter(({ returns }) => !returns));
  for (let rank = 0; rank <= GUESSED_RETURN; rank++) {
    for (const demand of sorted) {
      const evidence = claimsOf(demand).find((one) => one.rank === rank)?.evidence;
      if (evidence === undefined) continue;
      const mine = granted.get(demand) ?? new Map<string, number>();
      const want = wanted(demand, mine);
      if (want === 0) continue;
      for (const { group, ordinals } of serve(demand, want, pool.supplies(demand, evidence, policy))) {
        pool.take(group, ordinals);
        const quantity = count(ordinals);
        mine.set(group.gtin, (mine.get(group.gtin) ?? 0) + quantity);
        allocations.push({
          document: demand.document,
          line: demand.line,
          entry: group.entry,
          gtin: group.gtin,
          ordinals,
          quantity,
          evidence,
        });
      }
    }
  }
  return allocations;
}
