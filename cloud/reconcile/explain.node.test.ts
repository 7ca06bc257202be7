import { describe, expect, it } from 'vitest';
import { EXPLAINED, explain, tell } from './explain.ts';

const plain = (text: string): string => text.replace(/[\u00A0\u202F]/g, ' ');
const params = {
  item: '03400930000014',
  direction: 'out',
  billed: 1248,
  moved: 1246,
  short: 2,
  over: 0,
  despatch: 'BL-7',
  site: 'LYON',
  door: 'D1',
  at: Date.UTC(2026, 2, 10, 9, 1),
  currency: 'EUR',
  amount: '1024.00',
};
const setting = { item: 'Lampe Alto', site: 'Entrepôt de Lyon', timeZone: 'Europe/Paris' };

describe('an explanation', () => {
  it('says in both languages what was billed, what left, what is missing and what it is worth', () => {
    const { code, text } = tell({ code: 'SHORT_SHIPPED', params }, setting);
    expect(code).toBe('SHORT_SHIPPED');
    expect(plain(text.fr)).toBe(
      '1 248 facturés, 1 246 sortis au quai D1 (Entrepôt de Lyon) dès le 10/03/2026 10:01, avis d’expédition BL-7. Il manque 2 × Lampe Alto, soit 1 024,00 €.',
    );
    expect(plain(text.en)).toBe(
      '1,248 billed, 1,246 shipped at door D1 (Entrepôt de Lyon) from 10/03/2026, 10:01 on, despatch advice BL-7. Missing: 2 × Lampe Alto, worth €1,024.00.',
    );
  });

  it('shows codes where names are not known', () => {
    expect(plain(explain({ code: 'SHORT_SHIPPED', params }, 'fr'))).toContain('au quai D1 (LYON)');
    expect(plain(explain({ code: 'SHORT_SHIPPED', params }, 'fr'))).toContain('Il manque 2 × 03400930000014');
  });

  it('shows instants in the zone of the site', () => {
    expect(explain({ code: 'MATCHED', params }, 'en', { timeZone: 'Indian/Reunion' })).toContain('13:01');
  });

  it('shows every digit of a price and of an amount too large for a float', () => {
    const price = { ...params, billedPrice: '0.123456', agreedPrice: '12345678901234567.89' };
    const text = plain(explain({ code: 'PRICE_VARIANCE', params: price }, 'fr'));
    expect(text).toContain('Facturé 0,123456 €');
    expect(text).toContain('convenu 12 345 678 901 234 567,89 €');
  });

  it('counts one in the singular', () => {
    const text = explain({ code: 'SHORT_RECEIVED', params: { ...params, direction: 'in', billed: 1, moved: 1, short: 1 } }, 'fr');
    expect(plain(text)).toContain('1 facturé, 1 reçu au');
  });

  it('says of goods that go back that they were credited', () => {
    const given = { item: '03400930000014', direction: 'in', billed: 3, moved: 3, short: 0, over: 0, returns: 1, currency: 'EUR' };
    expect(explain({ code: 'MATCHED', params: given }, 'fr')).toBe('3 crédités, 3 reçus.');
    expect(explain({ code: 'MATCHED', params: given }, 'en')).toBe('3 credited, 3 received.');
  });

  it('says that a price agreed in another currency cannot be compared, and what to do', () => {
    const { text } = tell({ code: 'PRICE_CURRENCY', params: { ...params, agreedIn: 'USD', currency: 'EUR' } }, {});
    expect(text.fr).toMatch(/convenu en USD seulement, la facture est en EUR : acceptez/);
    expect(text.en).toMatch(/agreed in USD only, the invoice is in EUR: accept/);
  });

  it.each([
    ['C62', '2.5', '2,5 pièces ne fait', '2.5 pieces is not'],
    ['H87', '1.5', '1,5 pièce ne fait', '1.5 pieces is not'],
    ['KGM', '2.5', '2,5 KGM ne fait', '2.5 KGM is not'],
  ])('has a word for unit %s where people have one', (unit, quantity, fr, en) => {
    const { text } = tell({ code: 'QTY_FRACTIONAL', params: { unit, quantity } }, {});
    expect([text.fr.slice(0, fr.length), text.en.slice(0, en.length)]).toEqual([fr, en]);
  });

  it('has words in both languages for every code, whatever values are missing', () => {
    for (const code of EXPLAINED)
      for (const language of ['fr', 'en'] as const)
        for (const given of [params, {}]) {
          const text = explain({ code, params: given }, language);
          expect(text).toMatch(/^[\p{Lu}\d].*\.$/u);
          expect(text).not.toMatch(/undefined|NaN/);
        }
  });

  it('shows a code without words as it is', () => {
    expect(explain({ code: 'SOMETHING_NEW', params: {} }, 'fr')).toBe('SOMETHING_NEW');
  });
});
