import type { z } from 'zod';
import type { Company } from '../../ledger/rpc.ts';
import { appendChange, ledgerOf } from '../ledgers.ts';
import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import { company, companyBody, companyWritten } from '../schemas/company.ts';

const example = { name: 'Demo SAS', vat: 'FR40303265045', siren: '303265045', gln: null };

type Body = z.output<typeof companyBody>;

const companyOf = ({ name, vat, siren, gln }: Body): Company => ({ name, vat: vat ?? null, siren: siren ?? null, gln: gln ?? null });

/** Writes who "we" are; null when the ledger says so already. */
export async function putCompany(env: Env, tenant: string, body: Body, now: number): Promise<number | null> {
  const known = await ledgerOf(env, tenant).company();
  return appendChange(env, tenant, { type: 'company', wanted: { ...companyOf(body) }, known: known === null ? null : { ...known } }, now);
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
      const entry = await putCompany(env, caller.tenant, body, now);
      return { status: 200, body: { ...companyOf(body), entry } };
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
