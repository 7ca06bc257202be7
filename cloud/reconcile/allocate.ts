import { claimRank, EVIDENCE, GUESSED_RETURN } from './candidates.ts';
import { compareDemands, type Demand } from './demand.ts';
import type { Allocation, Evidence, MovementGroup, Range } from './facts.ts';
import { type Pool, put, type Supply, type Trail } from './pool.ts';
import { count, takeFirst } from './ranges.ts';

export interface Grant {
  readonly group: MovementGroup;
  readonly ordinals: readonly Range[];
}

/** How much a demand still wants, given what stronger evidence brought it: in stocking units, or kits. Free goods are taken, but never missed. */
export function wanted(demand: Demand, granted: ReadonlyMap<string, number>): number {
  const most = demand.quantity + (demand.free ?? 0);
  let served = most;
  for (const { gtin, per } of demand.parts) served = Math.min(served, Math.floor((granted.get(gtin) ?? 0) / per));
  return most - served;
}

/**
 * Serves a claim from supplies in FIFO order. Of a kit only whole ones are served: the scarcest part decides, the rest stays for others.
 * `odd` are parts by GTIN that the line holds beyond whole kits.
 */
export function serve(demand: Demand, want: number, supplies: readonly Supply[], odd: ReadonlyMap<string, number> = new Map()): Grant[] {
  let whole = want;
  for (const { gtin, per } of demand.parts) {
    let available = odd.get(gtin) ?? 0;
    for (const { group, free } of supplies) if (group.gtin === gtin) available += count(free);
    whole = Math.min(whole, Math.floor(available / per));
  }
  const grants: Grant[] = [];
  for (const { gtin, per } of demand.parts) {
    let left = whole * per - (odd.get(gtin) ?? 0);
    for (const { group, free } of supplies) {
      if (left <= 0) break;
      if (group.gtin !== gtin) continue;
      const { taken } = takeFirst(free, left);
      if (taken.length === 0) continue;
      grants.push({ group, ordinals: taken });
      left -= count(taken);
    }
  }
  return grants;
}

/** The ranks at which a demand can be served at all, with the evidence of each. */
export function claimsOf(demand: Demand): { readonly evidence: Evidence; readonly rank: number }[] {
  return EVIDENCE.filter(
    (evidence) => evidence === 'window' || (evidence === 'despatch' ? demand.despatchRef : demand.orderRef) !== undefined,
  ).map((evidence) => ({ evidence, rank: claimRank(demand, evidence) }));
}

/** Who holds what, as it comes about. */
class Ledger {
  readonly #granted = new Map<Demand, Map<string, number>>();
  /** Goods by the entry that moved them: whose they were, for those that come back. */
  readonly #owners = new Map<string, Demand[]>();
  readonly allocations: Allocation[] = [];
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  #grantedTo(demand: Demand): ReadonlyMap<string, number> {
    return this.#granted.get(demand) ?? new Map();
  }

  wanted(demand: Demand): number {
    return wanted(demand, this.#grantedTo(demand));
  }

  /** How many of a part a line may still take. */
  room(demand: Demand, gtin: string): number {
    const per = demand.parts.find((part) => part.gtin === gtin)?.per ?? 0;
    return (demand.quantity + (demand.free ?? 0)) * per - (this.#grantedTo(demand).get(gtin) ?? 0);
  }

  /** Parts that a line holds beyond whole kits: confirmed ones may be. */
  odd(demand: Demand): ReadonlyMap<string, number> {
    const whole = demand.quantity + (demand.free ?? 0) - this.wanted(demand);
    return new Map(
      [...this.#grantedTo(demand)].map(([gtin, n]) => [gtin, n - whole * (demand.parts.find((part) => part.gtin === gtin)?.per ?? 0)]),
    );
  }

  give(demand: Demand, { group, ordinals }: Grant, evidence: Evidence, confirmed = false): void {
    const { entry, gtin } = group;
    const { document, line } = demand;
    const quantity = count(ordinals);
    this.#pool.take(group, ordinals);
    const granted = this.#granted.get(demand) ?? new Map<string, number>();
    this.#granted.set(demand, granted.set(gtin, (granted.get(gtin) ?? 0) + quantity));
    if (!demand.returns) put(this.#owners, JSON.stringify([entry, gtin]), demand);
    this.allocations.push({ document, line, entry, gtin, ordinals, quantity, evidence, ...(confirmed ? { confirmed } : {}) });
  }

  /** The lines that billed these items when they last went the other way. */
  ownersBefore({ previous, gtin }: MovementGroup): readonly Demand[] {
    return previous === undefined ? [] : (this.#owners.get(JSON.stringify([previous, gtin])) ?? []);
  }
}

/** What a return guesses at, most certain first: goods of the invoices it names, of its partner, at last those of which nothing is known. */
function trails(demand: Demand, ledger: Ledger): [Trail, Trail, Trail] {
  const isTheirs = ({ partner }: Demand): boolean => partner === demand.partner;
  const isNamed = ({ number }: Demand): boolean => demand.preceding?.includes(number) === true;
  return [
    { fits: (group) => ledger.ownersBefore(group).some((one) => isTheirs(one) && isNamed(one)), proves: true },
    { fits: (group) => ledger.ownersBefore(group).some(isTheirs), proves: true },
    { fits: (group) => ledger.ownersBefore(group).length === 0, proves: false },
  ];
}

/** A line with the items that somebody confirmed for it. */
export interface Confirmed {
  readonly demand: Demand;
  readonly entry: number;
  readonly gtin: string;
  readonly ordinals: readonly Range[];
}

/**
 * Gives movements to demands: what was confirmed first of all, then the strongest evidence over all demands, then the next; inside one
 * evidence older invoices first; inside a bucket the oldest movement first. So a weak guess never takes what a reference proves. Returns guess
 * last of all, and never at a movement that a line may claim which asks for goods, unless the items are known to have been their partner's.
 */
export function allocate(demands: readonly Demand[], pool: Pool, confirmed: readonly Confirmed[] = []): Allocation[] {
  const sorted = [...demands].sort(compareDemands);
  const ledger = new Ledger(pool);
  pool.claimedBy(sorted.filter(({ returns }) => !returns));
  for (const { demand, entry, gtin, ordinals } of confirmed) {
    const named = pool.named(demand, entry, gtin, ordinals);
    if (named === undefined) continue;
    const { taken } = takeFirst(named.free, Math.max(0, ledger.room(demand, gtin)));
    if (taken.length > 0) ledger.give(demand, { group: named.group, ordinals: taken }, named.evidence, true);
  }
  const claim = (demand: Demand, evidence: Evidence, trail?: Trail): void => {
    const want = ledger.wanted(demand);
    if (want <= 0) return;
    for (const grant of serve(demand, want, pool.supplies(demand, evidence, want, trail), ledger.odd(demand)))
      ledger.give(demand, grant, evidence);
  };
  for (let rank = 0; rank < GUESSED_RETURN; rank++)
    for (const demand of sorted) {
      const evidence = claimsOf(demand).find((one) => one.rank === rank)?.evidence;
      if (evidence !== undefined) claim(demand, evidence);
    }
  const returns = sorted.filter((demand) => demand.returns);
  for (const certainty of [0, 1, 2] as const) for (const demand of returns) claim(demand, 'window', trails(demand, ledger)[certainty]);
  return ledger.allocations;
}
