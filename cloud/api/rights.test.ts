import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Route } from './route.ts';
import { SCOPES, type Scope } from './schemas/scopes.ts';
import { ROUTES } from './table.ts';
import { type Answered, call, freshTenant, keyWith, member, type Tenant } from './testing/hub.ts';

/** Values that fit the parameters of every path. */
const VALUES: Readonly<Record<string, string>> = {
  site: 'LYON',
  node: 'dock-1',
  gtin: '03012345678902',
  id: 'a1B2c3D4',
  index: '0',
  tenant: 'demo',
  path: '000',
};

function pathOf(route: Route): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = VALUES[name];
    if (value === undefined) throw new Error(`the test has no value for {${name}} of ${route.path}`);
    return value;
  });
}

/** Sends what the route declares as its example, so that nothing but the key can be wrong. */
function send(route: Route, key: string | undefined): Promise<Answered> {
  const { body } = route;
  if (body === undefined) return call(route.method, pathOf(route), key);
  if (!('media' in body)) return call(route.method, pathOf(route), key, body.example);
  const media = body.media[0];
  return call(route.method, pathOf(route), key, media?.example, { 'content-type': media?.type ?? '' });
}

const outcome = (answer: Answered): unknown[] => [answer.status, member(answer, 'code')];
const named = (routes: readonly Route[]): [string, Route][] => routes.map((route) => [`${route.method} ${route.path}`, route]);
const closed = ROUTES.filter((route) => route.right !== 'open');
const keyed = ROUTES.filter((route) => typeof route.right !== 'string');
const scopesOf = (route: Route): readonly Scope[] => (typeof route.right === 'string' ? [] : route.right);

describe('the rights of every route', () => {
  let tenant: Tenant;
  /** A key with every scope but one, by the scope it lacks. */
  const lacking = new Map<Scope, string>();
  let expired: string;
  let revoked: string;

  beforeAll(async () => {
    tenant = await freshTenant();
    for (const scope of SCOPES) {
      const others = SCOPES.filter((one) => one !== scope);
      lacking.set(scope, (await keyWith(tenant, others)).key);
    }
    const old = await keyWith(tenant, ['admin'], { expiresInDays: 1 });
    await env.CATALOG.prepare('UPDATE keys SET expires_at = 1 WHERE id = ?').bind(old.id).run();
    expired = old.key;
    const dead = await keyWith(tenant, ['admin']);
    await call('DELETE', `/v1/keys/${dead.id}`, tenant.admin);
    revoked = dead.key;
  });

  it('only the description of the API is open, and what a node proves by its keys', () => {
    const open = ROUTES.filter((route) => route.right === 'open').map(({ path }) => path);
    expect(open).toEqual(['/v1/enrol', '/v1/nodes/rotate', '/v1/openapi.json']);
    expect(ROUTES.filter((route) => route.right === 'bootstrap').map(({ path }) => path)).toEqual(['/v1/tenants']);
    expect(keyed.length).toBeGreaterThan(15);
    expect(keyed.flatMap((route) => [...scopesOf(route)]).every((scope) => SCOPES.includes(scope))).toBe(true);
  });

  it.each(named(closed))('%s asks for a key', async (_, route) => {
    const answer = await send(route, undefined);
    expect(outcome(answer)).toEqual([401, 'KEY_MISSING']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each(named(closed))('%s refuses what is no key of this hub', async (_, route) => {
    const wrong = [
      'x',
      'dk_live_',
      `dk_live_a1B2c3D4_${'0'.repeat(43)}`,
      `dk_live_a1B2c3D4_${'0'.repeat(42)}`,
      `${tenant.admin}0`,
      tenant.admin.slice(0, -1),
      tenant.admin.toLowerCase(),
      "dk_live_'OR'1'='1",
      'k'.repeat(600),
    ];
    for (const key of wrong) expect(outcome(await send(route, key))).toEqual([401, 'KEY_INVALID']);
  });

  it.each(named(keyed))('%s refuses a key that has expired or was revoked', async (_, route) => {
    expect(outcome(await send(route, expired))).toEqual([401, 'KEY_EXPIRED']);
    expect(outcome(await send(route, revoked))).toEqual([401, 'KEY_REVOKED']);
  });

  it.each(named(keyed))('%s refuses a key that lacks a scope it needs', async (_, route) => {
    for (const scope of scopesOf(route)) {
      const answer = await send(route, lacking.get(scope));
      expect([...outcome(answer), member(answer, 'details')]).toEqual([403, 'SCOPE_MISSING', { scope }]);
    }
  });

  it('the bootstrap route takes no API key, and API routes not the bootstrap token', async () => {
    for (const route of closed) {
      const answer = await send(route, route.right === 'bootstrap' ? tenant.admin : env.BOOTSTRAP_TOKEN);
      expect(outcome(answer)).toEqual([401, 'KEY_INVALID']);
    }
  });

  it('a key in the address or in another scheme counts for nothing', async () => {
    expect((await call('GET', `/v1/stock?key=${tenant.admin}`)).status).toBe(401);
    expect((await call('GET', '/v1/stock', undefined, undefined, { authorization: `Basic ${tenant.admin}` })).status).toBe(401);
    expect((await call('GET', '/v1/stock', undefined, undefined, { authorization: tenant.admin })).status).toBe(401);
  });
});
