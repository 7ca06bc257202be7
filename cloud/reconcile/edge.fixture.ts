import { A, goods, invoice, line } from './cases.fixture.ts';
import type { ScenarioInvoice, ScenarioLine, WrittenDocument, WrittenScenario } from './scenario.ts';

/** An edge case: its number, what happens, and what each document and the rest come to, as `told` writes it. */
export interface EdgeCase {
  readonly number: number;
  readonly situation: string;
  readonly scenario: WrittenScenario;
  readonly told: readonly string[];
}

export const D1 = { despatchRef: 'D1' };
export const O1 = { orderRef: 'O1' };
export const bill = (qty: string, more: Partial<ScenarioInvoice> = {}, number = 'F1', day = 12): ScenarioInvoice =>
  invoice(number, day, [line('1', qty)], more);
export const PRICES = [{ supplier: 'S1', gtin: A, price: '10.00' }];
export const LOOSE = { priceTolerance: { abs: '5', pct: '0.5' }, invoiceCap: '50' };
export const lines = (...all: ScenarioLine[]): ScenarioLine[] => all;
export const hundred = goods('a', 99, 10, D1);
export const advice = (count: number, number = 'D1'): WrittenDocument => ({
  kind: 'despatchAdvice',
  number,
  seller: 'S1',
  lines: [{ gtin: A, serials: Array.from({ length: count }, (_, i) => `a${i + 1}`) }],
});
export const left = (serial: string, day: number, more: object = {}) =>
  goods(`${serial}o`, 1, day, { serial, direction: 'out', ...more }).map((one) => ({ ...one, id: `${serial}o` }));

export const edge = (number: number, situation: string, made: WrittenScenario, ...told: string[]): EdgeCase => ({
  number,
  situation,
  scenario: made,
  told,
});
