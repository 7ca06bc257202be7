import { keyId } from '../../../protocol/batch.ts';
import { fromBase64url } from '../../../protocol/bytes.ts';
import { fingerprint } from '../../../protocol/enrol.ts';
import { append, ledgerOf } from '../ledgers.ts';
import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import { nodeKeyParams, nodeParams, released, revoked } from '../schemas/enrolments.ts';
import { nodeBody, nodeList, registered } from '../schemas/nodes.ts';
import { settled } from './enrolments.ts';

const publicKey = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const example = { site: 'LYON', node: 'dock-1', keyId: '21FE31DFA154A261', fingerprint: '9353 1426', publicKey };

const fingerprintOf = (text: string): string => fingerprint(fromBase64url(text) ?? new Uint8Array());

const isValid = (to: number | null, now: number): boolean => to === null || to > now;

export const nodeRoutes: readonly Route[] = [
  route({
    id: 'registerNode',
    method: 'POST',
    path: '/v1/nodes',
    right: ['nodes:admin'],
    summary: 'Registers the public key of a node, for integrators that made it; what the node signs with it is accepted from now on',
    body: { schema: nodeBody, example: { site: 'LYON', node: 'dock-1', publicKey } },
    answers: {
      201: { text: 'The key is registered', schema: registered, example: { ...example, entry: 5 } },
      200: { text: 'The key was registered already', schema: registered, example: { ...example, entry: null } },
    },
    problems: ['SITE_UNKNOWN'],
    async handle({ body, caller, env, now }) {
      const { site, node } = body;
      const known = await ledgerOf(env, caller.tenant).sites();
      if (!known.some((one) => one.site === site)) {
        throw new Problem('SITE_UNKNOWN', `there is no site ${site}: put it on /v1/sites/${site} first, its time zone cuts the days`);
      }
      const id = keyId(fromBase64url(body.publicKey) ?? new Uint8Array());
      const device = { v: 1, action: 'register', site, node, publicKey: body.publicKey };
      const { keys } = await ledgerOf(env, caller.tenant).node(site, node);
      const valid = keys.some((key) => key.id === id && key.to === null);
      const entry = valid ? null : (await append(env, caller.tenant, { type: 'device', body: device }, now)).index;
      const shown = { keyId: id, fingerprint: fingerprintOf(body.publicKey), publicKey: body.publicKey };
      return { status: valid ? 200 : 201, body: { site, node, ...shown, entry } };
    },
  }),
  route({
    id: 'revokeNodeKey',
    method: 'DELETE',
    path: '/v1/nodes/{site}/{node}/keys/{id}',
    right: ['nodes:admin'],
    summary: 'Ends a key of a node at once, also its last: a machine that was stolen stays out',
    params: nodeKeyParams,
    answers: { 200: { text: 'The key is not valid any more', schema: revoked, example: { keyId: example.keyId, entry: 9, left: 0 } } },
    problems: ['NOT_FOUND'],
    async handle({ params: { site, node, id }, caller, env, now }) {
      const ledger = ledgerOf(env, caller.tenant);
      const { keyId: ended, entry } = settled(await ledger.revoke(site, node, id.toUpperCase(), now));
      const left = (await ledger.node(site, node)).keys.filter((key) => key.id !== ended && isValid(key.to, now)).length;
      return { status: 200, body: { keyId: ended, entry, left } };
    },
  }),
  route({
    id: 'releaseNode',
    method: 'POST',
    path: '/v1/nodes/{site}/{node}/release',
    right: ['nodes:admin'],
    summary: 'Lets a node in again that was quarantined, once a person has made sure that one machine alone has its key',
    params: nodeParams,
    answers: {
      200: {
        text: 'The node may connect; `entry` is null when it was in no quarantine',
        schema: released,
        example: { site: 'LYON', node: 'dock-1', entry: 10 },
      },
    },
    problems: ['NOT_FOUND'],
    async handle({ params: { site, node }, caller, env, now }) {
      const { entry } = settled(await ledgerOf(env, caller.tenant).release(site, node, now));
      return { status: 200, body: { site, node, entry } };
    },
  }),
  route({
    id: 'listNodes',
    method: 'GET',
    path: '/v1/nodes',
    right: ['nodes:admin'],
    summary: 'Lists the nodes with their keys, the head of their records and their last status',
    answers: {
      200: {
        text: 'The nodes',
        schema: nodeList,
        example: {
          data: [
            {
              site: 'LYON',
              node: 'dock-1',
              keys: [{ id: example.keyId, fingerprint: example.fingerprint, publicKey, from: 1790000000000, to: null }],
              quarantine: null,
              head: { epoch: 1, seq: 42, chain: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU' },
              online: true,
              status: { v: 1, online: true, at: 1790000100000, epoch: 1, seq: 42, queued: 0 },
              statusAt: 1790000100020,
              completeTo: 1790000099000,
            },
          ],
        },
      },
    },
    async handle({ caller, env }) {
      const nodes = await ledgerOf(env, caller.tenant).nodes();
      const data = nodes.map(({ site, node, keys, quarantine, head, status, statusAt, completeTo }) => ({
        site,
        node,
        keys: keys.map((key) => ({ ...key, fingerprint: fingerprintOf(key.publicKey) })),
        quarantine,
        head,
        online: status?.online ?? false,
        status,
        statusAt,
        completeTo,
      }));
      return { status: 200, body: { data } };
    },
  }),
];
