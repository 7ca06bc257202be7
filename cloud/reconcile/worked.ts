import { Fault, faultCode } from '../../protocol/fault.ts';
import { localDate } from './days.ts';
import { compareLines } from './demand.ts';
import type { Confirmation, Facts, ItemFact, Match, MovementGroup } from './facts.ts';
import { Items } from './items.ts';
import { match } from './match.ts';
import { advicesOf, confirmationsIn, ordersOf, type Paper, Partners, papersOf, pricesOf, textOf } from './papers.ts';
import { EXACT, Policies } from './policy.ts';
import { readScenario, type Scenario, type ScenarioConfirmation, type ScenarioItem, type ScenarioResult } from './scenario.ts';
import { type Sighting, sightingsOf } from './sightings.ts';

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A scenario as facts, with what they were made of: an entry is the place of its sighting. */
interface Worked {
  readonly papers: readonly Paper[];
  readonly sightings: readonly Sighting[];
  readonly facts: Facts;
}

function itemOf({ gtin, unit, packs = [], contains = [], supplierCodes = [], kit = [] }: ScenarioItem): ItemFact {
  const counted = (list: readonly { readonly gtin: string; readonly quantity: string }[]): { gtin: string; quantity: number }[] =>
    list.map((one) => ({ gtin: textOf(one.gtin), quantity: Number(one.quantity) }));
  return {
    gtin: textOf(gtin),
    unit,
    packs: packs.map((pack) => ({ unit: pack.unit, quantity: Number(pack.quantity) })),
    cases: counted(contains),
    supplierCodes,
    kit: counted(kit),
  };
}

/** A tag of a case counts as what the case holds. */
function groupsOf(sightings: readonly Sighting[], items: Items, partners: Partners): MovementGroup[] {
  const entries = new Map(sightings.map((sighting, entry) => [sighting.id, entry]));
  return sightings.map((sighting, entry): MovementGroup => {
    const { direction, site, despatchRef, orderRef } = sighting;
    const tagged = textOf(sighting.gtin);
    const held = items.inCase(tagged);
    const partner = partners.of(direction, despatchRef, orderRef);
    const previous = sighting.previous === undefined ? undefined : entries.get(sighting.previous.id);
    return {
      entry,
      gtin: held?.quantity === undefined ? tagged : held.gtin,
      direction,
      site,
      at: Date.parse(sighting.at),
      ordinals: [[0, held?.quantity ?? 1]],
      ...(despatchRef === undefined ? {} : { despatchRef }),
      ...(orderRef === undefined ? {} : { orderRef }),
      ...(partner === undefined ? {} : { partner }),
      ...(sighting.inspection === 'rejected' ? { rejected: true } : {}),
      ...(sighting.inferred === true ? { inferred: true } : {}),
      ...(previous === undefined ? {} : { previous }),
    };
  });
}

function work(scenario: Scenario): Worked {
  const papers = papersOf(scenario.documents.filter((one) => one.kind === 'invoice'));
  const advices = advicesOf(scenario);
  const now = scenario.now === undefined ? undefined : Date.parse(scenario.now);
  const sightings = sightingsOf(scenario.movements, advices, now, scenario.policy.reversalMinutes);
  const items = scenario.items.map(itemOf);
  const movements = groupsOf(sightings, new Items(items), new Partners(advices, ordersOf(scenario)));
  const facts = { invoices: papers.map(({ fact }) => fact), movements, prices: pricesOf(scenario, papers), items };
  return { papers, sightings, facts };
}

/** What was known at the end of a day. */
function knownOn(scenario: Scenario, day: string): Scenario {
  const until = (date: string | undefined): boolean => date === undefined || date <= day;
  return {
    ...scenario,
    documents: scenario.documents.filter((one) => until('issueDate' in one ? one.issueDate : undefined)),
    movements: scenario.movements.filter(({ at }) => localDate(Date.parse(at), scenario.timeZone) <= day),
  };
}

/** An item confirmed for a line, by the id of its movement. */
interface Named {
  readonly document: string;
  readonly line: string;
  readonly movement: string;
}

