import { Hono } from 'hono';
import { Keys } from '../catalog/keys.ts';
import { Tenants } from '../catalog/tenants.ts';
import { secured } from '../headers.ts';
import { authorize } from './authorize.ts';
import { readBody } from './body.ts';
import { Problem, problemOf, problemResponse } from './problem.ts';
import type { Reply, Route } from './route.ts';
import { ROUTES } from './table.ts';
import { checked, queryOf } from './validity.ts';

type App = Hono<{ Bindings: Env; Variables: { requestId: string } }>;

const honoPath = (path: string): string => path.replace('{path}', ':path{.+}').replaceAll(/\/\{(\w+)\}/g, '/:$1');

function toResponse(reply: Reply): Response {
  if (reply instanceof Response) return reply;
  if (reply.body === undefined) return new Response(null, { status: reply.status });
  return Response.json(reply.body, { status: reply.status });
}

async function serve(
  route: Route,
  params: Record<string, string>,
  request: Request,
  env: Env,
  context: { waitUntil(promise: Promise<unknown>): void },
): Promise<Response> {
  const now = Date.now();
  const keys = new Keys(env.CATALOG);
  const caller = await authorize(route.right, request, env, keys, now);
  if (caller !== undefined) context.waitUntil(keys.used(caller.key, now));
  const reply = await route.handle({
    params: checked(route.params, params, 'PATH_INVALID'),
    query: checked(route.query, queryOf(new URL(request.url)), 'QUERY_INVALID'),
    body: route.body === undefined ? undefined : await readBody(request, route.body),
    // The right decides whether there is a caller: authorize returns one exactly for rights that are scopes.
    caller: caller as never,
    request,
    env,
    keys,
    tenants: new Tenants(env.CATALOG, keys),
    now,
  });
  return toResponse(reply);
}

/** The app of a route table: every route, 405 with Allow for its other methods, problem+json for all that fails. */
export function makeApi(routes: readonly Route[]): App {
  const app: App = new Hono();
  app.use(async (c, next) => {
    c.set('requestId', crypto.randomUUID());
    await next();
    c.res = secured(c.res);
    c.res.headers.set('x-request-id', c.get('requestId'));
  });
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = honoPath(route.path);
    app.on(route.method, path, (c) => serve(route, c.req.param(), c.req.raw, c.env, c.executionCtx));
    methods.set(path, [...(methods.get(path) ?? []), route.method]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => {
      throw new Problem('METHOD_NOT_ALLOWED', `${c.req.method} is not taken by ${c.req.path}: use ${allowed.join(' or ')}`, {
        headers: { allow: allowed.join(', ') },
      });
    });
  }
  app.notFound((c) => problemResponse(new Problem('NOT_FOUND', 'no such path: see /v1/openapi.json'), c.get('requestId')));
  app.onError((error, c) => {
    const problem = problemOf(error);
    const requestId = c.get('requestId');
    if (problem.code === 'INTERNAL') {
      console.error(JSON.stringify({ event: 'api.failed', requestId, method: c.req.method, path: c.req.path, error: String(error) }));
    }
    return problemResponse(problem, requestId);
  });
  return app;
}

export const api = makeApi(ROUTES);
