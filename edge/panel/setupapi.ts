import { Hono } from 'hono';
import { z } from 'zod';
import { body, limit } from './api.ts';
import { BodyFault } from './problem.ts';
import type { SetUpModel } from './setupmodel.ts';

/** What no settings file holds more of: the settings' own rules say the rest. */
const TEXT = z.string().trim().min(1).max(200);

const Change = z.strictObject({
  revision: TEXT,
  reader: z.strictObject({
    model: TEXT,
    link: TEXT,
    region: TEXT,
    powerCdbm: z.number().int(),
    session: z.number().int(),
  }),
  antennas: z.array(z.strictObject({ door: TEXT, port: z.number().int(), side: z.enum(['outside', 'inside']) })).max(64),
});

const Search = z.strictObject({ tcp: z.string().trim().min(1).max(200).optional() });
const Nothing = z.strictObject({});

/** Defaults suit a screen; the command line asks for its own. */
const Recording = z.strictObject({
  what: z.enum(['bytes', 'reads']).default('bytes'),
  maxMb: z.coerce.number().positive().max(10_000).default(100),
  seconds: z.coerce.number().positive().max(86_400).default(60),
});

/** `20261124T101500Z`: sorts by name, and is a file name everywhere. */
const stamp = (): string => new Date().toISOString().replace(/[-:]|\.\d+/g, '');

/** The routes below /api/setup. Guards and headers are those of the whole panel. */
export function setUpApi(model: SetUpModel): Hono {
  const api = new Hono();
  api.get('/state', (c) => c.json(model.state(c.req.query('epc'))));
  api.get('/form', (c) => c.json(model.form()));
  api.post('/readers/:id', limit, async (c) => c.json(await model.save({ ...(await body(c, Change)), id: c.req.param('id') })));
  api.post('/search', limit, async (c) => {
    model.search((await body(c, Search)).tcp);
    return c.json({ started: true });
  });
  api.post('/clear', limit, async (c) => {
    await body(c, Nothing);
    model.clear();
    return c.json({ cleared: true });
  });
  api.get('/readers/:id/recording', (c) => {
    const wish = Recording.safeParse(c.req.query());
    if (!wish.success) throw new BodyFault(wish.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })));
    const id = c.req.param('id');
    const name = `docket-${id.replace(/[^\w.-]/g, '_')}-${stamp()}.tape`;
    const sent = { 'content-type': 'application/octet-stream', 'content-disposition': `attachment; filename="${name}"` };
    // Hono answers HEAD by GET and drops the body unread: a recording made for it would have no end.
    return new Response(c.req.method === 'HEAD' ? null : model.recording(id, wish.data), { headers: sent });
  });
  return api;
}
