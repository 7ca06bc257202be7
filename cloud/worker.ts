import { api } from './api/app.ts';
import { Keys } from './catalog/keys.ts';
import { Tenants } from './catalog/tenants.ts';
import { upgrade } from './gateway/upgrade.ts';
import { secured } from './headers.ts';

export { Gateway } from './gateway/object.ts';
export { Ledger } from './ledger/object.ts';

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/v1' || pathname.startsWith('/v1/')) return api.fetch(request, env, context);
    if (pathname.startsWith('/mqtt/')) {
      const tenants = new Tenants(env.CATALOG, new Keys(env.CATALOG));
      return secured(await upgrade(request, env, (tenant) => tenants.isOpen(tenant)), 'data');
    }
    return secured(await env.ASSETS.fetch(request), 'page');
  },
} satisfies ExportedHandler<Env>;
