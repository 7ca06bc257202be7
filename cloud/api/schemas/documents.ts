import * as z from 'zod';
import { DOCUMENT_STATUSES } from '../../reconcile/worst.ts';
import { pageOf, shape } from './shape.ts';
import { index, instant, paging } from './terms.ts';

export const KINDS = ['invoice', 'creditNote', 'order', 'despatchAdvice'] as const;

export const explanation = shape(
  'Explanation',
  z.object({
    code: z.string(),
    params: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .meta({ description: 'Values for the sentence that the code stands for' }),
    text: z
      .object({ fr: z.string(), en: z.string() })
      .meta({ description: 'The sentence, with times in the zone of the site. Its words may become better; code and params stay' }),
  }),
);

/** What the door knew of the goods: movements and allocations show it. */
export const reference = z.object({
  kind: z.string().meta({ examples: ['despatchAdvice', 'order', 'sscc'] }),
  number: z.string(),
  how: z.string().meta({ description: 'chosen by a person at the door, or recognised by the sscc of a pallet' }),
});

export const allocation = shape(
  'Allocation',
  z.object({
    entry: index.meta({ description: 'Entry of the record that moved the items' }),
    at: instant.meta({ description: 'When they moved' }),
    site: z.string(),
    node: z.string(),
    door: z.string(),
    direction: z.enum(['in', 'out']),
    quantity: z.int().meta({ description: 'Items of this entry that prove the line' }),
    ordinals: z.array(z.tuple([z.int().min(0), z.int().min(1)])).meta({
      description: 'Which they are: ranges of [first, count] in the items of the entry’s body, from 0 in the order they stand there',
    }),
    evidence: z
      .enum(['despatch', 'order', 'window'])
      .meta({ description: 'Same despatch advice, same order, or only item, site and dates' }),
    document: z.nullable(reference),
  }),
);

export const finding = shape(
  'Finding',
  z.object({
    document: z.string().meta({ description: 'Id of the document' }),
    number: z.string(),
    line: z.nullable(z.string()),
    code: z.string().meta({ examples: ['QUANTITY_SHORT'] }),
    amount: z.nullable(z.int()).meta({ description: 'At stake, in minor units of the currency' }),
    currency: z.nullable(z.string()),
    explanation,
  }),
);

export const ruleFinding = shape(
  'RuleFinding',
  z.object({
    code: z
      .string()
      .meta({ description: 'The rule of EN 16931 that the document breaks, or one of the hub’s own', examples: ['BR-CO-10'] }),
    line: z.nullable(z.string()),
    found: z.nullable(z.string()).meta({ description: 'What the document says' }),
    expected: z.nullable(z.string()).meta({ description: 'What the rule asks for; the document’s own value is kept all the same' }),
    text: z.object({ fr: z.string(), en: z.string() }),
  }),
);

export const documentLine = shape(
  'DocumentLine',
  z.object({
    id: z.string(),
    gtin: z.nullable(z.string()),
    name: z.nullable(z.string()),
    quantity: z.string().meta({ description: 'Decimal, in the unit of the document' }),
    unit: z.nullable(z.string()),
    price: z.nullable(z.string()).meta({ description: 'Unit price, decimal' }),
    net: z.nullable(z.string()).meta({ description: 'Line amount without VAT, decimal' }),
    status: z.nullable(z.string()).meta({ examples: ['MATCHED', 'SHORT_RECEIVED', 'PRICE_VARIANCE'] }),
    matched: z.int().meta({ description: 'Stocking units that moved for this line' }),
    short: z.int(),
    over: z.int(),
    explanation: z.nullable(explanation),
    allocations: z.array(allocation).meta({ description: 'The movements that prove the line, oldest first; at most 200' }),
    allocationsTotal: z.int().min(0).meta({ description: 'How many there are in all' }),
  }),
);

const partnerRef = z.object({ id: z.string(), name: z.string() });

const summary = {
  id: z.string(),
  kind: z.enum(KINDS),
  number: z.string(),
  issueDate: z.string().meta({ description: 'YYYY-MM-DD' }),
  role: z.nullable(z.enum(['purchase', 'sale'])).meta({ description: 'null when neither party is the company' }),
  partner: partnerRef,
  currency: z.nullable(z.string()),
  total: z.nullable(z.string()).meta({ description: 'Total without VAT, decimal; null on orders and despatch advices' }),
  status: z.string().meta({ description: 'The worst of the line statuses; RECORDED on documents that are not matched themselves' }),
  lineCount: z.int(),
  at: instant.meta({ description: 'When it was recorded' }),
  entry: index,
};

export const documentRow = shape('DocumentRow', z.object(summary));

export const document = shape(
  'Document',
  z.object({
    ...summary,
    despatchRef: z.nullable(z.string()),
    orderRef: z.nullable(z.string()),
    original: z.string().meta({ description: 'SHA-256 of the original bytes, hexadecimal' }),
    contentType: z.string(),
    lines: z.array(documentLine),
    findings: z.array(finding),
    ruleFindings: z.array(ruleFinding).meta({ description: 'What the document itself breaks of the rules of EN 16931; at most 100' }),
  }),
);

/** What POST answers: the document with its match, as it stands after the commit. */
export const documentAnswer = document;

export const documentQuery = z.strictObject({
  kind: z.enum(KINDS).optional(),
  status: z.enum(DOCUMENT_STATUSES).optional(),
  ...paging,
});

export const documentParams = z.object({ id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/) });

export const documentPage = pageOf('DocumentPage', documentRow);
export const findingQuery = z.strictObject(paging);
export const findingPage = pageOf('FindingPage', finding);
