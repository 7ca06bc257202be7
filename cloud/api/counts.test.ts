import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { NodeStatus } from '../../protocol/command.ts';
import { ledgerOf } from './ledgers.ts';
import { countFindingPage, countPage, countView, plan } from './schemas/counts.ts';
import { movementPage } from './schemas/stock.ts';
import { Dock, GTIN } from './testing/dock.ts';
import { call, keyWith } from './testing/hub.ts';

describe('counts', () => {
  it('show what was expected, read and booked, by article and serial, with what it is worth', async () => {
    const dock = await Dock.open();
    const { admin } = dock.tenant;
    await call('PUT', `/v1/items/${GTIN}`, admin, { name: 'Huile' });
    await call('PUT', '/v1/prices', admin, { partner: 'FR40303265045', gtin: GTIN, price: '4.20', currency: 'EUR' });
    await dock.passage('in', [1, 2, 3, 4]);
    await dock.count('A', [1, 2, 3, 4]);
    await dock.count('A', [1, 2, 9], [3, 4]);
    const page = countPage.parse((await call('GET', '/v1/counts', admin)).body);
    expect(page.data.map(({ zone, read, missing, lost, surplus, open }) => [zone, read, missing, lost, surplus, open])).toEqual([
      ['A', 3, 2, 2, 1, 1],
      ['A', 4, 0, 0, 0, 0],
    ]);
    const entry = page.data[0]?.entry ?? 0;
    const view = (await call('GET', `/v1/counts/${entry}`, admin)).body;
    expect(countView.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      name: 'Allée A',
      lines: [
        {
          gtin: GTIN,
          name: 'Huile',
          lost: 2,
          surplus: { unknown: 1 },
          amount: -420,
          currency: 'EUR',
          serials: { lost: [3, 4], surplus: [9] },
        },
      ],
    });
    expect((await call('GET', '/v1/stock', admin)).body).toMatchObject({ data: [{ quantity: 3 }] });
    const moved = movementPage.parse((await call('GET', '/v1/movements', admin)).body).data;
    expect(moved.map(({ reason, direction, quantity, door }) => [reason, direction, quantity, door])).toEqual([
      ['shrinkage', 'out', 2, 'A'],
      ['surplus', 'in', 1, 'A'],
      [undefined, 'in', 4, 'D1'],
    ]);
    expect((await call('GET', `/v1/entries/${entry}`, admin)).body).toMatchObject({
      type: 'record',
      effects: { adjustments: [{ reason: 'shrinkage' }, { reason: 'surplus' }], stock: [{ quantity: 3 }] },
    });
    expect((await call('GET', '/v1/counts/0', admin)).status).toBe(404);
    for (const [query, rows] of [
      ['site=LYON', 2],
      ['site=PARIS', 0],
      ['zone=A', 2],
      ['zone=*', 0],
    ] as const)
      expect(countPage.parse((await call('GET', `/v1/counts?${query}`, admin)).body).data, query).toHaveLength(rows);
  });

  it('leave findings that a late passage closes, or a person with a reason', async () => {
    const dock = await Dock.open();
    const { admin } = dock.tenant;
    await dock.passage('in', [1, 2, 3]);
    await dock.count('A', [1, 2, 3]);
    await dock.count('A', [1, 9], [2, 3]);
    const findings = async () => countFindingPage.parse((await call('GET', '/v1/counts/findings', admin)).body).data;
    const [loss, surplus] = await findings();
    expect([loss, surplus]).toMatchObject([
      { code: 'SHRINKAGE', quantity: 2, zone: 'A', amount: null },
      { code: 'SURPLUS', quantity: 1 },
    ]);
    expect(loss?.text.fr).toContain('2 articles attendus n’ont pas été lus en deux passages dans la zone Allée A');
    expect(surplus?.text.en).toContain('1 item too many for zone Allée A (1 never seen coming in)');
    await dock.passage('out', [2, 3]);
    expect((await findings()).map(({ code }) => code)).toEqual(['SURPLUS']);
    const { key } = await keyWith(dock.tenant, ['stock:read']);
    const settle = { gtin: GTIN, reason: 'Étiquette posée deux fois' };
    expect((await call('POST', `/v1/counts/${surplus?.count}/settle`, key, settle)).status).toBe(403);
    expect((await call('POST', `/v1/counts/${surplus?.count}/settle`, admin, settle)).status).toBe(201);
    expect((await call('POST', '/v1/counts/0/settle', admin, settle)).status).toBe(404);
    expect(await findings()).toEqual([]);
    expect((await call('GET', '/v1/stock', admin)).body).toMatchObject({ data: [{ quantity: 2 }] });
    expect((await call('GET', `/v1/counts/${surplus?.count}`, admin)).body).toMatchObject({
      open: 0,
      lines: [{ settled: { reason: 'Étiquette posée deux fois' }, explained: { lost: 2 } }],
    });
  });

  it('are planned a zone a day: first what nobody counted, then by value and age', async () => {
    const dock = await Dock.open();
    const { admin, tenant } = dock.tenant;
    await dock.passage('in', [1, 2, 3, 4, 5, 6]);
    await dock.count('B', [1]);
    await dock.count('A', [2, 3, 4]);
    const status: NodeStatus = { v: 1, online: true, zones: [{ id: 'C', name: 'Mezzanine' }] };
    await ledgerOf(env, tenant).report('LYON', 'dock-1', status, Date.now());
    const answer = (await call('GET', '/v1/counts/plan?site=LYON', admin)).body;
    expect(plan.parse(answer)).toEqual(answer);
    const { zones, unassigned, basis } = plan.parse(answer);
    expect(zones.map(({ zone, name, quantity, day }) => [zone, name, quantity, day])).toEqual([
      ['C', 'Mezzanine', 0, 1],
      ['A', 'Allée A', 3, 2],
      ['B', 'Allée B', 1, 3],
    ]);
    expect(unassigned).toEqual([{ site: 'LYON', quantity: 2 }]);
    expect(basis).toBe('quantity');
    expect(plan.parse((await call('GET', '/v1/counts/plan?site=METZ', admin)).body).zones).toEqual([]);
  });
});
