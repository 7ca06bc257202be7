import { describe, expect, it } from 'vitest';
import { toBase64url } from '../../protocol/bytes.ts';
import { nodesOf } from './devices.ts';
import type { NewEntry } from './entry.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { logHead } from './log.ts';
import { companyOf, itemOf, itemsPage, priceAt, pricesPage, siteRows } from './reads.ts';
import { COFFEE, MORNING, TEA, TestNode } from './warehouse.fixture.ts';

const item = (gtin: string, name: string, more = {}): NewEntry => ({ type: 'item', body: { v: 1, gtin, name, ...more } });
const price = (gtin: string, amount: string, effectiveAt = MORNING): NewEntry => ({
  type: 'price',
  body: { v: 1, partner: 'FR123', gtin, price: amount, currency: 'EUR' },
  effectiveAt,
});

describe('master data', () => {
  it('shows the newest of each item, site and company, and shorter GTINs as 14 digits', () => {
    const { ledger, sql } = ledgerInMemory();
    const result = ledger.append(
      [
        item(TEA, 'Tea'),
        item('3400000000029', 'Coffee', { unit: 'H87', packs: [{ unit: 'CT', quantity: 24 }] }),
        item(TEA, 'Green tea'),
        { type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris', gln: '3012345678900' } },
        { type: 'company', body: { v: 1, name: 'Nord Thé', vat: 'FR40303265045' } },
      ],
      MORNING,
    );
    expect(result).toMatchObject({ ok: true });
    expect(itemsPage(sql, {}).data.map(({ gtin, name }) => [gtin, name])).toEqual([
      [TEA, 'Green tea'],
      [COFFEE, 'Coffee'],
    ]);
    expect(itemOf(sql, COFFEE)).toEqual({ gtin: COFFEE, name: 'Coffee', unit: 'H87', packs: [{ unit: 'CT', quantity: 24 }] });
    expect(siteRows(sql)).toEqual([{ site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris', gln: '3012345678900' }]);
    expect(companyOf(sql)).toEqual({ name: 'Nord Thé', vat: 'FR40303265045', siren: null, gln: null });
  });

  it('knows the price that held at an instant', () => {
    const { ledger, sql } = ledgerInMemory();
    ledger.append([price(TEA, '1.25', MORNING), price(TEA, '1.5', MORNING + 5000), price(TEA, '1.45', MORNING + 5000)], MORNING + 9000);
    expect([MORNING - 1, MORNING, MORNING + 4999, MORNING + 5000].map((at) => priceAt(sql, 'FR123', TEA, at)?.price)).toEqual([
      undefined,
      '1.25',
      '1.25',
      '1.45',
    ]);
    const first = pricesPage(sql, { limit: 1 });
    expect(pricesPage(sql, { after: first.next ?? '' }).data).toMatchObject([{ price: '1.45', from: MORNING + 5000 }]);
  });

  it('refuses what it cannot read with a code, and appends nothing of the call', () => {
    const { ledger, sql } = ledgerInMemory();
    const bad: readonly (readonly [NewEntry, string])[] = [
      [item('03400000000013', 'Wrong check digit'), 'MASTERDATA_INVALID'],
      [item(TEA, ''), 'MASTERDATA_INVALID'],
      [item(TEA, 'Tea', { packs: [{ unit: 'CT', quantity: 0 }] }), 'MASTERDATA_INVALID'],
      [item(TEA, 'Tea', { weight: 1.5 }), 'NOT_CANONICAL'],
      [price(TEA, '1,25'), 'DECIMAL_INVALID'],
      [price(TEA, '1.25', -1), 'TIME_INVALID'],
      [{ type: 'site', body: { v: 1, site: 'a/b', name: 'x', timeZone: 'UTC' } }, 'MASTERDATA_INVALID'],
      [{ type: 'device', body: { v: 1, action: 'register', site: 'LYON', node: 'n', publicKey: 'short' } }, 'DEVICE_INVALID'],
      [{ type: 'device', body: { v: 1, action: 'revoke', site: 'LYON', node: 'n', key: 'AA' } }, 'DEVICE_INVALID'],
    ];
    for (const [entry, code] of bad) expect(ledger.append([item(COFFEE, 'Coffee'), entry], MORNING)).toMatchObject({ ok: false, code });
    expect(
      ledger.append(
        Array.from({ length: 1001 }, () => item(TEA, 'Tea')),
        MORNING,
      ),
    ).toMatchObject({ ok: false, code: 'APPEND_TOO_LARGE' });
    expect(logHead(sql).size).toBe(0);
    expect(itemsPage(sql, {}).data).toEqual([]);
  });
});

describe('device keys', () => {
  it('may overlap while a node changes them, and name their nodes by site', () => {
    const { ledger, sql } = ledgerInMemory();
    const nodes = [new TestNode('LYON', 'a'), new TestNode('LYON', 'b'), new TestNode('LILLE', 'a')];
    const second = { ...nodes[0]?.registration().body, publicKey: toBase64url(new Uint8Array(32).fill(9)) };
    ledger.append([...nodes.map((node) => node.registration()), { type: 'device', body: second }], MORNING);
    expect(nodesOf(sql, 'LYON')).toEqual([
      { site: 'LYON', node: 'a' },
      { site: 'LYON', node: 'b' },
    ]);
    expect(nodesOf(sql)).toHaveLength(3);
  });
});
