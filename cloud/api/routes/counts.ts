import { append, ledgerOf } from '../ledgers.ts';
import { asked } from '../paging.ts';
import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import {
  countFindingPage,
  countFindingQuery,
  countPage,
  countQuery,
  countView,
  plan,
  planQuery,
  settleBody,
  settledCount,
} from '../schemas/counts.ts';
import { entryParams } from '../schemas/entries.ts';

const row = {
  ...{ entry: 61, count: 'A-mf3k2a1c-7f3a', site: 'LYON', node: 'dock-1', zone: 'A', name: 'Allée A', by: 'Léa', complete: true },
  ...{ opened: 1790000000000, closed: 1790000900000, passes: 2, expectedAt: 1789999990000, read: 238, missing: 3, lost: 2, surplus: 1 },
  ...{ found: 0, relocated: 4, raw: 0, ssccs: 2, open: 1 },
};
const line = {
  ...{ gtin: '03012345678902', name: 'Huile d’olive 1 l', read: 238, missing: 3, lost: 2, found: 0, relocated: 4 },
  ...{ surplus: { unknown: 1, out: 0, elsewhere: 0, neverIn: 0 }, explained: { lost: 0, surplus: 0 }, settled: null },
  ...{ amount: -420, currency: 'EUR', serials: { lost: [17, 23], surplus: [901] } },
};
const finding = {
  ...{ count: 61, site: 'LYON', zone: 'A', at: 1790000900000, gtin: '03012345678902', name: 'Huile d’olive 1 l' },
  ...{ code: 'SHRINKAGE' as const, quantity: 2, amount: 840, currency: 'EUR' },
  text: {
    fr: '2 articles attendus n’ont pas été lus en deux passages dans la zone Allée A : sorti du stock.',
    en: '2 expected items were not read in two passes of zone Allée A: booked out.',
  },
};

export const countRoutes: readonly Route[] = [
  route({
    id: 'listCounts',
    method: 'GET',
    path: '/v1/counts',
    right: ['stock:read'],
    summary: 'Lists the counts of zones, newest first',
    query: countQuery,
    answers: { 200: { text: 'A page of counts', schema: countPage, example: { data: [row], entry: 62, next: null } } },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).counts(asked(query)) };
    },
  }),
  route({
    id: 'planCounts',
    method: 'GET',
    path: '/v1/counts/plan',
    right: ['stock:read'],
    summary: 'Proposes a zone to count each day, by what stands there and how long ago it was counted',
    query: planQuery,
    answers: {
      200: {
        text: 'The plan',
        schema: plan,
        example: {
          zones: [
            {
              ...{ site: 'LYON', zone: 'A', name: 'Allée A', quantity: 240, value: 100800, currency: 'EUR' },
              ...{ lastCounted: 1790000900000, ageDays: 12, day: 1 },
            },
          ],
          unassigned: [{ site: 'LYON', quantity: 31 }],
          basis: 'value',
        },
      },
    },
    async handle({ query, caller, env, now }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).countPlan(query.site ?? null, now) };
    },
  }),
  route({
    id: 'listCountFindings',
    method: 'GET',
    path: '/v1/counts/findings',
    right: ['stock:read'],
    summary: 'Lists what counts booked out or in and nothing explains: a passage that comes late, a later count or a person closes it',
    query: countFindingQuery,
    answers: { 200: { text: 'A page of findings', schema: countFindingPage, example: { data: [finding], entry: 62, next: null } } },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).countFindings(asked(query)) };
    },
  }),
  route({
    id: 'getCount',
    method: 'GET',
    path: '/v1/counts/{index}',
    right: ['stock:read'],
    summary: 'A count with its differences by article and serial, by its first entry',
    params: entryParams,
    answers: { 200: { text: 'The count', schema: countView, example: { ...row, lines: [line] } } },
    problems: ['NOT_FOUND'],
    async handle({ params: { index }, caller, env }) {
      const found = await ledgerOf(env, caller.tenant).count(index);
      if (found === null) throw new Problem('NOT_FOUND', `no count begins with entry ${index}: /v1/counts lists them`);
      return { status: 200, body: found };
    },
  }),
  route({
    id: 'settleCount',
    method: 'POST',
    path: '/v1/counts/{index}/settle',
    right: ['stock:write'],
    summary: 'Settles what a count booked of an article with a reason (theft, breakage, a wrong tag): the finding closes, the stock stays',
    params: entryParams,
    body: { schema: settleBody, example: { gtin: '03012345678902', reason: 'Casse' } },
    answers: {
      201: {
        text: 'Settled by an entry',
        schema: settledCount,
        example: { count: 61, gtin: '03012345678902', by: 'ERP Lyon', reason: 'Casse', entry: 63 },
      },
    },
    problems: ['NOT_FOUND'],
    async handle({ params: { index }, body: { gtin, reason }, caller, env, now }) {
      const found = await ledgerOf(env, caller.tenant).count(index);
      if (found?.lines.some((one) => one.gtin === gtin) !== true)
        throw new Problem('NOT_FOUND', `no count that begins with entry ${index} has GTIN ${gtin}: /v1/counts/${index} lists its articles`);
      const by = caller.key.name;
      const { index: entry } = await append(
        env,
        caller.tenant,
        { type: 'decision', body: { v: 1, about: 'count', count: index, gtin, by, reason } },
        now,
      );
      return { status: 201, body: { count: index, gtin, by, reason, entry } };
    },
  }),
];
