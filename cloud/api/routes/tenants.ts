import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import { newTenant } from '../schemas/company.ts';
import { madeTenant } from '../schemas/keys.ts';
import { putCompany } from './company.ts';

export const tenantRoutes: readonly Route[] = [
  route({
    id: 'createTenant',
    method: 'POST',
    path: '/v1/tenants',
    right: 'bootstrap',
    summary: 'Makes a tenant and its first admin key, which is shown this once',
    body: {
      schema: newTenant,
      example: { tenant: 'demo', name: 'Demo', company: { name: 'Demo SAS', vat: 'FR40303265045', siren: '303265045' } },
    },
    answers: { 201: { text: 'The tenant is open', schema: madeTenant, example: { tenant: 'demo', key: 'dk_live_a1B2c3D4_…' } } },
    problems: ['TENANT_EXISTS'],
    async handle({ body, env, tenants, now }) {
      const { tenant, name, company } = body;
      const exists = (): Problem => new Problem('TENANT_EXISTS', `tenant ${tenant} exists: use its keys, or another name`);
      if (!(await tenants.reserve(tenant, name, now))) throw exists();
      // Before the key exists: a tenant whose company is not in its ledger could not tell a purchase from a sale.
      await putCompany(env, tenant, company, now);
      const key = await tenants.open(tenant, name, now);
      if (key === undefined) throw exists();
      return { status: 201, body: { tenant, key } };
    },
  }),
];
