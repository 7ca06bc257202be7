import * as z from 'zod';
import { shape } from './shape.ts';
import { index, instant, name } from './terms.ts';

export const logView = shape(
  'Log',
  z.object({
    origin: z.string().meta({ description: 'Name of the log: an address without scheme' }),
    vkey: z.string().meta({ description: 'Verifier key (C2SP signed-note): note it down, every proof is held against it' }),
    size: z.int().meta({ description: 'Entries of the newest checkpoint' }),
    root: z.string().meta({ description: 'RFC 6962 root over them, base64url' }),
    at: instant.meta({ description: 'When the newest entry was appended; 0 for an empty log' }),
  }),
);

export const receipt = shape(
  'Receipt',
  z.object({
    index,
    leaf: z.string().meta({ description: 'The 78 bytes that the tree holds, base64url; the last 32 are the commitment' }),
    salt: z.nullable(z.string()).meta({ description: 'base64url; null once erased' }),
    body: z.nullable(z.string()).meta({ description: 'Canonical JSON as its producer wrote it; null once erased' }),
    proof: z.string().meta({ description: 'C2SP tlog-proof: index, inclusion path and signed checkpoint' }),
    vkey: z.string(),
  }),
);

export const logParams = z.object({ tenant: name });
/** A path is judged by what it must name: all that does not name a tile or file is simply not there. */
const path = z.string().max(200).meta({ description: 'May hold slashes' });
export const tileParams = z.object({ tenant: name, path });

export const opened = shape(
  'Export',
  z.object({
    id: z.string(),
    first: z.string().meta({ description: 'Path of the file to fetch first; each answer names the next in X-Docket-Next' }),
  }),
);
export const exportParams = z.object({ id: z.string().regex(/^[\w-]{1,40}$/, 'use the id of an export'), path });
