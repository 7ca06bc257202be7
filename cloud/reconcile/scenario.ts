import { gtin14 } from '../../protocol/gtin.ts';
import type { Facts, InvoiceFact, ItemFact, LineFact, Match, MovementGroup, Price, Role } from './facts.ts';
import { match } from './match.ts';
import type { Policy } from './policy.ts';

/**
 * A worked case in the form that people write and exchange: movements one by one, quantities and money as decimal text. Members that
 * the first cut does not use are allowed and ignored.
 */
export interface Scenario {
  readonly timeZone: string;
  readonly policy: Omit<Policy, 'timeZone' | 'timeZones'>;
  readonly items: readonly ScenarioItem[];
  readonly prices: readonly { readonly supplier: string; readonly gtin: string; readonly price: string }[];
  readonly movements: readonly ScenarioMovement[];
  readonly documents: readonly ScenarioDocument[];
}

export interface ScenarioItem {
  readonly gtin: string;
  readonly unit: string;
  readonly packs?: readonly { readonly unit: string; readonly quantity: string }[];
  readonly contains?: readonly { readonly gtin: string; readonly quantity: string }[];
  readonly supplierCodes?: readonly { readonly supplier: string; readonly code: string }[];
  readonly kit?: readonly { readonly gtin: string; readonly quantity: string }[];
}

export interface ScenarioMovement {
  readonly id: string;
  readonly at: string;
  readonly direction: 'in' | 'out';
  readonly site: string;
  readonly gtin: string;
  readonly serial: string;
  readonly state: 'confirmed' | 'doubtful' | 'void';
  readonly despatchRef?: string;
  readonly orderRef?: string;
  readonly inspection?: 'accepted' | 'rejected';
}

export interface ScenarioDocument {
  readonly kind: string;
  readonly role?: Role;
  readonly number: string;
  readonly issueDate?: string;
  readonly typeCode?: string;
  readonly currency?: string;
  readonly seller?: string;
  readonly buyer?: string;
  readonly despatchRef?: string;
  readonly orderRef?: string;
  readonly deliverySite?: string;
  readonly precedingInvoices?: readonly string[];
  readonly lines?: readonly ScenarioLine[];
}

export interface ScenarioLine {
  readonly id: string;
  readonly gtin?: string | null;
  readonly qty: string;
  readonly unit: string;
  readonly price: string;
  readonly baseQty?: string;
  readonly net: string;
  readonly sellerItemId?: string;
  readonly classification?: 'goods' | 'charge' | 'service';
}

export interface ScenarioResult {
  readonly documents: readonly {
    readonly number: string;
    readonly gate: string;
    readonly lines: readonly {
      readonly id: string;
      readonly status: string;
      readonly matched: string;
      readonly short: string;
      readonly over: string;
    }[];
    readonly findings: readonly string[];
  }[];
  readonly uninvoiced: readonly string[];
}

/** In, out and in again within this time is one receipt: a forklift that backs out of the door. */
const REVERSAL_MS = 5 * 60_000;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Movements that count, oldest first, without those that took each other back. */
function netted(movements: readonly ScenarioMovement[]): ScenarioMovement[] {
  const bySerial = new Map<string, ScenarioMovement[]>();
  const sorted = movements
    .filter(({ state }) => state === 'confirmed')
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || compareText(a.serial, b.serial) || compareText(a.id, b.id));
  for (const movement of sorted) {
    const key = JSON.stringify([movement.gtin, movement.serial, movement.site]);
    const before = bySerial.get(key) ?? [];
    const last = before.at(-1);
    const reverses =
      last !== undefined && last.direction !== movement.direction && Date.parse(movement.at) - Date.parse(last.at) <= REVERSAL_MS;
    bySerial.set(key, reverses ? before.slice(0, -1) : [...before, movement]);
  }
  const kept = new Set([...bySerial.values()].flat());
  return sorted.filter((movement) => kept.has(movement));
}

const groupOf = (movement: ScenarioMovement, entry: number): MovementGroup => ({
  entry,
  gtin: movement.gtin,
  direction: movement.direction,
  site: movement.site,
  at: Date.parse(movement.at),
  ordinals: [[0, 1]],
  ...(movement.despatchRef === undefined ? {} : { despatchRef: movement.despatchRef }),
  ...(movement.orderRef === undefined ? {} : { orderRef: movement.orderRef }),
  ...(movement.inspection === 'rejected' ? { rejected: true } : {}),
});

