import { describe, expect, it } from 'vitest';
import type { Invoice } from './document.ts';
import { contentHash, documentId, documentKey, partnerKeyOf, partyKey, partySpellings } from './identity.ts';

const invoice: Invoice = {
  kind: 'invoice',
  v: 1,
  typeCode: '380',
  number: 'F1',
  issueDate: '2026-11-24',
  currency: 'EUR',
  seller: { name: 'Fournil', vat: 'FR83 404 833 048' },
  buyer: { name: 'Docket' },
  totals: { withVat: '1', payable: '1' },
  lines: [],
};

describe('a party', () => {
  it('is one under its SIREN, its SIRET and its French VAT number', () => {
    expect(partyKey({ legalId: { id: '404 833 048', scheme: '0002' } })).toBe('404833048');
    expect(partyKey({ vat: 'FR83 404 833 048' })).toBe('404833048');
    expect(partyKey({ ids: [{ id: '40483304800022', scheme: '0009' }] })).toBe('404833048');
    expect(partnerKeyOf('40483304800022')).toBe('404833048');
    expect(partnerKeyOf('FR83404833048')).toBe('404833048');
  });

  it('of another country goes by its VAT number, and one without identifiers by its name', () => {
    expect(partyKey({ name: 'Lieferant GmbH', vat: 'DE123456789' })).toBe('DE123456789');
    expect(partyKey({ name: 'Lieferant GmbH' })).toBe('name:LIEFERANTGMBH');
  });

  it('may be named by any of its spellings, the VAT number that follows from its SIREN among them', () => {
    expect(partySpellings({ legalId: { id: '404833048', scheme: '0002' } })).toContain('FR83404833048');
    expect(partySpellings({ vat: 'FR83404833048' })).toEqual(expect.arrayContaining(['404833048', 'FR83404833048']));
  });
});

describe('a document', () => {
  it('is the same under its issuer, number and year; credit notes share the invoices’ numbers', () => {
    const key = documentKey(invoice);
    expect(documentKey({ ...invoice, seller: { legalId: { id: '404833048' } }, issueDate: '2026-01-01' })).toBe(key);
    expect(documentKey({ ...invoice, kind: 'creditNote' })).toBe(key);
    expect(documentKey({ ...invoice, issueDate: '2027-01-01' })).not.toBe(key);
    expect(documentKey({ ...invoice, number: 'f1' })).not.toBe(key);
  });

  it('has an id that may stand in an address', () => {
    for (let i = 0; i < 200; i++) expect(documentId(`${i}`)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{15}$/);
  });

  it('has the same content whatever archive and type it came in, and another for any change', () => {
    const hash = contentHash(invoice);
    expect(contentHash({ ...invoice, original: 'x', contentType: 'text/xml' } as Invoice)).toBe(hash);
    expect(contentHash({ ...invoice, totals: { withVat: '1', payable: '1.00' } })).not.toBe(hash);
  });
});
