import * as z from 'zod';
import { granted, SCOPES } from './scopes.ts';
import { shape } from './shape.ts';
import { instant, label, name } from './terms.ts';

/** Ten years: longer means forgotten. Shorter than a minute cannot be used. */
const MAX_DAYS = 3650;

export const newKey = shape(
  'NewKey',
  z.strictObject({
    name: label.meta({ description: 'What the key is for' }),
    scopes: z
      .array(granted)
      .min(1)
      .max(SCOPES.length + 1)
      .transform((list) => [...new Set(list)].sort()),
    expiresInDays: z.int().min(1).max(MAX_DAYS).optional().meta({ description: 'Days until the key expires; never when left out' }),
  }),
);

export const key = shape(
  'Key',
  z.object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(granted),
    createdAt: instant,
    createdBy: z.nullable(z.string()).meta({ description: 'Id of the key that made it; null for the first key of a tenant' }),
    expiresAt: z.nullable(instant),
    usedAt: z.nullable(instant).meta({ description: 'Last use, to the minute' }),
    revokedAt: z.nullable(instant),
  }),
);

export const madeKey = shape(
  'MadeKey',
  z.object({
    ...key.shape,
    key: z.string().meta({ description: 'The key itself: shown this once, kept only as a hash', examples: ['dk_live_…'] }),
  }),
);

export const keyList = shape('KeyList', z.object({ data: z.array(key) }));

export const keyParams = z.object({
  id: z.string().regex(/^[0-9A-Za-z]{8}$/, 'use the 8 characters after dk_live_'),
});

export const madeTenant = shape(
  'MadeTenant',
  z.object({ tenant: name, key: z.string().meta({ description: 'The first admin key: shown this once' }) }),
);
