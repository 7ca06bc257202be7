import { appendChange, ledgerOf } from '../ledgers.ts';
import { asked } from '../paging.ts';
import { type Route, route } from '../route.ts';
import { itemBody, itemPage, itemParams, itemQuery, itemWritten } from '../schemas/items.ts';

const example = { gtin: '03012345678902', name: 'Huile d’olive 1 l', unit: 'C62', packs: [{ unit: 'CT', quantity: 12 }] };

export const itemRoutes: readonly Route[] = [
  route({
    id: 'putItem',
    method: 'PUT',
    path: '/v1/items/{gtin}',
    right: ['masterdata:write'],
    summary: 'Names an item, its stocking unit and what its packs hold',
    params: itemParams,
    body: { schema: itemBody, example: { name: example.name, unit: 'C62', packs: example.packs } },
    answers: { 200: { text: 'The item', schema: itemWritten, example: { ...example, entry: 2 } } },
    async handle({ params, body, caller, env, now }) {
      const item = { gtin: params.gtin, name: body.name, unit: body.unit, packs: body.packs };
      const known = await ledgerOf(env, caller.tenant).item(item.gtin);
      const entry = await appendChange(
        env,
        caller.tenant,
        { type: 'item', wanted: item, known: known === null ? null : { ...known } },
        now,
      );
      return { status: 200, body: { ...item, entry } };
    },
  }),
  route({
    id: 'listItems',
    method: 'GET',
    path: '/v1/items',
    right: ['stock:read'],
    summary: 'Lists the items by GTIN',
    query: itemQuery,
    answers: { 200: { text: 'A page of items', schema: itemPage, example: { data: [example], entry: 3, next: null } } },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).items(asked(query)) };
    },
  }),
];
