import { ledgerOf } from '../ledgers.ts';
import { asked } from '../paging.ts';
import { type Route, route } from '../route.ts';
import { findingPage, findingQuery } from '../schemas/documents.ts';
import { findingExample } from './documents.examples.ts';

export const findingRoutes: readonly Route[] = [
  route({
    id: 'listFindings',
    method: 'GET',
    path: '/v1/findings',
    right: ['documents:read'],
    summary: 'Lists what is open: where documents and goods differ, and what is at stake',
    query: findingQuery,
    answers: { 200: { text: 'A page of findings', schema: findingPage, example: { data: [findingExample], entry: 57, next: null } } },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).findings(asked(query)) };
    },
  }),
];