const itemOf = (item: ScenarioItem): ItemFact => ({
  gtin: item.gtin,
  unit: item.unit,
  packs: (item.packs ?? []).map(({ unit, quantity }) => ({ unit, quantity: Number(quantity) })),
  cases: (item.contains ?? []).map(({ gtin, quantity }) => ({ gtin, quantity: Number(quantity) })),
  supplierCodes: item.supplierCodes ?? [],
  kit: (item.kit ?? []).map(({ gtin, quantity }) => ({ gtin, quantity: Number(quantity) })),
});

function lineOf(line: ScenarioLine): LineFact {
  const gtin = line.gtin === null || line.gtin === undefined ? undefined : gtin14(line.gtin);
  return {
    id: line.id,
    ...(gtin === undefined ? {} : { gtin }),
    ...(gtin === undefined && line.gtin !== null && line.gtin !== undefined ? { gtinInvalid: true } : {}),
    quantity: line.qty,
    unit: line.unit,
    price: line.price,
    ...(line.baseQty === undefined ? {} : { baseQuantity: line.baseQty }),
    net: line.net,
    ...(line.sellerItemId === undefined ? {} : { sellerItemId: line.sellerItemId }),
    ...(line.classification === undefined ? {} : { classification: line.classification }),
  };
}

function invoiceOf(document: ScenarioDocument): InvoiceFact {
  const role = document.role ?? 'purchase';
  const { number, issueDate = '' } = document;
  return {
    id: JSON.stringify([number, issueDate, document.seller]),
    role,
    typeCode: document.typeCode ?? '380',
    number,
    issueDate,
    partner: (role === 'purchase' ? document.seller : document.buyer) ?? '',
    currency: document.currency ?? 'EUR',
    ...(document.despatchRef === undefined ? {} : { despatchRef: document.despatchRef }),
    ...(document.orderRef === undefined ? {} : { orderRef: document.orderRef }),
    ...(document.deliverySite === undefined ? {} : { site: document.deliverySite }),
    preceding: document.precedingInvoices ?? [],
    lines: (document.lines ?? []).map(lineOf),
  };
}

function pricesOf(scenario: Scenario, currencies: ReadonlySet<string>): Price[] {
  return scenario.prices.flatMap(({ supplier, gtin, price }) =>
    [...currencies].map((currency) => ({ partner: supplier, gtin, price, currency })),
  );
}

/** Runs a scenario. Findings are named once a document; movements that no document accounts for are named by their ids. */
export function runScenario(scenario: Scenario): ScenarioResult {
  const movements = netted(scenario.movements);
  const invoices = scenario.documents.filter(({ kind }) => kind === 'invoice').map(invoiceOf);
  const groups = movements.map((movement, entry) => groupOf(movement, entry));
  const facts: Facts = {
    invoices,
    movements: groups,
    prices: pricesOf(scenario, new Set(invoices.map(({ currency }) => currency))),
    items: scenario.items.map(itemOf),
  };
  const result = match(facts, { ...scenario.policy, timeZone: scenario.timeZone });
  const byId = new Map(invoices.map((invoice) => [invoice.id, invoice]));
  const taken = new Set(result.allocations.map(({ entry }) => entry));
  return {
    documents: documentsOf(result, byId),
    uninvoiced: movements
      .filter((movement, entry) => movement.inspection !== 'rejected' && !taken.has(entry))
      .map(({ id }) => id)
      .sort(compareText),
  };
}

function documentsOf(result: Match, byId: ReadonlyMap<string, InvoiceFact>): ScenarioResult['documents'] {
  return result.documents
    .map((document) => ({
      issueDate: byId.get(document.id)?.issueDate ?? '',
      number: byId.get(document.id)?.number ?? '',
      gate: document.gate,
      lines: document.lines.map(({ id, status, matched, short, over }) => ({
        id,
        status,
        matched: String(matched),
        short: String(short),
        over: String(over),
      })),
      findings: [...new Set(document.findings.map(({ code }) => code))].sort(compareText),
    }))
    .sort((a, b) => compareText(a.number, b.number) || compareText(a.issueDate, b.issueDate))
    .map(({ issueDate: _, ...document }) => document);
}
