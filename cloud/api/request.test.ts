import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_BYTES } from './body.ts';
import { type Answered, call, freshTenant, member } from './testing/hub.ts';

const outcome = (answer: Answered): unknown[] => [answer.status, member(answer, 'code')];
const fieldsOf = (answer: Answered): string[] => ((member(answer, 'fields') ?? []) as { field: string }[]).map(({ field }) => field);

describe('a request', () => {
  it('gets a request id, security headers and no CORS header, whatever its outcome', async () => {
    const { admin } = await freshTenant();
    const answers = [
      await call('GET', '/v1/keys', admin),
      await call('GET', '/v1/nothing', admin),
      await call('GET', '/v1/keys', undefined, undefined, { origin: 'https://elsewhere.test' }),
      await call('OPTIONS', '/v1/keys', undefined, undefined, { origin: 'https://elsewhere.test', 'access-control-request-method': 'GET' }),
    ];
    for (const { headers } of answers) {
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(answers.length);
    expect(member(answers[1] as Answered, 'requestId')).toBe(answers[1]?.headers.get('x-request-id'));
  });

  it('to a path that does not exist is answered 404, with another method 405 and Allow', async () => {
    const { admin } = await freshTenant();
    for (const path of ['/v1', '/v1/', '/v1/nothing', '/v1/keys/', '/v1/keys/a/b', '/v1/__proto__']) {
      expect(outcome(await call('GET', path, admin)), path).toEqual([404, 'NOT_FOUND']);
    }
    const wrong = await call('PATCH', '/v1/keys', admin);
    expect(outcome(wrong)).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(wrong.headers.get('allow')).toBe('POST, GET');
    expect(outcome(await call('POST', '/v1/keys/a1B2c3D4', admin, {}))).toEqual([405, 'METHOD_NOT_ALLOWED']);
  });

  it('with a body that is no JSON is refused', async () => {
    const { admin } = await freshTenant();
    for (const text of ['', '{', '{"name":', '[1,]', "{'a':1}", '\u0000', 'NaN', '{"a":1}{}']) {
      expect(outcome(await call('POST', '/v1/keys', admin, text)), text).toEqual([400, 'JSON_INVALID']);
    }
    const latin = await exports.default.fetch('https://hub.test/v1/keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: Uint8Array.of(0x22, 0xe9, 0x22),
    });
    expect(latin.status).toBe(400);
  });

  it('with the wrong content type or a compressed body is refused', async () => {
    const { admin } = await freshTenant();
    const body = '{"name":"x","scopes":["stock:read"]}';
    const send = (headers: Record<string, string>): Promise<Answered> => call('POST', '/v1/keys', admin, body, headers);
    for (const type of ['text/plain', 'application/xml', 'application/jsonp', 'multipart/form-data; boundary=x', '']) {
      expect(outcome(await send({ 'content-type': type })), type).toEqual([415, 'MEDIA_TYPE']);
    }
    expect(outcome(await send({ 'content-type': 'application/json; charset=iso-8859-1' }))).toEqual([415, 'MEDIA_TYPE']);
    expect(outcome(await send({ 'content-encoding': 'gzip' }))).toEqual([415, 'MEDIA_TYPE']);
    expect((await send({ 'content-type': 'Application/JSON; charset="UTF-8"' })).status).toBe(201);
  });

  it('with too large a body is refused, with and without Content-Length', async () => {
    const { admin } = await freshTenant();
    const large = JSON.stringify({ name: 'x'.repeat(MAX_JSON_BYTES), scopes: ['stock:read'] });
    expect(outcome(await call('POST', '/v1/keys', admin, large))).toEqual([413, 'BODY_TOO_LARGE']);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const response = await exports.default.fetch('https://hub.test/v1/keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: endless,
    });
    expect(response.status).toBe(413);
    await response.text();
    expect(sent).toBeLessThan(MAX_JSON_BYTES * 4);
  });

  it('with too large a body is taken to the end that it declares, so that its sender hears why', async () => {
    const { admin } = await freshTenant();
    const { readable, writable } = new FixedLengthStream(MAX_JSON_BYTES * 4);
    const sending = (async () => {
      const writer = writable.getWriter();
      for (let i = 0; i < 16; i++) await writer.write(new Uint8Array(MAX_JSON_BYTES / 4).fill(0x20));
      await writer.close();
    })();
    const response = await exports.default.fetch('https://hub.test/v1/keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json', 'content-length': String(MAX_JSON_BYTES * 4) },
      body: readable,
    });
    expect(response.status).toBe(413);
    await response.text();
    await expect(sending).resolves.toBeUndefined();
  });

  it('repeated with a wrong key is braked, without harm to others at the same address', async () => {
    const { admin } = await freshTenant();
    const here = { 'cf-connecting-ip': '192.0.2.1' };
    const wrong = `${admin.slice(0, -4)}0000`.replace(/_.{8}_/, '_00000000_');
    const repeat = (times: number): Promise<Answered[]> =>
      Promise.all(Array.from({ length: times }, () => call('GET', '/v1/keys', wrong, undefined, here)));
    expect((await repeat(120)).map(({ status }) => status)).toContain(401);
    const braked = (await repeat(60)).find(({ status }) => status === 429);
    expect(braked === undefined ? undefined : outcome(braked)).toEqual([429, 'RATE_LIMITED']);
    expect(Number(braked?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call('GET', '/v1/keys', admin, undefined, here)).status).toBe(200);
  });

  it('repeated with a wrong key is braked from all addresses of one IPv6 network', async () => {
    const { admin } = await freshTenant();
    const wrong = `${admin.slice(0, -4)}0000`.replace(/_.{8}_/, '_00000000_');
    const ask = (i: number): Promise<Answered> => call('GET', '/v1/keys', wrong, undefined, { 'cf-connecting-ip': `2001:db8:0:9::${i}` });
    const answers = await Promise.all(Array.from({ length: 180 }, (_, i) => ask(i)));
    expect(answers.map(({ status }) => status)).toContain(401);
    expect(outcome(await ask(1000))).toEqual([429, 'RATE_LIMITED']);
  });

  it('with fields that do not fit names each of them', async () => {
    const { admin } = await freshTenant();
    const answer = await call('POST', '/v1/keys', admin, { name: '', scopes: ['root'], expiresInDays: 1.5, tenant: 'other' });
    expect(outcome(answer)).toEqual([400, 'BODY_INVALID']);
    expect(fieldsOf(answer)).toEqual(expect.arrayContaining(['name', 'scopes[0]', 'expiresInDays']));
    // A field that the API does not know is refused, not ignored: `tenant` or `revokedAt` can never be slipped in.
    expect(outcome(await call('POST', '/v1/keys', admin, { name: 'x', scopes: ['stock:read'], tenant: 'other' }))).toEqual([
      400,
      'BODY_INVALID',
    ]);
  });

  it('with hostile values is refused before they reach the ledger', async () => {
    const { admin } = await freshTenant();
    const hostile = ['\u0000', 'a\u0007b', '\ud800', 'x'.repeat(201), '   ', { length: 5 }, [], 1e300, null, true];
    for (const name of hostile) {
      expect(outcome(await call('POST', '/v1/keys', admin, { name, scopes: ['stock:read'] })), JSON.stringify(name)).toEqual([
        400,
        'BODY_INVALID',
      ]);
    }
    for (const text of [
      '{"__proto__":{"name":"x"},"scopes":["stock:read"]}',
      '{"constructor":{},"name":"x","scopes":["stock:read"]}',
      '[]',
      'null',
      '"x"',
      '1',
    ]) {
      expect(outcome(await call('POST', '/v1/keys', admin, text)), text).toEqual([400, 'BODY_INVALID']);
    }
    expect((await call('POST', '/v1/keys', admin, `${'['.repeat(100_000)}${']'.repeat(100_000)}`)).status).toBe(400);
    for (const site of ['..', '%2e%2e', '%00', '+', 'a%2Fb', '%F0%9F%98%80', 'x'.repeat(33)]) {
      const answer = await call('PUT', `/v1/sites/${site}`, admin, { name: 'x', timeZone: 'Europe/Paris' });
      expect([400, 404, 405], site).toContain(answer.status);
    }
    for (const query of [
      'site=a&site=b',
      'sites=a',
      'limit=0',
      'limit=201',
      'limit=1e9',
      'limit=-1',
      'cursor=%00',
      'gtin=123',
      '__proto__=1',
    ]) {
      expect(outcome(await call('GET', `/v1/stock?${query}`, admin)), query).toEqual([400, 'QUERY_INVALID']);
    }
  });
});
