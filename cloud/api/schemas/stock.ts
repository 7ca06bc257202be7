import * as z from 'zod';
import { reference } from './documents.ts';
import { pageOf, shape } from './shape.ts';
import { gtin, index, instant, name, paging } from './terms.ts';

export const stockQuery = z.strictObject({ site: name.optional(), gtin: gtin.optional(), ...paging });

export const stockRow = shape(
  'StockRow',
  z.object({
    site: z.string(),
    gtin: z.string(),
    name: z.nullable(z.string()).meta({ description: 'null while the item is unknown' }),
    quantity: z.int().meta({ description: 'Stocking units on hand; negative when more left than ever came in' }),
  }),
);

export const stockPage = pageOf('StockPage', stockRow);

export const movementQuery = stockQuery;

export const movement = shape(
  'Movement',
  z.object({
    entry: index,
    at: instant.meta({ description: 'When it happened, epoch milliseconds' }),
    site: z.string(),
    node: z.string(),
    door: z.string().meta({ description: 'The door; where there is a reason, the zone that was counted (* for the whole site)' }),
    direction: z.enum(['in', 'out']),
    gtin: z.string(),
    quantity: z.int().meta({ description: 'Items that moved in this direction' }),
    document: z.nullable(reference),
    passage: z.string().meta({ description: 'The passage; where there is a reason, the count' }),
    reason: z.enum(['shrinkage', 'surplus']).optional().meta({
      description:
        'Booked by a count, or taken back (shrinkage in, surplus out) once a passage explains it; absent for what went through a door',
    }),
  }),
);

export const movementPage = pageOf('MovementPage', movement);
