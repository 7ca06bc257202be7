import { appendChange, ledgerOf } from '../ledgers.ts';
import { type Route, route } from '../route.ts';
import { siteBody, siteList, siteParams, siteWritten } from '../schemas/sites.ts';

const example = { site: 'LYON', name: 'Entrepôt de Lyon', timeZone: 'Europe/Paris', gln: null };

export const siteRoutes: readonly Route[] = [
  route({
    id: 'putSite',
    method: 'PUT',
    path: '/v1/sites/{site}',
    right: ['masterdata:write'],
    summary: 'Names a site and the time zone in which its days are cut',
    params: siteParams,
    body: { schema: siteBody, example: { name: 'Entrepôt de Lyon', timeZone: 'Europe/Paris' } },
    answers: { 200: { text: 'The site', schema: siteWritten, example: { ...example, entry: 1 } } },
    async handle({ params, body, caller, env, now }) {
      const { name, timeZone, gln = null } = body;
      const site = { site: params.site, name, timeZone, gln };
      const known = (await ledgerOf(env, caller.tenant).sites()).find((one) => one.site === params.site);
      const entry = await appendChange(
        env,
        caller.tenant,
        { type: 'site', wanted: site, known: known === undefined ? null : { ...known } },
        now,
      );
      return { status: 200, body: { ...site, entry } };
    },
  }),
  route({
    id: 'listSites',
    method: 'GET',
    path: '/v1/sites',
    right: ['stock:read'],
    summary: 'Lists the sites',
    answers: { 200: { text: 'The sites', schema: siteList, example: { data: [example] } } },
    async handle({ caller, env }) {
      return { status: 200, body: { data: await ledgerOf(env, caller.tenant).sites() } };
    },
  }),
];