/** The invoice that a confirmation means. @throws Fault CONFIRMATION_UNKNOWN */
function paperOf({ kind, invoice, seller, issueDate }: ScenarioConfirmation, papers: readonly Paper[]): Paper {
  const found = papers
    .filter((paper) => paper.fact.number === invoice && (seller === undefined || paper.invoice.seller === seller))
    .filter((paper) => issueDate === undefined || paper.fact.issueDate <= issueDate);
  const newest = found
    .map(({ fact }) => fact.issueDate)
    .sort(compareText)
    .at(-1);
  const [paper, other] = found.filter(({ fact }) => fact.issueDate === newest);
  if (paper !== undefined && other === undefined) return paper;
  const why = paper === undefined ? 'which is not there' : 'of which there are several: name its seller';
  throw new Fault('CONFIRMATION_UNKNOWN', `a ${kind} names invoice ${invoice}, ${why}`, { invoice: invoice ?? '' });
}

/** What confirmations name themselves. @throws Fault CONFIRMATION_UNKNOWN, ALLOCATION_CONFIRMED_TWICE */
function namedIn(scenario: Scenario, papers: readonly Paper[]): Named[] {
  const ids = new Set(scenario.movements.map(({ id }) => id));
  const owners = new Map<string, { readonly kind: string; readonly line: string; readonly paper: Paper }[]>();
  for (const confirmation of confirmationsIn(scenario)) {
    if (confirmation.lines === undefined || confirmation.invoice === undefined) continue;
    const paper = paperOf(confirmation, papers);
    for (const { id: line, movements } of confirmation.lines) {
      const unknown = movements.find((id) => !ids.has(id));
      if (unknown !== undefined || !paper.fact.lines.some(({ id }) => id === line))
        throw new Fault(
          'CONFIRMATION_UNKNOWN',
          `a ${confirmation.kind} of invoice ${paper.fact.number} names ${unknown === undefined ? `line ${line}` : `movement ${unknown}`}, which is not there`,
        );
      for (const movement of new Set(movements)) {
        const before = owners.get(movement) ?? [];
        for (const one of before) refuseTwice(movement, one, { kind: confirmation.kind, line, paper });
        owners.set(movement, [...before, { kind: confirmation.kind, line, paper }]);
      }
    }
  }
  return [...owners].flatMap(([movement, all]) => all.map(({ line, paper }) => ({ document: paper.fact.id, line, movement })));
}

/** An item is billed once: it may be confirmed, paid, and taken over by a correction, but not confirmed for two lines. */
function refuseTwice(movement: string, a: Owner, b: Owner): void {
  const corrects = (one: Owner, other: Owner): boolean => one.paper.fact.replaces?.includes(other.paper.fact.id) === true;
  if (corrects(a, b) || corrects(b, a) || (a.paper === b.paper && a.line === b.line && a.kind !== b.kind)) return;
  throw new Fault(
    'ALLOCATION_CONFIRMED_TWICE',
    `movement ${movement} is confirmed for invoice ${a.paper.fact.number} line ${a.line} and again for invoice ${b.paper.fact.number} line ${b.line}: take one of the two back`,
    { movement },
  );
}

interface Owner {
  readonly kind: string;
  readonly line: string;
  readonly paper: Paper;
}

/** What confirmations without lines stand for: the match of what was known on their day, day by day. */
function confirmedBy(scenario: Scenario, policies: Policies, named: readonly Named[], papers: readonly Paper[]): Named[] {
  const dated = confirmationsIn(scenario).filter(
    ({ lines, invoice, issueDate }) => lines === undefined && invoice !== undefined && issueDate !== undefined,
  );
  const out = [...named];
  for (const day of [...new Set(dated.flatMap(({ issueDate }) => issueDate ?? []))].sort(compareText)) {
    const then = work(knownOn(scenario, day));
    const { allocations } = match({ ...then.facts, confirmations: confirmationsOf(out, then) }, policies);
    for (const confirmation of dated.filter(({ issueDate }) => issueDate === day)) {
      const { fact } = paperOf(confirmation, papers);
      for (const { document, line, entry } of allocations) {
        const movement = then.sightings[entry]?.id;
        if (document === fact.id && movement !== undefined) out.push({ document, line, movement });
      }
    }
  }
  return out;
}

