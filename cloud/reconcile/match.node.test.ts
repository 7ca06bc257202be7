import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { A, CASES, goods, invoice, line, scenario } from './cases.fixture.ts';
import type { Facts, InvoiceFact, MovementGroup } from './facts.ts';
import { match } from './match.ts';
import { EXACT } from './policy.ts';
import { count, subtract } from './ranges.ts';
import type { WrittenScenario as Scenario, ScenarioResult } from './scenario.ts';
import { shuffled } from './shuffled.fixture.ts';
import { runScenario } from './worked.ts';

describe('the match of a worked case', () => {
  for (const { name, scenario: made, expected } of CASES) it(name, () => expect(runScenario(made)).toEqual(expected));
});

/** Cases that others worked out are kept beside the project: `../shared/vectors`. */
const VECTORS = new URL('../../../shared/vectors/match-cases.json', import.meta.url);
const PRESENT = existsSync(VECTORS);
describe(PRESENT ? 'the shared worked cases' : 'the shared worked cases (NOT RUN: ../shared/vectors is not there)', () => {
  const cases = PRESENT
    ? (
        JSON.parse(readFileSync(VECTORS, 'utf8')) as {
          cases: { id: string; title: string; scenario: Scenario; expected: ScenarioResult }[];
        }
      ).cases
    : [];
  it('are there, or say in their name that they are not', () => expect(cases.length > 0).toBe(PRESENT));
  for (const one of cases) it(`${one.id}: ${one.title}`, () => expect(runScenario(one.scenario)).toEqual(one.expected));
  it('come to the same in 1,000 orders of arrival', { timeout: 120_000 }, () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const one = cases[seed % cases.length];
      if (one !== undefined) expect(runScenario(shuffled(one.scenario, seed))).toEqual(one.expected);
    }
  });
});

const ref = fc.option(fc.constantFrom('R1', 'R2'), { nil: undefined });
const present = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

const group = fc
  .record({
    gtin: fc.constantFrom(A, '03400930000021'),
    direction: fc.constantFrom('in' as const, 'out' as const),
    site: fc.constantFrom('LYON', 'METZ'),
    // Few instants, so that ties are common.
    at: fc.integer({ min: 0, max: 4 }).map((day) => Date.UTC(2026, 2, 1 + day)),
    size: fc.integer({ min: 1, max: 6 }),
    despatchRef: ref,
    orderRef: ref,
  })
  .map(({ size, ...rest }) => present({ ...rest, ordinals: [[size, size]] as [number, number][] }));

const invoiceFact = fc
  .record({
    role: fc.constantFrom('purchase' as const, 'sale' as const),
    typeCode: fc.constantFrom('380', '381', '384'),
    number: fc.constantFrom('F1', 'F2', 'F3'),
    issueDate: fc.constantFrom('2026-03-01', '2026-03-04'),
    despatchRef: ref,
    orderRef: ref,
    site: fc.option(fc.constant('LYON'), { nil: undefined }),
    preceding: fc.subarray(['F1', 'F2']),
    quantities: fc.array(fc.integer({ min: -4, max: 8 }), { minLength: 1, maxLength: 3 }),
  })
  .map(({ quantities, ...rest }) =>
    present({
      ...rest,
      partner: 'p',
      currency: 'EUR',
      lines: quantities.map((quantity, i) => ({
        id: `${i + 1}`,
        gtin: A,
        quantity: `${quantity}`,
        unit: 'C62',
        price: '2',
        net: `${quantity * 2}`,
      })),
    }),
  );

const facts: fc.Arbitrary<Facts> = fc
  .record({ groups: fc.array(group, { maxLength: 12 }), invoices: fc.array(invoiceFact, { maxLength: 8 }) })
  .map(
    ({ groups, invoices }): Facts => ({
      movements: groups.map((one, entry): MovementGroup => ({ entry, ...one }) as MovementGroup),
      invoices: invoices.map((one, i): InvoiceFact => ({ id: `i${i}`, ...one }) as InvoiceFact),
      prices: [{ partner: 'p', gtin: A, price: '2', currency: 'EUR' }],
    }),
  );

