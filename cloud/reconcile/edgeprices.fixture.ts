import { A, B, back, goods, invoice, KIT, line, scenario } from './cases.fixture.ts';
import { bill, D1, type EdgeCase, edge, LOOSE, left, lines, O1, PRICES } from './edge.fixture.ts';
import type { ScenarioInvoice } from './scenario.ts';

const DEAR = line('1', '10', { price: '10.02', net: '100.20' });
const MANY = Array.from({ length: 60 }, (_, i) => line(`${i + 1}`, '1', { price: '190.90', net: '190.90' }));
const PRICED: readonly EdgeCase[] = [
  edge(
    26,
    'two cents over, tolerated',
    scenario(goods('a', 10, 10, D1), [invoice('F1', 12, [DEAR], D1)], { prices: PRICES, policy: LOOSE }),
    'F1 PAY 1 MATCHED_TOLERANCE 10/0/0 PRICE_WITHIN_TOLERANCE',
  ),
  edge(
    27,
    'two cents over, exact',
    scenario(goods('a', 10, 10, D1), [invoice('F1', 12, [DEAR], D1)], { prices: PRICES }),
    'F1 HOLD 1 PRICE_VARIANCE 10/0/0 PRICE_VARIANCE',
  ),
  edge(
    28,
    'a price of a hundred',
    scenario(goods('a', 40, 10, D1), [invoice('F1', 12, [line('1', '40', { price: '250', baseQty: '100', net: '100.00' })], D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '2.5' }],
    }),
    'F1 PAY 1 MATCHED 40/0/0',
  ),
  edge(
    29,
    'many differences of ninety cents exceed the cap of the invoice',
    scenario(goods('a', 60, 10, D1), [invoice('F1', 12, MANY, D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '190.00' }],
      policy: { priceTolerance: { abs: '1', pct: '0.5' }, invoiceCap: '50' },
    }),
    `F1 HOLD ${MANY.map(({ id }) => `${id} MATCHED_TOLERANCE 1/0/0`).join(' ')} INVOICE_CAP PRICE_WITHIN_TOLERANCE`,
  ),
  edge(
    30,
    'an amount that rounding puts a cent off',
    scenario(goods('a', 3, 10, D1), [invoice('F1', 12, [line('1', '3', { price: '3.33', net: '10.00' })], D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '3.33' }],
    }),
    'F1 PAY 1 MATCHED 3/0/0',
  ),
  edge(
    31,
    'wrong totals change nothing that goods can tell',
    scenario(goods('a', 10, 10, D1), [bill('10', D1)]),
    'F1 PAY 1 MATCHED 10/0/0',
  ),
];

const TRAIL: readonly EdgeCase[] = [
  edge(
    32,
    'three of ten rejected',
    scenario([...goods('a', 7, 10, D1), ...goods('r', 3, 10, { ...D1, inspection: 'rejected' })], [bill('10', D1)]),
    'F1 PAY_PARTIAL 1 SHORT_RECEIVED 7/3/0 QUALITY_REJECTED QUANTITY_SHORT',
  ),
  edge(
    33,
    'in, out and in within three minutes',
    scenario(
      [
        ...goods('a', 1, 10, D1),
        ...goods('x', 1, 10, { serial: 'a1', direction: 'out', at: '2026-03-10T09:01:00Z' }),
        ...goods('y', 1, 10, { ...D1, serial: 'a1', at: '2026-03-10T09:03:00Z' }),
      ],
      [bill('1', D1)],
    ),
    'F1 PAY 1 MATCHED 1/0/0',
  ),
  edge(
    34,
    'a serial that went back comes again',
    scenario(
      [...goods('a', 1, 2, D1), ...left('a1', 8), ...goods('z', 1, 20, { serial: 'a1', despatchRef: 'D2' })],
      [
        bill('1', D1, 'F1', 3),
        bill('1', { typeCode: '381', precedingInvoices: ['F1'] }, 'CN1', 9),
        bill('1', { despatchRef: 'D2' }, 'F2', 21),
      ],
    ),
    'CN1 NONE 1 MATCHED 1/0/0',
    'F1 PAY 1 MATCHED 1/0/0',
    'F2 PAY 1 MATCHED 1/0/0',
  ),
  edge(
    35,
    'goods at another site than billed for',
    scenario(goods('a', 2, 10, { ...D1, site: 'METZ' }), [bill('2', { ...D1, deliverySite: 'LYON' })], {
      policy: { siteMismatch: 'hold' },
    }),
    'F1 HOLD 1 MATCHED 2/0/0 SITE_MISMATCH',
  ),
  edge(36, 'the invoice comes first', scenario([], [bill('4')]), 'F1 HOLD 1 NOT_RECEIVED 0/4/0 QUANTITY_SHORT'),
  edge(
    37,
    'goods forty-five days before: a reference reaches them, a guess does not',
    scenario(goods('a', 2, 1, D1), [
      { ...bill('2', D1), issueDate: '2026-04-15' },
      { ...bill('2', {}, 'F2'), issueDate: '2026-04-15' },
    ]),
    'F1 PAY 1 MATCHED 2/0/0',
    'F2 HOLD 1 NOT_RECEIVED 0/2/0 QUANTITY_SHORT',
  ),
  edge(
    38,
    'half past midnight in Paris is January, whatever UTC says',
    scenario(goods('a', 1, 1, { at: '2025-12-31T23:30:00Z' }), [{ ...bill('1'), issueDate: '2026-01-01' }], {
      policy: { windowDays: { before: 0, after: 0 } },
    }),
    'F1 PAY 1 MATCHED 1/0/0',
  ),
];

