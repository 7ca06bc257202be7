import * as z from 'zod';
import { shape } from './shape.ts';

/** What the platform bills by, as the ledger's object counted it since it last woke. */
export const usage = shape(
  'Usage',
  z.object({
    entries: z.int().meta({ description: 'Entries in the log' }),
    rowsWritten: z.int().meta({ description: 'Database rows written since the ledger last woke, index rows included' }),
    rowsRead: z.int().meta({ description: 'Database rows read since the ledger last woke' }),
  }),
);
