import { describe, expect, it } from 'vitest';
import { encodeElements } from './encode.ts';
import type { Element } from './identifiers.ts';
import { identityOf } from './identity.ts';

const GTIN = '09506000134352';
const LONG = ['sgtin-198', 'sgtin+', 'sgtin++', 'dsgtin+', 'dsgtin++'];

const tag = (scheme: string, serial: string): string => {
  const date: Element[] = scheme.startsWith('d') ? [['17', '261231']] : [];
  const more = scheme.endsWith('++') ? { hostname: 'id.example.com' } : {};
  return encodeElements({ scheme, filter: 1, prefixDigits: 7, elements: [['01', GTIN], ['21', serial], ...date], ...more });
};

describe('the identity of a tag', () => {
  it.each(['sgtin-96', ...LONG])('is the same item in %s', (scheme) => {
    expect(identityOf(tag(scheme, '274877906943'))).toEqual({ gtin: GTIN, serial: 274_877_906_943 });
    expect(identityOf(tag(scheme, '0'))).toEqual({ gtin: GTIN, serial: 0 });
  });

  it.each(LONG)('stays raw where an SGTIN-96 cannot hold the serial of %s', (scheme) => {
    for (const serial of ['042', '274877906944', '32a/b', '9'.repeat(20)])
      expect(identityOf(tag(scheme, serial))).toEqual({ raw: tag(scheme, serial) });
  });

  it.each(['sscc-96', 'sscc+', 'sscc++'])('is the same logistic unit in %s', (scheme) => {
    const hostname = scheme.endsWith('++') ? { hostname: 'id.example.com' } : {};
    const hex = encodeElements({ scheme, prefixDigits: 7, elements: [['00', '106141412345678908']], ...hostname });
    expect(identityOf(hex)).toEqual({ sscc: '106141412345678908' });
  });

  it('is the bits themselves for everything else, a broken tag included', () => {
    for (const hex of ['E2801160600002', 'F73795211411234638566CB0AFC4', '36', '355AB1C60003039000000190', 'FF', '00'.repeat(12)]) {
      expect(identityOf(hex)).toEqual({ raw: hex });
    }
    expect(identityOf('e2ff')).toEqual({ raw: 'E2FF' });
    expect(identityOf('nothing')).toEqual({ raw: 'NOTHING' });
  });

  it('is what stands there, and never what stands behind a PC word that a reader has already taken off', () => {
    const hex = `3600${tag('sgtin-96', '7')}`;
    expect(identityOf(hex)).toEqual({ raw: hex });
  });
});
