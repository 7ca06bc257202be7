import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { A, B, goods, invoice, KIT, line, scenario } from './cases.fixture.ts';
import type { ScenarioMovement, WrittenDocument, WrittenScenario } from './scenario.ts';
import { shuffled } from './shuffled.fixture.ts';
import { runFile, runScenario } from './worked.ts';

const rarely = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const present = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;

const CASE = '13400930000011';
const SERIALS = ['s1', 's2', 's3', 's4', 's5', 's6'];
/** Few serials and few instants, so that they come, go, come again and are read twice. */
const moved = fc.record({
  minute: fc.integer({ min: 0, max: 400 }),
  day: fc.integer({ min: 1, max: 20 }),
  direction: fc.constantFrom('in' as const, 'in' as const, 'out' as const),
  site: fc.constantFrom('LYON', 'LYON', 'METZ'),
  gtin: fc.constantFrom(A, A, B, CASE),
  serial: fc.constantFrom(...SERIALS),
  state: fc.constantFrom('confirmed' as const, 'confirmed' as const, 'confirmed' as const, 'doubtful' as const, 'void' as const),
  despatchRef: rarely(fc.constantFrom('D1', 'D2')),
  orderRef: rarely(fc.constantFrom('O1')),
  inspection: rarely(fc.constantFrom('accepted' as const, 'rejected' as const)),
});

const billed = fc.record({
  number: fc.constantFrom('F1', 'F2', 'F3', 'F4'),
  day: fc.integer({ min: 1, max: 28 }),
  typeCode: fc.constantFrom('380', '380', '381', '384', '386'),
  sale: fc.boolean(),
  seller: fc.constantFrom('S1', 'S2'),
  despatchRef: rarely(fc.constantFrom('D1', 'D2')),
  orderRef: rarely(fc.constantFrom('O1')),
  deliverySite: rarely(fc.constant('LYON')),
  preceding: fc.subarray(['F1', 'F2', 'F3']),
  lines: fc.array(
    fc.record({
      qty: fc.integer({ min: -3, max: 6 }),
      gtin: fc.constantFrom(A, A, B, KIT, CASE),
      unit: fc.constantFrom('C62', 'C62', 'XCT'),
      freeQty: rarely(fc.constant('1')),
    }),
    { maxLength: 3 },
  ),
});

const advised = fc
  .record({ number: fc.constantFrom('D1', 'D2'), seller: fc.constantFrom('S1', 'S2', 'US'), serials: fc.subarray(SERIALS) })
  .map(({ serials, ...one }): WrittenDocument => ({ kind: 'despatchAdvice', ...one, lines: [{ gtin: A, serials }] }));
const paid = fc
  .record({
    number: fc.constantFrom('F1', 'F2', 'F3', 'F4'),
    day: fc.integer({ min: 1, max: 28 }),
    seller: fc.constantFrom('S1', 'S2', 'US'),
  })
  .map(({ number, day, seller }): WrittenDocument => ({ kind: 'payment', invoice: number, seller, issueDate: dayOf(day) }));

const dayOf = (day: number): string => `2026-03-${String(day).padStart(2, '0')}`;

/** Payments of invoices that are there by then; others are refused, and that is tested elsewhere. */
function payable(
  documents: readonly WrittenDocument[],
  { invoice: number, seller, issueDate = '' }: { invoice?: string; seller?: string; issueDate?: string },
) {
  const there = documents.filter(
    (one) => one.kind === 'invoice' && one.number === number && one.seller === seller && one.issueDate <= issueDate,
  );
  const newest = there.map((one) => (one.kind === 'invoice' ? one.issueDate : '')).sort();
  return there.length > 0 && newest.at(-1) !== newest.at(-2);
}

