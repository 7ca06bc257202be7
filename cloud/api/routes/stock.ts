import type { StockMovement } from '../../ledger/movementpage.ts';
import { ledgerOf } from '../ledgers.ts';
import { asked } from '../paging.ts';
import { type Route, route } from '../route.ts';
import { movementPage, movementQuery, stockPage, stockQuery } from '../schemas/stock.ts';

const movementView = ({ entry, at, site, node, door, direction, gtin, quantity, document, passage, reason }: StockMovement): object => ({
  entry,
  at,
  site,
  node,
  door,
  direction,
  gtin,
  quantity,
  document,
  passage,
  ...(reason === undefined ? {} : { reason }),
});

export const stockRoutes: readonly Route[] = [
  route({
    id: 'getStock',
    method: 'GET',
    path: '/v1/stock',
    right: ['stock:read'],
    summary: 'Stock on hand by site and item',
    query: stockQuery,
    answers: {
      200: {
        text: 'A page of stock',
        schema: stockPage,
        example: { data: [{ site: 'LYON', gtin: '03012345678902', name: 'Huile d’olive 1 l', quantity: 240 }], entry: 57, next: null },
      },
    },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).stock(asked(query)) };
    },
  }),
  route({
    id: 'listMovements',
    method: 'GET',
    path: '/v1/movements',
    right: ['stock:read'],
    summary: 'What changed the stock, newest first, grouped by entry and item: what moved through doors, and what counts booked',
    query: movementQuery,
    answers: {
      200: {
        text: 'A page of movements',
        schema: movementPage,
        example: {
          data: [
            {
              entry: 56,
              at: 1790000000000,
              site: 'LYON',
              node: 'dock-1',
              door: 'D1',
              direction: 'in',
              gtin: '03012345678902',
              quantity: 48,
              document: { kind: 'despatchAdvice', number: 'DA-2026-118', how: 'sscc' },
              passage: 'D1-mf3k2a1c-7f3a',
            },
          ],
          entry: 57,
          next: null,
        },
      },
    },
    async handle({ query, caller, env }) {
      const { data, entry, next } = await ledgerOf(env, caller.tenant).movements(asked(query));
      return { status: 200, body: { data: data.map(movementView), entry, next } };
    },
  }),
];
