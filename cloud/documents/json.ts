import * as z from 'zod';
import { Fault } from '../../protocol/fault.ts';
import { gtin14, isSscc } from '../../protocol/gtin.ts';
import { isName } from '../../protocol/topics.ts';
import type { DespatchAdvice, GoodsLine, Order, Party } from './document.ts';
import { isDate, MAX_LINES } from './terms.ts';

/** 1,000 logistic units are thirty full lorries. */
const MAX_SSCCS = 1000;
/** A JSON order of 5,000 lines is under 1 MB. */
export const MAX_JSON_BYTES = 2_000_000;

/** Text that canonical JSON can hold and a page can show. */
const text = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'use valid Unicode without control characters');
/** A number stands in commands to a node and in records: at most 80 characters (protocol/record.ts), 35 in EN 16931 practice. */
const number = text(80).min(1);
const label = text(200);
const date = z.string().refine(isDate, 'use a day such as 2026-11-24');
const gtin = z
  .string()
  .refine((text) => gtin14(text) !== undefined, 'is no GTIN of 8, 12, 13 or 14 digits with a right check digit')
  .transform((text) => gtin14(text) ?? text);
const quantity = z.int().min(1).max(10_000_000);
/** As many digits as a unit price ever has. */
const price = z.string().regex(/^\d{1,12}(\.\d{1,10})?$/, 'use a decimal number such as 12.50');
const site = z.string().refine(isName, 'use the name of a site');

const party = z.object({ id: text(80).min(1), name: label.optional() });
const head = { number, issueDate: date, seller: party, buyer: party, site: site.optional() };
const line = { id: text(50).min(1), gtin, quantity, name: label.optional() };

/** An order: {kind:'order', number, issueDate, seller, buyer, site?, currency?, lines:[{id, gtin, quantity, price?, name?}]} */
export const orderSchema = z.object({
  kind: z.literal('order'),
  ...head,
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'use an ISO 4217 code such as EUR')
    .optional(),
  lines: z
    .array(z.object({ ...line, price: price.optional() }))
    .min(1)
    .max(MAX_LINES),
});

/** A despatch advice: {kind:'despatchAdvice', number, issueDate, seller, buyer, orderRef?, site?, ssccs?, lines:[{id, gtin, quantity, name?}]} */
export const despatchAdviceSchema = z.object({
  kind: z.literal('despatchAdvice'),
  ...head,
  orderRef: number.optional(),
  ssccs: z.array(z.string().refine(isSscc, 'is no SSCC of 18 digits with a right check digit')).max(MAX_SSCCS).optional(),
  lines: z.array(z.object(line)).min(1).max(MAX_LINES),
});

export const jsonDocumentSchema = z.discriminatedUnion('kind', [orderSchema, despatchAdviceSchema]);

/** A party by one identifier, put where the normal form keeps such an identifier. */
function partyOf({ id, name }: z.infer<typeof party>): Party {
  const named = name === undefined || name === '' ? {} : { name };
  if (/^\d{9}$/.test(id)) return { ...named, legalId: { id, scheme: '0002' } };
  if (/^[A-Z]{2}[0-9A-Z]{2,13}$/.test(id)) return { ...named, vat: id };
  return { ...named, ids: [/^\d{13}$/.test(id) ? { id, scheme: '0088' } : { id }] };
}

type ReadLine = { id: string; gtin: string; quantity: number; name?: string | undefined; price?: string | undefined };

const goodsLine = ({ id, gtin: item, quantity: count, name }: ReadLine): GoodsLine => ({
  id,
  gtin: item,
  quantity: count,
  ...(name === undefined ? {} : { name }),
});

/**
 * Reads an order or a despatch advice.
 * @throws Fault EMPTY, JSON_INVALID, UNKNOWN_DOCUMENT for another kind, VALUE_INVALID with the path of the first wrong member
 */
export function readJsonDocument(text: string): Order | DespatchAdvice {
  if (text.trim() === '') throw new Fault('EMPTY', 'the document is empty: nothing was sent, or only blanks');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Fault('JSON_INVALID', `the document is no JSON: ${(error as Error).message}`.slice(0, 300));
  }
  if (typeof value !== 'object' || value === null)
    throw new Fault('JSON_INVALID', `the document is JSON, but no object: ${text.trim().slice(0, 40)}`);
  const { kind } = value as { kind?: unknown };
  if (kind !== 'order' && kind !== 'despatchAdvice')
    throw new Fault(
      'UNKNOWN_DOCUMENT',
      `kind is ${JSON.stringify(kind)?.slice(0, 40) ?? 'missing'}; as JSON an order or a despatchAdvice is read`,
    );
  const read = jsonDocumentSchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new Fault('VALUE_INVALID', `${field}: ${issue?.message ?? 'not as expected'}`, { field });
  }
  const { number: numbered, issueDate, site: at, lines } = read.data;
  const base = {
    v: 1 as const,
    number: numbered,
    issueDate,
    seller: partyOf(read.data.seller),
    buyer: partyOf(read.data.buyer),
    ...(at === undefined ? {} : { site: at }),
  };
  if (read.data.kind === 'order') {
    const { currency } = read.data;
    const ordered = read.data.lines.map((one) => ({ ...goodsLine(one), ...(one.price === undefined ? {} : { price: one.price }) }));
    return { kind: 'order', ...base, ...(currency === undefined ? {} : { currency }), lines: ordered };
  }
  const { orderRef, ssccs } = read.data;
  return {
    kind: 'despatchAdvice',
    ...base,
    ...(orderRef === undefined ? {} : { orderRef }),
    ...(ssccs === undefined ? {} : { ssccs: [...new Set(ssccs)].sort() }),
    lines: lines.map(goodsLine),
  };
}
