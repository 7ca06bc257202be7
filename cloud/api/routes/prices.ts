import { appendChange, ledgerOf } from '../ledgers.ts';
import { asked } from '../paging.ts';
import { type Route, route } from '../route.ts';
import { priceBody, pricePage, priceQuery, priceWritten } from '../schemas/prices.ts';

const example = { partner: 'FR40303265045', gtin: '03012345678902', price: '7.250000', currency: 'EUR' };

export const priceRoutes: readonly Route[] = [
  route({
    id: 'putPrice',
    method: 'PUT',
    path: '/v1/prices',
    right: ['masterdata:write'],
    summary: 'Sets the agreed price of an item with a partner, from now on',
    body: { schema: priceBody, example },
    answers: { 200: { text: 'The price', schema: priceWritten, example: { ...example, entry: 4 } } },
    async handle({ body, caller, env, now }) {
      const { partner, gtin, price, currency } = body;
      const agreed = { partner, gtin, price, currency };
      const known = await ledgerOf(env, caller.tenant).price(partner, gtin, now);
      const entry = await appendChange(
        env,
        caller.tenant,
        { type: 'price', wanted: agreed, known: known === null ? null : { ...known } },
        now,
      );
      return { status: 200, body: { ...agreed, entry } };
    },
  }),
  route({
    id: 'listPrices',
    method: 'GET',
    path: '/v1/prices',
    right: ['documents:read'],
    summary: 'Lists agreed prices',
    query: priceQuery,
    answers: {
      200: { text: 'A page of prices', schema: pricePage, example: { data: [{ ...example, from: 1790000000000 }], entry: 5, next: null } },
    },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).prices(asked(query)) };
    },
  }),
];
