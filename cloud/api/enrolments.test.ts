import { beforeAll, describe, expect, it } from 'vitest';
import { keyId } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { enrolHash, enrolMessage, fingerprint, rotateMessage } from '../../protocol/enrol.ts';
import { type Answered, call, freshTenant, keyWith, member, type Tenant } from './testing/hub.ts';

interface Key {
  readonly publicKey: string;
  readonly raw: Uint8Array;
  readonly id: string;
  sign(message: Uint8Array): Promise<string>;
}

async function makeKey(): Promise<Key> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const raw = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
  const sign = async (message: Uint8Array): Promise<string> =>
    toBase64url(new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message as Uint8Array<ArrayBuffer>)));
  return { publicKey: toBase64url(raw), raw, id: keyId(raw), sign };
}

const outcome = (answer: Answered): unknown[] => [answer.status, member(answer, 'code')];
/** Enrolments that one address may ask for at once. */
const BURST = 30;

let tenant: Tenant;
let nodes = 0;
beforeAll(async () => {
  tenant = await freshTenant();
  await call('PUT', '/v1/sites/LYON', tenant.admin, { name: 'Lyon', timeZone: 'Europe/Paris' });
});

async function tokenFor(node: string, of = tenant): Promise<string> {
  const made = await call('POST', '/v1/enrolments', of.admin, { site: 'LYON', node });
  expect(made.status).toBe(201);
  return String(member(made, 'token'));
}

/** A node that nobody knows yet, and a token for it. */
async function invited(): Promise<{ node: string; token: string; key: Key }> {
  nodes += 1;
  const node = `dock-${nodes}`;
  return { node, token: await tokenFor(node), key: await makeKey() };
}

async function enrol(token: string, key: Key, more: object = {}, headers: Record<string, string> = {}): Promise<Answered> {
  const proof = await key.sign(enrolMessage(enrolHash(token), key.raw));
  return call('POST', '/v1/enrol', undefined, { token, publicKey: key.publicKey, proof, ...more }, headers);
}

async function enrolled(): Promise<{ node: string; key: Key }> {
  const { node, token, key } = await invited();
  expect((await enrol(token, key)).status).toBe(201);
  return { node, key };
}

async function rotate(node: string, old: Key, next: Key, more: object = {}): Promise<Answered> {
  const message = rotateMessage({ tenant: tenant.tenant, site: 'LYON', node }, old.id, next.raw);
  const [proof, signature] = [await next.sign(message), await old.sign(message)];
  const body = { tenant: tenant.tenant, site: 'LYON', node, publicKey: next.publicKey, proof, by: old.id, signature, ...more };
  return call('POST', '/v1/nodes/rotate', undefined, body);
}

interface Shown {
  readonly node: string;
  readonly quarantine: object | null;
  readonly keys: readonly { readonly id: string; readonly fingerprint: string; readonly from: number; readonly to: number | null }[];
}

async function shown(node: string): Promise<Shown | undefined> {
  const { body } = await call('GET', '/v1/nodes', tenant.admin);
  return (body as { data: Shown[] }).data.find((one) => one.node === node);
}

