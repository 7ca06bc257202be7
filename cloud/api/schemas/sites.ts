import * as z from 'zod';
import { gln } from './company.ts';
import { shape } from './shape.ts';
import { label, name, written } from './terms.ts';

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return !/^[+-]/.test(text);
  } catch {
    return false;
  }
}

export const siteParams = z.object({ site: name });

export const siteBody = shape(
  'SiteBody',
  z.strictObject({
    name: label,
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'use a zone of the IANA database such as Europe/Paris')
      .meta({ examples: ['Europe/Paris'] }),
    gln: gln.optional(),
  }),
);

const shown = { site: z.string(), name: z.nullable(z.string()), timeZone: z.nullable(z.string()), gln: z.nullable(z.string()) };

export const site = shape('Site', z.object(shown));
export const siteWritten = shape('SiteWritten', z.object({ ...shown, entry: written }));

export const siteList = shape('SiteList', z.object({ data: z.array(site) }));
