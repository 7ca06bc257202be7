import { describe, expect, it } from 'vitest';
import type { Document, Invoice } from '../documents/document.ts';
import { NodeSql } from '../ledger/sql.node.ts';
import type { Row, Value } from '../ledger/sql.ts';
import { text } from '../ledger/sql.ts';
import { History, MARCH, type Moved } from './history.fixture.node.ts';

const US = { name: 'Docket', vat: 'FR40303265045' };
const MILL = { name: 'Fournil', vat: 'FR83404833048' };
const A = '03400930000014';
const HOUR = 3_600_000;

function invoice(number: string, quantity: number, more: Partial<Invoice> = {}): Document {
  return {
    kind: 'invoice',
    v: 1,
    typeCode: '380',
    number,
    issueDate: '2026-03-02',
    currency: 'EUR',
    seller: MILL,
    buyer: US,
    totals: { withVat: '1', payable: '1' },
    lines: [{ id: '1', gtin: A, quantity: String(quantity), unit: 'C62', net: String(quantity * 2), price: '2.00' }],
    ...more,
  };
}

const came = (hours: number, quantity: number, more: Partial<Moved> = {}): Moved => ({
  at: MARCH + hours * HOUR,
  site: 'LYON',
  direction: 'in',
  gtin: A,
  ordinals: [[0, quantity]],
  document: null,
  ...more,
});

const by = (number: string): Partial<Moved> => ({ document: { kind: 'despatchAdvice', number, how: 'chosen' } });

