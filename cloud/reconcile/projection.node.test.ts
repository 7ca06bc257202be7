import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Document, Invoice, Party } from '../documents/document.ts';
import type { Match } from './facts.ts';
import { History, MARCH, type Moved } from './history.fixture.node.ts';
import { match } from './match.ts';

const US: Party = { name: 'Docket SA', vat: 'FR40303265045' };
const PARTNERS: readonly Party[] = [
  { name: 'Fournil', vat: 'FR83404833048' },
  { name: 'Primeurs', legalId: { id: '404833055', scheme: '0002' } },
];
const GTINS = ['03400930000014', '03400930000021', '03400930000038'] as const;
const DAY = 86_400_000;
const at = (day: number): string => new Date(MARCH + day * DAY).toISOString().slice(0, 10);

/** An SSCC ends in a check digit; the projection does not look at it. */
const reference = fc.option(
  fc.oneof(
    fc.record({ kind: fc.constant('despatchAdvice' as const), number: fc.constantFrom('D1', 'D2'), how: fc.constant('chosen' as const) }),
    fc.record({ kind: fc.constant('order' as const), number: fc.constantFrom('O1', 'O2'), how: fc.constant('chosen' as const) }),
    fc.record({ kind: fc.constant('sscc' as const), number: fc.constantFrom('S1', 'S2'), how: fc.constant('sscc' as const) }),
  ),
);

const movement: fc.Arbitrary<Moved> = fc.record({
  at: fc.integer({ min: 0, max: 60 * 24 }).map((hour) => MARCH + hour * 3_600_000),
  site: fc.constantFrom('LYON', 'METZ'),
  direction: fc.constantFrom('in' as const, 'in' as const, 'out' as const),
  gtin: fc.constantFrom(...GTINS),
  ordinals: fc.constantFrom<Moved['ordinals'][]>(
    [[0, 4]],
    [
      [0, 2],
      [5, 3],
    ],
    [[3, 1]],
    [[0, 12]],
  ),
  document: reference,
});

const line = fc.record({
  gtin: fc.option(fc.constantFrom(...GTINS), { freq: 10 }),
  quantity: fc.constantFrom('1', '3', '4', '6', '12', '-2', '2.5'),
  unit: fc.constantFrom('C62', 'C62', 'C62', 'XCT', 'HUR'),
  price: fc.constantFrom('2.00', '2.01'),
});

const parties = fc.record({ partner: fc.constantFrom(...PARTNERS), sale: fc.boolean() });
const sides = ({ partner, sale }: { partner: Party; sale: boolean }) =>
  sale ? { seller: US, buyer: partner } : { seller: partner, buyer: US };
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const invoice: fc.Arbitrary<Document> = fc
  .record({
    parties,
    number: fc.constantFrom('F1', 'F2', 'F3', 'F4', 'F5'),
    typeCode: fc.constantFrom('380', '380', '380', '381', '384'),
    day: fc.integer({ min: 0, max: 60 }),
    despatchRef: optional(fc.constantFrom('D1', 'D2')),
    orderRef: optional(fc.constantFrom('O1', 'O2')),
    place: optional(fc.constantFrom('3012345600004', '3012345600011')),
    preceding: fc.constantFrom('F1', 'F2', 'F3'),
    lines: fc.array(line, { maxLength: 4 }),
  })
  .map(
    ({ parties: both, day, preceding, place, despatchRef, orderRef, lines, ...rest }): Invoice => ({
      kind: rest.typeCode === '381' ? 'creditNote' : 'invoice',
      v: 1,
      ...rest,
      issueDate: at(day),
      currency: 'EUR',
      ...(despatchRef === undefined ? {} : { despatchRef }),
      ...(orderRef === undefined ? {} : { orderRef }),
      ...(place === undefined ? {} : { delivery: { location: { id: place, scheme: '0088' } } }),
      ...(rest.typeCode === '384' ? { preceding: [{ number: preceding }] } : {}),
      ...sides(both),
      totals: { withVat: '1', payable: '1' },
      lines: lines.map(({ gtin, ...one }, i) => ({
        id: String(i + 1),
        net: (Number(one.quantity) * 2).toFixed(2),
        ...(gtin === null ? {} : { gtin }),
        ...one,
      })),
    }),
  );

const advice: fc.Arbitrary<Document> = fc
  .record({
    parties,
    number: fc.constantFrom('D1', 'D2'),
    orderRef: optional(fc.constantFrom('O1', 'O2')),
    ssccs: fc.subarray(['S1', 'S2']),
  })
  .map(({ parties: both, number, orderRef, ssccs }) => ({
    kind: 'despatchAdvice',
    v: 1,
    number,
    issueDate: at(1),
    ...sides(both),
    ...(orderRef === undefined ? {} : { orderRef }),
    ssccs,
    lines: [{ id: '1', gtin: GTINS[0], quantity: 4 }],
  }));

const order: fc.Arbitrary<Document> = fc
  .record({
    parties,
    number: fc.constantFrom('O1', 'O2'),
    price: fc.constantFrom('2.00', '1.99'),
    currency: fc.constantFrom(undefined, 'EUR', 'USD'),
  })
  .map(({ parties: both, number, price, currency }) => ({
    kind: 'order',
    v: 1,
    number,
    issueDate: at(0),
    ...sides(both),
    ...(currency === undefined ? {} : { currency }),
    lines: [{ id: '1', gtin: GTINS[0], quantity: 4, price }],
  }));

