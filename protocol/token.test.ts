import { sign as edSign, verify as edVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url, utf8 } from './bytes.ts';
import { checkToken, makeToken, TOKEN_SECONDS, TOKEN_SKEW_SECONDS, tokenKey } from './token.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const raw = fromBase64url((publicKey.export({ format: 'jwk' }) as { x: string }).x) as Uint8Array;
const sign = (message: Uint8Array) => edSign(null, message, privateKey);
const verify = (_: Uint8Array, signature: Uint8Array, message: Uint8Array) => edVerify(null, message, publicKey, signature);
const now = 1_764_000_000_000;
const sub = 'demo/LYON/dock-1';

describe('node tokens', () => {
  it('are accepted for their node, key and time', async () => {
    const token = await makeToken(sub, 'AB', now, sign);
    expect(tokenKey(token)).toBe('AB');
    await checkToken(token, sub, raw, now + 1000, verify);
  });

  it('are refused for another node', async () => {
    await expect(checkToken(await makeToken(sub, 'AB', now, sign), 'demo/LYON/dock-2', raw, now, verify)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
  });

  it('are refused when one character differs', async () => {
    const token = await makeToken(sub, 'AB', now, sign);
    const [head, body, signature] = token.split('.') as [string, string, string];
    const other = body.startsWith('e') ? `f${body.slice(1)}` : `e${body.slice(1)}`;
    await expect(checkToken(`${head}.${other}.${signature}`, sub, raw, now, verify)).rejects.toMatchObject({ code: 'TOKEN_SIGNATURE' });
  });

  it('tell a clock that is off from a wrong key', async () => {
    const token = await makeToken(sub, 'AB', now, sign);
    const late = now + (TOKEN_SECONDS + TOKEN_SKEW_SECONDS + 1) * 1000;
    await expect(checkToken(token, sub, raw, late, verify)).rejects.toMatchObject({ code: 'TOKEN_TIME' });
    await expect(checkToken(token, sub, raw, now - (TOKEN_SKEW_SECONDS + 1) * 1000, verify)).rejects.toMatchObject({ code: 'TOKEN_TIME' });
  });

  it.each(['', 'a.b', 'a.b.c.d', 'eyJhbGciOiJub25lIn0.e30.', 'null.null.null'])('are refused when malformed: "%s"', async (token) => {
    await expect(checkToken(token, sub, raw, now, verify)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it.each(['{"toString":1}', '{"toString":null,"valueOf":1}', '["demo/LYON/dock-1"]', '"a\\u0000b"', 'null', '1e999'])(
    'are refused when they name %s as their node',
    async (named) => {
      const claims = utf8(`{"sub":${named},"aud":"docket-hub","iat":0,"exp":1}`);
      const head = `${toBase64url(utf8('{"alg":"EdDSA","kid":"AB"}'))}.${toBase64url(claims)}`;
      const token = `${head}.${toBase64url(sign(utf8(head)))}`;
      const refused = checkToken(token, sub, raw, now, verify);
      await expect(refused).rejects.toMatchObject({ code: 'TOKEN_INVALID', message: expect.not.stringContaining('\u0000') });
    },
  );

  it('say which process made them, if it wants to be known', async () => {
    const named = await makeToken(sub, 'AB', now, sign, { instance: '00c0ffee', turn: 3 });
    expect(await checkToken(named, sub, raw, now, verify)).toEqual({ instance: '00c0ffee', turn: 3 });
    expect(await checkToken(await makeToken(sub, 'AB', now, sign), sub, raw, now, verify)).toEqual({});
    for (const process of [{ instance: 'x' }, { instance: '00C0FFEE' }, { instance: '00c0ffee', turn: -1 }, { turn: 1.5 }]) {
      const wrong = await makeToken(sub, 'AB', now, sign, process);
      await expect(checkToken(wrong, sub, raw, now, verify)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    }
  });
});
