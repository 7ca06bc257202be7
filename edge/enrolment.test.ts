import { createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyId } from '../protocol/batch.ts';
import { fromBase64url } from '../protocol/bytes.ts';
import { enrolHash, enrolMessage, enrolToken, fingerprint, rotateMessage } from '../protocol/enrol.ts';
import { enrolNode, rotateKey } from './enrolment.ts';
import { loadIdentity, loadNext, promoteNext } from './identity.ts';
import type { Settings } from './settings.ts';

const ADDRESS = { tenant: 'demo', site: 'LYON', node: 'dock-1' };
const TOKEN = enrolToken(ADDRESS, new Uint8Array(24).fill(7));

interface Asked {
  readonly path: string | undefined;
  readonly body: Readonly<Record<string, string>>;
}

const raw = (publicKey: string | undefined): Uint8Array => fromBase64url(publicKey ?? '') ?? new Uint8Array();

function verifies(publicKey: string, signature: string | undefined, message: Uint8Array): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return verify(null, message, key, raw(signature));
}

let folder = '';
let server: Server;
let settings: Settings;
let asked: Asked[] = [];
/** What the hub answers; undefined: it takes the request and its answer is lost. */
let answer: ((asked: Asked) => { status: number; body: object }) | undefined;

const taken = ({ body }: Asked): { status: number; body: object } => {
  const key = raw(body['publicKey']);
  return { status: 201, body: { ...ADDRESS, keyId: keyId(key), fingerprint: fingerprint(key), entry: 1 } };
};
const refusal = (status: number, code: string) => () => ({ status, body: { code, detail: `it was ${code}` } });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'docket-enrol-'));
  asked = [];
  answer = taken;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const one = { path: request.url, body: JSON.parse(text) as Record<string, string> };
      asked.push(one);
      const said = answer?.(one);
      if (said === undefined) request.socket.destroy();
      else response.writeHead(said.status, { 'content-type': 'application/json' }).end(JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  settings = { ...ADDRESS, dataDir: folder, hub: { url: `ws://127.0.0.1:${port}` } } as Settings;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an enrolment', () => {
  it('sends the public key and the proof, and keeps the private key to itself', async () => {
    const { keyId: id, fingerprint: print } = await enrolNode(settings, TOKEN);
    const [{ path, body } = { path: '', body: {} as Record<string, string> }] = asked;
    expect(path).toBe('/v1/enrol');
    expect(Object.keys(body).sort()).toEqual(['proof', 'publicKey', 'token']);
    const key = body['publicKey'] ?? '';
    expect(verifies(key, body['proof'], enrolMessage(enrolHash(TOKEN), raw(key)))).toBe(true);
    expect([id, print]).toEqual([loadIdentity(folder).id, loadIdentity(folder).fingerprint]);
    expect(readdirSync(folder)).toEqual(['node.key']);
    expect(readFileSync(join(folder, 'node.key'), 'utf8')).toContain('PRIVATE KEY');
  });

  it('makes a new key for a node that had one: whoever holds a copy of the old one is shut out', async () => {
    const old = loadIdentity(folder).id;
    await enrolNode(settings, TOKEN);
    expect(loadIdentity(folder).id).not.toBe(old);
  });

  it('makes a new key for each token: one that a refused try left waiting may have been copied with the disk', async () => {
    answer = refusal(409, 'ENROLMENT_USED');
    await expect(enrolNode(settings, TOKEN)).rejects.toThrow('ENROLMENT_USED');
    await expect(enrolNode(settings, TOKEN)).rejects.toThrow('ENROLMENT_USED');
    expect(asked[1]?.body['publicKey']).toBe(asked[0]?.body['publicKey']);
    answer = taken;
    await enrolNode(settings, enrolToken(ADDRESS, new Uint8Array(24).fill(8)));
    expect(asked[2]?.body['publicKey']).not.toBe(asked[0]?.body['publicKey']);
    expect(loadIdentity(folder).publicKey).toBe(asked[2]?.body['publicKey']);
    // The same for one that a rotation left.
    answer = refusal(409, 'QUARANTINED');
    await expect(rotateKey(settings)).rejects.toThrow('QUARANTINED');
    answer = taken;
    await enrolNode(settings, TOKEN);
    expect(asked[4]?.body['publicKey']).not.toBe(asked[3]?.body['publicKey']);
  });

  it('goes on where it was cut off: with the same key when the answer was lost, or when the power went before it was put in place', async () => {
    answer = undefined;
    await expect(enrolNode(settings, TOKEN)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    expect(existsSync(join(folder, 'node.key'))).toBe(false);
    const waiting = loadNext(folder).id;
    answer = taken;
    expect((await enrolNode(settings, TOKEN)).keyId).toBe(waiting);
    expect(new Set(asked.map(({ body }) => body['publicKey'])).size).toBe(1);
    expect(loadIdentity(folder).id).toBe(waiting);
  });

  it('keeps the node as it was when the hub refuses, and makes another key where this one can never be taken', async () => {
    const old = loadIdentity(folder).id;
    answer = refusal(409, 'ENROLMENT_USED');
    await expect(enrolNode(settings, TOKEN)).rejects.toMatchObject({ code: 'ENROLMENT_USED', message: 'it was ENROLMENT_USED' });
    const waiting = loadNext(folder).id;
    answer = refusal(422, 'DEVICE_INVALID');
    await expect(enrolNode(settings, TOKEN)).rejects.toMatchObject({ code: 'DEVICE_INVALID' });
    expect(loadIdentity(folder).id).toBe(old);
    expect(loadNext(folder).id).not.toBe(waiting);
  });

  it('refuses a token of another node before it asks anybody, and an answer that speaks of another key', async () => {
    const other = enrolToken({ ...ADDRESS, node: 'dock-2' }, new Uint8Array(24));
    await expect(enrolNode(settings, other)).rejects.toMatchObject({ code: 'ENROL_ADDRESS' });
    await expect(enrolNode(settings, 'nonsense')).rejects.toMatchObject({ code: 'ENROL_TOKEN' });
    expect([asked, readdirSync(folder)]).toEqual([[], []]);
    answer = () => ({ status: 201, body: { keyId: '0123456789ABCDEF', fingerprint: '0000 0000' } });
    await expect(enrolNode(settings, TOKEN)).rejects.toMatchObject({ code: 'HUB_ANSWER' });
    answer = () => ({ status: 200, body: {} });
    await expect(enrolNode(settings, TOKEN)).rejects.toMatchObject({ code: 'HTTP_200' });
  });
});

