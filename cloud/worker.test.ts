import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  exports.default.fetch(`https://hub.test${path}`, { headers });

describe('the Worker', () => {
  it('answers with a policy that lets an answer do nothing where it is opened as a page', async () => {
    for (const [path, status] of [
      ['/v1', 404],
      ['/v1/nothing', 404],
      ['/nothing.js', 404],
      ['/mqtt/nobody/LYON/dock-1', 426],
    ] as const) {
      const response = await get(path);
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
      await response.text();
      expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
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
