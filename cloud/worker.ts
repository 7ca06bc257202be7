import { DurableObject } from 'cloudflare:workers';
import { api } from './api/app.ts';
import { secured } from './headers.ts';

export class Gateway extends DurableObject<Env> {}
export class Ledger extends DurableObject<Env> {
  append() { return { ok: true, appended: [{ index: 0, existing: null, effects: {} }] }; }
  sites() { return []; }
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/v1' || pathname.startsWith('/v1/')) return api.fetch(request, env, context);
    return secured(await env.ASSETS.fetch(request), 'page');
  },
} satisfies ExportedHandler<Env>;
