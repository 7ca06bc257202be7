import { A, B, back, goods, invoice, line, scenario } from './cases.fixture.ts';
import { advice, bill, D1, type EdgeCase, edge, hundred, left, lines, O1, PRICES } from './edge.fixture.ts';
import type { ScenarioInvoice } from './scenario.ts';

const QUANTITIES: readonly EdgeCase[] = [
  edge(1, 'ten billed, ten in on the same despatch advice', scenario(goods('a', 10, 10, D1), [bill('10', D1)]), 'F1 PAY 1 MATCHED 10/0/0'),
  edge(
    2,
    'nine of ten at a reliable door',
    scenario(goods('a', 9, 10, D1), [bill('10', D1)], { policy: { readRate: '0.999' } }),
    'F1 PAY_PARTIAL 1 SHORT_RECEIVED 9/1/0 QUANTITY_SHORT',
  ),
  edge(
    3,
    'no more missing than the door may miss',
    scenario(hundred, [bill('100', D1)], { policy: { readRate: '0.98' } }),
    'F1 HOLD 1 DOUBTFUL_READS 99/1/0 DOUBTFUL_READS',
  ),
  edge(
    4,
    'the missing serial leaves a week later',
    scenario([...hundred, ...left('a100', 17)], [bill('100', D1), advice(100)], { policy: { readRate: '0.98' } }),
    'F1 PAY 1 MATCHED 100/0/0 INFERRED_RECEIPT',
    'uninvoiced a100o',
  ),
  edge(
    5,
    'eleven in, ten billed',
    scenario(goods('a', 11, 10, D1), [bill('10', D1)]),
    'F1 PAY 1 OVER_RECEIVED 10/0/1 QUANTITY_OVER',
    'uninvoiced a11',
  ),
  edge(
    6,
    'two partial deliveries, seen between them',
    scenario([...goods('a', 6, 10, O1), ...goods('b', 4, 14, O1)], [bill('10', O1)], { now: '2026-03-13T12:00:00Z' }),
    'F1 PAY_PARTIAL 1 SHORT_RECEIVED 6/4/0 QUANTITY_SHORT',
  ),
  edge(
    6,
    'two partial deliveries, both there',
    scenario([...goods('a', 6, 10, O1), ...goods('b', 4, 14, O1)], [bill('10', O1)]),
    'F1 PAY 1 MATCHED 10/0/0',
  ),
  edge(
    7,
    'one delivery, two invoices: no serial twice',
    scenario(goods('a', 10, 10, O1), [bill('6', O1), bill('4', O1, 'F2', 13)]),
    'F1 PAY 1 MATCHED 6/0/0',
    'F2 PAY 1 MATCHED 4/0/0',
  ),
  edge(
    8,
    'two invoices, one delivery, no references',
    scenario(goods('a', 10, 10), [bill('10', {}, 'F2', 13), bill('10')]),
    'F1 PAY 1 MATCHED 10/0/0',
    'F2 HOLD 1 NOT_RECEIVED 0/10/0 QUANTITY_SHORT',
  ),
  edge(
    9,
    'the second one carries the reference',
    scenario(goods('a', 10, 10, D1), [bill('10'), bill('10', D1, 'F2', 13)]),
    'F1 HOLD 1 NOT_RECEIVED 0/10/0 QUANTITY_SHORT',
    'F2 PAY 1 MATCHED 10/0/0',
  ),
  edge(10, 'the same invoice by two ways', scenario(goods('a', 10, 10, D1), [bill('10', D1), bill('10', D1)]), 'F1 PAY 1 MATCHED 10/0/0'),
  edge(
    11,
    'one number, two contents: neither is paid',
    scenario(goods('a', 10, 10, D1), [bill('10', D1), bill('12', D1, 'F1', 13)]),
    'F1 HOLD 1 MATCHED 10/0/0 DUPLICATE_NUMBER',
    'F1 HOLD 1 NOT_RECEIVED 0/12/0 DUPLICATE_NUMBER QUANTITY_SHORT',
  ),
  edge(
    12,
    'one number, two years',
    scenario(goods('a', 10, 10, D1), [bill('10', D1), { ...bill('4', { despatchRef: 'D0' }), issueDate: '2025-03-12' }]),
    'F1 HOLD 1 NOT_RECEIVED 0/4/0 QUANTITY_SHORT',
    'F1 PAY 1 MATCHED 10/0/0',
  ),
];

