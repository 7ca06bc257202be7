import { describe, expect, it } from 'vitest';
import { checkDigit, checkDigitOf, gtin14, isSscc } from './gtin.ts';

describe('GS1 check digits', () => {
  it('are the same by number and by text', () => {
    for (const key of ['0340093000001', '9521141123453', '0000000000000', '9999999999999'])
      expect(checkDigit(Number(key))).toBe(checkDigitOf(key));
  });

  it('accept GTIN-8, -12, -13 and -14 and pad them to 14 digits', () => {
    expect(gtin14('4012345001235')).toBe('04012345001235');
    expect(gtin14('96385074')).toBe('00000096385074');
    expect(gtin14('036000291452')).toBe('00036000291452');
  });

  it.each(['4012345001234', '12345', '', '40123450012x5', '401234500123545'])('refuse %s as a GTIN', (text) => {
    expect(gtin14(text)).toBeUndefined();
  });

  it('tell a right SSCC from a wrong one', () => {
    expect(isSscc('106141412345678908')).toBe(true);
    expect(isSscc('106141412345678909')).toBe(false);
  });
});