const KITS = [
  {
    gtin: KIT,
    unit: 'C62',
    kit: [
      { gtin: A, quantity: '1' },
      { gtin: B, quantity: '2' },
    ],
  },
];
const twoLines = lines(line('1', '10'), line('2', '1', { gtin: null, classification: 'service' }));
const SPECIAL: readonly EdgeCase[] = [
  edge(
    39,
    'a kit billed, its parts tagged, an odd one left',
    scenario(
      [...goods('a', 2, 10, D1), ...goods('b', 5, 10, { ...D1, gtin: B })],
      [invoice('F1', 12, [line('1', '2', { gtin: KIT })], D1)],
      {
        items: KITS,
      },
    ),
    'F1 PAY 1 MATCHED 2/0/0',
    'uninvoiced b5',
  ),
  edge(
    40,
    'one free with ten',
    scenario(goods('a', 11, 10, D1), [invoice('F1', 12, [line('1', '10', { freeQty: '1' })], D1)]),
    'F1 PAY 1 MATCHED 10/0/0',
  ),
  edge(
    41,
    'freight',
    scenario(goods('a', 10, 10, D1), [
      invoice('F1', 12, lines(line('1', '10'), line('2', '1', { gtin: null, classification: 'charge' })), D1),
    ]),
    'F1 PAY 1 MATCHED 10/0/0 2 CHARGE 0/0/0',
  ),
  edge(
    42,
    'a foreign currency: goods match, the price is one for a person',
    scenario(goods('a', 10, 10, D1), [bill('10', { ...D1, currency: 'USD' })], {
      prices: [{ supplier: 'S1', gtin: A, price: '9', currency: 'EUR' }],
    }),
    'F1 HOLD 1 PRICE_VARIANCE 10/0/0 PRICE_VARIANCE',
  ),
  edge(43, 'self-billed: we buy', scenario(goods('a', 10, 10, D1), [bill('10', { ...D1, typeCode: '389' })]), 'F1 PAY 1 MATCHED 10/0/0'),
  edge(
    44,
    'a drop shipment is matched by the proof of delivery at the customer’s',
    scenario(goods('a', 10, 10, { ...O1, site: 'C1' }), [bill('10', O1), bill('10', { orderRef: 'O2' }, 'F2')]),
    'F1 PAY 1 MATCHED 10/0/0',
    'F2 HOLD 1 NOT_RECEIVED 0/10/0 QUANTITY_SHORT',
  ),
  edge(
    45,
    'consignment stock is billed when it leaves',
    scenario([...goods('a', 4, 2), ...back(goods('a', 3, 2), 10)], [bill('3')], { policies: [{ supplier: 'S1', consignment: true }] }),
    'F1 PAY 1 MATCHED 3/0/0',
    'uninvoiced a1 a2 a3 a4',
  ),
  edge(
    46,
    'goods and a service',
    scenario(goods('a', 10, 10, D1), [invoice('F1', 12, twoLines, D1)]),
    'F1 PAY 1 MATCHED 10/0/0 2 SERVICE 0/0/0',
  ),
  edge(47, 'an invoice without lines', scenario(goods('a', 1, 10, O1), [invoice('F1', 12, [], O1)]), 'F1 HOLD', 'uninvoiced a1'),
  edge(
    48,
    'a movement voided after it was paid opens the match again',
    scenario(
      [...goods('a', 9, 10, D1), ...goods('v', 1, 10, { ...D1, state: 'void' })],
      [
        bill('10', D1),
        { kind: 'payment', invoice: 'F1', line: '1', movements: [...Array.from({ length: 9 }, (_, i) => `a${i + 1}`), 'v1'] },
      ],
    ),
    'F1 PAY_PARTIAL 1 SHORT_RECEIVED 9/1/0 QUANTITY_SHORT',
  ),
  edge(
    51,
    'another bank account is no matter of goods',
    scenario(goods('a', 10, 10, D1), [{ ...bill('10', D1), iban: 'FR7630006000011234567890189' } as ScenarioInvoice]),
    'F1 PAY 1 MATCHED 10/0/0',
  ),
  edge(
    52,
    'of lines with sub-lines only details count',
    scenario(goods('a', 10, 10, D1), [
      invoice('F1', 12, lines(line('1', '10', { lineType: 'GROUP' }), line('1.1', '10', { lineType: 'DETAIL' })), D1),
    ]),
    'F1 PAY 1.1 MATCHED 10/0/0',
  ),
];

/** Edge cases 26 to 52 but for 49 and 50, which are about any case and any order: prices, what serials did, and invoices of other kinds. */
export const EDGES_OF_PRICES: readonly EdgeCase[] = [...PRICED, ...TRAIL, ...SPECIAL];
