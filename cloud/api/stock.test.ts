import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { entry } from './schemas/entries.ts';
import { movementPage, stockPage } from './schemas/stock.ts';
import { Dock, GTIN } from './testing/dock.ts';
import { call, freshTenant, keyWith, member } from './testing/hub.ts';

describe('stock and movements', () => {
  it('show what the doors saw, by site and item, newest movement first', async () => {
    const dock = await Dock.open();
    const { admin } = dock.tenant;
    await call('PUT', `/v1/items/${GTIN}`, admin, { name: 'Huile' });
    await dock.passage('in', [1, 2, 3, 4, 5]);
    await dock.passage('out', [2, 3]);
    const stock = (await call('GET', '/v1/stock', admin)).body;
    expect(stockPage.parse(stock)).toEqual(stock);
    expect(stock).toEqual({ data: [{ site: 'LYON', gtin: GTIN, name: 'Huile', quantity: 3 }], entry: 6, next: null });
    for (const [query, rows] of [
      ['site=LYON', 1],
      ['site=PARIS', 0],
      [`gtin=${GTIN.slice(1)}`, 1],
      ['gtin=96385074', 0],
    ] as const) {
      expect(member(await call('GET', `/v1/stock?${query}`, admin), 'data'), query).toHaveLength(rows);
    }
    const movements = (await call('GET', '/v1/movements', admin)).body;
    expect(movementPage.parse(movements)).toEqual(movements);
    const seen = movementPage.parse(movements).data.map(({ direction, quantity, door, node }) => [direction, quantity, door, node]);
    expect(seen).toEqual([
      ['out', 2, 'D1', 'dock-1'],
      ['in', 5, 'D1', 'dock-1'],
    ]);
    const first = movementPage.parse((await call('GET', '/v1/movements?limit=1', admin)).body);
    const second = movementPage.parse(
      (await call('GET', `/v1/movements?limit=1&cursor=${encodeURIComponent(first.next ?? '')}`, admin)).body,
    );
    expect([first.data[0]?.direction, second.data[0]?.direction]).toEqual(['out', 'in']);
  });

  it('stand on entries that anyone with the right can read', async () => {
    const dock = await Dock.open();
    await dock.passage('in', [7]);
    const { key } = await keyWith(dock.tenant, ['stock:read']);
    const shown = (await call('GET', '/v1/entries/3', key)).body;
    expect(entry.parse(shown)).toEqual(shown);
    expect(shown).toMatchObject({
      index: 3,
      type: 'record',
      producer: 'LYON/dock-1',
      epoch: 1,
      seq: 1,
      effects: { stock: [{ gtin: GTIN, quantity: 1 }] },
    });
    expect((await call('GET', '/v1/entries/4', key)).status).toBe(404);
    for (const index of ['-1', '1e3', 'x', '99999999999999999999'])
      expect((await call('GET', `/v1/entries/${index}`, key)).status).toBe(400);
  });
});

/** Reads events until `count` have come. */
async function events(response: Response, count: number): Promise<{ id: string; event: string; data: unknown }[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  const found: { id: string; event: string; data: unknown }[] = [];
  let text = '';
  while (found.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('data') !== '') found.push({ id: field('id'), event: field('event'), data: JSON.parse(field('data')) });
    }
  }
  await reader.cancel();
  return found;
}

describe('the stream', () => {
  const follow = (key: string, query: string, headers: Record<string, string> = {}): Promise<Response> =>
    exports.default.fetch(`https://hub.test/v1/stream${query}`, { headers: { authorization: `Bearer ${key}`, ...headers } });

  it('resumes after an entry and goes on with what comes', async () => {
    const dock = await Dock.open();
    const { admin } = dock.tenant;
    await dock.passage('in', [1]);
    const response = await follow(admin, '?after=1');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const reading = events(response, 3);
    await dock.passage('in', [2]);
    expect((await reading).map(({ id, event }) => [id, event])).toEqual([
      ['2', 'entry'],
      ['3', 'entry'],
      ['4', 'entry'],
    ]);
    const again = await events(await follow(admin, '?after=0', { 'last-event-id': '3' }), 1);
    expect(again).toMatchObject([
      { id: '4', event: 'entry', data: { index: 4, type: 'record', effects: { stock: [{ gtin: GTIN, quantity: 2 }] } } },
    ]);
  });

  it('refuses a place that is no entry', async () => {
    const { admin } = await freshTenant();
    for (const after of ['-2', 'x', '1.5', '']) {
      expect((await call('GET', `/v1/stream?after=${after}`, admin)).status, after).toBe(400);
    }
    expect((await call('GET', '/v1/stream', admin, undefined, { 'last-event-id': 'x' })).status).toBe(400);
  });
});
