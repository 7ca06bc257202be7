import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyId } from './batch.ts';
import { fromBase64url, fromHex, toBase64url, toHex } from './bytes.ts';
import { enrolAddress, enrolHash, enrolMessage, enrolToken, fingerprint, rotateMessage } from './enrol.ts';
import vectors from './vectors/enrol.json' with { type: 'json' };

const ADDRESS = { tenant: 'demo', site: 'LYON', node: 'dock-1' };
const hex = (bytes: Uint8Array): string => toHex(bytes).toLowerCase();
const bytes = (text: string): Uint8Array => fromBase64url(text) ?? new Uint8Array();

/** PKCS 8 (RFC 8410) of an Ed25519 seed. */
function keyOf(seed: string): (message: Uint8Array) => string {
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });
  expect([vectors.enrolment.publicKey, vectors.rotation.publicKey]).toContain(createPublicKey(key).export({ format: 'jwk' }).x);
  return (message) => toBase64url(sign(null, message, key));
}

describe('an enrolment', () => {
  const { seed, publicKey, secret, token, hash, message, proof } = vectors.enrolment;

  it('has the token, the hash and the proof of the vectors', () => {
    expect(enrolToken(ADDRESS, fromHex(secret) ?? new Uint8Array())).toBe(token);
    expect(hex(enrolHash(token))).toBe(hash);
    expect(hex(enrolMessage(enrolHash(token), bytes(publicKey)))).toBe(message);
    expect(keyOf(seed)(enrolMessage(enrolHash(token), bytes(publicKey)))).toBe(proof);
  });

  it('reads the node out of its token, and refuses every other text', () => {
    expect(enrolAddress(token)).toEqual(ADDRESS);
    const wrong = [
      '',
      '/',
      token.slice(0, -1),
      `${token}A`,
      token.replace('demo/', ''),
      `x/${token}`,
      token.replace('LYON', 'LY+N'),
      ` ${token}`,
    ];
    for (const text of wrong) expect(() => enrolAddress(text), text).toThrow(expect.objectContaining({ code: 'ENROL_TOKEN' }));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 24 }), (random) => {
        expect(enrolAddress(enrolToken(ADDRESS, random))).toEqual(ADDRESS);
      }),
    );
  });
});

describe('a rotation', () => {
  it('is signed by both keys over the bytes of the vectors', () => {
    const { seed, publicKey, by, message, proof, signature } = vectors.rotation;
    expect(by).toBe(keyId(bytes(vectors.enrolment.publicKey)));
    const told = rotateMessage(ADDRESS, by, bytes(publicKey));
    expect(hex(told)).toBe(message);
    expect(keyOf(seed)(told)).toBe(proof);
    expect(keyOf(vectors.enrolment.seed)(told)).toBe(signature);
  });
});

describe('a fingerprint', () => {
  it('is that of the vectors', () => {
    for (const one of [vectors.enrolment, vectors.rotation, ...vectors.fingerprints]) {
      expect(fingerprint(bytes(one.publicKey))).toBe(one.fingerprint);
    }
  });

  it('has eight digits in two halves, leading zeros included', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => /^\d{4} \d{4}$/.test(fingerprint(key))));
  });
});