function opened(sql?: NodeSql): History {
  const history = sql === undefined ? new History() : new History(500, sql);
  history.append('company', { v: 1, name: 'Docket', vat: US.vat });
  history.append('site', { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' });
  return history;
}

const statuses = (history: History): Record<string, string> =>
  Object.fromEntries(
    history.sql.exec('SELECT number, status FROM match_documents ORDER BY number').map((row) => [text(row, 'number'), text(row, 'status')]),
  );

describe('a match that is kept up', () => {
  it('gives up a guess when a reference claims the goods, and finds others when they come', () => {
    const history = opened();
    history.move(came(1, 10, by('D1')));
    history.record(invoice('F1', 10));
    expect(statuses(history)).toEqual({ F1: 'MATCHED' });
    const effects = history.record(invoice('F2', 10, { despatchRef: 'D1', issueDate: '2026-03-03' }));
    expect(statuses(history)).toEqual({ F1: 'NOT_RECEIVED', F2: 'MATCHED' });
    expect(effects.result(4).documents).toMatchObject([
      { number: 'F1', was: 'MATCHED', status: 'NOT_RECEIVED' },
      { number: 'F2', status: 'MATCHED' },
    ]);
    history.move(came(30, 10));
    expect(statuses(history)).toEqual({ F1: 'MATCHED', F2: 'MATCHED' });
  });

  it('understands goods that came before the despatch advice which explains them', () => {
    const history = opened();
    history.record(invoice('F1', 4, { orderRef: 'O1' }));
    history.record(invoice('F0', 4, { issueDate: '2026-03-01' }));
    history.move(came(1, 4, { document: { kind: 'sscc', number: 'S1', how: 'sscc' } }));
    expect(statuses(history)).toEqual({ F0: 'MATCHED', F1: 'NOT_RECEIVED' });
    history.record({
      kind: 'despatchAdvice',
      v: 1,
      number: 'D1',
      issueDate: '2026-03-01',
      seller: MILL,
      buyer: US,
      orderRef: 'O1',
      ssccs: ['S1'],
      lines: [],
    });
    expect(statuses(history)).toEqual({ F0: 'NOT_RECEIVED', F1: 'MATCHED' });
  });

  it('takes a late record of an earlier delivery first, as if it had come in time', () => {
    const history = opened();
    history.record(invoice('F1', 4));
    history.move(came(20, 4));
    history.move(came(5, 4));
    expect(history.stored().allocations).toMatchObject([{ entry: 4, quantity: 4 }]);
    expect(history.sql.exec('SELECT entry, free FROM match_groups ORDER BY entry')).toEqual([
      { entry: 3, free: 4 },
      { entry: 4, free: 0 },
    ]);
  });

  it('judges a price again when the order that agrees it comes late', () => {
    const history = opened();
    history.move(came(1, 4, by('D1')));
    history.record(invoice('F1', 4, { despatchRef: 'D1', orderRef: 'O1' }));
    expect(statuses(history)).toEqual({ F1: 'MATCHED' });
    history.record({
      kind: 'order',
      v: 1,
      number: 'O1',
      issueDate: '2026-03-01',
      seller: MILL,
      buyer: US,
      lines: [{ id: '1', gtin: A, quantity: 4, price: '1.90' }],
    });
    expect(statuses(history)).toEqual({ F1: 'PRICE_VARIANCE' });
    expect(history.stored().documents[0]?.findings).toMatchObject([{ code: 'PRICE_VARIANCE', amount: 40, currency: 'EUR' }]);
  });

  it('writes nothing when nothing changed', () => {
    const history = opened();
    history.record(invoice('F1', 4, { despatchRef: 'D1' }));
    history.move(came(1, 4, by('D1')));
    const effects = history.append('item', { v: 1, gtin: A, name: 'Farine' });
    expect(effects.result(4)).toEqual({});
  });
});

describe('a return that guesses', () => {
  const credit = (number: string, quantity: number): Document =>
    ({ ...invoice(number, quantity, { seller: US, buyer: MILL, typeCode: '381' }), kind: 'creditNote' }) as Document;

  it('gives the goods up when a purchase bills them, and has them again when that is replaced', () => {
    const history = opened();
    history.move(came(1, 10));
    history.record(credit('N1', 3));
    expect(statuses(history)).toEqual({ N1: 'MATCHED' });
    history.record(invoice('F1', 10, { issueDate: '2026-03-20' }));
    expect(statuses(history)).toEqual({ F1: 'MATCHED', N1: 'RETURN_OPEN' });
    history.record(invoice('F2', 10, { typeCode: '384', preceding: [{ number: 'F1' }], lines: [] }));
    expect(statuses(history)).toEqual({ F1: 'SUPERSEDED', F2: 'NO_LINES', N1: 'MATCHED' });
  });

  it('leaves goods alone that a purchase might claim, even when that has enough', () => {
    const history = opened();
    history.move(came(1, 3), came(2, 2, by('D1')));
    history.record(credit('N1', 3));
    expect(statuses(history)).toEqual({ N1: 'MATCHED' });
    history.record(invoice('F1', 2, { despatchRef: 'D1' }));
    expect(statuses(history)).toEqual({ F1: 'MATCHED', N1: 'RETURN_OPEN' });
  });
});

describe('what stands beside an entry', () => {
  it('does not hang on how records were put together into commits', () => {
    const moves = [came(1, 3, by('D1')), came(2, 5, by('D2')), came(3, 4), came(4, 2, by('D1'))];
    const prepare = (): History => {
      const history = opened();
      history.record(invoice('F1', 5, { despatchRef: 'D1' }));
      history.record(invoice('F2', 9, { issueDate: '2026-03-01' }));
      return history;
    };
    const together = prepare();
    const all = together.move(...moves);
    const apart = prepare();
    const each = moves.map((move) => apart.move(move));
    for (const [i, effects] of each.entries()) expect(all.result(4 + i)).toEqual(effects.result(4 + i));
    expect(together.stored()).toEqual(apart.stored());
  });
});

/** Counts statements and the rows that they return. */
class Counting extends NodeSql {
  statements = 0;
  rows = 0;
  override exec(statement: string, ...params: Value[]): Row[] {
    const rows = super.exec(statement, ...params);
    this.statements++;
    this.rows += rows.length;
    return rows;
  }
}

describe('a movement that no document asks for', () => {
  it('costs the same few statements, and one row, however many documents are open', () => {
    const cost = (documents: number): [number, number] => {
      const sql = new Counting();
      const history = opened(sql);
      for (let i = 0; i < documents; i++) history.record(invoice(`F${i}`, 10, { despatchRef: `D${i}` }));
      sql.statements = 0;
      sql.rows = 0;
      history.move(
        came(1, 10, { gtin: '03400930000038' }),
        came(2, 10, {
          gtin: '03400930000021',
          ordinals: [
            [0, 5],
            [9, 2],
          ],
        }),
      );
      return [sql.statements, sql.rows];
    };
    expect(cost(40)).toEqual(cost(0));
    expect(cost(40)[0]).toBeLessThanOrEqual(6);
  });
});
