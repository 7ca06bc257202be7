import * as z from 'zod';
import { checkDigitOf } from '../../../protocol/gtin.ts';
import { shape } from './shape.ts';
import { label, name, written } from './terms.ts';

/** GLN: 13 digits, the last a GS1 check digit. */
export const gln = z
  .string()
  .regex(/^\d{13}$/, 'use the 13 digits of a GLN')
  .refine((text) => checkDigitOf(text.slice(0, 12)) === text.charCodeAt(12) - 48, 'the check digit of the GLN is wrong')
  .meta({ examples: ['3012345600002'] });

const identity = {
  name: label,
  vat: z
    .string()
    .regex(/^[A-Z]{2}[0-9A-Z]{2,13}$/, 'use a VAT number without blanks such as FR40303265045')
    .optional(),
  siren: z
    .string()
    .regex(/^\d{9}$/, 'use the 9 digits of a SIREN')
    .optional(),
  gln: gln.optional(),
};

/** Who "we" are: an invoice whose buyer is one of these is a purchase, whose seller is one of them a sale. */
export const companyBody = shape(
  'CompanyBody',
  z.strictObject(identity).refine((company) => company.vat !== undefined || company.siren !== undefined || company.gln !== undefined, {
    message: 'give a VAT number, a SIREN or a GLN: without one no invoice can be told as a purchase or a sale',
    path: ['vat'],
  }),
);

const shown = {
  name: z.string(),
  vat: z.nullable(z.string()),
  siren: z.nullable(z.string()),
  gln: z.nullable(z.string()),
};

export const company = shape('Company', z.object(shown));
export const companyWritten = shape('CompanyWritten', z.object({ ...shown, entry: written }));

export const newTenant = shape('NewTenant', z.strictObject({ tenant: name, name: label, company: companyBody }));
