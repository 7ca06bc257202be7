import { allocate, type Confirmed } from './allocate.ts';
import { compareGroups, EVIDENCE, rankOf } from './candidates.ts';
import { replacements } from './corrections.ts';
import { compareDemands, compareLines, type Demand, type Resolved, resolve, type Unmatched } from './demand.ts';
import type {
  Allocation,
  DocumentMatch,
  Evidence,
  Facts,
  Finding,
  InvoiceFact,
  LineFact,
  LineStatus,
  Match,
  MovementGroup,
} from './facts.ts';
import { Items } from './items.ts';
import { Policies, type Policy } from './policy.ts';
import { Pool, policyOf, put } from './pool.ts';
import { agreement, type Judged, judge, judgeUnmatched, pricedGtin, type Served, UNSERVED } from './status.ts';
import { capFinding, documentStatus, gateOf } from './worst.ts';

interface Line {
  readonly fact: LineFact;
  readonly asked: Resolved | Unmatched;
}

interface Work {
  readonly invoice: InvoiceFact;
  readonly replacedBy: InvoiceFact | undefined;
  readonly lines: readonly Line[];
}

function supersededMatch(invoice: InvoiceFact, by: string): DocumentMatch {
  const { id, currency } = invoice;
  const explanation = { code: 'SUPERSEDED', params: { by } };
  return { id, status: 'SUPERSEDED', gate: 'NONE', lines: [], findings: [{ code: 'SUPERSEDED', amount: 0, currency, explanation }] };
}

const demandsOf = (works: readonly Work[]): Demand[] =>
  works.flatMap(({ lines }) => lines.flatMap(({ asked }) => ('demand' in asked ? [asked.demand] : [])));

/**
 * Confirmed items with the lines that hold them now. A corrected invoice takes over what was confirmed for the one it replaces: on its line of
 * the same id when that asks for the item, else on the first one that does.
 */
function confirmedOf(facts: Facts, works: readonly Work[]): Confirmed[] {
  const byId = new Map(works.map((work) => [work.invoice.id, work]));
  const standing = (id: string): Work | undefined => {
    let work = byId.get(id);
    // A chain is at most as long as there are documents; one that goes in circles leads nowhere.
    for (let steps = 0; work?.replacedBy !== undefined; steps++) work = steps > works.length ? undefined : byId.get(work.replacedBy.id);
    return work;
  };
  const out = (facts.confirmations ?? []).flatMap(({ document, line, entry, gtin, ordinals }): Confirmed[] => {
    const work = standing(document);
    const demands = work === undefined ? [] : demandsOf([work]).filter(({ parts }) => parts.some((part) => part.gtin === gtin));
    const demand = demands.find((one) => one.line === line) ?? (work?.invoice.id === document ? undefined : demands[0]);
    return demand === undefined ? [] : [{ demand, entry, gtin, ordinals }];
  });
  return out.sort((a, b) => compareDemands(a.demand, b.demand) || a.entry - b.entry || (a.gtin < b.gtin ? -1 : 1));
}

/** What served each line, put together from the allocations. */
function servedBy(works: readonly Work[], allocations: readonly Allocation[], facts: Facts, pool: Pool): Map<Demand, Served> {
  const groups = new Map<string, MovementGroup>(facts.movements.map((group) => [JSON.stringify([group.entry, group.gtin]), group]));
  const byLine = new Map<string, Allocation[]>();
  for (const allocation of allocations) put(byLine, JSON.stringify([allocation.document, allocation.line]), allocation);
  const surplus = new Surplus();
  const out = new Map<Demand, Served>();
  // From the last demand to the first: a bucket's surplus stands on the last line that it served.
  for (const demand of demandsOf(works).sort(compareDemands).reverse()) {
    const mine = byLine.get(JSON.stringify([demand.document, demand.line])) ?? [];
    out.set(demand, summarise(demand, mine, groups, surplus, pool));
  }
  return out;
}

/** Buckets whose surplus a line has taken on. */
class Surplus {
  readonly #taken = new Set<string>();