describe('a rotation', () => {
  it('is signed by both keys and puts the new one in place', async () => {
    const old = loadIdentity(folder);
    const done = await rotateKey(settings);
    const body = asked[0]?.body ?? {};
    expect([asked[0]?.path, body['by'], body['tenant'], body['node']]).toEqual(['/v1/nodes/rotate', old.id, 'demo', 'dock-1']);
    const message = rotateMessage(ADDRESS, old.id, raw(body['publicKey']));
    expect(verifies(body['publicKey'] ?? '', body['proof'], message)).toBe(true);
    expect(verifies(old.publicKey, body['signature'], message)).toBe(true);
    expect(done.keyId).toBe(loadIdentity(folder).id);
    expect(done.keyId).not.toBe(old.id);
  });

  it('keeps a key that the hub knows at every step: before, with the answer lost, and after', async () => {
    const old = loadIdentity(folder).id;
    answer = undefined;
    await expect(rotateKey(settings)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    expect(loadIdentity(folder).id).toBe(old);
    const next = loadNext(folder).id;
    answer = taken;
    expect((await rotateKey(settings)).keyId).toBe(next);
    expect(loadIdentity(folder).id).toBe(next);
    // The running node has put it in place already.
    promoteNext(folder);
    expect(loadIdentity(folder).id).toBe(next);
  });

  it('needs a key to begin with', async () => {
    await expect(rotateKey(settings)).rejects.toMatchObject({ code: 'KEY_MISSING' });
    expect([asked, readdirSync(folder)]).toEqual([[], []]);
  });
});
