import * as z from 'zod';
import { pageOf, shape } from './shape.ts';
import { currency, decimalText, gtin, instant, paging, party, written } from './terms.ts';

export const priceBody = shape(
  'PriceBody',
  z.strictObject({
    partner: party.meta({ description: 'VAT number, SIREN or other identifier of the supplier or customer' }),
    gtin,
    price: decimalText.meta({ description: 'Agreed price of one stocking unit' }),
    currency,
  }),
);

const shown = { partner: z.string(), gtin: z.string(), price: z.string(), currency: z.string() };

export const price = shape('Price', z.object({ ...shown, from: instant.meta({ description: 'Valid from, epoch milliseconds' }) }));
export const priceWritten = shape('PriceWritten', z.object({ ...shown, entry: written }));

export const priceQuery = z.strictObject({ partner: party.optional(), gtin: gtin.optional(), ...paging });
export const pricePage = pageOf('PricePage', price);
