import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { call, freshTenant, keyWith, member } from './testing/hub.ts';

interface Listed {
  id: string;
  usedAt: number | null;
  revokedAt: number | null;
}

describe('API keys', () => {
  it('are shown once and kept only as a hash', async () => {
    const tenant = await freshTenant();
    const { id, key } = await keyWith(tenant, ['stock:read']);
    expect(key).toMatch(/^dk_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
    const row = await env.CATALOG.prepare('SELECT * FROM keys WHERE id = ?').bind(id).first();
    expect(JSON.stringify(row)).not.toContain(key.slice(17));
    const list = await call('GET', '/v1/keys', tenant.admin);
    expect(list.status).toBe(200);
    expect(JSON.stringify(list.body)).not.toContain(key.slice(17));
  });

  it('stop working at once when revoked, and say so only to their holder', async () => {
    const tenant = await freshTenant();
    const { id, key } = await keyWith(tenant, ['keys:admin']);
    expect((await call('GET', '/v1/keys', key)).status).toBe(200);
    expect((await call('DELETE', `/v1/keys/${id}`, tenant.admin)).status).toBe(204);
    expect((await call('DELETE', `/v1/keys/${id}`, tenant.admin)).status).toBe(204);
    const after = await call('GET', '/v1/keys', key);
    expect([after.status, member(after, 'code')]).toEqual([401, 'KEY_REVOKED']);
    const guess = await call('GET', '/v1/keys', `dk_live_${id}_${'0'.repeat(43)}`);
    expect([guess.status, member(guess, 'code')]).toEqual([401, 'KEY_INVALID']);
  });

  it('expire', async () => {
    const tenant = await freshTenant();
    const { id, key } = await keyWith(tenant, ['keys:admin'], { expiresInDays: 1 });
    expect((await call('GET', '/v1/keys', key)).status).toBe(200);
    await env.CATALOG.prepare('UPDATE keys SET expires_at = ? WHERE id = ?')
      .bind(Date.now() - 1, id)
      .run();
    const after = await call('GET', '/v1/keys', key);
    expect([after.status, member(after, 'code')]).toEqual([401, 'KEY_EXPIRED']);
  });

  it('note their last use at most once a minute', async () => {
    const tenant = await freshTenant();
    const { id, key } = await keyWith(tenant, ['keys:admin']);
    const usedAt = async (): Promise<number | null> => {
      const list = (await call('GET', '/v1/keys', tenant.admin)).body as { data: Listed[] };
      return list.data.find((one) => one.id === id)?.usedAt ?? null;
    };
    expect(await usedAt()).toBeNull();
    await call('GET', '/v1/keys', key);
    const first = await usedAt();
    expect(first).toBeGreaterThan(0);
    await call('GET', '/v1/keys', key);
    expect(await usedAt()).toBe(first);
    await env.CATALOG.prepare('UPDATE keys SET used_at = ? WHERE id = ?')
      .bind(Number(first) - 61_000, id)
      .run();
    await call('GET', '/v1/keys', key);
    expect(await usedAt()).toBeGreaterThanOrEqual(Number(first));
  });

  it('hand out no scope they lack', async () => {
    const tenant = await freshTenant();
    const { key } = await keyWith(tenant, ['keys:admin', 'stock:read']);
    const ask = (scopes: string[]) => call('POST', '/v1/keys', key, { name: 'more', scopes });
    expect((await ask(['stock:read'])).status).toBe(201);
    for (const scopes of [['documents:write'], ['admin'], ['stock:read', 'nodes:admin']]) {
      const answer = await ask(scopes);
      expect([answer.status, member(answer, 'code')]).toEqual([403, 'SCOPE_ESCALATION']);
    }
  });

  it('leave at least one that may administer keys', async () => {
    const tenant = await freshTenant();
    const list = (await call('GET', '/v1/keys', tenant.admin)).body as { data: Listed[] };
    const first = list.data[0]?.id ?? '';
    await keyWith(tenant, ['keys:admin'], { expiresInDays: 1 });
    const refused = await call('DELETE', `/v1/keys/${first}`, tenant.admin);
    expect([refused.status, member(refused, 'code')]).toEqual([409, 'LAST_ADMIN_KEY']);
    const second = await keyWith(tenant, ['admin']);
    expect((await call('DELETE', `/v1/keys/${first}`, second.key)).status).toBe(204);
  });

  it('are limited in number', async () => {
    const tenant = await freshTenant();
    const at = Date.now();
    const fill = env.CATALOG.prepare(
      `INSERT INTO keys (id, tenant, hash, name, scopes, created_at) SELECT ?1 || value, ?2, '', 'x', '[]', ?3
       FROM json_each('[${Array.from({ length: 99 }, (_, i) => i).join(',')}]')`,
    );
    await fill.bind(tenant.tenant.slice(2, 8), tenant.tenant, at).run();
    const refused = await call('POST', '/v1/keys', tenant.admin, { name: 'one more', scopes: ['stock:read'] });
    expect([refused.status, member(refused, 'code')]).toEqual([409, 'KEY_LIMIT']);
  });

  it('of another tenant cannot be seen or revoked', async () => {
    const [ours, theirs] = [await freshTenant(), await freshTenant()];
    const { id, key } = await keyWith(theirs, ['keys:admin']);
    const answer = await call('DELETE', `/v1/keys/${id}`, ours.admin);
    expect([answer.status, member(answer, 'code')]).toEqual([404, 'NOT_FOUND']);
    expect((await call('GET', '/v1/keys', key)).status).toBe(200);
    expect(JSON.stringify((await call('GET', '/v1/keys', ours.admin)).body)).not.toContain(id);
  });
});