describe('the match of any facts', () => {
  it('is the same whatever the order of invoices, lines, movements and prices', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 1, max: 1_000_000 }), (given, seed) => {
        const mixed = {
          ...shuffled(given, seed),
          movements: shuffled(
            given.movements.map((_, i) => i),
            seed,
          ).flatMap((i) => given.movements[i] ?? []),
        };
        expect(match(mixed, EXACT)).toEqual(match(given, EXACT));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never gives an item twice, nor more than a line asked for', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { documents, allocations } = match(given, EXACT);
        for (const { entry, ordinals } of given.movements) {
          let free = [...ordinals];
          for (const allocation of allocations.filter((one) => one.entry === entry)) {
            const rest = subtract(free, allocation.ordinals);
            expect(count(free) - count(rest)).toBe(allocation.quantity);
            free = rest;
          }
        }
        for (const { id, lines } of documents)
          for (const one of lines) {
            const given_ = allocations.filter(({ document, line: at }) => document === id && at === one.id);
            expect(given_.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(Math.abs(one.matched));
            expect(one.short === 0 || Math.sign(one.short) === (one.matched === 0 ? Math.sign(one.short) : Math.sign(one.matched))).toBe(
              true,
            );
          }
      }),
      { numRuns: 300 },
    );
  });
});

const MARCH_10 = Date.UTC(2026, 2, 10);
const came = (entry: number, quantity: number, more: Partial<MovementGroup> = {}): MovementGroup => ({
  ...{ entry, gtin: A, direction: 'in' as const, site: 'LYON', at: MARCH_10 + entry, ordinals: [[0, quantity]] },
  ...more,
});
const paper = (number: string, quantity: number, more: Partial<InvoiceFact> = {}): InvoiceFact => ({
  ...{ id: number, number, role: 'purchase' as const, typeCode: '380', issueDate: '2026-03-12', partner: 'p', currency: 'EUR' },
  lines: [{ id: '1', gtin: A, quantity: `${quantity}`, unit: 'C62', price: '2', net: `${quantity * 2}` }],
  ...more,
});
const credit: Partial<InvoiceFact> = { role: 'sale', partner: 'c', typeCode: '381', issueDate: '2026-03-11' };
const statusesOf = (invoices: InvoiceFact[], movements: MovementGroup[]): Record<string, string> =>
  Object.fromEntries(match({ invoices, movements, prices: [] }, EXACT).documents.map(({ id, status }) => [id, status]));

describe('a return without a reference', () => {
  it('never takes goods that a purchase bills, even when its credit note is older', () => {
    expect(statusesOf([paper('F1', 10), paper('N1', 3, credit)], [came(1, 10)])).toEqual({ F1: 'MATCHED', N1: 'RETURN_OPEN' });
  });

  it('never takes the surplus of a delivery that a purchase may claim', () => {
    const sixOfTen = [paper('F1', 6, { despatchRef: 'D1' }), paper('N1', 3, credit)];
    expect(statusesOf(sixOfTen, [came(1, 10, { despatchRef: 'D1' })])).toEqual({ F1: 'OVER_RECEIVED', N1: 'RETURN_OPEN' });
  });

  it('is served after all goods when it is a negative line of a sale', () => {
    const returned = paper('S1', -3, { role: 'sale', partner: 'c', issueDate: '2026-03-01' });
    expect(statusesOf([returned, paper('F1', 10)], [came(1, 10)])).toEqual({ S1: 'RETURN_OPEN', F1: 'MATCHED' });
  });

  it('finds goods that no purchase may claim', () => {
    const movements = [came(1, 10, { despatchRef: 'D1' }), came(2, 3)];
    const purchase = paper('F1', 10, { despatchRef: 'D1', site: 'METZ' });
    expect(statusesOf([purchase, paper('N1', 3, credit)], movements)).toEqual({ F1: 'MATCHED', N1: 'MATCHED' });
  });
});

describe('corrected invoices that name each other', () => {
  const corrected = (number: string, issueDate: string, other: string): InvoiceFact =>
    paper(number, 10, { typeCode: '384', issueDate, preceding: [other] });

  it('leave the later one to claim the goods', () => {
    const pair = [corrected('F2', '2026-03-11', 'F1'), corrected('F1', '2026-03-12', 'F2')];
    expect(statusesOf(pair, [came(1, 10)])).toEqual({ F1: 'MATCHED', F2: 'SUPERSEDED' });
  });

  it('go by their numbers when they are of one day', () => {
    const pair = [corrected('F2', '2026-03-11', 'F1'), corrected('F1', '2026-03-11', 'F2')];
    expect(statusesOf(pair, [came(1, 10)])).toEqual({ F1: 'SUPERSEDED', F2: 'MATCHED' });
  });
});

