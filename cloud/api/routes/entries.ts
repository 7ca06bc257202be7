import type { EntryView } from '../../ledger/rpc.ts';
import { may } from '../authorize.ts';
import { ledgerOf } from '../ledgers.ts';
import { lifetime } from '../lifetime.ts';
import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import { entry, entryParams, streamQuery } from '../schemas/entries.ts';

/** Entries about goods. The others say what was agreed, billed and paid. */
const GOODS: ReadonlySet<string> = new Set(['record', 'decision', 'item', 'site', 'company', 'device', 'checkpoint', 'erasure']);

/** What a caller may see of an entry: documents, prices and findings only with the right to read documents. */
export function visible(found: EntryView, scopes: readonly string[]): EntryView {
  if (may(scopes, 'documents:read')) return found;
  if (!GOODS.has(found.type)) {
    throw new Problem('SCOPE_MISSING', `entry ${found.index} is a ${found.type}: it takes a key with the scope documents:read`, {
      details: { scope: 'documents:read' },
    });
  }
  const { documents: _, findings: __, ...effects } = found.effects;
  return { ...found, effects };
}

/** A stream ends after 15 minutes and its reader resumes: until then a key that was revoked still hears. */
const STREAM_MS = 15 * 60_000;

/** Where a stream begins: the reader's last event wins over the query, since a reader that reconnects sends both. */
function startOf(request: Request, after: number | undefined): number | null {
  const last = request.headers.get('last-event-id');
  if (last === null || last === '') return after ?? null;
  if (!/^\d{1,15}$/.test(last)) {
    throw new Problem('QUERY_INVALID', `Last-Event-ID "${last.slice(0, 40)}" is no index of an entry: send the id of the last event`);
  }
  return Number(last);
}

export const entryRoutes: readonly Route[] = [
  route({
    id: 'getEntry',
    method: 'GET',
    path: '/v1/entries/{index}',
    right: ['stock:read'],
    summary: 'One entry of the ledger, as its producer wrote it, and what it changed',
    params: entryParams,
    answers: {
      200: {
        text: 'The entry',
        schema: entry,
        example: {
          index: 0,
          type: 'company',
          at: 1790000000000,
          effectiveAt: 1790000000000,
          producer: 'hub',
          epoch: 0,
          seq: 1,
          salt: 'AAECAwQFBgcICQoLDA0ODw',
          body: '{"name":"Demo SAS","vat":"FR40303265045"}',
          commitment: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
          effects: {},
        },
      },
    },
    problems: ['NOT_FOUND'],
    async handle({ params, caller, env }) {
      const found = await ledgerOf(env, caller.tenant).entry(params.index);
      if (found === null) throw new Problem('NOT_FOUND', `there is no entry ${params.index}`);
      return { status: 200, body: visible(found, caller.key.scopes) };
    },
  }),
  route({
    id: 'stream',
    method: 'GET',
    path: '/v1/stream',
    right: ['stock:read', 'documents:read'],
    summary: 'Server-sent events: every entry as it is appended, and node status; resumes after Last-Event-ID',
    query: streamQuery,
    answers: {
      200: {
        text: 'Events `entry` with the index as id and {index, type, at, effects} as data, and `node` with a status',
        media: 'text/event-stream',
        example: 'id: 57\nevent: entry\ndata: {"index":57,"type":"record","at":1790000000000,"effects":{}}\n\n',
      },
    },
    async handle({ query, caller, env, request }) {
      const after = startOf(request, query.after);
      // HEAD is answered like GET without a body: no stream is opened for it.
      const body = request.method === 'HEAD' ? null : (await ledgerOf(env, caller.tenant).stream(after)).pipeThrough(lifetime(STREAM_MS));
      return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' } });
    },
  }),
];
