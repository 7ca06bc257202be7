import * as z from 'zod';
import { shape } from './shape.ts';

/** An error as RFC 9457 describes it. */
export const problem = shape(
  'Problem',
  z.object({
    type: z.string().meta({ description: 'urn:docket:problem: and the code' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable; callers may rely on it, unlike the wording' }),
    detail: z.string().meta({ description: 'What happened, with which value, and what to do' }),
    requestId: z.string(),
    fields: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong with which field' }),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
);
