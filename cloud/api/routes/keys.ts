import type { KeyRecord } from '../../catalog/keys.ts';
import { MAX_ACTIVE_KEYS } from '../../catalog/keys.ts';
import { may } from '../authorize.ts';
import { Problem } from '../problem.ts';
import { type Caller, type Route, route } from '../route.ts';
import { keyList, keyParams, madeKey, newKey } from '../schemas/keys.ts';
import { type Granted, SCOPES } from '../schemas/scopes.ts';

const DAY_MS = 86_400_000;

const view = ({ id, name, scopes, createdAt, createdBy, expiresAt, usedAt, revokedAt }: KeyRecord): object => ({
  id,
  name,
  scopes,
  createdAt,
  createdBy,
  expiresAt,
  usedAt,
  revokedAt,
});

const example = {
  id: 'Xk3Ab9Qz',
  name: 'ERP Lyon',
  scopes: ['documents:write', 'masterdata:write'],
  createdAt: 1790000000000,
  createdBy: 'a1B2c3D4',
  expiresAt: null,
  usedAt: null,
  revokedAt: null,
};

/** A key hands out no more than it may itself, else a key for keys would be a key for everything. */
function checkGrant(caller: Caller, wanted: readonly Granted[]): void {
  const own = caller.key.scopes;
  const needed = wanted.flatMap((scope) => (scope === 'admin' ? SCOPES : [scope]));
  const missing = needed.find((scope) => !may(own, scope));
  if (missing === undefined) return;
  throw new Problem('SCOPE_ESCALATION', `key ${caller.key.id} lacks ${missing} itself: ask an admin key`, { details: { scope: missing } });
}

export const keyRoutes: readonly Route[] = [
  route({
    id: 'createKey',
    method: 'POST',
    path: '/v1/keys',
    right: ['keys:admin'],
    summary: 'Makes an API key; its text is shown this once',
    body: { schema: newKey, example: { name: 'ERP Lyon', scopes: ['documents:write', 'masterdata:write'] } },
    answers: { 201: { text: 'The key', schema: madeKey, example: { ...example, key: 'dk_live_Xk3Ab9Qz_…' } } },
    problems: ['SCOPE_ESCALATION', 'KEY_LIMIT'],
    async handle({ body, caller, keys, now }) {
      checkGrant(caller, body.scopes);
      const expiresAt = body.expiresInDays === undefined ? null : now + body.expiresInDays * DAY_MS;
      const created = await keys.create(
        { tenant: caller.tenant, name: body.name, scopes: body.scopes, createdBy: caller.key.id, expiresAt },
        now,
      );
      if (created === undefined) throw new Problem('KEY_LIMIT', `${MAX_ACTIVE_KEYS} keys are active: revoke one that is not used`);
      return { status: 201, body: { ...view(created.made), key: created.text } };
    },
  }),
  route({
    id: 'listKeys',
    method: 'GET',
    path: '/v1/keys',
    right: ['keys:admin'],
    summary: 'Lists the keys, newest first, without their texts',
    answers: { 200: { text: 'The keys', schema: keyList, example: { data: [example] } } },
    async handle({ caller, keys }) {
      return { status: 200, body: { data: (await keys.list(caller.tenant)).map(view) } };
    },
  }),
  route({
    id: 'revokeKey',
    method: 'DELETE',
    path: '/v1/keys/{id}',
    right: ['keys:admin'],
    summary: 'Revokes a key at once; revoking it again changes nothing',
    params: keyParams,
    answers: { 204: { text: 'The key is revoked' } },
    problems: ['NOT_FOUND', 'LAST_ADMIN_KEY'],
    async handle({ params, caller, keys, now }) {
      const outcome = await keys.revoke(caller.tenant, params.id, now);
      if (outcome === 'unknown') throw new Problem('NOT_FOUND', `there is no key ${params.id}`);
      if (outcome === 'last') {
        throw new Problem('LAST_ADMIN_KEY', `${params.id} is the last key without expiry that may administer keys: make another first`);
      }
      return { status: 204 };
    },
  }),
];
