import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { readDocument } from './intake.ts';

const SSCC = '034009300000000014';
const advice = {
  kind: 'despatchAdvice',
  number: 'BL-1',
  issueDate: '2026-11-24',
  seller: { id: 'FR83404833048', name: 'Fournil' },
  buyer: { id: '303265045' },
  orderRef: 'CF-1',
  site: 'LYON',
  ssccs: [SSCC, SSCC],
  lines: [{ id: '1', gtin: '3400930000014', quantity: 48 }],
};

function codeOf(value: unknown): [string, string] {
  try {
    readDocument(utf8(typeof value === 'string' ? value : JSON.stringify(value)));
  } catch (error) {
    if (error instanceof Fault) return [error.code, error.message];
    throw error;
  }
  return ['accepted', ''];
}

describe('a document in JSON', () => {
  it('comes to the same normal form as one in XML: parties under what their identifier is, GTINs of 14 digits, units once', () => {
    expect(readDocument(utf8(JSON.stringify(advice)))).toEqual({
      kind: 'despatchAdvice',
      v: 1,
      number: 'BL-1',
      issueDate: '2026-11-24',
      seller: { name: 'Fournil', vat: 'FR83404833048' },
      buyer: { legalId: { id: '303265045', scheme: '0002' } },
      site: 'LYON',
      orderRef: 'CF-1',
      ssccs: [SSCC],
      lines: [{ id: '1', gtin: '03400930000014', quantity: 48 }],
    });
  });

  it('may be an order with prices', () => {
    const { ssccs: _, orderRef: __, ...rest } = advice;
    const order = { ...rest, kind: 'order', currency: 'EUR', lines: [{ ...advice.lines[0], price: '12.50' }] };
    expect(readDocument(utf8(`  ${JSON.stringify(order)}`))).toMatchObject({ kind: 'order', currency: 'EUR', lines: [{ price: '12.50' }] });
  });

  it.each([
    ['number', { number: 'BL\ud800' }],
    ['number', { number: 'BL\u0000' }],
    ['seller.id', { seller: { id: '\ud800' } }],
    ['buyer.name', { buyer: { id: '303265045', name: 'a\nb' } }],
    ['lines.0.id', { lines: [{ ...advice.lines[0], id: '\udc00' }] }],
  ])('is refused for text in %s that no log can hold or no page can show', (field, what) => {
    expect(codeOf({ ...advice, ...what })).toEqual(['VALUE_INVALID', `${field}: use valid Unicode without control characters`]);
  });

  it('is refused with the path of what is wrong', () => {
    expect(codeOf({ ...advice, lines: [{ id: '1', gtin: '3400930000015', quantity: 48 }] })).toEqual([
      'VALUE_INVALID',
      expect.stringMatching(/^lines\.0\.gtin: /),
    ]);
    expect(codeOf({ ...advice, lines: [{ id: '1', gtin: '3400930000014', quantity: 1.5 }] })).toEqual([
      'VALUE_INVALID',
      expect.stringMatching(/^lines\.0\.quantity: /),
    ]);
    expect(codeOf({ ...advice, issueDate: '2026-02-30' })).toEqual(['VALUE_INVALID', expect.stringMatching(/^issueDate: /)]);
    expect(codeOf({ ...advice, ssccs: ['034009300000000015'] })).toEqual(['VALUE_INVALID', expect.stringMatching(/^ssccs\.0: /)]);
  });

  it('is refused when it is no JSON, or of another kind', () => {
    expect(codeOf('{"kind":')[0]).toBe('JSON_INVALID');
    expect(codeOf({ ...advice, kind: 'receipt' })[0]).toBe('UNKNOWN_DOCUMENT');
    expect(codeOf('[]')[0]).toBe('UNKNOWN_DOCUMENT');
  });

  it.each(['null', '5', '-1.5', ' true ', '"x"', '\ufeff"x'])('is refused as JSON when it is no object: %j', (text) => {
    expect(codeOf(text)[0]).toBe('JSON_INVALID');
  });
});
