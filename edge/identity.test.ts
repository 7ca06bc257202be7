import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyId } from '../protocol/batch.ts';
import { fromBase64url, utf8 } from '../protocol/bytes.ts';
import { loadIdentity } from './identity.ts';

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
