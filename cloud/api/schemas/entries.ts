import * as z from 'zod';
import { shape } from './shape.ts';
import { index, instant } from './terms.ts';

export const entryParams = z.object({
  index: z
    .string()
    .regex(/^\d{1,15}$/, 'use the index of an entry')
    .transform(Number),
});

/** What an entry changed. Kinds of change that come later are passed on as they are. */
export const effects = shape(
  'Effects',
  z.looseObject({
    movements: z.array(z.looseObject({ site: z.string(), door: z.string(), gtin: z.string(), quantity: z.int() })).optional(),
    adjustments: z
      .array(
        z.looseObject({
          site: z.string(),
          zone: z.string(),
          reason: z.string(),
          direction: z.string(),
          gtin: z.string(),
          quantity: z.int(),
        }),
      )
      .optional(),
    stock: z.array(z.object({ site: z.string(), gtin: z.string(), quantity: z.int() })).optional(),
    documents: z.array(z.looseObject({ id: z.string(), kind: z.string(), number: z.string(), status: z.string() })).optional(),
    findings: z.array(z.looseObject({ document: z.string(), number: z.string(), code: z.string(), open: z.boolean() })).optional(),
    anomalies: z.array(z.looseObject({ code: z.string(), site: z.string() })).optional(),
  }),
);

export const entry = shape(
  'Entry',
  z.object({
    index,
    type: z.string(),
    at: instant.meta({ description: 'When it was appended' }),
    effectiveAt: instant.meta({ description: 'When it took effect' }),
    producer: z.string().meta({ description: 'hub, or the site and name of a node' }),
    epoch: z.int(),
    seq: z.int(),
    salt: z.nullable(z.string()).meta({ description: 'base64url; null once erased' }),
    body: z.nullable(z.string()).meta({ description: 'Canonical JSON as its producer wrote it; null once erased' }),
    commitment: z.string().meta({ description: 'SHA-256 of 0x02, salt and body, base64url' }),
    effects,
  }),
);

export const streamQuery = z.strictObject({
  after: z
    .string()
    .regex(/^(-1|\d{1,15})$/, 'use the index of an entry, or -1 for all')
    .transform(Number)
    .optional()
    .meta({ description: 'Send the entries after this index first; -1 sends all. Without it and without Last-Event-ID only what comes.' }),
});
