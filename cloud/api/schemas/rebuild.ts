import * as z from 'zod';
import { shape } from './shape.ts';

const alarm = shape(
  'Alarm',
  z.object({
    id: z.int(),
    at: z.int().meta({ description: 'When it was raised, epoch milliseconds' }),
    code: z.string().meta({ description: 'INSPECTION_DIFFERS, REBUILD_DIFFERS or REBUILD_FAILED' }),
    text: z.string().meta({ description: 'What differs, by table and key' }),
    cleared: z.int().nullable().meta({ description: 'When it was put right; null while it stands' }),
  }),
);

/** How what is folded stands against the log. */
export const projectionsState = shape(
  'Projections',
  z.object({
    state: z.enum(['current', 'rebuilding', 'failed']).meta({
      description: 'rebuilding: answers come from what is stored and go on; failed: a rebuild stopped, what was stored stays in use',
    }),
    rebuild: z
      .object({
        since: z.int().meta({ description: 'Entries in the log when it began' }),
        next: z.int().meta({ description: 'Entry to fold next' }),
        size: z.int().meta({ description: 'Entries in the log' }),
        why: z.string(),
        phase: z.string().meta({ description: 'clear, fold, compare, swap' }),
      })
      .nullable(),
    inspection: z
      .object({
        rotations: z.int().meta({ description: 'How often everything was inspected' }),
        rotatedAt: z.int().nullable().meta({ description: 'When the last time ended, epoch milliseconds' }),
      })
      .meta({ description: 'The background check that folds a sample again all the time' }),
    alarms: z.array(alarm).meta({ description: 'What stands, newest first' }),
  }),
);
