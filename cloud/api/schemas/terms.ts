import * as z from 'zod';
import { gtin14 } from '../../../protocol/gtin.ts';
import { isName } from '../../../protocol/topics.ts';

/** Terms that many shapes share. Each refuses what a later stage could not keep or show. */

/** Tenant, site, node and door names: what may stand in an MQTT topic (protocol/topics.ts). */
export const name = z
  .string()
  .max(32)
  .refine(isName, 'use 1 to 32 letters, digits, hyphens, dots or underscores, beginning with a letter or digit')
  .meta({ description: 'Letters, digits, hyphen, dot, underscore; at most 32', examples: ['LYON'] });

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Text for people: no control characters, valid Unicode (canonical JSON refuses lone surrogates). 200 characters fit a label and an invoice line. */
export const label = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed() && !CONTROL.test(text), 'use text without control characters');

/** GTIN-8, -12, -13 or -14 with a right check digit; kept as 14 digits. */
export const gtin = z
  .string()
  .max(14)
  .refine((text) => gtin14(text) !== undefined, 'is no GTIN of 8, 12, 13 or 14 digits with a right check digit')
  .transform((text) => gtin14(text) ?? text)
  .meta({ description: 'GTIN of 8, 12, 13 or 14 digits', examples: ['03012345678902'] });

/**
 * VAT number, SIREN or another identifier of a party, in the one spelling under which documents find it (documents/identity.ts): without
 * blanks and dots, in capitals. EN 16931 practice knows no longer one than 35 characters.
 */
export const party = z
  .string()
  .max(60)
  .transform((text) => text.replaceAll(/[\s.]/g, '').toUpperCase())
  .pipe(z.string().regex(/^[A-Z0-9][A-Z0-9:_-]{0,34}$/, 'use a VAT number, a SIREN or another identifier of at most 35 characters'))
  .meta({ examples: ['FR40303265045'] });

/** A decimal number as text: at most 12 digits before the point and 10 after, as much as a unit price ever has. */
export const decimalText = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,10})?$/, 'use a decimal number such as 12.50')
  .meta({ examples: ['12.50'] });

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'use an ISO 4217 code such as EUR')
  .meta({ examples: ['EUR'] });

/** UN/ECE Recommendation 20 or 21 code. */
export const unit = z
  .string()
  .regex(/^[A-Z0-9]{1,3}$/, 'use a UN/ECE Recommendation 20 code such as C62')
  .meta({ examples: ['C62'] });

export const instant = z.int().meta({ description: 'Epoch milliseconds, UTC' });

/** What an answer shows is what the ledger holds; it was checked when it came in. */
export const shown = z.string();

export const index = z.int().min(0);

/** What a PUT says of the log: the entry it made, or null when the same was already there. */
export const written = z.nullable(index).meta({ description: 'Index of the entry that was made; null when the ledger already said so' });

/** 200 a page keeps an answer under 100 KB and a read under a few milliseconds. */
export const MAX_PAGE = 200;

export const paging = {
  cursor: z
    .string()
    .regex(/^[!-~]{1,400}$/, 'use the `next` of the page before')
    .optional()
    .meta({ description: 'The `next` of the page before' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(50)
    .meta({ description: `Rows on a page, 1 to ${MAX_PAGE}` }),
};
