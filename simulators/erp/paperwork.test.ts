import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gtin14 } from '../../protocol/gtin.ts';
import { Random } from '../random.ts';
import { makeCatalog } from '../warehouse/catalog.ts';
import { Planner } from '../warehouse/delivery.ts';
import { visible } from './expectation.ts';
import { makePaperwork, type Paperwork } from './paperwork.ts';

function papers(seed: number, count: number): Paperwork[] {
  const random = new Random(seed);
  const catalog = makeCatalog(random);
  const planner = new Planner(catalog, random, { direction: (number) => (number % 2 === 0 ? 'out' : 'in'), pallets: 2, hard: 0.05 });
  const options = { catalog, site: 'LYON', gln: '9521000000018', today: '2026-11-24', due: '2026-12-24' };
  return Array.from({ length: count }, () => makePaperwork(planner.next(), random, options));
}

const SEEDS = fc.integer({ min: 0, max: 2 ** 31 });

describe('the paperwork of a delivery', () => {
  it('is the same for the same seed', () => {
    expect(papers(9, 5)).toEqual(papers(9, 5));
  });

  it('expects of each line what the goods that can be seen say', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        for (const { expected, invoice, delivery } of papers(seed, 12)) {
          const seen = visible(delivery);
          for (const line of expected.lines) {
            const billed = invoice.lines.find((one) => one.id === line.id)?.quantity ?? 0;
            expect(line.matched + line.short).toBe(billed);
            expect(line.matched + line.over).toBe(seen.get(line.gtin) ?? 0);
            expect(Math.min(line.short, line.over)).toBe(0);
            expect(line.status === 'MATCHED').toBe(line.short === 0 && line.over === 0 && !line.status.startsWith('PRICE'));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is wrong on purpose in one line at most, and right when it means to be', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        for (const { expected, delivery } of papers(seed, 12)) {
          const wrong = expected.lines.filter((line) => line.status !== 'MATCHED');
          const paper = ['clean', 'resent', 'duplicate'].includes(delivery.intention);
          expect(wrong.length).toBe(paper ? 0 : 1);
          expect(expected.status).toBe(wrong[0]?.status ?? 'MATCHED');
        }
      }),
      { numRuns: 30 },
    );
  });

  it('never lets a surplus of one delivery fill the gap of another by date alone', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const over = new Set<string>();
        const short = new Set<string>();
        for (const { expected, delivery } of papers(seed, 24)) {
          for (const line of expected.lines) {
            if (line.over > 0) over.add(`${delivery.direction}/${line.gtin}`);
            if (line.short > 0) short.add(`${delivery.direction}/${line.gtin}`);
          }
        }
        expect([...over].filter((key) => short.has(key))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('names our own company on one side of every paper, and advises each pallet by its SSCC', () => {
    for (const { order, despatchAdvice, invoice, delivery } of papers(4, 8)) {
      const partner = delivery.partner.vat;
      const ours = delivery.direction === 'in' ? 'buyer' : 'seller';
      const theirs = ours === 'buyer' ? 'seller' : 'buyer';
      expect(invoice[theirs].vat).toBe(partner);
      for (const paper of [order, despatchAdvice]) {
        expect(paper[theirs].id).toBe(partner);
        expect(paper[ours].id).toBe(invoice[ours].vat);
        expect(paper.lines.every((line) => gtin14(line.gtin) === line.gtin && line.quantity > 0)).toBe(true);
      }
      expect(despatchAdvice.ssccs).toEqual(delivery.pallets.map((pallet) => pallet.sscc));
    }
  });

  it('sends a resent invoice twice as it is, and a duplicate with other content under the same number', () => {
    const all = papers(12, 40);
    const resent = all.find((one) => one.delivery.intention === 'resent');
    const duplicate = all.find((one) => one.delivery.intention === 'duplicate');
    expect(resent?.sendings.map((sending) => sending.answer)).toEqual([201, 200]);
    expect(new Set(resent?.sendings.map((sending) => sending.xml)).size).toBe(1);
    expect(duplicate?.sendings.map((sending) => sending.answer)).toEqual([201, 409]);
    expect(new Set(duplicate?.sendings.map((sending) => sending.xml)).size).toBe(2);
    expect(duplicate?.expected).toMatchObject({ status: 'MATCHED', duplicated: true, clean: false });
  });
});
