import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadPage, type Page } from './bundle.ts';
import { FakeModel } from './model.fake.ts';
import type { PanelState } from './model.ts';
import { type Panel, startPanel } from './server.ts';

let page: Page;
let model: FakeModel;
let panel: Panel;

beforeAll(async () => {
  page = await loadPage();
});

beforeEach(async () => {
  model = new FakeModel();
  panel = await startPanel({ host: '127.0.0.1', port: 0, model, page });
});

afterEach(() => panel.stop());

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** fetch() sets Host and Origin itself; a stranger does not ask it. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  body?: string,
  method = body === undefined ? 'GET' : 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: panel.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, { ...JSON_TYPE, ...headers }, JSON.stringify(body));
const codeOf = (answer: Answer): unknown => (JSON.parse(answer.text) as { code?: unknown }).code;
const accept = () => {
  const [first] = model.state.doubts;
  return { passage: first?.passage, epcs: [first?.epc], verdict: 'out', by: 'Awa' };
};

describe('where the panel listens', () => {
  it.each(['0.0.0.0', '::', '192.168.1.20', 'dock-1.local', ''])(
    'refuses the address "%s", because nothing else protects decisions',
    async (host) => {
      await expect(startPanel({ host, port: 0, model, page })).rejects.toMatchObject({ code: 'PANEL_ADDRESS' });
    },
  );

  it('names the port that another program has taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startPanel({ host: '127.0.0.1', port, model, page })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`port ${port}`),
    });
    other.close();
  });

  it('frees its port when it stops, also while a screen is listening', async () => {
    const { port } = panel;
    const screen = await fetch(`${panel.url}api/events`);
    await panel.stop();
    await screen.text().catch(() => '');
    panel = await startPanel({ host: '127.0.0.1', port, model, page });
    expect(panel.port).toBe(port);
    expect(model.watchers).toBe(0);
  });
});

describe('many connections', () => {
  it('beyond 128 are closed at once: the node keeps its file descriptors', async () => {
    const sockets = await Promise.all(
      Array.from(
        { length: 140 },
        () =>
          new Promise<Socket>((resolve) => {
            const socket = connect(panel.port, '127.0.0.1', () => resolve(socket));
          }),
      ),
    );
    let closed = 0;
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          closed++;
          if (closed === 12) resolve();
        });
        socket.resume();
      }
    });
    for (const socket of sockets) socket.destroy();
  });
});

describe('who may ask', () => {
  it('answers to 127.0.0.1 and localhost', async () => {
    for (const host of ['127.0.0.1', 'localhost']) expect((await ask('/api/state', { host: `${host}:${panel.port}` })).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:8788', '127.0.0.1', '127.0.0.1:1', 'localhost.evil.example'])(
    'refuses the Host %s: a rebound name',
    async (host) => {
      const answer = await ask('/api/state', { host });
      expect(answer.status).toBe(421);
      expect(codeOf(answer)).toBe('HOST_REFUSED');
    },
  );

  it.each(['http://evil.example', 'null', 'https://127.0.0.1'])('refuses a decision from a page of %s', async (origin) => {
    const answer = await post('/api/decisions', accept(), { origin });
    expect(answer.status).toBe(403);
    expect(codeOf(answer)).toBe('ORIGIN_REFUSED');
    expect(model.decided).toEqual([]);
  });

  it('refuses calls that a browser marks as cross-site, and lets a link to the page through', async () => {
    const cross = { 'sec-fetch-site': 'cross-site' };
    expect(codeOf(await ask('/api/events', cross))).toBe('ORIGIN_REFUSED');
    expect(codeOf(await post('/api/decisions', accept(), { 'sec-fetch-site': 'same-site' }))).toBe('ORIGIN_REFUSED');
    expect((await ask('/', { ...cross, 'sec-fetch-mode': 'navigate' })).status).toBe(200);
    expect((await ask('/api/state', { ...cross, 'sec-fetch-mode': 'navigate' })).status).toBe(403);
  });

  it('takes a decision from its own page and from a program on the machine', async () => {
    expect((await post('/api/decisions', accept(), { origin: `http://127.0.0.1:${panel.port}` })).status).toBe(200);
    expect((await post('/api/decisions', accept())).status).toBe(200);
  });

  it('sends the headers that keep other pages and inline script out, on refusals too', async () => {
    for (const answer of [await ask('/'), await ask('/nothing'), await ask('/', { host: 'evil.example' })]) {
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect(answer.headers['content-security-policy']).not.toContain('unsafe');
      expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
      });
    }
  });
});

describe('the page', () => {
  it('comes whole from the node and is confirmed by its etag', async () => {
    const first = await ask('/');
    const named = [...first.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string);
    expect(named).toContain('/panel.js');
    for (const path of named) expect((await ask(path)).status).toBe(200);
    expect(first.text).not.toMatch(/https?:/);
    const again = await ask('/', { 'if-none-match': String(first.headers['etag']) });
    expect(again.status).toBe(304);
  });

  it('answers what it does not have with a problem', async () => {
    expect(codeOf(await ask('/api/nothing'))).toBe('NOT_FOUND');
    expect(codeOf(await ask('/../settings.json'))).toBe('NOT_FOUND');
    expect(codeOf(await ask('/api/state', {}, undefined, 'DELETE'))).toBe('METHOD_NOT_ALLOWED');
  });
});

