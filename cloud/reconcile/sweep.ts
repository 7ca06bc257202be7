import { claimsOf, serve, wanted } from './allocate.ts';
import type { Asked, Book, Held, Share, Stored } from './book.ts';
import { groupName } from './book.ts';
import { type Candidate, claimRank, compareGroups, evidenceFor, GUESSED_RETURN } from './candidates.ts';
import { compareDemands } from './demand.ts';
import type { Range } from './facts.ts';
import { interestedIn } from './interest.ts';
import { documentName } from './load.ts';
import { count, overlaps, subtract, union } from './ranges.ts';

/** A line asking at one rank of evidence: what the full computation serves one after the other. */
export interface Claim {
  readonly asked: Asked;
  readonly rank: number;
}

/** The order in which the full computation serves claims. */
export function compareClaims(a: Claim, b: Claim): number {
  return a.rank - b.rank || compareDemands(a.asked.demand, b.asked.demand);
}

const claimName = ({ asked, rank }: Claim): string => `${asked.doc}/${asked.line}/${rank}`;

/**
 * Brings allocations to what the full computation would give, touching only claims that a change can reach. Claims are served again
 * strongest first, each seeing only what stronger claims hold; what it takes from a weaker one makes that one dirty, and so does what it
 * gives back. Every effect goes from stronger to weaker, so one pass ends, and ends where serving all claims in order would.
 */
export class Sweep {
  readonly #book: Book;
  /** Dirty claims, weakest first, so that the next is at the end. */
  readonly #queue: Claim[] = [];
  readonly #queued = new Set<string>();
  /** Groups that goods may claim, by name: the lines that ask do not change while claims are served, and many returns ask for one group. */
  readonly #claimable = new Map<string, boolean>();
  /** How many claims were served. */
  served = 0;
  /** Lines whose holdings changed, by `doc/line`. */
  readonly changed = new Map<string, Asked>();
  /** Groups of which more or less is free than before, by name. */
  readonly touched = new Map<string, Candidate>();

  constructor(book: Book) {
    this.#book = book;
  }

  /** Serves a line's claims of this rank and weaker ones again. */
  dirty(asked: Asked, rank = 0): void {
    for (const own of claimsOf(asked.demand)) if (own.rank >= rank) this.dirtyClaim({ asked, rank: own.rank });
  }

  dirtyClaim(claim: Claim): void {
    const name = claimName(claim);
    if (this.#queued.has(name)) return;
    this.#queued.add(name);
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#queue[middle];
      if (other !== undefined && compareClaims(other, claim) > 0) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, claim);
  }

