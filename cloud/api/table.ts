import { openapi } from './openapi.ts';
import { type Route, route } from './route.ts';
import { companyRoutes } from './routes/company.ts';
import { countRoutes } from './routes/counts.ts';
import { documentRoutes } from './routes/documents.ts';
import { enrolmentRoutes } from './routes/enrolments.ts';
import { entryRoutes } from './routes/entries.ts';
import { findingRoutes } from './routes/findings.ts';
import { itemRoutes } from './routes/items.ts';
import { keyRoutes } from './routes/keys.ts';
import { logRoutes } from './routes/log.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { priceRoutes } from './routes/prices.ts';
import { rebuildRoutes } from './routes/rebuild.ts';
import { siteRoutes } from './routes/sites.ts';
import { stockRoutes } from './routes/stock.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { usageRoutes } from './routes/usage.ts';

let document: string | undefined;

const description = route({
  id: 'getOpenapi',
  method: 'GET',
  path: '/v1/openapi.json',
  right: 'open',
  summary: 'This document',
  answers: { 200: { text: 'OpenAPI 3.1', media: 'application/json' } },
  async handle() {
    document ??= JSON.stringify(openapi(ROUTES));
    return new Response(document, { headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' } });
  },
});

/** Every route of the API, in the order in which the OpenAPI document shows them. */
export const ROUTES: readonly Route[] = [
  ...tenantRoutes,
  ...keyRoutes,
  ...companyRoutes,
  ...siteRoutes,
  ...itemRoutes,
  ...priceRoutes,
  ...nodeRoutes,
  ...enrolmentRoutes,
  ...stockRoutes,
  ...countRoutes,
  ...documentRoutes,
  ...findingRoutes,
  ...entryRoutes,
  ...logRoutes,
  ...rebuildRoutes,
  ...usageRoutes,
  description,
];
