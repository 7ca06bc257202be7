import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  exports.default.fetch(`https://hub.test${path}`, { headers });

describe('the Worker', () => {
  it('hands out files with a policy that allows nothing inline and nothing from elsewhere', async () => {
    const response = await get('/');
    await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('sends only /v1 and what is below it to the API', async () => {
    for (const path of ['/v1', '/v1/nothing']) {
      const response = await get(path);
      expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
      await response.text();
    }
    const other = await get('/v10/stock');
    await other.text();
    expect(other.headers.get('content-type')).not.toBe('application/problem+json');
  });

  it('makes no gateway for a tenant that does not exist', async () => {
    const response = await get('/mqtt/nobody/LYON/dock-1', { upgrade: 'websocket', 'sec-websocket-protocol': 'mqtt' });
    expect(response.status).toBe(404);
    await response.text();
  });

  it('opens a socket for a node of a tenant that does', async () => {
    const now = Date.now();
    await env.CATALOG.prepare("INSERT INTO tenants (tenant, name, created_at, opened_at) VALUES ('some', 'Some', ?1, ?1)").bind(now).run();
    const response = await get('/mqtt/some/LYON/dock-1', { upgrade: 'websocket', 'sec-websocket-protocol': 'mqtt' });
    expect(response.status).toBe(101);
    expect(response.headers.get('sec-websocket-protocol')).toBe('mqtt');
    response.webSocket?.accept();
    response.webSocket?.close();
  });
});
