import { keyId } from '../../../protocol/batch.ts';
import { fromBase64url } from '../../../protocol/bytes.ts';
import { append, ledgerOf } from '../ledgers.ts';
import { Problem } from '../problem.ts';
import { type Route, route } from '../route.ts';
import { nodeBody, nodeList, registered } from '../schemas/nodes.ts';

const publicKey = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const example = { site: 'LYON', node: 'dock-1', keyId: '21FE31DFA154A261', publicKey };

export const nodeRoutes: readonly Route[] = [
  route({
    id: 'registerNode',
    method: 'POST',
    path: '/v1/nodes',
    right: ['nodes:admin'],
    summary: 'Registers the public key of a node; what the node signs with it is accepted from now on',
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
      return { status: valid ? 200 : 201, body: { site, node, keyId: id, publicKey: body.publicKey, entry } };
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
              keys: [{ id: example.keyId, publicKey, from: 1790000000000, to: null }],
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
      const data = nodes.map(({ site, node, keys, head, status, statusAt, completeTo }) => ({
        site,
        node,
        keys,
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
