import * as z from 'zod';
import { Fault } from '../../protocol/fault.ts';
import { EXACT } from './policy.ts';

/**
 * A worked case in the form that people write and exchange: movements one by one, quantities and money as decimal text. Members that nothing
 * here uses are allowed and ignored.
 */

/** A case is worked out in memory in one go; a real month of a busy site is below this. */
const MAX_MOVEMENTS = 1_000_000;
const MAX_DOCUMENTS = 100_000;
/** EN 16931 has no limit; this is ten times the largest invoice that was seen. */
const MAX_LINES = 20_000;
const MAX_TEXT = 200;

const text = z.string().min(1).max(MAX_TEXT);
const decimalText = z.string().regex(/^[+-]?\d{1,15}(\.\d{0,15})?$/, 'must be decimal text such as "12.50"');
const count = decimalText;

/** A day that there is: JavaScript would read 30 February as 2 March. */
const isDay = (day: string): boolean => {
  const at = Date.parse(`${day}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
};
const day = z.string().refine(isDay, 'must be a day such as 2026-03-12');
const instant = z
  .string()
  .refine(
    (at) => isDay(at.slice(0, 10)) && /^.{10}T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(at) && !Number.isNaN(Date.parse(at)),
    'must be an instant with its zone, such as 2026-03-12T09:30:00Z',
  );
const isZone = (zone: string): boolean => {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
};

const tolerance = z.object({ abs: decimalText, pct: decimalText });
const ruled = z.object({
  quantityTolerance: tolerance,
  priceTolerance: tolerance,
  invoiceCap: decimalText,
  windowDays: z.object({ before: z.number(), after: z.number() }),
  readRate: decimalText,
  siteMismatch: z.enum(['finding', 'hold']),
  consignment: z.boolean().optional(),
});

const parts = z.array(z.object({ gtin: text, quantity: count }));
const item = z.object({
  gtin: text,
  unit: text.default('C62'),
  packs: z.array(z.object({ unit: text, quantity: count })).optional(),
  contains: parts.optional(),
  supplierCodes: z.array(z.object({ supplier: text, code: text })).optional(),
  kit: parts.optional(),
});

const movement = z.object({
  id: text,
  at: instant,
  direction: z.enum(['in', 'out']),
  site: text,
  gtin: text,
  serial: text,
  state: z.enum(['confirmed', 'doubtful', 'void']),
  despatchRef: text.optional(),
  orderRef: text.optional(),
  inspection: z.enum(['accepted', 'rejected']).optional(),
});

const invoiceLine = z.object({
  id: text,
  gtin: text.nullable().optional(),
  qty: decimalText,
  unit: text,
  price: decimalText.optional(),
  baseQty: decimalText.optional(),
  net: decimalText,
  freeQty: decimalText.optional(),
  /** Of lines with sub-lines only details count; groups and information say it again. */
  lineType: z.enum(['DETAIL', 'GROUP', 'INFORMATION']).optional(),
  sellerItemId: text.optional(),
  name: z.string().optional(),
  classification: z.enum(['goods', 'charge', 'service']).optional(),
  despatchRef: text.optional(),
  orderRef: text.optional(),
});

const invoice = z.object({
  kind: z.literal('invoice'),
  role: z.enum(['purchase', 'sale']).default('purchase'),
  number: text,
  issueDate: day,
  typeCode: text.default('380'),
  currency: text.default('EUR'),
  seller: text.optional(),
  buyer: text.optional(),
  despatchRef: text.optional(),
  orderRef: text.optional(),
  deliverySite: text.optional(),
  precedingInvoices: z.array(text).optional(),
  lines: z.array(invoiceLine).max(MAX_LINES).default([]),
});

/** What left the seller, by serial: it tells which serials were due when a door missed one. */
const despatchAdvice = z.object({
  kind: z.literal('despatchAdvice'),
  number: text,
  issueDate: day.optional(),
  seller: text.optional(),
  buyer: text.optional(),
  lines: z.array(z.object({ gtin: text, serials: z.array(text).default([]) })).default([]),
});

const order = z.object({
  kind: z.literal('order'),
  number: text,
  currency: text.optional(),
  seller: text.optional(),
  buyer: text.optional(),
  lines: z.array(z.object({ gtin: text.optional(), price: decimalText.optional() })).default([]),
});

/**
 * That a person accepted what an invoice was matched with, or that it was paid. `lines` names the movements of each line; without it they are
 * those that the match gave for all that was known at the end of `issueDate`.
 */
const confirmation = z.object({
  kind: z.enum(['confirmation', 'payment']),
  number: text.optional(),
  issueDate: day.optional(),
  /** Number of the invoice, or of those that one payment settles. */
  invoice: text.optional(),
  invoices: z.array(text).optional(),
  seller: text.optional(),
  lines: z.array(z.object({ id: text, movements: z.array(text) })).optional(),
  /** In the place of `lines` where there is one. */
  line: text.optional(),
  movements: z.array(text).optional(),
});

const scenario = z.object({
  now: instant.optional(),
  timeZone: z.string().refine(isZone, 'must be a time zone such as Europe/Paris').default(EXACT.timeZone),
  policy: ruled
    .partial()
    .extend({ reversalMinutes: z.number().min(0).optional() })
    .default({}),
  /** What holds for one supplier, one item, or one item of one supplier, in the place of `policy`. */
  policies: z.array(ruled.partial().extend({ supplier: text.optional(), gtin: text.optional() })).default([]),
  items: z.array(item).default([]),
  /** Without a currency a price is in that of the invoice. */
  prices: z.array(z.object({ supplier: text, gtin: text, price: decimalText, currency: text.optional() })).default([]),
  movements: z.array(movement).max(MAX_MOVEMENTS).default([]),
  documents: z
    .array(z.discriminatedUnion('kind', [invoice, despatchAdvice, order, confirmation]))
    .max(MAX_DOCUMENTS)
    .default([]),
});

export type Scenario = z.output<typeof scenario>;
export type ScenarioItem = z.output<typeof item>;
export type ScenarioMovement = z.output<typeof movement>;
export type ScenarioInvoice = z.output<typeof invoice>;
export type ScenarioAdvice = z.output<typeof despatchAdvice>;
export type ScenarioOrder = z.output<typeof order>;
export type ScenarioConfirmation = z.output<typeof confirmation>;
export type ScenarioLine = z.output<typeof invoiceLine>;

/** As people write it: what has a default may be left out. */
type Written = z.input<typeof scenario>;
export type WrittenScenario = { readonly [K in keyof Written]?: Written[K] | Readonly<Written[K]> };
export type WrittenDocument = NonNullable<Written['documents']>[number];

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

/** A member that is null says as much as one that is left out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, withoutNulls(one)]])));
}

/** Reads a scenario. @throws Fault SCENARIO_INVALID, with the place of the first mistake */
export function readScenario(value: unknown): Scenario {
  const read = scenario.safeParse(withoutNulls(value));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'the scenario' : issue.path.join('.');
  throw new Fault('SCENARIO_INVALID', `${place}: ${issue?.message ?? 'cannot be read'}`, { place });
}
