import { describe, expect, it } from 'vitest';
import { tellCount } from './words.ts';

const NONE = { unknown: 0, out: 0, elsewhere: 0, neverIn: 0 };

describe('the words of a count', () => {
  it('say how many are missing and what closes it, in both languages', () => {
    const { fr, en } = tellCount({ code: 'SHRINKAGE', quantity: 1, zone: 'Allée A', ...NONE });
    expect(fr).toMatch(/^1 article attendu n’a pas été lu en deux passages dans la zone Allée A : sorti du stock\./);
    expect(en).toMatch(/^1 expected item was not read in two passes of zone Allée A: booked out\./);
  });

  it('say of what kind a surplus is, and of how many once some are explained', () => {
    const kinds = { unknown: 3, out: 1, elsewhere: 2, neverIn: 4 };
    expect(tellCount({ code: 'SURPLUS', quantity: 10, zone: '*', ...kinds }).fr).toMatch(
      /^10 articles en trop pour le site entier \(3 sans entrée connue, 1 pourtant vus sortir, 2 attendus sur un autre site, 4 sortis sans jamais être entrés\)/,
    );
    expect(tellCount({ code: 'SURPLUS', quantity: 7, zone: 'B', ...kinds }).en).toMatch(
      /^7 items too many of 10 for zone B \(3 never seen/,
    );
  });
});
