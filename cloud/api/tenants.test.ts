import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { api } from './app.ts';
import { type Answered, COMPANY, call, freshAddress, freshTenant, member } from './testing/hub.ts';

const outcome = (answer: Answered): unknown[] => [answer.status, member(answer, 'code')];
const fresh = (): string => `t-${crypto.randomUUID().slice(0, 13)}`;

describe('a tenant', () => {
  it('is made once with the bootstrap token; its first key is shown once and may do everything', async () => {
    const tenant = fresh();
    const body = { tenant, name: 'Demo', company: COMPANY };
    const made = await call('POST', '/v1/tenants', env.BOOTSTRAP_TOKEN, body);
    expect(made.status).toBe(201);
    const key = String(member(made, 'key'));
    expect((await call('GET', '/v1/keys', key)).body).toMatchObject({ data: [{ scopes: ['admin'], createdBy: null, expiresAt: null }] });
    expect((await call('GET', '/v1/company', key)).body).toEqual({ ...COMPANY, gln: null });
    expect(outcome(await call('POST', '/v1/tenants', env.BOOTSTRAP_TOKEN, body))).toEqual([409, 'TENANT_EXISTS']);
    expect(((await call('GET', '/v1/keys', key)).body as { data: unknown[] }).data).toHaveLength(1);
  });

  it('is opened once when two requests race for its name', async () => {
    const body = { tenant: fresh(), name: 'Demo', company: COMPANY };
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('POST', '/v1/tenants', env.BOOTSTRAP_TOKEN, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const keys = await env.CATALOG.prepare('SELECT count(*) AS n FROM keys WHERE tenant = ?').bind(body.tenant).first('n');
    expect(keys).toBe(1);
  });

  it('whose creation broke off can be made again', async () => {
    const tenant = fresh();
    await env.CATALOG.prepare('INSERT INTO tenants (tenant, name, created_at) VALUES (?, ?, 1)').bind(tenant, 'Half').run();
    expect((await call('POST', '/v1/tenants', env.BOOTSTRAP_TOKEN, { tenant, name: 'Demo', company: COMPANY })).status).toBe(201);
  });

  it('is refused with a wrong token, and when the hub has no token or one that can be guessed', async () => {
    const body = JSON.stringify({ tenant: fresh(), name: 'Demo', company: COMPANY });
    const ask = async (configured: string | undefined, sent: string): Promise<unknown[]> => {
      const { BOOTSTRAP_TOKEN: _, ...rest } = env;
      const hub = (configured === undefined ? rest : { ...rest, BOOTSTRAP_TOKEN: configured }) as Env;
      const request = new Request('https://hub.test/v1/tenants', {
        method: 'POST',
        headers: { authorization: `Bearer ${sent}`, 'content-type': 'application/json', 'cf-connecting-ip': freshAddress() },
        body,
      });
      const response = await api.fetch(request, hub, createExecutionContext());
      return [response.status, ((await response.json()) as { code?: string }).code];
    };
    expect(await ask(env.BOOTSTRAP_TOKEN, `${env.BOOTSTRAP_TOKEN}x`)).toEqual([401, 'KEY_INVALID']);
    expect(await ask(undefined, 'undefined')).toEqual([403, 'BOOTSTRAP_CLOSED']);
    expect(await ask('', 'x')).toEqual([403, 'BOOTSTRAP_CLOSED']);
    expect(await ask('short-token', 'short-token')).toEqual([403, 'BOOTSTRAP_CLOSED']);
  });

  it('needs an identifier by which its invoices can be told, and names that fit', async () => {
    const make = (more: object): Promise<Answered> =>
      call('POST', '/v1/tenants', env.BOOTSTRAP_TOKEN, { tenant: fresh(), name: 'Demo', company: COMPANY, ...more });
    for (const company of [
      { name: 'X' },
      { ...COMPANY, siren: '12345678' },
      { ...COMPANY, vat: 'fr 12' },
      { ...COMPANY, gln: '3012345600003' },
    ]) {
      expect(outcome(await make({ company })), JSON.stringify(company)).toEqual([400, 'BODY_INVALID']);
    }
    for (const tenant of ['', 'a/b', '../x', 'a b', 'é', 'x'.repeat(33), '+', '#']) {
      expect(outcome(await make({ tenant })), tenant).toEqual([400, 'BODY_INVALID']);
    }
  });

  it('does not see what another one keeps', async () => {
    const [ours, theirs] = [await freshTenant(), await freshTenant()];
    const mark = `mark-${crypto.randomUUID()}`;
    await call('PUT', '/v1/sites/SECRET', theirs.admin, { name: mark, timeZone: 'Europe/Paris' });
    await call('PUT', '/v1/items/03012345678902', theirs.admin, { name: mark });
    for (const path of [
      '/v1/sites',
      '/v1/items',
      '/v1/stock',
      '/v1/nodes',
      '/v1/movements',
      '/v1/prices',
      '/v1/documents',
      '/v1/findings',
    ]) {
      const answer = await call('GET', path, ours.admin);
      expect([answer.status, JSON.stringify(answer.body).includes(mark), path]).toEqual([200, false, path]);
    }
    expect(JSON.stringify((await call('GET', '/v1/sites', theirs.admin)).body)).toContain(mark);
    expect(outcome(await call('GET', '/v1/entries/2', ours.admin))).toEqual([404, 'NOT_FOUND']);
    expect((await call('GET', '/v1/entries/2', theirs.admin)).status).toBe(200);
  });
});
