import { CORRECTED_CODES } from '../documents/document.ts';
import { allocate, Pool } from './allocate.ts';
import { compareGroups, EVIDENCE, evidenceFor, rankOf } from './candidates.ts';
import { localDay } from './days.ts';
import { compareDemands, compareLines, type Demand, Items, type Resolved, resolve, type Unmatched } from './demand.ts';
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
import type { Policy } from './policy.ts';
import { count } from './ranges.ts';
import { agreement, type Judged, judge, judgeUnmatched, pricedGtin, type Served, UNSERVED } from './status.ts';
import { capFinding, documentStatus, gateOf } from './worst.ts';

interface Line {
  readonly fact: LineFact;
  readonly asked: Resolved | Unmatched;
}

interface Work {
  readonly invoice: InvoiceFact;
  readonly replacedBy: string | undefined;
  readonly lines: readonly Line[];
}

const isLater = (a: InvoiceFact, b: InvoiceFact): boolean =>
  a.issueDate === b.issueDate ? a.number > b.number : a.issueDate > b.issueDate;

/** Which corrected invoice replaces which: by partner, role and the number named in BT-25. Of two that name each other the later one stands. */
export function replacements(invoices: readonly InvoiceFact[]): (invoice: InvoiceFact) => string | undefined {
  const by = new Map<string, InvoiceFact[]>();
  const corrected = invoices.filter(({ typeCode }) => CORRECTED_CODES.has(typeCode));
  for (const invoice of corrected.sort((a, b) => (isLater(a, b) ? 1 : -1)))
    for (const number of invoice.preceding ?? []) {
      const key = JSON.stringify([invoice.role, invoice.partner, number]);
      if (number !== invoice.number) by.set(key, [...(by.get(key) ?? []), invoice]);
    }
  return (invoice) => {
    const naming = by.get(JSON.stringify([invoice.role, invoice.partner, invoice.number])) ?? [];
    const named = CORRECTED_CODES.has(invoice.typeCode) ? (invoice.preceding ?? []) : [];
    // The newest correction of a number stands.
    return naming.findLast((other) => !(named.includes(other.number) && isLater(invoice, other)))?.number;
  };
}

function supersededMatch(invoice: InvoiceFact, by: string): DocumentMatch {
  const { id, currency } = invoice;
  const explanation = { code: 'SUPERSEDED', params: { by } };
  return { id, status: 'SUPERSEDED', gate: 'NONE', lines: [], findings: [{ code: 'SUPERSEDED', amount: 0, currency, explanation }] };
}

/** What served each line, put together from the allocations. */
function servedBy(
  works: readonly Work[],
  allocations: readonly Allocation[],
  facts: Facts,
  pool: Pool,
  policy: Policy,
): Map<Demand, Served> {
  const groups = new Map<string, MovementGroup>(facts.movements.map((group) => [JSON.stringify([group.entry, group.gtin]), group]));
  const byLine = new Map<string, Allocation[]>();
  for (const allocation of allocations) {
    const key = JSON.stringify([allocation.document, allocation.line]);
    const mine = byLine.get(key);
    if (mine === undefined) byLine.set(key, [allocation]);
    else mine.push(allocation);
  }
  const rejected = facts.movements.filter((group) => group.rejected === true);
  const demands = works.flatMap(({ lines }) => lines.flatMap(({ asked }) => ('demand' in asked ? [asked.demand] : [])));
  const surplus = new Surplus();
  const out = new Map<Demand, Served>();
  // From the last demand to the first: a bucket's surplus stands on the last line that it served.
  for (const demand of demands.sort(compareDemands).reverse()) {
    const mine = byLine.get(JSON.stringify([demand.document, demand.line])) ?? [];
    out.set(demand, summarise(demand, mine, groups, rejected, surplus, pool, policy));
  }
  return out;
}

/** Buckets whose surplus a line has taken on. */
class Surplus {
  readonly #taken = new Set<string>();

