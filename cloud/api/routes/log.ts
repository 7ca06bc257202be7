import { tileKey } from '../../ledger/archive.ts';
import type { ExportRefused } from '../../ledger/rpc.ts';
import { may } from '../authorize.ts';
import { ledgerOf } from '../ledgers.ts';
import { Problem } from '../problem.ts';
import { isProblemCode } from '../problems.ts';
import { type Caller, type Route, route } from '../route.ts';
import { entryParams } from '../schemas/entries.ts';
import { exportParams, logParams, logView, opened, type receipt, tileParams } from '../schemas/log.ts';
import { visible } from './entries.ts';

const ORIGIN = 'docket.example/log/demo';
const VKEY = `${ORIGIN}+44c982b8+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs`;
const CHECKPOINT = `${ORIGIN}\n57\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 ${ORIGIN} RMmCs4YmAQFgyZ6…\n`;
const PROOF = `c2sp.org/tlog-proof@v1\nindex 0\nApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=\n\n${CHECKPOINT}`;

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
/** What a path names never changes. `private`: a shared cache would hand it on without a key. */
const TILE = { 'content-type': 'application/octet-stream', 'cache-control': 'private, max-age=31536000, immutable' };

/** A log is read under its tenant's own name: of another, a key does not even learn whether it exists. */
function checkTenant({ tenant }: { readonly tenant: string }, caller: Caller): void {
  if (tenant !== caller.tenant) throw new Problem('NOT_FOUND', `there is no log ${tenant} for this key: it is of ${caller.tenant}`);
}

/** What the ledger answered. @throws Problem with the code by which it refused */
function granted<T extends { readonly ok: boolean }>(answer: T): Extract<T, { ok: true }> {
  if (answer.ok) return answer as Extract<T, { ok: true }>;
  const { code, text } = answer as unknown as ExportRefused;
  if (!isProblemCode(code)) throw new Error(`the ledger refused with a code the API does not know: ${code}: ${text}`);
  throw new Problem(code, text, { headers: code === 'BUSY' ? { 'retry-after': '1' } : {} });
}

const wantsJson = (request: Request): boolean => /\bapplication\/json\b/i.test(request.headers.get('accept') ?? '');

export const logRoutes: readonly Route[] = [
  route({
    id: 'getLog',
    method: 'GET',
    path: '/v1/log',
    right: ['log:read'],
    summary: 'The transparency log of the ledger: its name, its key and its newest checkpoint',
    answers: {
      200: {
        text: 'The log',
        schema: logView,
        example: { origin: ORIGIN, vkey: VKEY, size: 57, root: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU', at: 1790000000000 },
      },
    },
    async handle({ caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).log() };
    },
  }),
  route({
    id: 'getReceipt',
    method: 'GET',
    path: '/v1/entries/{index}/receipt',
    right: ['log:read'],
    summary:
      'An offline proof that the entry is in the log (C2SP tlog-proof); as JSON with the entry itself, which takes stock:read as well',
    params: entryParams,
    answers: { 200: { text: 'The proof', media: 'text/plain', example: PROOF } },
    problems: ['NOT_FOUND'],
    async handle({ params: { index }, caller, env, request }) {
      const ledger = ledgerOf(env, caller.tenant);
      const json = wantsJson(request);
      const scope = 'stock:read';
      if (json && !may(caller.key.scopes, scope)) {
        throw new Problem('SCOPE_MISSING', `the entry itself takes a key with the scope ${scope}: ask for text/plain`, {
          details: { scope },
        });
      }
      const found = await ledger.receipt(index);
      if (found === null) throw new Problem('NOT_FOUND', `there is no entry ${index}`);
      if (!json) return new Response(found.proof, { headers: TEXT });
      const entry = await ledger.entry(index);
      if (entry === null) throw new Problem('NOT_FOUND', `there is no entry ${index}`);
      const { salt, body } = visible(entry, caller.key.scopes);
      const { leaf, proof, vkey } = found;
      return { status: 200, body: { index, leaf, salt, body, proof, vkey } satisfies typeof receipt._zod.output };
    },
  }),
  route({
    id: 'getCheckpoint',
    method: 'GET',
    path: '/log/{tenant}/checkpoint',
    right: ['log:read'],
    summary: 'The newest checkpoint as a signed note (C2SP tlog-checkpoint)',
    params: logParams,
    answers: { 200: { text: 'The signed note', media: 'text/plain', example: CHECKPOINT } },
    problems: ['NOT_FOUND'],
    async handle({ params, caller, env }) {
      checkTenant(params, caller);
      return new Response(await ledgerOf(env, caller.tenant).checkpoint(), { headers: TEXT });
    },
  }),
  route({
    id: 'getTile',
    method: 'GET',
    path: '/log/{tenant}/tile/{path}',
    right: ['log:read'],
    summary: 'Hashes of the tree, <level>/<n>[.p/<width>], or leaves, entries/<n>[.p/<width>] (C2SP tlog-tiles)',
    params: tileParams,
    answers: { 200: { text: 'The bytes of the tile', media: 'application/octet-stream' } },
    problems: ['NOT_FOUND'],
    async handle({ params, caller, env }) {
      checkTenant(params, caller);
      const path = `tile/${params.path}`;
      const { tenant } = caller;
      // Only full tiles are archived, and only under the one spelling of their path.
      const archived = path.includes('.p/') ? null : await env.ARCHIVE.get(tileKey(tenant, path));
      const bytes = archived?.body ?? (await ledgerOf(env, tenant).tile(path));
      if (bytes === null) throw new Problem('NOT_FOUND', `the newest checkpoint of ${tenant} has no ${path.slice(0, 80)}`);
      return new Response(bytes as BodyInit, { headers: TILE });
    },
  }),
  route({
    id: 'openExport',
    method: 'POST',
    path: '/v1/exports',
    right: ['log:export'],
    summary: 'Begins an export of the whole ledger, to be fetched file by file; `npm run hub -- export FOLDER` does so',
    answers: { 201: { text: 'The export', schema: opened, example: { id: 'a1B2c3D4e5F6g7H8', first: 'projections/devices/0000.jsonl' } } },
    problems: ['EXPORT_LIMIT'],
    async handle({ caller, env, now }) {
      const { id, first } = granted(await ledgerOf(env, caller.tenant).openExport(now));
      return { status: 201, body: { id, first } };
    },
  }),
  route({
    id: 'getExportFile',
    method: 'GET',
    path: '/v1/exports/{id}/files/{path}',
    right: ['log:export'],
    summary: 'A file of an export. X-Docket-Next names the next one, until the last, which is the signed manifest',
    params: exportParams,
    answers: { 200: { text: 'The bytes of the file', media: 'application/octet-stream' } },
    problems: ['NOT_FOUND', 'ORIGINAL_MISSING'],
    async handle({ params, caller, env, now, request }) {
      // A file is noted as handed out once it was read: HEAD reads none.
      if (request.method === 'HEAD')
        throw new Problem('METHOD_NOT_ALLOWED', 'a file of an export is fetched with GET', { headers: { allow: 'GET' } });
      const { body, next } = granted(await ledgerOf(env, caller.tenant).exportFile(params.id, params.path, now));
      return new Response(body, {
        headers: { 'content-type': 'application/octet-stream', ...(next === null ? {} : { 'x-docket-next': next }) },
      });
    },
  }),
];
