import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, compare, decimal, decimalText, divideRounded, minorText, multiply, rescale, toMinor } from './money.ts';
import { wholeQuantity, wholeQuantityOf } from './quantity.ts';

const text = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 8 }))
  .map(([units, scale]) => decimalText({ units, scale }));

describe('decimals', () => {
  it('are read and written without loss', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(decimalText(decimal(value))).toBe(value);
      }),
    );
  });

  it('add and multiply exactly, where binary floats do not', () => {
    expect(decimalText(add(decimal('0.1'), decimal('0.2')))).toBe('0.3');
    expect(decimalText(multiply(decimal('1.005'), decimal('100')))).toBe('100.500');
    expect(compare(decimal('10.00'), decimal('10'))).toBe(0);
    expect(compare(decimal('-0.01'), decimal('0'))).toBe(-1);
  });

  it('round half away from zero, once', () => {
    expect(decimalText(rescale(decimal('2.345'), 2))).toBe('2.35');
    expect(decimalText(rescale(decimal('-2.345'), 2))).toBe('-2.35');
    expect(decimalText(rescale(decimal('2.3449999'), 2))).toBe('2.34');
    expect(divideRounded(-1n, 2n)).toBe(-1n);
  });

  it.each(['1e3', '1,5', '', ' 1', '1 ', '.5', 'NaN', '--1', '0x10', `1${'0'.repeat(40)}`])('refuse "%s"', (value) => {
    expect(() => decimal(value)).toThrowError(expect.objectContaining({ code: 'DECIMAL_INVALID' }));
  });
});

describe('money', () => {
  it('is minor units of its currency', () => {
    expect(toMinor(decimal('12.345'), 'EUR')).toBe(1235);
    expect(toMinor(decimal('12.5'), 'JPY')).toBe(13);
    expect(toMinor(decimal('1.2345'), 'TND')).toBe(1235);
    expect(minorText(-1250, 'EUR')).toBe('-12.50');
    expect(minorText(5, 'EUR')).toBe('0.05');
    expect(minorText(7, 'JPY')).toBe('7');
  });

  it('refuses what a safe integer cannot hold', () => {
    expect(() => toMinor(decimal('99999999999999999'), 'EUR')).toThrowError(expect.objectContaining({ code: 'AMOUNT_RANGE' }));
  });
});

describe('quantities', () => {
  it('are whole stocking units or nothing', () => {
    expect(wholeQuantityOf('20.0000')).toBe(20);
    expect(wholeQuantityOf('5', 12)).toBe(60);
    expect(wholeQuantityOf('0.5', 12)).toBe(6);
    expect(wholeQuantityOf('2.5')).toBeUndefined();
    expect(wholeQuantity(decimal('-2'))).toBe(-2);
  });
});
