import { describe, expect, it } from 'vitest';
import { EXPLAINED, explain } from './explain.ts';

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
  door: 'Q1',
  at: Date.UTC(2026, 2, 10, 9, 1),
  currency: 'EUR',
  amount: '1024.00',
};

describe('an explanation', () => {
  it('says in French what was billed, what left, what is missing and what it is worth', () => {
    expect(plain(explain({ code: 'SHORT_SHIPPED', params }, 'fr'))).toBe(
      '1 248 facturés, 1 246 sortis par la porte Q1 à LYON dès le 10/03/2026 10:01 (expédition BL-7) ; 2 manquants : 03400930000014 ; valeur 1 024,00 EUR',
    );
  });

  it('says the same in English', () => {
    expect(plain(explain({ code: 'SHORT_SHIPPED', params }, 'en'))).toBe(
      '1,248 billed, 1,246 shipped through door Q1 at LYON from 10/03/2026, 10:01 on (despatch BL-7); 2 missing: 03400930000014; value 1,024.00 EUR',
    );
  });

  it('counts one in the singular', () => {
    const text = explain({ code: 'SHORT_RECEIVED', params: { ...params, direction: 'in', billed: 2, moved: 1, short: 1 } }, 'fr');
    expect(plain(text)).toContain('2 facturés, 1 reçu');
    expect(plain(text)).toContain('1 manquant :');
  });

  it('has words in both languages for every code', () => {
    for (const code of EXPLAINED)
      for (const language of ['fr', 'en'] as const) {
        const text = explain(
          { code, params: { ...params, billedPrice: '10.02', agreedPrice: '10.00', copies: 1, cap: '5.00', rejected: 1, by: 'F2' } },
          language,
        );
        expect(text.length).toBeGreaterThan(5);
        expect(text).not.toMatch(/undefined|NaN/);
      }
  });

  it('shows a code without words as it is', () => {
    expect(explain({ code: 'SOMETHING_NEW', params: {} }, 'fr')).toBe('SOMETHING_NEW');
  });
});
