import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyId } from '../protocol/batch.ts';
import { fromBase64url, utf8 } from '../protocol/bytes.ts';
import { dropNext, loadIdentity, loadNext, NodeKeys, promoteNext } from './identity.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the identity of a node', () => {
  it('is made at the first start, readable by its user only, and the same ever after', () => {
    const first = loadIdentity(join(folder, 'data'));
    expect(statSync(join(folder, 'data/node.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'data/node.key'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    const again = loadIdentity(join(folder, 'data'));
    expect([again.id, again.publicKey]).toEqual([first.id, first.publicKey]);
  });

  it('signs so that its public key verifies', async () => {
    const { id, publicKey, sign } = loadIdentity(folder);
    const raw = fromBase64url(publicKey) ?? new Uint8Array();
    expect(raw).toHaveLength(32);
    expect(id).toBe(keyId(raw));
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    expect(verify(null, utf8('message'), key, await sign(utf8('message')))).toBe(true);
  });

  it('says what is wrong with a data folder that is none', () => {
    writeFileSync(join(folder, 'data'), 'a file');
    expect(() => loadIdentity(join(folder, 'data'))).toThrow(expect.objectContaining({ code: 'DATA_DIR' }));
  });

  it('leaves nothing but the key beside it', () => {
    loadIdentity(folder);
    expect(readdirSync(folder)).toEqual(['node.key']);
  });

  it('is not replaced when its file is damaged', () => {
    writeFileSync(join(folder, 'node.key'), 'not a key');
    expect(() => loadIdentity(folder)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    expect(readFileSync(join(folder, 'node.key'), 'utf8')).toBe('not a key');
  });
});

describe('the keys of a running node', () => {
  it('follow the file when another process replaces it, and name the process', () => {
    const keys = new NodeKeys(folder);
    expect(keys.instance).toMatch(/^[0-9a-f]{8}$/);
    expect(new NodeKeys(folder).instance).not.toBe(keys.instance);
    const { id } = keys.identity();
    expect(keys.look()).toBe(false);
    const next = loadNext(folder);
    expect(keys.look()).toBe(false);
    promoteNext(folder);
    expect(keys.look()).toBe(true);
    expect(keys.identity().id).toBe(next.id);
    expect(next.id).not.toBe(id);
    expect(loadIdentity(folder).id).toBe(next.id);
    expect(readdirSync(folder)).toEqual(['node.key']);
  });

  it('stay as they are when the file is damaged or gone', () => {
    const keys = new NodeKeys(folder);
    const { id } = keys.identity();
    writeFileSync(join(folder, 'node.key'), 'not a key');
    expect(() => keys.look()).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    expect(keys.look()).toBe(false);
    rmSync(join(folder, 'node.key'));
    expect(keys.look()).toBe(false);
    expect(keys.identity().id).toBe(id);
  });

  it('try the key that waits when the hub does not know theirs, in turn, and keep the one that it knows', () => {
    const old = loadIdentity(folder).id;
    const next = loadNext(folder).id;
    const keys = new NodeKeys(folder);
    const shown: string[] = [];
    for (let i = 0; i < 4; i++) {
      shown.push(keys.identity().id);
      keys.refused();
    }
    expect(shown).toEqual([old, next, old, next]);
    // Known after all: nothing is replaced.
    keys.accepted();
    expect([loadIdentity(folder).id, loadNext(folder).id]).toEqual([old, next]);
    keys.refused();
    keys.accepted();
    expect([keys.identity().id, loadIdentity(folder).id]).toEqual([next, next]);
    expect(readdirSync(folder)).toEqual(['node.key']);
    expect(keys.look()).toBe(false);
  });

  it('have nothing else to show where no key waits', () => {
    const keys = new NodeKeys(folder);
    const { id } = keys.identity();
    loadNext(folder);
    dropNext(folder);
    keys.refused();
    expect(keys.identity().id).toBe(id);
  });
});