const scenarios: fc.Arbitrary<WrittenScenario> = fc
  .record({
    movements: fc.array(moved, { maxLength: 16 }),
    invoices: fc.array(billed, { maxLength: 6 }),
    advices: fc.array(advised, { maxLength: 2 }),
    payments: fc.array(paid, { maxLength: 2 }),
    readRate: fc.constantFrom('1', '0.7'),
    consignment: fc.boolean(),
  })
  .map(({ movements, invoices, advices, payments, readRate, consignment }) => {
    const papers = invoices.map(({ day, lines, sale, seller, preceding, ...one }): WrittenDocument => {
      const parties = sale ? { role: 'sale' as const, seller: 'US', buyer: 'C1' } : { seller, buyer: 'US' };
      const all = lines.map(({ qty, ...rest }, i) => present(line(`${i + 1}`, `${qty}`, rest)));
      return { ...invoice(one.number, day, all), ...present({ ...one, ...parties, precedingInvoices: preceding }) };
    });
    const wellPaid = payments.filter((one) => one.kind === 'payment' && payable(papers, one as { invoice?: string }));
    return scenario(
      movements.map(({ minute, day, ...one }, i): ScenarioMovement => {
        const at = new Date(Date.UTC(2026, 2, day, 6, minute)).toISOString();
        return present({ id: `m${i}`, at, ...one }) as ScenarioMovement;
      }),
      [...papers, ...advices, ...wellPaid],
      {
        now: '2026-03-19T12:00:00Z',
        items: [
          { gtin: A, unit: 'C62', packs: [{ unit: 'XCT', quantity: '2' }], contains: [{ gtin: CASE, quantity: '3' }] },
          {
            gtin: KIT,
            unit: 'C62',
            kit: [
              { gtin: A, quantity: '1' },
              { gtin: B, quantity: '2' },
            ],
          },
        ],
        prices: [{ supplier: 'S1', gtin: A, price: '10.00' }],
        policy: { readRate },
        policies: [{ supplier: 'S2', consignment }],
      },
    );
  });

