import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['cloud/cli.ts', ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });

async function text(request: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of request) all += String(chunk);
  return all;
}

describe('the hub command', { timeout: 60_000 }, () => {
  let server: Server;
  let url: string;
  let folder: string;
  let asked: Asked[] = [];
  let answer: { status: number; body: object } = { status: 200, body: {} };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'docket-cli-'));
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const { method, url: path } = request;
        asked.push({ method, path, authorization: request.headers.authorization, body: body === '' ? undefined : JSON.parse(body) });
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('explains itself in plain words', async () => {
    for (const args of [[], ['help'], ['--help']]) {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      for (const words of ['bootstrap', 'site put', 'node add', 'key create', 'invoice FILE', 'match FILE']) expect(out).toContain(words);
    }
    const { code, err } = await run('fly');
    expect(code).toBe(2);
    expect(err).toContain('There is no command "fly"');
  });

  it('makes a tenant and registers a node as the API wants it', async () => {
    asked = [];
    answer = { status: 201, body: { tenant: 'demo', key: 'dk_live_x' } };
    const made = await run(
      'bootstrap',
      '--url',
      url,
      '--token',
      'secret',
      '--tenant',
      'demo',
      '--name',
      'Demo SAS',
      '--siren',
      '303265045',
    );
    expect(made.code).toBe(0);
    expect(JSON.parse(made.out)).toEqual({ tenant: 'demo', key: 'dk_live_x' });
    await run('node', 'add', '--url', url, '--key', 'k', '--site', 'LYON', '--node', 'dock-1', '--public-key', '-abc');
    await run('site', 'put', '--url', url, '--key', 'k', '--site', 'LYON', '--name', 'Lyon', '--time-zone', 'Europe/Paris');
    await run('key', 'create', '--url', url, '--key', 'k', '--name', 'ERP', '--scopes', 'stock:read,documents:write', '--days', '30');
    expect(asked).toEqual([
      {
        method: 'POST',
        path: '/v1/tenants',
        authorization: 'Bearer secret',
        body: { tenant: 'demo', name: 'Demo SAS', company: { name: 'Demo SAS', siren: '303265045' } },
      },
      { method: 'POST', path: '/v1/nodes', authorization: 'Bearer k', body: { site: 'LYON', node: 'dock-1', publicKey: '-abc' } },
      { method: 'PUT', path: '/v1/sites/LYON', authorization: 'Bearer k', body: { name: 'Lyon', timeZone: 'Europe/Paris' } },
      {
        method: 'POST',
        path: '/v1/keys',
        authorization: 'Bearer k',
        body: { name: 'ERP', scopes: ['stock:read', 'documents:write'], expiresInDays: 30 },
      },
    ]);
  });

  it('makes a token and says what to type at the node; revokes a key; releases a node', async () => {
    asked = [];
    const token = 'demo/LYON/dock-1/yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f';
    answer = { status: 201, body: { site: 'LYON', node: 'dock-1', token, expiresAt: 1_790_086_400_000 } };
    const at = ['--url', url, '--key', 'k', '--site', 'LYON', '--node', 'dock-1'];
    const made = await run('enrol', ...at, '--hours', '2');
    expect([made.code, JSON.parse(made.out)]).toEqual([
      0,
      { token, expires: '2026-09-22T14:13:20.000Z', command: `npm run edge -- enrol --settings FILE --token ${token}` },
    ]);
    answer = { status: 200, body: { left: 0 } };
    await run('node', 'revoke', ...at, '--id', 'AB12');
    await run('node', 'release', ...at);
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/v1/enrolments', { site: 'LYON', node: 'dock-1', hours: 2 }],
      ['DELETE', '/v1/nodes/LYON/dock-1/keys/AB12', undefined],
      ['POST', '/v1/nodes/LYON/dock-1/release', undefined],
    ]);
  });

  it('starts a rebuild and says how it stands', async () => {
    asked = [];
    answer = { status: 202, body: { state: 'rebuilding', alarms: [] } };
    const started = await run('rebuild', '--url', url, '--key', 'k');
    expect([started.code, JSON.parse(started.out)]).toEqual([0, answer.body]);
    await run('projections', '--url', url, '--key', 'k');
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/rebuild', 'GET /v1/projections']);
  });

  it('says what the hub refused, and when no hub answers', async () => {
    answer = { status: 409, body: { code: 'TENANT_EXISTS', detail: 'tenant demo exists' } };
    const refused = await run('bootstrap', '--url', url, '--token', 't', '--tenant', 'demo', '--name', 'x', '--siren', '303265045');
    expect([refused.code, JSON.parse(refused.out)]).toEqual([1, { error: { code: 'TENANT_EXISTS', message: 'tenant demo exists' } }]);
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const silent = await run('key', 'list', '--url', `http://127.0.0.1:${port}`, '--key', 'k');
    expect([silent.code, JSON.parse(silent.out).error.code]).toEqual([1, 'HUB_UNREACHABLE']);
  });

  it('names the option that is missing, unknown, no address or no number', async () => {
    for (const args of [
      ['node', 'add', '--key', 'k', '--site', 'A', '--node', 'b', '--public-key', 'c'],
      ['key', 'list', '--url', url, '--key', 'k', '--colour', 'red'],
      ['key', 'list', '--url', 'nowhere', '--key', 'k'],
      ['invoice'],
      ['invoice', 'a', 'b'],
      ['enrol', '--url', url, '--key', 'k', '--site', 'A', '--node', 'b', '--hours', 'two'],
      ['key', 'create', '--url', url, '--key', 'k', '--name', 'n', '--scopes', 'log:read', '--days', '-1'],
    ]) {
      const { code, out } = await run(...args);
      expect([code, JSON.parse(out).error.code]).toEqual([2, 'USAGE']);
    }
  });

  it('works out a scenario or cases, with status 1 when one of them is refused', async () => {
    const write = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const single = await run('match', write('one.json', '{"scenario":{}}'));
    expect([single.code, JSON.parse(single.out)]).toEqual([0, { documents: [], uninvoiced: [] }]);
    const cases = await run('match', write('cases.json', '{"cases":[{"id":"x","scenario":{}},{"id":"y","scenario":{"now":"noon"}}]}'));
    expect(cases.code).toBe(1);
    expect(JSON.parse(cases.out)).toMatchObject({
      cases: [
        { id: 'x', documents: [] },
        { id: 'y', error: { code: 'SCENARIO_INVALID' } },
      ],
    });
    for (const [content, code] of [
      ['{', 'JSON_INVALID'],
      ['[]', 'SCENARIO_INVALID'],
    ] as const) {
      const refused = await run('match', write('bad.json', content));
      expect([refused.code, JSON.parse(refused.out).error.code]).toEqual([1, code]);
    }
  });

  it('prints an invoice in normal form, or the code that refuses it', async () => {
    const file = (name: string, content: string): string => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    const cases: [string, string][] = [
      ['', 'EMPTY'],
      ['<!DOCTYPE a><a/>', 'DOCTYPE_FORBIDDEN'],
      ['<Invoice', 'XML_NOT_WELL_FORMED'],
      ['%PDF-1.7', 'PDF_NO_INVOICE'],
      ['<a/>', 'UNKNOWN_DOCUMENT'],
      ['<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>', 'MISSING_MANDATORY'],
    ];
    for (const [content, expected] of cases) {
      const { code, out } = await run('invoice', file('refused.xml', content));
      expect([code, JSON.parse(out).error.code]).toEqual([1, expected]);
    }
    const read = await run('invoice', 'cloud/documents/samples/twin.cii.xml');
    expect(read.code).toBe(0);
    expect(JSON.parse(read.out)).toMatchObject({
      syntax: 'CII',
      number: 'F-2026-77',
      dueDate: '2026-12-20',
      precedingInvoices: ['F-2026-70'],
      buyer: { vat: null, ids: [], endpoint: null },
      totals: { lineNet: '631.00', rounding: null, payable: '624.03' },
      lines: [
        { id: '1', qty: '48', unit: 'C62', net: '576.00', price: '1200', baseQty: '100', gtin: '3400930000014', orderLineRef: '3' },
        { id: '2', gtin: null, sellerItemId: null, buyerItemId: null, baseQty: null },
      ],
      findings: [],
    });
    const { code, out } = await run('invoice', join(folder, 'none.xml'));
    expect([code, JSON.parse(out).error.code]).toEqual([1, 'FILE_UNREADABLE']);
  });
});
