import { keyId } from '../../../protocol/batch.ts';
import { fromBase64url, toBase64url } from '../../../protocol/bytes.ts';
import {
  ENROL_SECRET_BYTES,
  enrolAddress,
  enrolHash,
  enrolMessage,
  enrolToken,
  fingerprint,
  rotateMessage,
} from '../../../protocol/enrol.ts';
import { network } from '../../gateway/door.ts';
import { verifier } from '../../gateway/signature.ts';
import type { KeyResult } from '../../ledger/rpc.ts';
import { Limiter } from '../../limiter.ts';
import { ledgerOf } from '../ledgers.ts';
import { Problem } from '../problem.ts';
import { isProblemCode } from '../problems.ts';
import { type Route, route } from '../route.ts';
import { enrolBody, enrolled, enrolment, enrolmentBody, rotateBody, rotated } from '../schemas/enrolments.ts';

const HOUR_MS = 3_600_000;

/**
 * What has no API key, by address: a token of 192 bits is not guessed, this only bounds what strangers make a ledger do. A site that moves
 * in enrols some tens of nodes in an hour from one address.
 */
const open = new Limiter({ burst: 30, perSecond: 0.2 });

const verify = verifier();

const bytesOf = (text: string): Uint8Array => fromBase64url(text) ?? new Uint8Array();

function brake(request: Request, now: number): void {
  const wait = open.take(network(request.headers.get('cf-connecting-ip') ?? ''), now);
  if (wait > 0) throw new Problem('RATE_LIMITED', `too many requests: wait ${wait} s`, { headers: { 'retry-after': String(wait) } });
}

async function checkSignature(publicKey: Uint8Array, signature: string, message: Uint8Array, whose: string): Promise<void> {
  let good = false;
  try {
    good = await verify(publicKey, bytesOf(signature), message);
  } catch {
    // 32 bytes that are no point of the curve: nobody holds that key.
  }
  if (!good) throw new Problem('PROOF_INVALID', `the signature of the ${whose} key does not verify: sign the bytes of protocol/enrol.ts`);
}

/** What the ledger made of a key. @throws Problem with the code of its refusal */
export function settled(result: KeyResult): Extract<KeyResult, { ok: true }> {
  if (result.ok) return result;
  if (!isProblemCode(result.code)) throw new Error(`the ledger refused with a code the API does not know: ${result.code}: ${result.text}`);
  throw new Problem(result.code, result.text);
}

const token = 'demo/LYON/dock-1/yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f';
const publicKey = 'A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg';
const proof = 'TC4htokKwWvI6cTUNvRfCdCxDG_5Bke6j75r3Jhakw03KiYRrjSq0U0SnJ56j6q5vH0LXZPdHQvbNeKsg3xnCA';
const example = { site: 'LYON', node: 'dock-1', keyId: '56475AA75463474C', fingerprint: '5661 4209', entry: 5 };
const rotation = {
  publicKey: 'Kay64UG8yvCyLhqU000LxzYeUm0L_hLIl5S8kyKWbdc',
  proof: '5xyKMHxmJLMIAoxzfouEvJBl1CuviNA2PiaxRq8Q2Qp4tunVJsxsufcrDMPTzckWyHfZVlvHb9ObEB4ZWXxKBg',
  by: '56475AA75463474C',
  signature: 'an6xfcByfkrKrsV8SAVKogp9P2fPCAwjcVz_IXHSMA0NJsW4N2hCYabGB2b6i6gJZUiD3LVSDyrWDLlPfed-AA',
};

