import * as z from 'zod';
import { pageOf, shape } from './shape.ts';
import { gtin, label, paging, unit, written } from './terms.ts';

const pack = z.strictObject({
  unit,
  quantity: z.int().min(1).max(1_000_000).meta({ description: 'Stocking units in one of this unit' }),
});

export const itemParams = z.object({ gtin });

export const itemBody = shape(
  'ItemBody',
  z.strictObject({
    name: label,
    unit: unit.default('C62').meta({ description: 'Stocking unit, UN/ECE Recommendation 20' }),
    packs: z
      .array(pack)
      .max(20)
      .default([])
      .refine((packs) => new Set(packs.map((one) => one.unit)).size === packs.length, 'a unit stands twice'),
  }),
);

const shown = {
  gtin: z.string(),
  name: z.nullable(z.string()),
  unit: z.nullable(z.string()),
  packs: z.array(z.object({ unit: z.string(), quantity: z.int() })),
};

export const item = shape('Item', z.object(shown));
export const itemWritten = shape('ItemWritten', z.object({ ...shown, entry: written }));

export const itemQuery = z.strictObject(paging);
export const itemPage = pageOf('ItemPage', item);
