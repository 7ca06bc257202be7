import type {
  WrittenScenario as Scenario,
  ScenarioInvoice,
  ScenarioLine,
  ScenarioMovement,
  ScenarioResult,
  WrittenDocument,
} from './scenario.ts';

/** Worked cases: what people expect of an invoice, a door and a policy. Numbers of the cases follow the edge cases they stand for. */
export interface Case {
  readonly name: string;
  readonly scenario: Scenario;
  readonly expected: ScenarioResult;
}

export const A = '03400930000014';
export const B = '03400930000021';
export const KIT = '03400930000045';

type Reference = { readonly despatchRef?: string; readonly orderRef?: string };

/** Items `a1` to `an` that went through the door one minute after the other on a day of March 2026. */
export function goods(prefix: string, count: number, day: number, more: Partial<ScenarioMovement> = {}): ScenarioMovement[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${prefix}${i + 1}`,
    at: `2026-03-${String(day).padStart(2, '0')}T09:${String(i % 60).padStart(2, '0')}:00Z`,
    direction: 'in' as const,
    site: 'LYON',
    gtin: A,
    serial: `${prefix}${i + 1}`,
    state: 'confirmed' as const,
    ...more,
  }));
}

/** The same items going back out. */
export const back = (items: readonly ScenarioMovement[], day: number): ScenarioMovement[] =>
  items.map(({ despatchRef: _, orderRef: __, ...item }) => ({
    ...item,
    id: `${item.id}o`,
    at: item.at.replace(/^2026-\d\d-\d\d/, `2026-03-${day}`),
    direction: 'out' as const,
  }));

export const line = (id: string, qty: string, more: Partial<ScenarioLine> = {}): ScenarioLine => ({
  id,
  gtin: A,
  qty,
  unit: 'C62',
  price: '10.00',
  net: (Number(qty) * 10).toFixed(2),
  ...more,
});

export function invoice(number: string, day: number, lines: ScenarioLine[], more: Partial<ScenarioInvoice> = {}): ScenarioInvoice {
  const issueDate = `2026-03-${String(day).padStart(2, '0')}`;
  return {
    kind: 'invoice',
    role: 'purchase',
    number,
    issueDate,
    typeCode: '380',
    currency: 'EUR',
    seller: 'S1',
    buyer: 'US',
    lines,
    ...more,
  };
}

const EXACTLY = {
  quantityTolerance: { abs: '0', pct: '0' },
  priceTolerance: { abs: '0', pct: '0' },
  invoiceCap: '0',
  windowDays: { before: 30, after: 10 },
  readRate: '1',
  siteMismatch: 'finding' as const,
};

export function scenario(
  movements: ScenarioMovement[],
  documents: WrittenDocument[],
  more: Omit<Scenario, 'movements' | 'documents'> = {},
): Scenario {
  const { policy, ...rest } = more;
  return { timeZone: 'Europe/Paris', items: [], prices: [], movements, documents, ...rest, policy: { ...EXACTLY, ...policy } };
}

type Line = readonly [id: string, status: string, matched: number, short?: number, over?: number];

const shows = (
  number: string,
  gate: string,
  findings: readonly string[],
  ...lines: readonly Line[]
): ScenarioResult['documents'][number] => ({
  number,
  gate,
  lines: lines.map(([id, status, matched, short = 0, over = 0]) => ({
    id,
    status,
    matched: `${matched}`,
    short: `${short}`,
    over: `${over}`,
  })),
  findings,
});

const D1: Reference = { despatchRef: 'D1' };
const O1: Reference = { orderRef: 'O1' };
const agreed = [{ supplier: 'S1', gtin: A, price: '10.00' }];
const ten = [line('1', '10')];
const cents = [line('1', '10', { price: '10.02', net: '100.20' })];

const one = (name: string, made: Scenario, documents: ScenarioResult['documents'], uninvoiced: readonly string[] = []): Case => ({
  name,
  scenario: made,
  expected: { documents, uninvoiced },
});

const QUANTITIES: readonly Case[] = [
  one('one short at a reliable door', scenario(goods('a', 9, 10, D1), [invoice('F1', 12, ten, D1)], { policy: { readRate: '0.999' } }), [
    shows('F1', 'PAY_PARTIAL', ['QUANTITY_SHORT'], ['1', 'SHORT_RECEIVED', 9, 1]),
  ]),
  one(
    'one of a hundred short at a door that misses two in a hundred',
    scenario(goods('a', 99, 10, D1), [invoice('F1', 12, [line('1', '100')], D1)], { policy: { readRate: '0.98' } }),
    [shows('F1', 'HOLD', ['DOUBTFUL_READS'], ['1', 'DOUBTFUL_READS', 99, 1])],
  ),
  one(
    'eleven in, ten billed',
    scenario(goods('a', 11, 10, D1), [invoice('F1', 12, ten, D1)]),
    [shows('F1', 'PAY', ['QUANTITY_OVER'], ['1', 'OVER_RECEIVED', 10, 0, 1])],
    ['a11'],
  ),
  one('two deliveries, one invoice', scenario([...goods('a', 6, 10, O1), ...goods('b', 4, 14, O1)], [invoice('F1', 12, ten, O1)]), [
    shows('F1', 'PAY', [], ['1', 'MATCHED', 10]),
  ]),
  one(
    'one delivery, two invoices: no item twice',
    scenario(goods('a', 10, 10, O1), [invoice('F1', 12, [line('1', '6')], O1), invoice('F2', 13, [line('1', '4')], O1)]),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 6]), shows('F2', 'PAY', [], ['1', 'MATCHED', 4])],
  ),
  one(
    'two invoices, one delivery, no references: the older wins',
    scenario(goods('a', 10, 10), [invoice('F2', 13, ten), invoice('F1', 12, ten)]),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 10]), shows('F2', 'HOLD', ['QUANTITY_SHORT'], ['1', 'NOT_RECEIVED', 0, 10])],
  ),
  one('a reference beats an older guess', scenario(goods('a', 10, 10, D1), [invoice('F1', 12, ten), invoice('F2', 13, ten, D1)]), [
    shows('F1', 'HOLD', ['QUANTITY_SHORT'], ['1', 'NOT_RECEIVED', 0, 10]),
    shows('F2', 'PAY', [], ['1', 'MATCHED', 10]),
  ]),
  one(
    'goods of another despatch advice never fill a gap',
    scenario([...goods('a', 8, 10, D1), ...goods('b', 4, 10, { despatchRef: 'D2' })], [invoice('F1', 12, ten, D1)]),
    [shows('F1', 'PAY_PARTIAL', ['QUANTITY_SHORT'], ['1', 'SHORT_RECEIVED', 8, 2])],
    ['b1', 'b2', 'b3', 'b4'],
  ),
  one(
    'a surplus of a delivery that two invoices share stands on the last one',
    scenario(goods('a', 11, 10, O1), [invoice('F1', 12, [line('1', '6')], O1), invoice('F2', 13, [line('1', '4')], O1)]),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 6]), shows('F2', 'PAY', ['QUANTITY_OVER'], ['1', 'OVER_RECEIVED', 4, 0, 1])],
    ['a11'],
  ),
  one(
    'a forklift that backs out and in again is one receipt',
    scenario(
      [
        ...goods('a', 1, 10),
        ...goods('x', 1, 10, { serial: 'a1', direction: 'out', at: '2026-03-10T09:02:00Z' }),
        ...goods('y', 1, 10, { serial: 'a1', at: '2026-03-10T09:04:00Z' }),
      ],
      [invoice('F1', 12, [line('1', '1')])],
    ),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 1])],
  ),
  one(
    'doubtful and void movements match nothing',
    scenario([...goods('a', 1, 10, { state: 'doubtful' }), ...goods('v', 1, 10, { state: 'void' })], [invoice('F1', 12, [line('1', '2')])]),
    [shows('F1', 'HOLD', ['QUANTITY_SHORT'], ['1', 'NOT_RECEIVED', 0, 2])],
  ),
  one(
    'the last day of the window is cut in Paris, not in UTC',
    scenario(goods('a', 2, 22, { at: '2026-03-22T22:30:00Z' }), [invoice('F1', 12, [line('1', '2')])]),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 2])],
  ),
  one(
    'an hour later is the next day in Paris',
    scenario(goods('a', 1, 22, { at: '2026-03-22T23:30:00Z' }), [invoice('F1', 12, [line('1', '1')])]),
    [shows('F1', 'HOLD', ['QUANTITY_SHORT'], ['1', 'NOT_RECEIVED', 0, 1])],
    ['a1'],
  ),
  one(
    'three of ten rejected at inspection',
    scenario(
      [...goods('a', 7, 10, { ...D1, inspection: 'accepted' }), ...goods('r', 3, 10, { ...D1, inspection: 'rejected' })],
      [invoice('F1', 12, ten, D1)],
    ),
    [shows('F1', 'PAY_PARTIAL', ['QUALITY_REJECTED', 'QUANTITY_SHORT'], ['1', 'SHORT_RECEIVED', 7, 3])],
  ),
  one(
    'goods at another site than the invoice names',
    scenario(goods('a', 2, 10, { ...D1, site: 'METZ' }), [invoice('F1', 12, [line('1', '2')], { ...D1, deliverySite: 'LYON' })]),
    [shows('F1', 'PAY', ['SITE_MISMATCH'], ['1', 'MATCHED', 2])],
  ),
];

const RETURNS: readonly Case[] = [
  one(
    'a credit note for two, two went back',
    scenario(
      [...goods('a', 10, 10, D1), ...back(goods('a', 2, 10, D1), 18)],
      [invoice('F1', 12, ten, D1), invoice('CN1', 20, [line('1', '2')], { typeCode: '381', precedingInvoices: ['F1'] })],
    ),
    [shows('CN1', 'NONE', [], ['1', 'MATCHED', 2]), shows('F1', 'PAY', [], ['1', 'MATCHED', 10])],
  ),
  one('a credit note before the goods go back', scenario([], [invoice('CN1', 20, [line('1', '2')], { typeCode: '381' })]), [
    shows('CN1', 'NONE', ['RETURN_OPEN'], ['1', 'RETURN_OPEN', 0, 2]),
  ]),
  one(
    'a negative line is a return',
    scenario(
      [...goods('a', 10, 10, D1), ...back(goods('b', 2, 1, { gtin: B }), 11)],
      [invoice('F1', 12, [line('1', '10'), line('2', '-2', { gtin: B, net: '-20.00' })], D1)],
    ),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 10], ['2', 'MATCHED', -2])],
  ),
  one(
    'a corrected invoice replaces the first',
    scenario(goods('a', 10, 10, D1), [
      invoice('F1', 12, [line('1', '12')], D1),
      invoice('F1C', 16, ten, { ...D1, typeCode: '384', precedingInvoices: ['F1'] }),
    ]),
    [shows('F1', 'NONE', ['SUPERSEDED']), shows('F1C', 'PAY', [], ['1', 'MATCHED', 10])],
  ),
  one(
    'we sold five and five left',
    scenario(goods('a', 5, 10, { direction: 'out', despatchRef: 'BL1' }), [
      invoice('V1', 12, [line('1', '5')], { role: 'sale', seller: 'US', buyer: 'C1', despatchRef: 'BL1' }),
    ]),
    [shows('V1', 'NONE', [], ['1', 'MATCHED', 5])],
  ),
  one(
    'we billed five and four left',
    scenario(goods('a', 4, 10, { direction: 'out', despatchRef: 'BL1' }), [
      invoice('V1', 12, [line('1', '5')], { role: 'sale', seller: 'US', buyer: 'C1', despatchRef: 'BL1' }),
    ]),
    [shows('V1', 'NONE', ['QUANTITY_SHORT'], ['1', 'SHORT_SHIPPED', 4, 1])],
  ),
  one(
    'we billed five and six left',
    scenario(goods('a', 6, 10, { direction: 'out', despatchRef: 'BL1' }), [
      invoice('V1', 12, [line('1', '5')], { role: 'sale', seller: 'US', buyer: 'C1', despatchRef: 'BL1' }),
    ]),
    [shows('V1', 'NONE', ['QUANTITY_OVER'], ['1', 'OVER_SHIPPED', 5, 0, 1])],
    ['a6'],
  ),
  one('we billed five and none left', scenario([], [invoice('V1', 12, [line('1', '5')], { role: 'sale', seller: 'US', buyer: 'C1' })]), [
    shows('V1', 'NONE', ['QUANTITY_SHORT'], ['1', 'NOT_SHIPPED', 0, 5]),
  ]),
];

const UNITS: readonly Case[] = [
  one(
    'five cartons of twelve',
    scenario(goods('a', 60, 10, D1), [invoice('F1', 12, [line('1', '5', { unit: 'XCT', price: '120.00', net: '600.00' })], D1)], {
      items: [{ gtin: A, unit: 'C62', packs: [{ unit: 'XCT', quantity: '12' }] }],
      prices: agreed,
    }),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 60])],
  ),
  one(
    'a unit without a rule is a hold, never one',
    scenario(goods('a', 5, 10, D1), [invoice('F1', 12, [line('1', '5', { unit: 'XCT' })], D1)]),
    [shows('F1', 'HOLD', ['UOM_UNKNOWN'], ['1', 'UOM_UNKNOWN', 0])],
    ['a1', 'a2', 'a3', 'a4', 'a5'],
  ),
  one('half an item', scenario([], [invoice('F1', 12, [line('1', '2.5')])]), [
    shows('F1', 'HOLD', ['QTY_FRACTIONAL'], ['1', 'QTY_FRACTIONAL', 0]),
  ]),
  one(
    'a case with a GTIN of its own',
    scenario(
      goods('a', 24, 10, D1),
      [invoice('F1', 12, [line('1', '2', { gtin: '13400930000011', price: '120.00', net: '240.00' })], D1)],
      {
        items: [{ gtin: A, unit: 'C62', contains: [{ gtin: '13400930000011', quantity: '12' }] }],
      },
    ),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 24])],
  ),
  one(
    'a wrong check digit with a known supplier code',
    scenario(goods('a', 3, 10, D1), [invoice('F1', 12, [line('1', '3', { gtin: '03400930000015', sellerItemId: 'REF-A' })], D1)], {
      items: [{ gtin: A, unit: 'C62', supplierCodes: [{ supplier: 'S1', code: 'REF-A' }] }],
    }),
    [shows('F1', 'PAY', ['GTIN_INVALID'], ['1', 'MATCHED', 3])],
  ),
  one(
    'only a name',
    scenario(goods('a', 1, 10, D1), [invoice('F1', 12, [line('1', '1', { gtin: null })], D1)]),
    [shows('F1', 'HOLD', ['ITEM_UNKNOWN'], ['1', 'ITEM_UNKNOWN', 0])],
    ['a1'],
  ),
  one(
    'a kit is billed, its parts are tagged; an odd part stays',
    scenario(
      [...goods('a', 2, 10, D1), ...goods('b', 5, 10, { ...D1, gtin: B })],
      [invoice('F1', 12, [line('1', '2', { gtin: KIT })], D1)],
      {
        items: [
          {
            gtin: KIT,
            unit: 'C62',
            kit: [
              { gtin: A, quantity: '1' },
              { gtin: B, quantity: '2' },
            ],
          },
        ],
      },
    ),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 2])],
    ['b5'],
  ),
  one(
    'freight follows the goods',
    scenario(goods('a', 4, 10, D1), [invoice('F1', 12, [line('1', '4'), line('2', '1', { gtin: null, classification: 'charge' })], D1)]),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 4], ['2', 'CHARGE', 0])],
  ),
];

const PRICES: readonly Case[] = [
  one(
    'two cents over, within tolerance',
    scenario(goods('a', 10, 10, D1), [invoice('F1', 12, cents, D1)], {
      prices: agreed,
      policy: { priceTolerance: { abs: '5', pct: '0.5' }, invoiceCap: '50' },
    }),
    [shows('F1', 'PAY', ['PRICE_WITHIN_TOLERANCE'], ['1', 'MATCHED_TOLERANCE', 10])],
  ),
  one('two cents over, tolerance zero is exact', scenario(goods('a', 10, 10, D1), [invoice('F1', 12, cents, D1)], { prices: agreed }), [
    shows('F1', 'HOLD', ['PRICE_VARIANCE'], ['1', 'PRICE_VARIANCE', 10]),
  ]),
  one(
    'many small differences exceed what one invoice may differ by',
    scenario(
      [...goods('a', 10, 10, D1), ...goods('b', 10, 10, { ...D1, gtin: B })],
      [invoice('F1', 12, [...cents, line('2', '10', { gtin: B, price: '10.02', net: '100.20' })], D1)],
      {
        prices: [...agreed, { supplier: 'S1', gtin: B, price: '10.00' }],
        policy: { priceTolerance: { abs: '5', pct: '0.5' }, invoiceCap: '0.30' },
      },
    ),
    [shows('F1', 'HOLD', ['INVOICE_CAP', 'PRICE_WITHIN_TOLERANCE'], ['1', 'MATCHED_TOLERANCE', 10], ['2', 'MATCHED_TOLERANCE', 10])],
  ),
  one(
    'a price per hundred',
    scenario(goods('a', 40, 10, D1), [invoice('F1', 12, [line('1', '40', { price: '250', baseQty: '100', net: '100.00' })], D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '2.5' }],
    }),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 40])],
  ),
  one(
    'a price of a tenth of a cent whose amount is rounded half a cent up, as it must be',
    scenario(goods('a', 5, 10, D1), [invoice('F1', 12, [line('1', '5', { price: '0.199', net: '1.00' })], D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '0.199' }],
    }),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 5])],
  ),
  one(
    'the right price with an amount that is off by what rounding may do',
    scenario(goods('a', 5, 10, D1), [invoice('F1', 12, [line('1', '5', { price: '0.199', net: '0.98' })], D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '0.199' }],
    }),
    [shows('F1', 'PAY', [], ['1', 'MATCHED', 5])],
  ),
  one(
    'three cents are no rounding',
    scenario(goods('a', 5, 10, D1), [invoice('F1', 12, [line('1', '5', { price: '0.199', net: '0.97' })], D1)], {
      prices: [{ supplier: 'S1', gtin: A, price: '0.199' }],
    }),
    [shows('F1', 'HOLD', ['PRICE_VARIANCE'], ['1', 'PRICE_VARIANCE', 5])],
  ),
  one(
    'a right price with a wrong amount',
    scenario(goods('a', 10, 10, D1), [invoice('F1', 12, [line('1', '10', { net: '110.00' })], D1)], { prices: agreed }),
    [shows('F1', 'HOLD', ['PRICE_VARIANCE'], ['1', 'PRICE_VARIANCE', 10])],
  ),
  one(
    'short and too dear is a price variance that keeps its short',
    scenario(goods('a', 9, 10, D1), [invoice('F1', 12, cents, D1)], { prices: agreed }),
    [shows('F1', 'HOLD', ['PRICE_VARIANCE', 'QUANTITY_SHORT'], ['1', 'PRICE_VARIANCE', 9, 1])],
  ),
];

export const CASES: readonly Case[] = [...QUANTITIES, ...RETURNS, ...UNITS, ...PRICES];