type Step = (history: History) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(movement, { minLength: 1, maxLength: 3 }).map((moved) => (history: History) => void history.move(...moved)),
  },
  { weight: 6, arbitrary: invoice.map((document) => (history: History) => void history.record(document)) },
  { weight: 2, arbitrary: fc.oneof(advice, order).map((document) => (history: History) => void history.record(document)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('404833048', 'FR83404833048', 'FR92404833055', '404833055'),
        fc.constantFrom(...GTINS),
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom('EUR', 'USD'),
      )
      .map(
        ([partner, gtin, day, currency]) =>
          (history: History) =>
            void history.append('price', { v: 1, partner, gtin, price: '2', currency }, MARCH + day * DAY),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...GTINS), fc.constantFrom(4, 6)).map(
      ([gtin, quantity]) =>
        (history: History) =>
          void history.append('item', { v: 1, gtin, name: gtin, packs: [{ unit: 'XCT', quantity }] }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('LYON', 'METZ').map(
      (site) => (history: History) =>
        void history.append('site', {
          v: 1,
          site,
          name: site,
          timeZone: 'Europe/Paris',
          gln: site === 'LYON' ? '3012345600004' : '3012345600011',
        }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant((history: History) => void history.append('company', { v: 1, name: 'Docket', vat: 'FR40303265045' })),
  },
);

const sorted = (result: Match): Match => ({
  documents: result.documents.map((document) => ({
    ...document,
    findings: [...document.findings].sort((a, b) => ((a.line ?? '') + a.code < (b.line ?? '') + b.code ? -1 : 1)),
  })),
  allocations: result.allocations,
});

/** Lines whose document was replaced hold nothing and have no rows; the full computation shows the same. */
function check(steps: readonly Step[], most: number): void {
  const history = new History(most);
  for (const one of steps) one(history);
  history.drain();
  expect(sorted(history.stored())).toEqual(sorted(match(history.facts(), history.policy)));
  const overdrawn = history.sql.exec('SELECT * FROM match_groups WHERE free < 0 OR weak < free');
  expect(overdrawn).toEqual([]);
}

/** Purchases and returns of one item that comes in: few references and few days, so that guesses meet claims all the time. */
const meeting = ((): fc.Arbitrary<Step> => {
  const rarely = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
  const came = fc
    .record({ day: fc.integer({ min: 0, max: 50 }), size: fc.integer({ min: 1, max: 5 }), document: rarely(reference) })
    .map(({ day, size, document }): Moved => {
      const where = { site: 'LYON', direction: 'in' as const, gtin: GTINS[0] };
      return { ...where, at: MARCH + day * DAY, ordinals: [[0, size]], document: document ?? null };
    });
  const asked = fc
    .record({
      number: fc.constantFrom('F1', 'F2', 'F3', 'F4', 'F5', 'F6'),
      day: fc.constantFrom(0, 10, 35, 50),
      back: fc.boolean(),
      corrects: rarely(fc.constantFrom('F1', 'F2')),
      despatchRef: rarely(fc.constantFrom('D1', 'D2')),
      orderRef: rarely(fc.constantFrom('O1', 'O2')),
      partner: fc.constantFrom(...PARTNERS),
      quantity: fc.integer({ min: 1, max: 6 }),
    })
    .map(
      ({ number, day, back, corrects, despatchRef, orderRef, partner, quantity }): Document => ({
        ...{ kind: 'invoice', v: 1, number, issueDate: at(day), currency: 'EUR', totals: { withVat: '1', payable: '1' } },
        ...sides({ partner, sale: back }),
        typeCode: corrects === undefined ? '380' : '384',
        ...(corrects === undefined ? {} : { preceding: [{ number: corrects }] }),
        ...(despatchRef === undefined ? {} : { despatchRef }),
        ...(orderRef === undefined ? {} : { orderRef }),
        lines: [{ id: '1', gtin: GTINS[0], quantity: `${back ? -quantity : quantity}`, unit: 'C62', price: '1', net: '1' }],
      }),
    );
  return fc.oneof(
    { weight: 4, arbitrary: came.map((moved) => (history: History) => void history.move(moved)) },
    { weight: 4, arbitrary: asked.map((document) => (history: History) => void history.record(document)) },
    { weight: 1, arbitrary: advice.map((document) => (history: History) => void history.record(document)) },
  );
})();

/** A loaded machine takes seconds for what an idle one does in one; nothing passes or fails by it. */
const TIMEOUT_MS = 120_000;
/** More histories when asked for, in a night's run. */
const runs = (usual: number): number => usual * Number(process.env['PROPERTY_RUNS_TIMES'] ?? '1');

const company: Step = (history) => void history.append('company', { v: 1, name: 'Docket', vat: 'FR40303265045' });

test(
  'after any history the stored match is the one that the full computation gives',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => check([company, ...steps], 500)),
      { numRuns: runs(100) },
    );
  },
  TIMEOUT_MS,
);

test(
  'a bound on the work of one commit changes when a match is complete, not what it is',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => check([company, ...steps], 2)),
      { numRuns: runs(50) },
    );
  },
  TIMEOUT_MS,
);

test(
  'returns that guess end where the full computation puts them, whatever came first',
  () => {
    fc.assert(
      fc.property(fc.array(meeting, { maxLength: 30 }), fc.constantFrom(2, 500), (steps, most) => check([company, ...steps], most)),
      { numRuns: runs(150) },
    );
  },
  TIMEOUT_MS,
);

test(
  'a company that says who it is after its documents came is matched all the same',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => check([...steps, company], 500)),
      { numRuns: runs(30) },
    );
  },
  TIMEOUT_MS,
);