export const enrolmentRoutes: readonly Route[] = [
  route({
    id: 'createEnrolment',
    method: 'POST',
    path: '/v1/enrolments',
    right: ['nodes:admin'],
    summary: 'Makes a token that lets one machine in as this node, once; it replaces the token made before',
    body: { schema: enrolmentBody, example: { site: 'LYON', node: 'dock-1', hours: 24 } },
    answers: {
      201: { text: 'The token', schema: enrolment, example: { site: 'LYON', node: 'dock-1', token, expiresAt: 1790086400000 } },
    },
    problems: ['SITE_UNKNOWN'],
    async handle({ body: { site, node, hours }, caller, env, now }) {
      const ledger = ledgerOf(env, caller.tenant);
      if (!(await ledger.sites()).some((one) => one.site === site)) {
        throw new Problem('SITE_UNKNOWN', `there is no site ${site}: put it on /v1/sites/${site} first, its time zone cuts the days`);
      }
      const secret = crypto.getRandomValues(new Uint8Array(ENROL_SECRET_BYTES));
      const made = enrolToken({ tenant: caller.tenant, site, node }, secret);
      const expiresAt = now + Math.round(hours * HOUR_MS);
      await ledger.offer({ site, node, hash: toBase64url(enrolHash(made)), expiresAt }, now);
      return { status: 201, body: { site, node, token: made, expiresAt } };
    },
  }),
  route({
    id: 'enrol',
    method: 'POST',
    path: '/v1/enrol',
    right: 'open',
    summary: 'Enrols a key with a token; the other keys of the node end. The same request again changes nothing',
    body: { schema: enrolBody, example: { token, publicKey, proof } },
    answers: {
      201: { text: 'The key is enrolled', schema: enrolled, example },
      200: { text: 'This key was enrolled with this token already', schema: enrolled, example: { ...example, entry: null } },
    },
    problems: ['RATE_LIMITED', 'ENROLMENT_INVALID', 'ENROLMENT_EXPIRED', 'ENROLMENT_USED', 'PROOF_INVALID', 'DEVICE_INVALID'],
    async handle({ body, request, env, tenants, now }) {
      brake(request, now);
      const { tenant, site, node } = enrolAddress(body.token);
      const hash = enrolHash(body.token);
      const raw = bytesOf(body.publicKey);
      await checkSignature(raw, body.proof, enrolMessage(hash, raw), 'new');
      // Which tenants there are is nobody's business: an unknown one is a wrong token.
      if (!(await tenants.isOpen(tenant)))
        throw new Problem('ENROLMENT_INVALID', 'this token is not one of this hub: check address and token');
      const asked = { site, node, hash: toBase64url(hash), publicKey: body.publicKey, proof: body.proof };
      const done = settled(await ledgerOf(env, tenant).enrol(asked, now));
      return {
        status: done.entry === null ? 200 : 201,
        body: { site, node, keyId: done.keyId, fingerprint: fingerprint(raw), entry: done.entry },
      };
    },
  }),
  route({
    id: 'rotateNodeKey',
    method: 'POST',
    path: '/v1/nodes/rotate',
    right: 'open',
    summary: 'Replaces the key of a node by one that the old key vouches for; the old one ends in 24 hours. Again, it changes nothing',
    body: { schema: rotateBody, example: { tenant: 'demo', site: 'LYON', node: 'dock-1', ...rotation } },
    answers: {
      201: {
        text: 'The new key is valid',
        schema: rotated,
        example: { ...example, keyId: '24F6ED6ACBFE1009', fingerprint: '9260 2516', oldKeyUntil: 1790086400000 },
      },
      200: {
        text: 'The key was valid already',
        schema: rotated,
        example: { ...example, keyId: '24F6ED6ACBFE1009', fingerprint: '9260 2516', entry: null, oldKeyUntil: 1790086400000 },
      },
    },
    problems: ['RATE_LIMITED', 'KEY_UNUSABLE', 'PROOF_INVALID', 'QUARANTINED', 'DEVICE_INVALID'],
    async handle({ body, request, env, tenants, now }) {
      brake(request, now);
      const { tenant, site, node, by, signature } = body;
      const raw = bytesOf(body.publicKey);
      const message = rotateMessage({ tenant, site, node }, by, raw);
      await checkSignature(raw, body.proof, message, 'new');
      const unknown = new Problem(
        'KEY_UNUSABLE',
        `key ${by} is not a valid key of ${tenant}/${site}/${node}: enrol the node with a new token`,
      );
      if (!(await tenants.isOpen(tenant))) throw unknown;
      const ledger = ledgerOf(env, tenant);
      const old = (await ledger.node(site, node)).keys.find(({ id }) => id === by);
      if (old === undefined) throw unknown;
      await checkSignature(bytesOf(old.publicKey), signature, message, 'old');
      const done = settled(await ledger.rotate({ site, node, publicKey: body.publicKey, proof: body.proof, by, signature }, now));
      const oldKeyUntil = (await ledger.node(site, node)).keys.find(({ id }) => id === by)?.to ?? null;
      return {
        status: done.entry === null ? 200 : 201,
        body: { site, node, keyId: keyId(raw), fingerprint: fingerprint(raw), entry: done.entry, oldKeyUntil },
      };
    },
  }),
];