/** Confirmed items as facts; what no longer counts, for it was voided or took itself back, is confirmed no more. */
function confirmationsOf(named: readonly Named[], { sightings, facts }: Worked): Confirmation[] {
  const entries = new Map(sightings.map(({ id }, entry) => [id, entry]));
  return named.flatMap(({ document, line, movement }) => {
    const group = facts.movements[entries.get(movement) ?? -1];
    return group === undefined ? [] : [{ document, line, entry: group.entry, gtin: group.gtin, ordinals: group.ordinals }];
  });
}

/**
 * Works a scenario out. Findings are named once a document; movements that no document accounts for are named by their ids.
 * @throws Fault SCENARIO_INVALID and what the parts of it may be refused for: POLICY_TIE, POLICY_SCOPE, POLICY_INVALID, MOVEMENT_DUPLICATE,
 * LINE_DUPLICATE, CONFIRMATION_UNKNOWN, ALLOCATION_CONFIRMED_TWICE
 */
export function runScenario(given: unknown): ScenarioResult {
  const scenario = readScenario(given);
  const { reversalMinutes: _, ...policy } = scenario.policy;
  const rules = scenario.policies.map((rule) => ({ ...rule, ...(rule.gtin === undefined ? {} : { gtin: textOf(rule.gtin) }) }));
  const policies = new Policies(present({ ...EXACT, ...present(policy), timeZone: scenario.timeZone }), rules.map(present));
  const worked = work(scenario);
  const named = confirmedBy(scenario, policies, namedIn(scenario, worked.papers), worked.papers);
  const result = match({ ...worked.facts, confirmations: confirmationsOf(named, worked) }, policies);
  const taken = new Set(result.allocations.map(({ entry }) => entry));
  return {
    documents: documentsOf(result, worked.papers),
    uninvoiced: worked.sightings
      .filter(({ inspection, inferred }, entry) => inspection !== 'rejected' && inferred !== true && !taken.has(entry))
      .map(({ id }) => id)
      .sort(compareText),
  };
}

/** Without members that are undefined, which would stand in the way of a default. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function documentsOf(result: Match, papers: readonly Paper[]): ScenarioResult['documents'] {
  const byId = new Map(papers.map(({ fact }) => [fact.id, fact]));
  return result.documents
    .flatMap((document) => {
      const fact = byId.get(document.id);
      return fact === undefined ? [] : [{ document, fact }];
    })
    .sort(
      (a, b) =>
        compareText(a.fact.number, b.fact.number) || compareText(a.fact.issueDate, b.fact.issueDate) || compareText(a.fact.id, b.fact.id),
    )
    .map(({ document, fact }) => ({
      number: fact.number,
      gate: document.gate,
      lines: [...document.lines]
        .sort((a, b) => compareLines(a.id, b.id))
        .map(({ id, status, matched, short, over }) => ({ id, status, matched: `${matched}`, short: `${short}`, over: `${over}` })),
      findings: [...new Set(document.findings.map(({ code }) => code))].sort(compareText),
    }));
}

/** A case that was worked out, or why it could not be. */
export type CaseResult = { readonly id: string } & (
  | ScenarioResult
  | { readonly error: { readonly code: string; readonly message: string } }
);

/**
 * Works out a file: one scenario, or many cases. A case that is refused says so in its place, and the others are worked out.
 * @throws Fault SCENARIO_INVALID for a file that is neither; what `runScenario` throws for a single scenario
 */
export function runFile(file: unknown): ScenarioResult | { readonly cases: readonly CaseResult[] } {
  const given = file as { scenario?: unknown; cases?: unknown } | null;
  if (typeof given === 'object' && given !== null) {
    if (Array.isArray(given.cases)) return { cases: given.cases.map(runCase) };
    if (given.scenario !== undefined) return runScenario(given.scenario);
  }
  throw new Fault(
    'SCENARIO_INVALID',
    'the file has neither "scenario" nor "cases": write {"scenario":{…}} or {"cases":[{"id":"…","scenario":{…}}]}',
  );
}

function runCase(given: unknown, place: number): CaseResult {
  const { id = String(place), scenario } = (given ?? {}) as { id?: unknown; scenario?: unknown };
  try {
    return { id: String(id), ...runScenario(scenario) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { id: String(id), error: { code: faultCode(error), message: error.message } };
  }
}