  /** Items of these groups are new or free: whoever may want them asks again; with `after` only claims weaker than it. */
  offer(groups: readonly Candidate[], after?: Claim): void {
    for (const candidate of groups) this.touched.set(groupName(candidate.group), candidate);
    for (const { group, doc, line } of interestedIn(this.#book.sql, groups, this.#book.policy)) {
      const candidate = groups[group];
      const asked = this.#book.asked(doc, line);
      if (candidate === undefined || asked === undefined) continue;
      const evidence = evidenceFor(asked.demand, candidate, this.#book.policy);
      if (evidence === undefined) continue;
      const strongest = claimRank(asked.demand, evidence);
      for (const { rank } of claimsOf(asked.demand)) {
        const claim = { asked, rank };
        if (rank >= strongest && (after === undefined || compareClaims(claim, after) > 0)) this.dirtyClaim(claim);
      }
    }
  }

  /** A line begins or ends to ask for goods: returns that guess may have to leave its movements, or find them free of it. */
  guessAgain({ demand }: Asked): void {
    if (demand.returns) return;
    for (const { doc, line } of this.#book.returnsNear(demand)) {
      const asked = this.#book.asked(doc, line);
      if (asked !== undefined) this.dirtyClaim({ asked, rank: GUESSED_RETURN });
    }
  }

  /** Takes everything from a line that no longer asks. */
  withdraw(asked: Asked): void {
    for (const share of this.#book.shares(asked.doc, asked.line)) this.#release(asked, share);
  }

  /** A group's references changed: its holders ask again, and so does whoever may want it now. */
  reconsider(stored: Stored): void {
    for (const { doc, line, rank } of stored.held) {
      const asked = this.#book.asked(doc, line);
      if (asked !== undefined) this.dirty(asked, rank);
    }
    this.offer([stored]);
  }

  /**
   * Serves dirty claims until none is left or `budget` claims were served.
   * @returns the claims that are left
   */
  run(budget: number): readonly Claim[] {
    while (this.served < budget) {
      const claim = this.#queue.pop();
      if (claim === undefined) break;
      this.served++;
      this.#queued.delete(claimName(claim));
      // The line may have been read again since.
      const asked = this.#book.asked(claim.asked.doc, claim.asked.line);
      if (asked !== undefined) this.#serve({ asked, rank: claim.rank });
    }
    return this.#queue;
  }

  #serve(claim: Claim): void {
    const { asked, rank } = claim;
    const shares = this.#book.shares(asked.doc, asked.line);
    const stronger = new Map<string, number>();
    for (const share of shares)
      if (share.rank < rank) stronger.set(share.group.gtin, (stronger.get(share.group.gtin) ?? 0) + share.quantity);
    const want = wanted(asked.demand, stronger);
    const reach = want === 0 ? [] : this.#usable(claim);
    const grants = serve(
      asked.demand,
      want,
      reach.map((stored) => ({ group: stored.group, free: this.#left(stored, claim) })),
    );
    const byName = new Map(reach.map((stored) => [groupName(stored.group), stored]));
    const before = new Map(shares.filter((share) => share.rank === rank).map((share) => [groupName(share.group), share]));
    let changes = false;
    for (const { group, ordinals } of grants) {
      const stored = byName.get(groupName(group));
      const old = before.get(groupName(group))?.ordinals ?? [];
      before.delete(groupName(group));
      if (stored !== undefined && this.#change(claim, stored, old, ordinals)) changes = true;
    }
    for (const share of before.values()) {
      this.#release(asked, share);
      changes = true;
    }
    if (changes) this.dirty(asked, rank + 1);
  }

  /** Groups that a claim may use, in FIFO order. */
  #usable({ asked, rank }: Claim): Stored[] {
    return this.#book
      .reach(asked, rank)
      .filter((stored) => {
        const evidence = evidenceFor(asked.demand, stored, this.#book.policy);
        if (evidence === undefined || claimRank(asked.demand, evidence) > rank) return false;
        return evidence !== 'window' || !asked.demand.returns || !this.#isClaimable(stored);
      })
      .sort((a, b) => compareGroups(a.group, b.group));
  }

  #isClaimable(candidate: Candidate): boolean {
    const name = groupName(candidate.group);
    const known = this.#claimable.get(name) ?? this.#book.isClaimable(candidate);
    this.#claimable.set(name, known);
    return known;
  }

  /** What stronger claims leave of a group. */
  #left(stored: Stored, claim: Claim): Range[] {
    let taken: readonly Range[] = [];
    for (const held of stored.held) if (this.#isStronger(held, claim)) taken = union(taken, held.ordinals);
    return subtract(stored.group.ordinals, taken);
  }

  #isStronger({ doc, line, rank, issueDate, number }: Held, claim: Claim): boolean {
    const turn = { issueDate, number, document: documentName(doc), line: String(line) };
    return (rank - claim.rank || compareDemands(turn, claim.asked.demand)) < 0;
  }

  /** Sets what a claim holds of a group; true when that is something else than before. */
  #change(claim: Claim, stored: Stored, old: readonly Range[], next: readonly Range[]): boolean {
    const added = subtract(next, old);
    const removed = subtract(old, next);
    if (added.length === 0 && removed.length === 0) return false;
    const { asked, rank } = claim;
    for (const held of stored.held) {
      if ((held.doc === asked.doc && held.line === asked.line && held.rank === rank) || !overlaps(held.ordinals, added)) continue;
      const rest = subtract(held.ordinals, added);
      this.#book.hold(stored.group, held.doc, held.line, held.rank, rest, count(rest));
      const loser = this.#book.asked(held.doc, held.line);
      if (loser === undefined) continue;
      this.changed.set(`${held.doc}/${held.line}`, loser);
      this.dirty(loser, held.rank);
    }
    this.#book.hold(stored.group, asked.doc, asked.line, rank, next, count(next));
    this.changed.set(`${asked.doc}/${asked.line}`, asked);
    this.touched.set(groupName(stored.group), stored);
    if (removed.length > 0) this.offer([stored], claim);
    return true;
  }

  #release(asked: Asked, { group, rank }: Share): void {
    const stored = this.#book.group(group);
    this.#book.hold(group, asked.doc, asked.line, rank, [], 0);
    this.changed.set(`${asked.doc}/${asked.line}`, asked);
    if (stored !== undefined) this.offer([stored], { asked, rank });
  }
}