describe('decisions', () => {
  it('reach the model with who decided and why, and an EPC named twice once', async () => {
    const answer = await post('/api/decisions', { ...accept(), epcs: [accept().epcs[0], accept().epcs[0]], reason: 'seen on the truck' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ decided: 1 });
    expect(model.decided).toEqual([
      { passage: 'D1-mb2k1', epcs: ['30340BF2C87A1B40000003E9'], verdict: 'out', by: 'Awa', reason: 'seen on the truck' },
    ]);
  });

  it('that somebody else made first are a conflict with its code', async () => {
    const body = accept();
    await post('/api/decisions', body);
    const answer = await post('/api/decisions', body);
    expect(answer.status).toBe(409);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(codeOf(answer)).toBe('DOUBT_UNKNOWN');
  });

  it.each([
    ['no EPC', { epcs: [] }, 'epcs'],
    ['an EPC that is not hexadecimal', { epcs: ['<img>'] }, 'epcs.0'],
    ['a verdict that does not exist', { verdict: 'maybe' }, 'verdict'],
    ['nobody who decided', { by: '  ' }, 'by'],
    ['a field nobody asked for', { admin: true }, ''],
  ])('with %s are refused with the field', async (_, change, field) => {
    const answer = await post('/api/decisions', { ...accept(), ...change });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'BODY_INVALID', fields: [{ field }] });
    expect(model.decided).toEqual([]);
  });

  it('must be JSON of a bounded size', async () => {
    expect(codeOf(await ask('/api/decisions', { 'content-type': 'text/plain' }, JSON.stringify(accept())))).toBe('NOT_JSON');
    expect(codeOf(await ask('/api/decisions', {}, 'passage=1'))).toBe('NOT_JSON');
    expect(codeOf(await ask('/api/decisions', JSON_TYPE, '{"passage":'))).toBe('BODY_INVALID');
    const large = await ask('/api/decisions', JSON_TYPE, `{"by":"${'x'.repeat(200_000)}"}`);
    expect(large.status).toBe(413);
    expect(codeOf(large)).toBe('BODY_TOO_LARGE');
  });

  it('say nothing of the inside when the node itself fails', async () => {
    model.decide = () => Promise.reject(new TypeError('secret detail'));
    const answer = await post('/api/decisions', accept());
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
  });
});

describe('the document of a door', () => {
  it('is chosen and taken away', async () => {
    const ref = { kind: 'despatchAdvice', number: 'DA-2042' };
    expect((await post('/api/doors/D2/document', { ref })).status).toBe(200);
    expect((await post('/api/doors/D2/document', { ref: null })).status).toBe(200);
    expect(model.chosen).toEqual([
      { door: 'D2', choice: ref },
      { door: 'D2', choice: null },
    ]);
  });

  it('is refused for an unknown door, an unknown document and a body without a choice', async () => {
    expect((await post('/api/doors/D9/document', { ref: null })).status).toBe(404);
    expect(codeOf(await post('/api/doors/D1/document', { ref: { kind: 'order', number: 'X' } }))).toBe('DOCUMENT_UNKNOWN');
    expect(codeOf(await post('/api/doors/D1/document', {}))).toBe('BODY_INVALID');
  });
});

/** Events of one screen, parsed. */
async function* events(response: Response): AsyncGenerator<{ event: string; data: Record<string, unknown> }> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      text = text.slice(end + 2);
      yield { event: lines.get('event') ?? '', data: JSON.parse(lines.get('data') ?? '') as Record<string, unknown> };
    }
  }
}

describe('live state', () => {
  it('begins with the time and the whole state, then sends only the members that changed', async () => {
    const stream = events(await fetch(`${panel.url}api/events`));
    expect((await stream.next()).value).toMatchObject({ event: 'beat' });
    expect((await stream.next()).value).toEqual({ event: 'state', data: model.state as unknown as Record<string, unknown> });
    for (let queued = 3; queued < 50; queued++) model.change({ queued });
    expect((await stream.next()).value).toEqual({ event: 'change', data: { queued: 49 } });
    await post('/api/decisions', accept());
    const change = (await stream.next()).value?.data as Partial<PanelState>;
    expect(change.doubtsTotal).toBe(2);
    expect(Object.keys(change).sort()).toEqual(['doubts', 'doubtsTotal']);
    await stream.return(undefined);
  });

  it('keeps no place for a HEAD request, which reads no stream', async () => {
    for (let i = 0; i < 20; i++) expect((await ask('/api/events', {}, undefined, 'HEAD')).status).toBe(200);
    expect(model.watchers).toBe(0);
  });

  it('reads nothing from the model while no screen looks, and refuses the seventeenth', async () => {
    expect(model.watchers).toBe(0);
    const screens = await Promise.all(Array.from({ length: 16 }, () => fetch(`${panel.url}api/events`)));
    expect(model.watchers).toBe(1);
    const refused = await ask('/api/events');
    expect(refused.status).toBe(503);
    expect(codeOf(refused)).toBe('TOO_MANY_SCREENS');
    await Promise.all(screens.map((screen) => screen.body?.cancel()));
    await expect.poll(() => model.watchers).toBe(0);
  });
});