describe('an enrolment', () => {
  it('lets a node in by its token and shows the fingerprint on both sides', async () => {
    const { node, token, key } = await invited();
    const answer = await enrol(token, key);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ site: 'LYON', node, keyId: key.id, fingerprint: fingerprint(key.raw), entry: expect.any(Number) });
    expect((await shown(node))?.keys).toMatchObject([{ id: key.id, fingerprint: fingerprint(key.raw), to: null }]);
    // The answer was lost: the node asks again.
    expect((await enrol(token, key)).body).toMatchObject({ keyId: key.id, entry: null });
    // The proof stands in the log, the token does not.
    const entry = await call('GET', `/v1/entries/${member(answer, 'entry')}`, tenant.admin);
    const text = JSON.stringify(entry.body);
    expect(text).toContain('enrolment');
    expect(text).not.toContain(token.split('/')[3]);
  });

  it('by a used token is refused to another key, also when both ask at once', async () => {
    const { node, token } = await invited();
    const keys = await Promise.all(Array.from({ length: 6 }, makeKey));
    const answers = await Promise.all(keys.map((key) => enrol(token, key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect((await shown(node))?.keys).toHaveLength(1);
    expect(outcome(await enrol(token, await makeKey()))).toEqual([409, 'ENROLMENT_USED']);
  });

  it('refuses a token that is of another tenant, node or secret, or that was replaced', async () => {
    const { node, token, key } = await invited();
    const other = await freshTenant();
    const [, site, , secret] = token.split('/');
    const wrong = [
      `${other.tenant}/${site}/${node}/${secret}`,
      `no-such-tenant/${site}/${node}/${secret}`,
      `${tenant.tenant}/${site}/other/${secret}`,
      `${tenant.tenant}/${site}/${node}/${toBase64url(new Uint8Array(24))}`,
    ];
    for (const text of wrong) expect(outcome(await enrol(text, key)), text).toEqual([403, 'ENROLMENT_INVALID']);
    const newer = await tokenFor(node);
    expect(outcome(await enrol(token, key))).toEqual([403, 'ENROLMENT_INVALID']);
    expect((await enrol(newer, key)).status).toBe(201);
    for (const text of ['', 'x', `${newer}A`, newer.slice(1).replaceAll('/', '')]) {
      expect(outcome(await enrol(text, key)), text).toEqual([400, 'BODY_INVALID']);
    }
  });

  it('refuses what proves nothing: a wrong signature, that of another token, a key of small order, a point that is none', async () => {
    const { token, key } = await invited();
    const other = await invited();
    const thief = await makeKey();
    const message = enrolMessage(enrolHash(token), key.raw);
    const proofs = [
      toBase64url(new Uint8Array(64)),
      await thief.sign(message),
      await key.sign(enrolMessage(enrolHash(other.token), key.raw)),
      await key.sign(enrolHash(token)),
    ];
    for (const proof of proofs) expect(outcome(await enrol(token, key, { proof }))).toEqual([422, 'PROOF_INVALID']);
    const small = [new Uint8Array(32), new Uint8Array(32).fill(1, 0, 1), new Uint8Array(32).fill(0xff).fill(0xed, 0, 1).fill(0x7f, 31)];
    for (const raw of small) expect(outcome(await enrol(token, key, { publicKey: toBase64url(raw) }))).toEqual([400, 'BODY_INVALID']);
    // 2 is the y of no point of the curve.
    const none = new Uint8Array(32);
    none[0] = 2;
    expect(outcome(await enrol(token, key, { publicKey: toBase64url(none) }))).toEqual([422, 'PROOF_INVALID']);
    expect((await enrol(token, key)).status).toBe(201);
  });

  it('refuses a key that is another node’s, and does not burn the token', async () => {
    const { key } = await enrolled();
    const { node, token } = await invited();
    expect(outcome(await enrol(token, key))).toEqual([422, 'DEVICE_INVALID']);
    expect(await shown(node)).toBeUndefined();
    expect((await enrol(token, await makeKey())).status).toBe(201);
    const integrator = await call('POST', '/v1/nodes', tenant.admin, { site: 'LYON', node: 'elsewhere', publicKey: key.publicKey });
    expect(outcome(integrator)).toEqual([422, 'DEVICE_INVALID']);
  });

  it('ends the keys a node had: a new machine takes the place of the old one', async () => {
    const { node, key } = await enrolled();
    const next = await makeKey();
    expect((await enrol(await tokenFor(node), next)).status).toBe(201);
    const keys = (await shown(node))?.keys ?? [];
    expect(keys.find(({ id }) => id === key.id)?.to).toBe(keys.find(({ id }) => id === next.id)?.from);
    // The machine that was replaced cannot come back with its key, not even by a token.
    expect(outcome(await enrol(await tokenFor(node), key))).toEqual([422, 'DEVICE_INVALID']);
  });

  it('takes tokens for known sites and sensible times only, from keys that may', async () => {
    const ask = (body: object, key = tenant.admin): Promise<Answered> => call('POST', '/v1/enrolments', key, body);
    expect(outcome(await ask({ site: 'NOWHERE', node: 'dock-1' }))).toEqual([422, 'SITE_UNKNOWN']);
    for (const hours of [0, 0.2, 169, -1, '1'])
      expect(outcome(await ask({ site: 'LYON', node: 'x', hours }))).toEqual([400, 'BODY_INVALID']);
    const soon = await ask({ site: 'LYON', node: 'x', hours: 0.25 });
    expect(Number(member(soon, 'expiresAt')) - Date.now()).toBeLessThanOrEqual(900_000);
    expect(outcome(await ask({ site: 'LYON', node: 'x' }, (await keyWith(tenant, ['stock:read'])).key))).toEqual([403, 'SCOPE_MISSING']);
  });

  it('is braked by address, and others are not', async () => {
    const { token, key } = await invited();
    const flood = { 'cf-connecting-ip': '192.0.2.77' };
    const wrong = `${tenant.tenant}/LYON/x/${toBase64url(new Uint8Array(24))}`;
    for (let i = 0; i < BURST; i++) expect((await enrol(wrong, key, {}, flood)).status).toBe(403);
    const braked = await enrol(token, key, {}, flood);
    expect(outcome(braked)).toEqual([429, 'RATE_LIMITED']);
    expect(Number(braked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await enrol(token, key)).status).toBe(201);
  });

  it('is braked by the IPv6 network that one household has for itself, whichever of its addresses asks', async () => {
    const { token, key } = await invited();
    const wrong = `${tenant.tenant}/LYON/x/${toBase64url(new Uint8Array(24))}`;
    const from = (address: string): Record<string, string> => ({ 'cf-connecting-ip': address });
    for (let i = 0; i < BURST; i++) expect((await enrol(wrong, key, {}, from(`2001:db8:0:77::${i}`))).status).toBe(403);
    expect(outcome(await enrol(token, key, {}, from('2001:db8:0:77:ffff::1')))).toEqual([429, 'RATE_LIMITED']);
    expect((await enrol(token, key, {}, from('2001:db8:0:78::1'))).status).toBe(201);
  });
});

describe('a rotation', () => {
  it('gives a node a new key by both signatures, and gives the old one a day', async () => {
    const { node, key } = await enrolled();
    const next = await makeKey();
    const answer = await rotate(node, key, next);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ keyId: next.id, fingerprint: fingerprint(next.raw) });
    expect(Number(member(answer, 'oldKeyUntil')) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect((await rotate(node, key, next)).body).toMatchObject({ keyId: next.id, entry: null });
  });

  it('is refused without both signatures, over other bytes, and by a key that is not valid', async () => {
    const { node, key } = await enrolled();
    const [next, thief] = [await makeKey(), await makeKey()];
    const message = rotateMessage({ tenant: tenant.tenant, site: 'LYON', node }, key.id, next.raw);
    const elsewhere = rotateMessage({ tenant: tenant.tenant, site: 'LYON', node: 'other' }, key.id, next.raw);
    for (const more of [
      { proof: await thief.sign(message) },
      { signature: await thief.sign(message) },
      { signature: await next.sign(message) },
      { signature: await key.sign(elsewhere) },
      { signature: await key.sign(enrolMessage(enrolHash('x'), next.raw)) },
    ])
      expect(outcome(await rotate(node, key, next, more))).toEqual([422, 'PROOF_INVALID']);
    expect(outcome(await rotate(node, thief, next))).toEqual([403, 'KEY_UNUSABLE']);
    expect(outcome(await rotate('nobody', key, next))).toEqual([403, 'KEY_UNUSABLE']);
    expect(outcome(await rotate(node, key, next, { tenant: 'no-such-tenant' }))).toEqual([422, 'PROOF_INVALID']);
    await call('DELETE', `/v1/nodes/LYON/${node}/keys/${key.id}`, tenant.admin);
    expect(outcome(await rotate(node, key, next))).toEqual([403, 'KEY_UNUSABLE']);
    expect((await shown(node))?.keys).toHaveLength(1);
  });
});