  /** What is left in the strongest bucket that served a line, unless a later line has it. */
  of(demand: Demand, strongest: Evidence | undefined, pool: Pool, policy: Policy): number {
    const part = demand.parts[0];
    if (strongest === undefined || strongest === 'window' || demand.returns || part === undefined || demand.parts.length > 1) return 0;
    const reference = strongest === 'despatch' ? demand.despatchRef : demand.orderRef;
    const bucket = JSON.stringify([strongest, reference, demand.direction, part.gtin]);
    if (reference === undefined || this.#taken.has(bucket)) return 0;
    this.#taken.add(bucket);
    return pool.left(strongest, reference, demand, policy);
  }
}

function summarise(
  demand: Demand,
  allocations: readonly Allocation[],
  groups: ReadonlyMap<string, MovementGroup>,
  rejected: readonly MovementGroup[],
  surplus: Surplus,
  pool: Pool,
  policy: Policy,
): Served {
  const granted = new Map<string, number>();
  const sites = new Set<string>();
  let strongest: Evidence | undefined;
  let first: MovementGroup | undefined;
  for (const { gtin, entry, quantity, evidence } of allocations) {
    granted.set(gtin, (granted.get(gtin) ?? 0) + quantity);
    if (strongest === undefined || rankOf(evidence) < rankOf(strongest)) strongest = evidence;
    const group = groups.get(JSON.stringify([entry, gtin]));
    if (group === undefined) continue;
    if (first === undefined || compareGroups(group, first) < 0) first = group;
    if (demand.site !== undefined && group.site !== demand.site) sites.add(group.site);
  }
  const quantity = Math.min(...demand.parts.map(({ gtin, per }) => Math.floor((granted.get(gtin) ?? 0) / per)));
  return {
    quantity,
    over: surplus.of(demand, strongest, pool, policy),
    rejected: quantity === demand.quantity ? 0 : rejectedFor(demand, rejected, policy),
    otherSites: [...sites].sort(),
    ...(first === undefined
      ? {}
      : { first: { site: first.site, at: first.at, ...(first.door === undefined ? {} : { door: first.door }) } }),
  };
}

/** Items that would have been candidates had inspection not turned them away. */
function rejectedFor(demand: Demand, rejected: readonly MovementGroup[], policy: Policy): number {
  let sum = 0;
  for (const group of rejected) {
    const candidate = { group: { ...group, rejected: false }, day: localDay(group.at, group.site, policy) };
    if (evidenceFor(demand, candidate, policy) !== undefined) sum += count(group.ordinals);
  }
  return sum;
}

function judgeDocument(
  { invoice, replacedBy, lines }: Work,
  served: ReadonlyMap<Demand, Served>,
  facts: Facts,
  policy: Policy,
): DocumentMatch {
  if (replacedBy !== undefined) return supersededMatch(invoice, replacedBy);
  const judged: Judged[] = lines.map(({ fact, asked }) => {
    if (!('demand' in asked)) return judgeUnmatched(invoice, fact, asked);
    const agreed = agreement(invoice, asked.demand, pricedGtin(fact, asked.demand), facts.prices);
    return judge(invoice, fact, asked, served.get(asked.demand) ?? UNSERVED, agreed, policy);
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
    findings: cap === undefined ? findings : [...findings, cap],
  };
}

/**
 * Matches invoices and credit notes with what went through the doors. A pure function of facts and policy: no clock, and no result hangs
 * on the order of an array.
 * @throws Fault DECIMAL_INVALID, AMOUNT_RANGE for amounts that the reader of the document should have refused
 */
export function match(facts: Facts, policy: Policy): Match {
  const items = new Items(facts.items ?? []);
  const replacedBy = replacements(facts.invoices);
  const works: Work[] = facts.invoices.map((invoice) => ({
    invoice,
    replacedBy: replacedBy(invoice),
    lines: [...invoice.lines].sort((a, b) => compareLines(a.id, b.id)).map((fact) => ({ fact, asked: resolve(invoice, fact, items) })),
  }));
  const open = works.filter((work) => work.replacedBy === undefined);
  const demands = open.flatMap(({ lines }) => lines.flatMap(({ asked }) => ('demand' in asked ? [asked.demand] : [])));
  const pool = new Pool(facts.movements, policy);
  const allocations = allocate(demands, pool, policy);
  const served = servedBy(open, allocations, facts, pool, policy);
  return {
    documents: works.map((work) => judgeDocument(work, served, facts, policy)).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
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
