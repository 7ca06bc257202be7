import { describe, expect, it } from 'vitest';
import { fromHex, toBase64url } from '../../protocol/bytes.ts';
import { itemPage } from './schemas/items.ts';
import { nodeList } from './schemas/nodes.ts';
import { pricePage } from './schemas/prices.ts';
import { siteList } from './schemas/sites.ts';
import { type Answered, call, freshTenant, member } from './testing/hub.ts';

const outcome = (answer: Answered): unknown[] => [answer.status, member(answer, 'code')];
const PUBLIC_KEY = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';

describe('master data', () => {
  it('are put, listed, and put again without a new entry', async () => {
    const { admin } = await freshTenant();
    const puts: [string, object][] = [
      ['/v1/company', { name: 'Demo SAS', vat: 'FR40303265045', gln: '3012345600002' }],
      ['/v1/sites/LYON', { name: 'Lyon', timeZone: 'Europe/Paris', gln: '3012345600002' }],
      ['/v1/items/3012345678902', { name: 'Huile', unit: 'H87', packs: [{ unit: 'CT', quantity: 12 }] }],
      ['/v1/prices', { partner: 'FR32123456789', gtin: '3012345678902', price: '7.250000', currency: 'EUR' }],
    ];
    for (const [path, body] of puts) {
      const first = await call('PUT', path, admin, body);
      expect([first.status, typeof member(first, 'entry'), path]).toEqual([200, 'number', path]);
      const again = await call('PUT', path, admin, body);
      expect([again.status, member(again, 'entry'), path]).toEqual([200, null, path]);
      const changed = await call('PUT', path, admin, { ...body, ...('price' in body ? { price: '8' } : { name: 'Other' }) });
      expect([changed.status, typeof member(changed, 'entry'), path]).toEqual([200, 'number', path]);
    }
    expect((await call('GET', '/v1/company', admin)).body).toMatchObject({ name: 'Other', siren: null });
    const sites = (await call('GET', '/v1/sites', admin)).body;
    expect(siteList.parse(sites)).toEqual(sites);
    expect(sites).toEqual({ data: [{ site: 'LYON', name: 'Other', timeZone: 'Europe/Paris', gln: '3012345600002' }] });
    const items = (await call('GET', '/v1/items', admin)).body;
    expect(itemPage.parse(items)).toEqual(items);
    expect(items).toMatchObject({
      data: [{ gtin: '03012345678902', name: 'Other', unit: 'H87', packs: [{ unit: 'CT', quantity: 12 }] }],
      next: null,
    });
    const prices = (await call('GET', '/v1/prices?gtin=3012345678902', admin)).body;
    expect(pricePage.parse(prices)).toEqual(prices);
    expect(pricePage.parse(prices).data.at(-1)).toMatchObject({
      partner: 'FR32123456789',
      gtin: '03012345678902',
      price: '8',
      currency: 'EUR',
    });
  });

  it('name a partner in one spelling, whatever was sent', async () => {
    const { admin } = await freshTenant();
    const price = { gtin: '3012345678902', price: '1', currency: 'EUR' };
    const first = await call('PUT', '/v1/prices', admin, { ...price, partner: 'fr 32 123.456.789' });
    expect(first.body).toMatchObject({ partner: 'FR32123456789' });
    const again = await call('PUT', '/v1/prices', admin, { ...price, partner: 'FR32123456789' });
    expect(again.body).toMatchObject({ partner: 'FR32123456789', entry: null });
  });

  it('are listed in pages that meet without gap or overlap', async () => {
    const { admin } = await freshTenant();
    const gtins = ['03012345678902', '96385074', '4006381333931', '5901234123457', '012345678905'];
    for (const gtin of gtins) expect((await call('PUT', `/v1/items/${gtin}`, admin, { name: gtin })).status).toBe(200);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = itemPage.parse((await call('GET', `/v1/items?limit=2${at}`, admin)).body);
      seen.push(...page.data.map(({ gtin }) => gtin));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual(gtins.map((gtin) => gtin.padStart(14, '0')).sort());
    expect(outcome(await call('GET', '/v1/items?cursor=x~y', admin))).toEqual([400, 'CURSOR_INVALID']);
  });

  it('that cannot be are refused with the field', async () => {
    const { admin } = await freshTenant();
    const refused: [string, object, string][] = [
      ['/v1/items/3012345678902', { name: 'x', packs: [{ unit: 'CT', quantity: 0 }] }, 'packs[0].quantity'],
      [
        '/v1/items/3012345678902',
        {
          name: 'x',
          packs: [
            { unit: 'CT', quantity: 1 },
            { unit: 'CT', quantity: 2 },
          ],
        },
        'packs',
      ],
      ['/v1/items/3012345678902', { name: 'x', unit: 'each' }, 'unit'],
      ['/v1/sites/LYON', { name: 'x', timeZone: 'Mars/Olympus' }, 'timeZone'],
      ['/v1/sites/LYON', { name: 'x', timeZone: '+02:00' }, 'timeZone'],
      ['/v1/prices', { partner: 'FR1', gtin: '3012345678903', price: '1', currency: 'EUR' }, 'gtin'],
      ['/v1/prices', { partner: 'FR1', gtin: '3012345678902', price: '-1', currency: 'EUR' }, 'price'],
      ['/v1/prices', { partner: 'FR1', gtin: '3012345678902', price: 7.25, currency: 'EUR' }, 'price'],
      ['/v1/prices', { partner: 'FR1', gtin: '3012345678902', price: '1e3', currency: 'eur' }, 'currency'],
    ];
    for (const [path, body, field] of refused) {
      const answer = await call('PUT', path, admin, body);
      expect(outcome(answer), field).toEqual([400, 'BODY_INVALID']);
      expect((member(answer, 'fields') as { field: string }[]).map((one) => one.field)).toContain(field);
    }
    expect(outcome(await call('PUT', '/v1/items/3012345678903', admin, { name: 'x' }))).toEqual([400, 'PATH_INVALID']);
  });

  it('include the keys of nodes, which need a site', async () => {
    const { admin } = await freshTenant();
    const node = { site: 'LYON', node: 'dock-1', publicKey: PUBLIC_KEY };
    expect(outcome(await call('POST', '/v1/nodes', admin, node))).toEqual([422, 'SITE_UNKNOWN']);
    await call('PUT', '/v1/sites/LYON', admin, { name: 'Lyon', timeZone: 'Europe/Paris' });
    const made = await call('POST', '/v1/nodes', admin, node);
    expect([made.status, made.body]).toEqual([201, { ...node, keyId: '21FE31DFA154A261', fingerprint: '9353 1426', entry: 2 }]);
    const again = await call('POST', '/v1/nodes', admin, node);
    expect([again.status, member(again, 'entry')]).toEqual([200, null]);
    const nodes = (await call('GET', '/v1/nodes', admin)).body;
    expect(nodeList.parse(nodes)).toEqual(nodes);
    expect(nodes).toMatchObject({
      data: [
        {
          site: 'LYON',
          node: 'dock-1',
          online: false,
          status: null,
          head: { epoch: 1, seq: 0 },
          keys: [{ id: '21FE31DFA154A261', to: null }],
        },
      ],
    });
    for (const publicKey of ['x', PUBLIC_KEY.slice(1), `${PUBLIC_KEY}A`, '*'.repeat(43)]) {
      expect(outcome(await call('POST', '/v1/nodes', admin, { ...node, publicKey }))).toEqual([400, 'BODY_INVALID']);
    }
  });

  it('refuse the key of a node for which anybody can sign, in any of its spellings', async () => {
    const { admin } = await freshTenant();
    await call('PUT', '/v1/sites/LYON', admin, { name: 'Lyon', timeZone: 'Europe/Paris' });
    const zero = new Uint8Array(32);
    const identity = Uint8Array.of(1, ...zero.subarray(1));
    const ofOrder2 = new Uint8Array(32).fill(0xff).fill(0xec, 0, 1);
    const ofOrder8 = fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05') ?? zero;
    for (const point of [zero, identity, ofOrder2, ofOrder8])
      for (const sign of [0, 0x80]) {
        const publicKey = toBase64url(Uint8Array.of(...point.subarray(0, 31), ((point[31] ?? 0) & 0x7f) | sign));
        const answer = await call('POST', '/v1/nodes', admin, { site: 'LYON', node: 'dock-1', publicKey });
        expect(outcome(answer)).toEqual([400, 'BODY_INVALID']);
        expect(member(answer, 'fields')).toMatchObject([{ field: 'publicKey', message: expect.stringContaining('small order') }]);
      }
  });
});
