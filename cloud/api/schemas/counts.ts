import * as z from 'zod';
import { pageOf, shape } from './shape.ts';
import { gtin, index, instant, label, name, paging } from './terms.ts';

const zone = z
  .union([z.literal('*'), name])
  .optional()
  .meta({ description: 'A zone, or * for counts of the whole site' });

export const countQuery = z.strictObject({ site: name.optional(), zone, ...paging });
export const countFindingQuery = z.strictObject({ ...paging });
export const planQuery = z.strictObject({ site: name.optional() });

const amount = z.nullable(z.int()).meta({ description: 'Minor units at the last known cost; null where none is known' });
const currency = z.nullable(z.string());
const quantity = z.int().min(0);

const members = {
  entry: index.meta({ description: 'First entry of the count, by which it is addressed' }),
  count: z.string(),
  site: z.string(),
  node: z.string(),
  zone: z.string().meta({ description: '* for the whole site' }),
  name: z.nullable(z.string()),
  opened: instant,
  closed: instant,
  passes: z.int().meta({ description: 'What one pass did not see is not booked out; two say that it is missing' }),
  expectedAt: z.nullable(instant).meta({ description: 'When the list was made that was expected; null for a count without one' }),
  by: z.string(),
  complete: z.boolean().meta({ description: 'Whether all of its parts have come' }),
  read: quantity,
  missing: quantity.meta({ description: 'Expected and not read' }),
  lost: quantity.meta({ description: 'Booked out: missed by two passes, in stock, and seen by no door since the count began' }),
  surplus: quantity.meta({ description: 'Booked in' }),
  found: quantity.meta({ description: 'Booked in again: an earlier count had booked them out' }),
  relocated: quantity.meta({ description: 'Stood in another zone of the site before: no change of stock' }),
  raw: quantity.meta({ description: 'Tags without a GTIN: counted, not stocked' }),
  ssccs: quantity,
  open: quantity.meta({ description: 'Articles whose difference nothing explains and nobody has settled' }),
};

export const countRow = shape('CountRow', z.object(members));
export const countPage = pageOf('CountPage', countRow);

const line = shape(
  'CountLine',
  z.object({
    gtin: z.string(),
    name: z.nullable(z.string()),
    read: quantity,
    missing: quantity,
    lost: quantity,
    surplus: z.object({
      unknown: quantity.meta({ description: 'Never seen before' }),
      out: quantity.meta({ description: 'Had left' }),
      elsewhere: quantity.meta({ description: 'Stood in another site' }),
      neverIn: quantity.meta({ description: 'Left without ever having come in: had been there all the same' }),
    }),
    found: quantity,
    relocated: quantity,
    explained: z.object({ lost: quantity, surplus: quantity }).meta({ description: 'Of these, what a passage or a later count explained' }),
    amount: amount.meta({ description: 'Surplus less loss at the last known cost, minor units; null where none is known' }),
    currency,
    settled: z.nullable(z.object({ by: z.string(), reason: z.string() })),
    serials: z
      .object({ lost: z.array(z.int()), surplus: z.array(z.int()) })
      .meta({ description: 'What was booked, ascending; at most 1,000 each' }),
  }),
);

export const countView = shape('Count', z.object({ ...members, lines: z.array(line) }));

export const countFinding = shape(
  'CountFinding',
  z.object({
    count: index.meta({ description: 'First entry of the count' }),
    site: z.string(),
    zone: z.string(),
    at: instant,
    gtin: z.string(),
    name: z.nullable(z.string()),
    code: z.enum(['SHRINKAGE', 'SURPLUS']),
    quantity,
    amount,
    currency,
    text: z.object({ fr: z.string(), en: z.string() }),
  }),
);
export const countFindingPage = pageOf('CountFindingPage', countFinding);

export const plan = shape(
  'CountPlan',
  z.object({
    zones: z.array(
      z.object({
        site: z.string(),
        zone: z.string(),
        name: z.nullable(z.string()),
        quantity,
        value: amount,
        currency,
        lastCounted: z.nullable(instant),
        ageDays: z.nullable(z.int()),
        day: z.int().min(1).meta({ description: 'A zone a day at each site: 1 is today, left out where a zone was counted within a day' }),
      }),
    ),
    unassigned: z
      .array(z.object({ site: z.string(), quantity }))
      .meta({ description: 'In stock, and in no zone since a door saw it last: a count of the whole site looks for it' }),
    basis: z.enum(['value', 'quantity']).meta({ description: 'What decides beside the age; the quantity where no cost is known' }),
  }),
);

export const settleBody = shape('CountSettlement', z.strictObject({ gtin, reason: label }));
export const settledCount = shape(
  'SettledCount',
  z.object({ count: index, gtin: z.string(), by: z.string(), reason: z.string(), entry: index }),
);