const credit = (qty: string, day = 20): ScenarioInvoice => bill(qty, { typeCode: '381', precedingInvoices: ['F1'] }, 'CN1', day);
const corrected = (qty: string): ScenarioInvoice => bill(qty, { ...D1, typeCode: '384', precedingInvoices: ['F1'] }, 'F1C', 16);
const RETURNS: readonly EdgeCase[] = [
  edge(
    13,
    'a credit note for two that went back',
    scenario([...goods('a', 10, 10, D1), ...back(goods('a', 2, 10), 18)], [bill('10', D1), credit('2')]),
    'CN1 NONE 1 MATCHED 2/0/0',
    'F1 PAY 1 MATCHED 10/0/0',
  ),
  edge(
    14,
    'a credit note without goods',
    scenario(goods('a', 10, 10, D1), [bill('10', D1), credit('2')]),
    'CN1 NONE 1 RETURN_OPEN 0/2/0 RETURN_OPEN',
    'F1 PAY 1 MATCHED 10/0/0',
  ),
  edge(
    15,
    'goods back without a credit note stay to be claimed',
    scenario([...goods('a', 10, 10, D1), ...back(goods('a', 2, 10), 12)], [bill('10', D1)]),
    'F1 PAY 1 MATCHED 10/0/0',
    'uninvoiced a1o a2o',
  ),
  edge(
    16,
    'a negative line is a return',
    scenario(
      [...goods('a', 10, 10, D1), ...back(goods('b', 2, 1, { gtin: B }), 11)],
      [invoice('F1', 12, lines(line('1', '10'), line('2', '-2', { gtin: B, net: '-20.00' })), D1)],
    ),
    'F1 PAY 1 MATCHED 10/0/0 2 MATCHED -2/0/0',
  ),
  edge(
    17,
    'a corrected invoice takes the goods over',
    scenario(goods('a', 10, 10, D1), [bill('12', D1), corrected('10')]),
    'F1 NONE SUPERSEDED',
    'F1C PAY 1 MATCHED 10/0/0',
  ),
  edge(
    18,
    'a corrected invoice after the first was paid takes over what was paid',
    scenario(goods('a', 10, 10, D1), [
      bill('10'),
      { kind: 'payment', invoice: 'F1', issueDate: '2026-03-14' },
      bill('10', { typeCode: '384', precedingInvoices: ['F1'] }, 'F1C', 16),
      bill('10', D1, 'F2', 17),
    ]),
    'F1 NONE SUPERSEDED',
    'F1C PAY 1 MATCHED 10/0/0',
    'F2 HOLD 1 NOT_RECEIVED 0/10/0 QUANTITY_SHORT',
  ),
  edge(
    19,
    'a deposit asks for no goods, the final invoice does',
    scenario(goods('a', 10, 10, D1), [bill('10', { ...D1, typeCode: '386' }, 'F0', 1), bill('10', D1)]),
    'F0 PAY 1 SERVICE 0/0/0',
    'F1 PAY 1 MATCHED 10/0/0',
  ),
];

const CARTON = line('1', '5', { unit: 'XCT', price: '120.00', net: '600.00' });
const UNITS: readonly EdgeCase[] = [
  edge(
    20,
    'five cartons of twelve',
    scenario(goods('a', 60, 10, D1), [invoice('F1', 12, [CARTON], D1)], {
      items: [{ gtin: A, unit: 'C62', packs: [{ unit: 'XCT', quantity: '12' }] }],
      prices: PRICES,
    }),
    'F1 PAY 1 MATCHED 60/0/0',
  ),
  edge(
    21,
    'cartons without a rule, never five',
    scenario(goods('a', 5, 10, D1), [invoice('F1', 12, [CARTON], D1)]),
    'F1 HOLD 1 UOM_UNKNOWN 0/0/0 UOM_UNKNOWN',
    'uninvoiced a1 a2 a3 a4 a5',
  ),
  edge(
    22,
    'kilograms of pieces',
    scenario([], [invoice('F1', 12, [line('1', '2.5', { unit: 'KGM' })]), invoice('F2', 12, [line('1', '2.5')])]),
    'F1 HOLD 1 UOM_UNKNOWN 0/0/0 UOM_UNKNOWN',
    'F2 HOLD 1 QTY_FRACTIONAL 0/0/0 QTY_FRACTIONAL',
  ),
  edge(
    23,
    'cases billed, pieces tagged',
    scenario(goods('a', 24, 10, D1), [invoice('F1', 12, [line('1', '2', { gtin: '13400930000011' })], D1)], {
      items: [{ gtin: A, unit: 'C62', contains: [{ gtin: '13400930000011', quantity: '12' }] }],
    }),
    'F1 PAY 1 MATCHED 24/0/0',
  ),
  edge(
    24,
    'a wrong check digit with a known code',
    scenario(goods('a', 3, 10, D1), [invoice('F1', 12, [line('1', '3', { gtin: '03400930000015', sellerItemId: 'R' })], D1)], {
      items: [{ gtin: A, unit: 'C62', supplierCodes: [{ supplier: 'S1', code: 'R' }] }],
    }),
    'F1 PAY 1 MATCHED 3/0/0 GTIN_INVALID',
  ),
  edge(
    25,
    'only a name',
    scenario([], [invoice('F1', 12, [line('1', '3', { gtin: null, name: 'Lamp' })], D1)]),
    'F1 HOLD 1 ITEM_UNKNOWN 0/0/0 ITEM_UNKNOWN',
  ),
];

/** Edge cases 1 to 25: what moved against what was billed. */
export const EDGES_OF_GOODS: readonly EdgeCase[] = [...QUANTITIES, ...RETURNS, ...UNITS];
