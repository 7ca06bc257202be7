import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { keyId, openBatch, sealBatch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import { encodeBody, groupItems, type PassageBody } from '../../protocol/record.ts';
import { ledgerOf } from './ledgers.ts';
import { entry } from './schemas/entries.ts';
import { movementPage, stockPage } from './schemas/stock.ts';
import { call, freshTenant, keyWith, member, type Tenant } from './testing/hub.ts';

const GTIN = '03012345678902';
const AT = 1_790_000_000_000;

/** A node of a fresh tenant that hands over passages as an edge does. */
class Dock {
  readonly tenant: Tenant;
  readonly #key: CryptoKeyPair;
  readonly #id: string;
  #seq = 0;
  #chain: Uint8Array;

  private constructor(tenant: Tenant, key: CryptoKeyPair, id: string) {
    this.tenant = tenant;
    this.#key = key;
    this.#id = id;
    this.#chain = chainStart({ tenant: tenant.tenant, site: 'LYON', node: 'dock-1' }, 1);
  }

  static async open(): Promise<Dock> {
    const tenant = await freshTenant();
    await call('PUT', '/v1/sites/LYON', tenant.admin, { name: 'Lyon', timeZone: 'Europe/Paris' });
    const key = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const raw = new Uint8Array((await crypto.subtle.exportKey('raw', key.publicKey)) as ArrayBuffer);
    await call('POST', '/v1/nodes', tenant.admin, { site: 'LYON', node: 'dock-1', publicKey: toBase64url(raw) });
    return new Dock(tenant, key, keyId(raw));
  }

  async passage(direction: 'in' | 'out', serials: readonly number[]): Promise<void> {
    this.#seq += 1;
    const at = AT + this.#seq * 60_000;
    const body: PassageBody = {
      type: 'passage',
      v: 1,
      passage: `D1-${this.#seq}`,
      door: 'D1',
      part: 1,
      parts: 1,
      direction,
      opened: at,
      closed: at + 4000,
      confidence: 950,
      document: { kind: 'despatchAdvice', number: 'DA-1', how: 'chosen' },
      items: groupItems(serials.map((serial) => ({ gtin: GTIN, serial }))),
      clock: { wall: at + 5000, mono: this.#seq * 60_000, boot: '00c0ffee', synced: true },
    };
    const record = { salt: crypto.getRandomValues(new Uint8Array(16)), body: encodeBody(body) };
    const header = {
      tenant: this.tenant.tenant,
      site: 'LYON',
      node: 'dock-1',
      epoch: 1,
      first: this.#seq,
      before: this.#chain,
      key: this.#id,
      sentAt: at,
    };
    const sign = async (message: Uint8Array): Promise<Uint8Array> =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', this.#key.privateKey, message as Uint8Array<ArrayBuffer>));
    const batch = openBatch(await sealBatch(header, [record], sign));
    const posted = await ledgerOf(env, this.tenant.tenant).post('LYON', 'dock-1', batch, Date.now());
    expect(posted).toMatchObject({ ok: true, duplicate: false });
    this.#chain = batch.header.after;
  }
}

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
