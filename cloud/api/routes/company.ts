import type { z } from 'zod';
import type { NewEntry } from '../../ledger/entry.ts';
import { append, ledgerOf } from '../ledgers.ts';
import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import { company, companyBody, companyWritten } from '../schemas/company.ts';

const example = { name: 'Demo SAS', vat: 'FR40303265045', siren: '303265045', gln: null };

/** The entry that says who "we" are. */
export function companyEntry({ name, vat, siren, gln }: z.output<typeof companyBody>): NewEntry {
  return { type: 'company', body: { v: 1, name, vat, siren, gln } };
}

export const companyRoutes: readonly Route[] = [
  route({
    id: 'putCompany',
    method: 'PUT',
    path: '/v1/company',
    right: ['masterdata:write'],
    summary: 'Says who "we" are: decides whether an invoice is a purchase or a sale',
    body: { schema: companyBody, example: { name: 'Demo SAS', vat: 'FR40303265045', siren: '303265045' } },
    answers: { 200: { text: 'The company', schema: companyWritten, example: { ...example, entry: 0 } } },
    async handle({ body, caller, env, now }) {
      const { index } = await append(env, caller.tenant, companyEntry(body), now);
      const { name, vat = null, siren = null, gln = null } = body;
      return { status: 200, body: { name, vat, siren, gln, entry: index } };
    },
  }),
  route({
    id: 'getCompany',
    method: 'GET',
    path: '/v1/company',
    right: ['stock:read'],
    summary: 'Who "we" are',
    answers: { 200: { text: 'The company', schema: company, example } },
    problems: ['NOT_FOUND'],
    async handle({ caller, env }) {
      const found = await ledgerOf(env, caller.tenant).company();
      if (found === null) throw new Problem('NOT_FOUND', 'no company is set: put one on /v1/company');
      return { status: 200, body: found };
    },
  }),
];
