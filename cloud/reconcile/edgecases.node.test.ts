import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { A, goods, invoice, line, scenario } from './cases.fixture.ts';
import { EDGES_OF_GOODS } from './edgegoods.fixture.ts';
import { EDGES_OF_PRICES } from './edgeprices.fixture.ts';
import type { ScenarioResult, WrittenScenario } from './scenario.ts';
import { shuffled } from './shuffled.fixture.ts';
import { runScenario } from './worked.ts';

const EDGE_CASES = [...EDGES_OF_GOODS, ...EDGES_OF_PRICES];

/** A document a line: number, gate, each line's id, status and matched/short/over, findings. At last what nobody billed. */
function told({ documents, uninvoiced }: ScenarioResult): string[] {
  const lines = documents.map(({ number, gate, lines: all, findings }) =>
    [number, gate, ...all.flatMap(({ id, status, matched, short, over }) => [id, status, `${matched}/${short}/${over}`]), ...findings].join(
      ' ',
    ),
  );
  return uninvoiced.length === 0 ? lines : [...lines, `uninvoiced ${uninvoiced.join(' ')}`];
}

describe('edge case', () => {
  for (const { number, situation, scenario: made, told: expected } of EDGE_CASES)
    it(`${number}: ${situation}`, () => expect(told(runScenario(made))).toEqual(expected));

  it('49: two thousand lines and fifty thousand serials give all lines their goods', { timeout: 60_000 }, () => {
    const lines = Array.from({ length: 2_000 }, (_, i) => line(`${i + 1}`, '25'));
    const movements = goods('a', 50_000, 10, { despatchRef: 'D1' });
    const { documents, uninvoiced } = runScenario(scenario(movements, [invoice('F1', 12, lines, { despatchRef: 'D1' })]));
    expect(documents[0]?.gate).toBe('PAY');
    expect(documents[0]?.lines.every(({ status, matched }) => status === 'MATCHED' && matched === '25')).toBe(true);
    expect(uninvoiced).toEqual([]);
  });

  it('50: the same facts in any order give the same, for every edge case', { timeout: 120_000 }, () => {
    const expected = EDGE_CASES.map(({ scenario: made }) => JSON.stringify(runScenario(made)));
    const any = fc.nat(EDGE_CASES.length - 1).chain((place) => fc.record({ place: fc.constant(place), seed: fc.integer() }));
    fc.assert(
      fc.property(any, ({ place, seed }) => {
        expect(JSON.stringify(runScenario(shuffled(EDGE_CASES[place]?.scenario, seed)))).toBe(expected[place]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('bad input', () => {
  const D1 = { despatchRef: 'D1' };
  const ten = goods('a', 10, 10, D1);
  const paper = (more: Parameters<typeof line>[2] = {}) => invoice('F1', 12, [line('1', '10', more)], D1);
  const item = { gtin: A, unit: 'C62' };
  const refused = (made: WrittenScenario): string => {
    try {
      return told(runScenario(made)).join('; ');
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const kit = (gtin: string, part: string) => ({ gtin, unit: 'C62', kit: [{ gtin: part, quantity: '1' }] });
  const confirms = (number: string, more: object = {}) => ({
    kind: 'confirmation' as const,
    number,
    invoice: 'F1',
    lines: [{ id: '1', movements: ['a1'] }],
    ...more,
  });

  it.each<[string, string, WrittenScenario]>([
    [
      'a kit of itself is no item',
      'F1 HOLD 1 ITEM_UNKNOWN 0/0/0 ITEM_UNKNOWN',
      scenario([], [paper({ gtin: '03400930000045' })], {
        items: [kit('03400930000045', '03400930000052'), kit('03400930000052', '03400930000045')],
      }),
    ],
    [
      'a pack of zero is no rule',
      'F1 HOLD 1 UOM_UNKNOWN 0/0/0 UOM_UNKNOWN',
      scenario([], [paper({ unit: 'XCT' })], { items: [{ ...item, packs: [{ unit: 'XCT', quantity: '0' }] }] }),
    ],
    [
      'two packs of one unit are no rule',
      'F1 HOLD 1 UOM_UNKNOWN 0/0/0 UOM_UNKNOWN',
      scenario([], [paper({ unit: 'XCT' })], {
        items: [{ ...item, packs: ['6', '12'].map((quantity) => ({ unit: 'XCT', quantity })) }],
      }),
    ],
    [
      'a case of nothing is no rule',
      'F1 HOLD 1 UOM_UNKNOWN 0/0/0 UOM_UNKNOWN',
      scenario([], [paper({ gtin: '13400930000011' })], { items: [{ ...item, contains: [{ gtin: '13400930000011', quantity: '0' }] }] }),
    ],
    [
      'a supplier’s code of two items is no item',
      'F1 HOLD 1 ITEM_UNKNOWN 0/0/0 ITEM_UNKNOWN',
      scenario([], [paper({ gtin: null, sellerItemId: 'R' })], {
        items: [A, '03400930000021'].map((gtin) => ({ gtin, unit: 'C62', supplierCodes: [{ supplier: 'S1', code: 'R' }] })),
      }),
    ],
    [
      'a price in another currency is never right',
      'F1 HOLD 1 PRICE_VARIANCE 10/0/0 PRICE_VARIANCE',
      scenario(ten, [paper()], { prices: [{ supplier: 'S1', gtin: A, price: '10.00', currency: 'USD' }] }),
    ],
    [
      'two policies of one scope tie',
      'POLICY_TIE',
      scenario(ten, [paper()], { policies: ['0.9', '0.8'].map((readRate) => ({ supplier: 'S1', readRate })) }),
    ],
    ['a second general policy ties', 'POLICY_TIE', scenario(ten, [paper()], { policies: [{ readRate: '0.9' }] })],
    ['an item has no cap of an invoice', 'POLICY_SCOPE', scenario(ten, [paper()], { policies: [{ gtin: A, invoiceCap: '5' }] })],
    ['a door cannot read more than all', 'POLICY_INVALID', scenario(ten, [paper()], { policy: { readRate: '1.2' } })],
    ['a tolerance is not negative', 'POLICY_INVALID', scenario(ten, [paper()], { policy: { invoiceCap: '-1' } })],
    ['an allocation confirmed twice', 'ALLOCATION_CONFIRMED_TWICE', scenario(ten, [paper(), confirms('K1'), confirms('K2')])],
    [
      'an allocation confirmed for two invoices',
      'ALLOCATION_CONFIRMED_TWICE',
      scenario(ten, [paper(), { ...paper(), number: 'F2' }, confirms('K1'), confirms('K2', { kind: 'payment', invoice: 'F2' })]),
    ],
    ['a confirmation of an unknown movement', 'CONFIRMATION_UNKNOWN', scenario([], [paper(), confirms('K1')])],
    ['two movements of one id', 'MOVEMENT_DUPLICATE', scenario([...ten, ...goods('a', 1, 11)], [paper()])],
    ['two lines of one id', 'LINE_DUPLICATE', scenario(ten, [invoice('F1', 12, [line('1', '1'), line('1', '2')])])],
    ['a day that there is not', 'SCENARIO_INVALID', scenario(ten, [{ ...paper(), issueDate: '2026-02-30' }])],
    ['an instant without a zone', 'SCENARIO_INVALID', scenario(goods('a', 1, 10, { at: '2026-03-10T09:00:00' }), [paper()])],
    ['a zone that there is not', 'SCENARIO_INVALID', scenario(ten, [paper()], { timeZone: 'Europe/Lyon' })],
    ['a quantity that is no decimal', 'SCENARIO_INVALID', scenario(ten, [invoice('F1', 12, [line('1', 'ten', { net: '1' })])])],
  ])('%s: %s', (_, outcome, made) => expect(refused(made)).toBe(outcome));
});
