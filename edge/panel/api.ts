import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { Fault } from '../../protocol/fault.ts';
import { MAX_BODY_BYTES, MAX_ITEMS } from '../../protocol/record.ts';
import type { LiveState } from './live.ts';
import type { PanelModel } from './model.ts';
import { BodyFault } from './problem.ts';

/** Texts a record takes (protocol/record.ts: 80 characters); a reason is a sentence, not a report. */
const NAME = z.string().trim().min(1).max(80);
const REASON = z.string().trim().min(1).max(200);

const Decision = z.strictObject({
  passage: NAME,
  /** EPCs of up to 496 bits, as many as a passage record holds. */
  epcs: z
    .array(z.string().regex(/^([0-9A-F]{2}){1,62}$/, 'is not an EPC in upper-case hexadecimal'))
    .min(1)
    .max(MAX_ITEMS),
  verdict: z.enum(['in', 'out', 'stray']),
  by: NAME,
  reason: REASON.optional(),
});

const Choice = z.strictObject({
  ref: z.strictObject({ kind: z.enum(['despatchAdvice', 'order']), number: NAME }).nullable(),
});

const Step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('begin'), zone: NAME }),
  z.strictObject({ do: z.enum(['end', 'again', 'discard']), count: NAME }),
  z.strictObject({ do: z.literal('approve'), count: NAME, by: NAME }),
]);

/** The body of a request, which must be JSON of this form. @throws Fault NOT_JSON, BodyFault */
export async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Fault('NOT_JSON', `content-type ${type || 'is missing'}: send application/json`);
  }
  let value: unknown;
  try {
    value = await c.req.json();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new BodyFault([{ field: '', message: 'is not JSON' }]);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BodyFault(result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })));
}

export const limit = bodyLimit({
  // A decision on the largest passage, 1,000 items as 496-bit EPCs, fits a record body.
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new Fault('BODY_TOO_LARGE', `the body is over ${MAX_BODY_BYTES} bytes: decide on fewer items at a time`);
  },
});

/** The routes below /api. */
export function panelApi(model: PanelModel, live: LiveState): Hono {
  const api = new Hono();
  api.get('/state', (c) => c.json(model.snapshot()));
  api.get('/events', (c) => {
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    // Hono answers HEAD by GET and drops the body unread: a stream opened for it would hold its screen for ever.
    return new Response(c.req.method === 'HEAD' ? null : live.open(), { headers });
  });
  api.post('/decisions', limit, async (c) => {
    const { passage, epcs, verdict, by, reason } = await body(c, Decision);
    return c.json(await model.decide(passage, [...new Set(epcs)], verdict, by, reason));
  });
  api.post('/doors/:door/document', limit, async (c) => {
    const { ref } = await body(c, Choice);
    await model.chooseDocument(c.req.param('door'), ref);
    return c.json({ door: c.req.param('door'), ref });
  });
  api.post('/count', limit, async (c) => {
    await model.stepCount(await body(c, Step));
    return c.json({});
  });
  return api;
}
