import { api } from './api/app.ts';
import { Keys } from './catalog/keys.ts';
import { Tenants } from './catalog/tenants.ts';
import { upgrade } from './gateway/upgrade.ts';
import { secured } from './headers.ts';

export { Gateway } from './gateway/object.ts';
export { Ledger } from './ledger/object.ts';

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    // The dashboard's files go out without the Worker (wrangler.toml): what is neither a file nor a socket is the API's to answer.
    if (!new URL(request.url).pathname.startsWith('/mqtt/')) return api.fetch(request, env, context);
    const tenants = new Tenants(env.CATALOG, new Keys(env.CATALOG));
    return secured(await upgrade(request, env, (tenant) => tenants.isOpen(tenant)));
  },
} satisfies ExportedHandler<Env>;