describe('a scenario', () => {
  it('comes to the same in any order in which its facts arrive', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(scenarios, fc.integer(), (given, seed) => {
        expect(runScenario(shuffled(given, seed))).toEqual(runScenario(given));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never matches more than a line bills, and nothing that nobody billed is more than what moved', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(scenarios, (given) => {
        const { documents, uninvoiced } = runScenario(given);
        const ids = new Set((given.movements ?? []).map(({ id }) => id));
        for (const id of uninvoiced) expect(ids).toContain(id);
        expect(new Set(uninvoiced).size).toBe(uninvoiced.length);
        for (const { gate, lines, findings } of documents)
          for (const { status, matched, short, over } of lines) {
            if (status === 'MATCHED') expect(short).toBe('0');
            if (status.startsWith('NOT_')) expect(matched).toBe('0');
            if (status.startsWith('SHORT_') || status.startsWith('NOT_')) expect(findings).toContain('QUANTITY_SHORT');
            if (gate === 'PAY') expect(['MATCHED', 'MATCHED_TOLERANCE', 'OVER_RECEIVED', 'CHARGE', 'SERVICE']).toContain(status);
            for (const one of [matched, short, over]) expect(one).toMatch(/^-?\d+$/);
          }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a file of cases', () => {
  const good = scenario(goods('a', 1, 10), [invoice('F1', 12, [line('1', '1')])]);

  it('works out a single scenario', () => expect(runFile({ scenario: good })).toEqual(runScenario(good)));

  it('says in its place which case is refused, and works out the others', () => {
    expect(
      runFile({
        cases: [
          { id: 'x', scenario: { movements: 1 } },
          { id: 'y', scenario: good },
        ],
      }),
    ).toEqual({
      cases: [
        { id: 'x', error: { code: 'SCENARIO_INVALID', message: expect.stringContaining('movements') } },
        { id: 'y', ...runScenario(good) },
      ],
    });
  });

  it.each([[null], [[]], ['text'], [{}]])('refuses %j, which is neither', (file) => {
    expect(() => runFile(file)).toThrow(expect.objectContaining({ code: 'SCENARIO_INVALID' }));
  });
});

describe('what a serial did', () => {
  const D1 = { despatchRef: 'D1' };
  const ten = [invoice('F1', 12, [line('1', '10')], D1)];
  const statusOf = (made: WrittenScenario) =>
    runScenario(made).documents.map(({ number, lines }) => `${number} ${lines.map(({ status }) => status).join(' ')}`);
  const advice = (serials: string[], more: object = {}): WrittenDocument => ({
    kind: 'despatchAdvice',
    number: 'D1',
    seller: 'S1',
    lines: [{ gtin: A, serials }],
    ...more,
  });

  it('keeps the reference of what backed out of the door and came in again', () => {
    const dance = [
      ...goods('x', 1, 10, { serial: 'a1', direction: 'out', at: '2026-03-10T09:01:00Z' }),
      ...goods('y', 1, 10, { serial: 'a1', at: '2026-03-10T09:03:00Z' }),
    ];
    const papers = [invoice('F0', 11, [line('1', '1')]), invoice('F1', 12, [line('1', '1')], D1)];
    expect(statusOf(scenario([...goods('a', 1, 10, D1), ...dance], papers))).toEqual(['F0 NOT_RECEIVED', 'F1 MATCHED']);
  });

  it('counts an item once that is read twice', () => {
    const again = goods('x', 1, 11, { serial: 'a1', ...D1 });
    expect(runScenario(scenario([...goods('a', 9, 10, D1), ...again], ten))).toMatchObject({
      documents: [{ gate: 'PAY_PARTIAL', lines: [{ status: 'SHORT_RECEIVED', matched: '9' }] }],
      uninvoiced: [],
    });
  });

  it('takes what a later inspection says of an item that is read again', () => {
    const inspected = goods('x', 1, 11, { serial: 'a1', inspection: 'rejected' });
    expect(runScenario(scenario([...goods('a', 10, 10, D1), ...inspected], ten)).documents[0]?.findings).toEqual([
      'QUALITY_REJECTED',
      'QUANTITY_SHORT',
    ]);
  });

  it('does not infer a receipt of what no despatch advice lists', () => {
    const left = goods('z', 1, 17, { direction: 'out' });
    expect(statusOf(scenario([...goods('a', 9, 10, D1), ...left], ten))).toEqual(['F1 SHORT_RECEIVED']);
  });

  it('infers the receipt of what a door was not sure of, once it leaves', () => {
    const doubt = goods('d', 1, 10, { ...D1, state: 'doubtful' });
    const left = goods('z', 1, 17, { serial: 'd1', direction: 'out' });
    expect(runScenario(scenario([...goods('a', 9, 10, D1), ...doubt, ...left], ten))).toMatchObject({
      documents: [{ gate: 'PAY', lines: [{ status: 'MATCHED' }], findings: ['INFERRED_RECEIPT'] }],
      uninvoiced: ['z1'],
    });
  });

  it('knows an item by the despatch advice that lists it', () => {
    const other = invoice('F2', 11, [line('1', '10')]);
    const listed = advice(goods('a', 10, 10).map(({ serial }) => serial));
    expect(statusOf(scenario(goods('a', 10, 10), [...ten, other, listed]))).toEqual(['F1 MATCHED', 'F2 NOT_RECEIVED']);
  });

  it('does not take our own despatch advice for a delivery', () => {
    const sale = invoice('V1', 12, [line('1', '2')], { role: 'sale', seller: 'US', buyer: 'C1', ...D1 });
    const made = scenario(goods('a', 2, 10, { direction: 'out' }), [sale, advice(['a1', 'a2'], { seller: 'US', buyer: 'C1' })]);
    expect(runScenario(made)).toMatchObject({ documents: [{ lines: [{ status: 'MATCHED' }], findings: [] }], uninvoiced: [] });
  });

  it('gives a customer’s return to his credit note, though a purchase might claim it', () => {
    const sale = { role: 'sale', seller: 'US', buyer: 'C1' } as const;
    const came = goods('a', 5, 1);
    const left = came.map((one) => ({ ...one, id: `${one.id}o`, direction: 'out' as const, at: one.at.replace('-01T', '-05T') }));
    const back = left
      .slice(0, 2)
      .map((one) => ({ ...one, id: `${one.id}i`, direction: 'in' as const, at: one.at.replace('-05T', '-08T') }));
    const papers = [
      invoice('P1', 2, [line('1', '5')]),
      invoice('V1', 6, [line('1', '5')], sale),
      invoice('V2', 9, [line('1', '2')], { ...sale, typeCode: '381', precedingInvoices: ['V1'] }),
    ];
    expect(statusOf(scenario([...came, ...left, ...back], papers))).toEqual(['P1 MATCHED', 'V1 MATCHED', 'V2 MATCHED']);
  });

  it('does not give goods of one supplier to another’s credit note', () => {
    const came = goods('a', 2, 1);
    const left = came.map((one) => ({ ...one, id: `${one.id}o`, direction: 'out' as const, at: one.at.replace('-01T', '-05T') }));
    const papers = [invoice('P1', 2, [line('1', '2')]), invoice('N2', 6, [line('1', '2')], { seller: 'S2', typeCode: '381' })];
    expect(statusOf(scenario([...came, ...left], papers))).toEqual(['N2 RETURN_OPEN', 'P1 MATCHED']);
  });
});

describe('the policy of a line', () => {
  const D1 = { despatchRef: 'D1' };
  const short = (policies: WrittenScenario['policies']) => {
    const made = scenario(goods('a', 9, 10, D1), [invoice('F1', 12, [line('1', '10')], D1)], {
      ...(policies === undefined ? {} : { policies }),
      policy: { invoiceCap: '50' },
    });
    return runScenario(made).documents[0]?.lines[0]?.status;
  };
  const tolerates = (abs: string) => ({ quantityTolerance: { abs, pct: '10' } });

  it('is that of the item of the supplier, then of the item, then of the supplier', () => {
    expect(short([{ supplier: 'S1', ...tolerates('1') }])).toBe('MATCHED_TOLERANCE');
    expect(
      short([
        { supplier: 'S1', ...tolerates('1') },
        { gtin: A, ...tolerates('0') },
      ]),
    ).toBe('SHORT_RECEIVED');
    expect(
      short([
        { gtin: A, ...tolerates('0') },
        { supplier: 'S1', gtin: A, ...tolerates('1') },
      ]),
    ).toBe('MATCHED_TOLERANCE');
  });

  it('leaves to the others what it does not set', () => {
    expect(
      short([
        { supplier: 'S1', ...tolerates('1') },
        { gtin: A, readRate: '0.5' },
      ]),
    ).toBe('MATCHED_TOLERANCE');
  });
});

describe('a confirmation', () => {
  const D1 = { despatchRef: 'D1' };
  const papers = [invoice('F1', 12, [line('1', '10')]), invoice('F2', 13, [line('1', '10')], D1)];
  const gates = (more: WrittenDocument[]) =>
    runScenario(scenario(goods('a', 10, 10, D1), [...papers, ...more])).documents.map(({ gate }) => gate);

  it('keeps goods that a later reference would take', () => {
    expect(gates([])).toEqual(['HOLD', 'PAY']);
    const movements = goods('a', 10, 10).map(({ id }) => id);
    expect(gates([{ kind: 'confirmation', invoice: 'F1', lines: [{ id: '1', movements }] }])).toEqual(['PAY', 'HOLD']);
  });

  it('of one payment may settle several invoices', () => {
    expect(gates([{ kind: 'payment', invoices: ['F1', 'F2'], issueDate: '2026-03-13' }])).toEqual(['HOLD', 'PAY']);
  });

  it('without movements keeps what was matched on its day', () => {
    expect(gates([{ kind: 'payment', invoice: 'F1', issueDate: '2026-03-12' }])).toEqual(['PAY', 'HOLD']);
    expect(gates([{ kind: 'payment', invoice: 'F1', issueDate: '2026-03-13' }])).toEqual(['HOLD', 'PAY']);
  });
});