describe('the test of a price', () => {
  const priced = (currency: string, price = '1.50'): Facts['prices'] => [{ partner: 'p', gtin: A, price, currency }];

  it('never finds a price right that is agreed in another currency alone: a person has to', () => {
    const [document] = match({ invoices: [paper('F1', 10)], movements: [came(1, 10)], prices: priced('USD') }, EXACT).documents;
    expect(document).toMatchObject({ status: 'PRICE_VARIANCE', gate: 'HOLD', findings: [{ code: 'PRICE_VARIANCE', amount: 2000 }] });
    expect(document?.lines[0]?.explanation).toMatchObject({ code: 'PRICE_CURRENCY', params: { agreedIn: 'USD', currency: 'EUR' } });
  });

  it('goes by the price in the currency of the invoice where both are agreed', () => {
    const prices = [...priced('USD'), ...priced('EUR')];
    const [document] = match({ invoices: [paper('F1', 10)], movements: [came(1, 10)], prices }, EXACT).documents;
    expect(document?.status).toBe('PRICE_VARIANCE');
    expect(document?.lines[0]?.explanation.params).not.toHaveProperty('agreedIn');
  });

  it('does not take a negative amount of goods that are billed for the right price', () => {
    const invoices = [paper('F1', 1, { lines: [{ id: '1', gtin: A, quantity: '1', unit: 'C62', price: '5', net: '-5' }] })];
    const [document] = match({ invoices, movements: [came(1, 1)], prices: priced('EUR', '5') }, EXACT).documents;
    expect(document?.findings).toMatchObject([{ code: 'PRICE_VARIANCE', amount: 1000, explanation: { params: { billedPrice: '-5.00' } } }]);
  });

  it('takes a negative amount of a negative line of a credit note for the right price', () => {
    const invoices = [paper('N1', -10, { typeCode: '381' })];
    const [document] = match({ invoices, movements: [came(1, 10)], prices: priced('EUR', '2') }, EXACT).documents;
    expect(document).toMatchObject({ status: 'MATCHED', findings: [] });
  });
});

describe('what is at stake', () => {
  it('is the missing share of the line’s amount of record, in cents', () => {
    const facts_: Facts = {
      invoices: [
        {
          id: 'x',
          role: 'purchase',
          typeCode: '380',
          number: 'F1',
          issueDate: '2026-03-12',
          partner: 'p',
          currency: 'EUR',
          lines: [{ id: '1', gtin: A, quantity: '48', unit: 'C62', net: '576.00' }],
        },
      ],
      movements: [{ entry: 7, gtin: A, direction: 'in', site: 'LYON', at: Date.UTC(2026, 2, 12), ordinals: [[0, 46]] }],
      prices: [],
    };
    const [document] = match(facts_, EXACT).documents;
    expect(document?.findings).toMatchObject([{ code: 'QUANTITY_SHORT', line: '1', amount: 2400, currency: 'EUR' }]);
  });

  it('addresses what it gives by ranges of ordinals, not by items', () => {
    const movements = [
      {
        entry: 3,
        gtin: A,
        direction: 'in' as const,
        site: 'LYON',
        at: Date.UTC(2026, 2, 12),
        ordinals: [
          [0, 5],
          [9, 100],
        ] as [number, number][],
      },
    ];
    const lines = [{ id: '1', gtin: A, quantity: '50', unit: 'C62', net: '1' }];
    const invoices: InvoiceFact[] = [
      { id: 'x', role: 'purchase', typeCode: '380', number: 'F', issueDate: '2026-03-12', partner: 'p', currency: 'EUR', lines },
    ];
    expect(match({ invoices, movements, prices: [] }, EXACT).allocations).toEqual([
      {
        document: 'x',
        line: '1',
        entry: 3,
        gtin: A,
        ordinals: [
          [0, 5],
          [9, 45],
        ],
        quantity: 50,
        evidence: 'window',
      },
    ]);
  });
});

describe('the status of a document', () => {
  const statusOf = (made: Scenario): unknown => {
    const result = runScenario(made);
    return result.documents[0]?.lines.map(({ status }) => status);
  };

  it('leaves an invoice of services and time alone', () => {
    expect(
      statusOf(
        scenario(goods('a', 3, 10), [invoice('F1', 12, [line('1', '3', { unit: 'HUR' }), line('2', '1', { classification: 'service' })])]),
      ),
    ).toEqual(['SERVICE', 'SERVICE']);
  });

  it('matches no goods for a payment in advance', () => {
    expect(statusOf(scenario(goods('a', 3, 10), [invoice('F1', 12, [line('1', '3')], { typeCode: '386' })]))).toEqual(['SERVICE']);
  });
});