describe('a revocation', () => {
  it('ends a key at once, also the last one of a node, and says how many are left', async () => {
    const { node, key } = await enrolled();
    const next = await makeKey();
    await rotate(node, key, next);
    const path = `/v1/nodes/LYON/${node}/keys`;
    expect((await call('DELETE', `${path}/${key.id}`, tenant.admin)).body).toMatchObject({ keyId: key.id, left: 1 });
    expect((await call('DELETE', `${path}/${next.id.toLowerCase()}`, tenant.admin)).body).toMatchObject({ keyId: next.id, left: 0 });
    expect((await call('DELETE', `${path}/${next.id}`, tenant.admin)).body).toMatchObject({ entry: null, left: 0 });
    expect(outcome(await call('DELETE', `${path}/0123456789ABCDEF`, tenant.admin))).toEqual([404, 'NOT_FOUND']);
    expect(outcome(await call('DELETE', `${path}/..`, tenant.admin))).toEqual([404, 'NOT_FOUND']);
    const other = await freshTenant();
    expect(outcome(await call('DELETE', `${path}/${key.id}`, other.admin))).toEqual([404, 'NOT_FOUND']);
  });

  it('leaves a node that a new token brings back', async () => {
    const { node, key } = await enrolled();
    await call('DELETE', `/v1/nodes/LYON/${node}/keys/${key.id}`, tenant.admin);
    expect((await enrol(await tokenFor(node), await makeKey())).status).toBe(201);
  });
});

describe('a release', () => {
  it('says when there is nothing to release, and when there is no such node', async () => {
    const { node } = await enrolled();
    expect((await call('POST', `/v1/nodes/LYON/${node}/release`, tenant.admin)).body).toMatchObject({ entry: null });
    expect((await shown(node))?.quarantine).toBeNull();
    expect(outcome(await call('POST', '/v1/nodes/LYON/nobody/release', tenant.admin))).toEqual([404, 'NOT_FOUND']);
  });
});
