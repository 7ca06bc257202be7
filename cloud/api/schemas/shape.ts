// Everywhere as a namespace: `import { z }` would put the messages of zod's fifty languages into the Worker.
import * as z from 'zod';

/** The shapes that the OpenAPI document names: everything registered here becomes a component. */
export const shapes = z.registry<{ id: string }>();

/** Gives a schema its name in the OpenAPI document. */
export function shape<T extends z.ZodType>(id: string, schema: T): T {
  shapes.add(schema, { id });
  return schema;
}

/** A page of a list: `next` is the cursor of the following page, null on the last one. */
export function pageOf<T extends z.ZodType>(
  id: string,
  item: T,
): z.ZodObject<{ data: z.ZodArray<T>; entry: z.ZodNumber; next: z.ZodNullable<z.ZodString> }> {
  return shape(
    id,
    z.object({
      data: z.array(item),
      entry: z.int().meta({ description: 'Size of the ledger, in entries, for which the answer is true' }),
      next: z.nullable(z.string()).meta({ description: 'Cursor of the next page; null on the last one' }),
    }),
  );
}