  /** What is left in the strongest bucket that served a line, unless a later line has it: of a kit only whole ones. */
  of(demand: Demand, strongest: Evidence | undefined, pool: Pool): number {
    if (strongest === undefined || strongest === 'window' || demand.returns) return 0;
    const reference = strongest === 'despatch' ? demand.despatchRef : demand.orderRef;
    const buckets = demand.parts.map(({ gtin }) => JSON.stringify([strongest, reference, demand.direction, gtin]));
    if (reference === undefined || buckets.some((bucket) => this.#taken.has(bucket))) return 0;
    for (const bucket of buckets) this.#taken.add(bucket);
    return Math.min(...demand.parts.map(({ gtin, per }) => Math.floor(pool.left(strongest, reference, demand, gtin) / per)));
  }
}

function summarise(
  demand: Demand,
  allocations: readonly Allocation[],
  groups: ReadonlyMap<string, MovementGroup>,
  surplus: Surplus,
  pool: Pool,
): Served {
  const granted = new Map<string, number>();
  const sites = new Set<string>();
  let strongest: Evidence | undefined;
  let first: MovementGroup | undefined;
  let inferred = 0;
  for (const { gtin, entry, quantity, evidence } of allocations) {
    granted.set(gtin, (granted.get(gtin) ?? 0) + quantity);
    if (strongest === undefined || rankOf(evidence) < rankOf(strongest)) strongest = evidence;
    const group = groups.get(JSON.stringify([entry, gtin]));
    if (group === undefined) continue;
    if (group.inferred === true) inferred += quantity;
    if (first === undefined || compareGroups(group, first) < 0) first = group;
    if (demand.site !== undefined && group.site !== demand.site) sites.add(group.site);
  }
  const quantity = Math.min(...demand.parts.map(({ gtin, per }) => Math.floor((granted.get(gtin) ?? 0) / per)));
  return {
    quantity: Math.min(quantity, demand.quantity),
    over: surplus.of(demand, strongest, pool),
    rejected: quantity >= demand.quantity ? 0 : pool.rejectedFor(demand),
    inferred,
    otherSites: [...sites].sort(),
    ...(first === undefined
      ? {}
      : { first: { site: first.site, at: first.at, ...(first.door === undefined ? {} : { door: first.door }) } }),
  };
}

function judgeDocument(
  { invoice, replacedBy, lines }: Work,
  served: ReadonlyMap<Demand, Served>,
  facts: Facts,
  policies: Policies,
): DocumentMatch {
  if (replacedBy !== undefined) return supersededMatch(invoice, replacedBy.number);
  const policy = policies.of(invoice.partner);
  const judged: Judged[] = lines.map(({ fact, asked }) => {
    if (!('demand' in asked)) return judgeUnmatched(invoice, fact, asked);
    const agreed = agreement(invoice, asked.demand, pricedGtin(asked.demand), facts.prices);
    return judge(invoice, fact, asked, served.get(asked.demand) ?? UNSERVED, agreed, policyOf(asked.demand, policies));
  });
  const statuses = new Map<LineStatus, number>();
  for (const { match } of judged) statuses.set(match.status, (statuses.get(match.status) ?? 0) + 1);
  const findings: Finding[] = judged.flatMap((one) => one.findings);
  const accepted = judged.reduce((sum, one) => sum + one.accepted, 0);
  const tally = {
    statuses,
    accepted,
    moved: judged.some(({ match }) => match.matched !== 0),
    siteMismatch: findings.some(({ code }) => code === 'SITE_MISMATCH'),
  };
  const cap = capFinding(invoice, accepted, policy);
  return {
    id: invoice.id,
    status: documentStatus(tally),
    gate: gateOf(invoice, tally, cap !== undefined, policy),
    lines: judged.map(({ match }) => match),
    findings: [...findings, ...(cap === undefined ? [] : [cap]), ...contested(invoice)],
  };
}

/** Another document came under the same number: nobody can say which one is meant. */
function contested({ contested: copies, currency }: InvoiceFact): Finding[] {
  if (copies === undefined) return [];
  return [{ code: 'DUPLICATE_NUMBER', amount: 0, currency, explanation: { code: 'DUPLICATE_NUMBER', params: { copies, currency } } }];
}

/**
 * Matches invoices and credit notes with what went through the doors. A pure function of facts and policy: no clock, and no result hangs
 * on the order of an array. Quantities are stocking units, amounts minor units of the document's currency.
 * @throws Fault DECIMAL_INVALID, AMOUNT_RANGE for amounts that the reader of the document should have refused
 * @throws Fault POLICY_INVALID for a policy that cannot be applied
 */
export function match(facts: Facts, policy: Policy | Policies): Match {
  const policies = policy instanceof Policies ? policy : new Policies(policy);
  const items = new Items(facts.items ?? []);
  const replacedBy = replacements(facts.invoices);
  const works: Work[] = facts.invoices.map((invoice) => ({
    invoice,
    replacedBy: replacedBy(invoice),
    lines: [...invoice.lines]
      .sort((a, b) => compareLines(a.id, b.id))
      .map((fact) => ({ fact, asked: resolve(invoice, fact, items, (gtin) => policies.of(invoice.partner, gtin).consignment === true) })),
  }));
  const open = works.filter((work) => work.replacedBy === undefined);
  const pool = new Pool(facts.movements, policies);
  const allocations = allocate(demandsOf(open), pool, confirmedOf(facts, works));
  const served = servedBy(open, allocations, facts, pool);
  return {
    documents: works.map((work) => judgeDocument(work, served, facts, policies)).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
    allocations: allocations.sort(compareAllocations),
  };
}

function compareAllocations(a: Allocation, b: Allocation): number {
  return (
    (a.document < b.document ? -1 : a.document > b.document ? 1 : 0) ||
    compareLines(a.line, b.line) ||
    EVIDENCE.indexOf(a.evidence) - EVIDENCE.indexOf(b.evidence) ||
    a.entry - b.entry ||
    (a.gtin < b.gtin ? -1 : a.gtin > b.gtin ? 1 : 0)
  );
}
