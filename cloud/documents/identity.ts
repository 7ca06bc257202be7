import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64url, toHex, utf8 } from '../../protocol/bytes.ts';
import { canonical } from '../../protocol/canonical.ts';
import { asJson, type Document, type DocumentBody, type Identifier, type Party } from './document.ts';

/** A SIREN and its SIRETs share a Luhn check, but La Poste and test data break it: nine digits under the right scheme are enough. */
const SIREN = /^\d{9}$/;

/** Two spellings of one identifier are one: blanks and dots go, letters are upper case. */
const plain = (text: string): string => text.replace(/[\s.]/g, '').toUpperCase();

/** The SIREN inside a French VAT number (FR, two check characters, SIREN), else the number itself. */
function vatKey(vat: string): string {
  return /^FR[0-9A-Z]{2}\d{9}$/.test(vat) ? vat.slice(4) : vat;
}

/** The key that an identifier written alone stands for: a SIREN for a SIREN, a SIRET or a French VAT number, else the identifier. */
export function partnerKeyOf(text: string): string {
  const id = plain(text);
  if (/^\d{14}$/.test(id)) return id.slice(0, 9);
  return vatKey(id);
}

/** BT-29 and BT-46 without a creditor's identifier (BT-90), which names a bank's customer. */
export function partyIds(party: Party): readonly Identifier[] {
  return (party.ids ?? []).filter(({ scheme }) => scheme !== 'SEPA');
}

/**
 * All keys a party may be known under, best evidence first: SIREN (BT-30), the one inside the VAT number (BT-31), SIRET or GLN
 * (BT-29), any other identifier, at last the name.
 */
export function partyKeys(party: Party): string[] {
  const keys: string[] = [];
  const legal = party.legalId;
  if (legal !== undefined && SIREN.test(plain(legal.id)) && (legal.scheme === undefined || legal.scheme === '0002'))
    keys.push(plain(legal.id));
  if (party.vat !== undefined) keys.push(vatKey(plain(party.vat)));
  for (const { id, scheme } of partyIds(party)) keys.push(scheme === '0009' ? plain(id).slice(0, 9) : plain(id));
  if (legal !== undefined) keys.push(plain(legal.id));
  if (party.name !== undefined) keys.push(`name:${plain(party.name)}`);
  return [...new Set(keys)];
}

/** The French VAT number of a SIREN: two check digits (12 + 3 * (SIREN mod 97)) mod 97. */
const frenchVat = (siren: string): string => `FR${String((12 + 3 * (Number(siren) % 97)) % 97).padStart(2, '0')}${siren}`;

/** All spellings under which master data may name a party: its keys, its identifiers as they stand, the VAT number of its SIREN. */
export function partySpellings(party: Party): string[] {
  const spelled = [party.vat, party.legalId?.id, ...partyIds(party).map(({ id }) => id)].flatMap((id) =>
    id === undefined ? [] : [plain(id)],
  );
  const keys = partyKeys(party);
  const vats = keys.filter((key) => SIREN.test(key)).map(frenchVat);
  return [...new Set([...keys, ...spelled, ...vats])];
}

/** The key of a party: the best of its keys. */
export function partyKey(party: Party): string {
  return partyKeys(party)[0] ?? '';
}

/**
 * What makes a document the same document: who numbers it, its number, and the year of its date. Invoices and despatch advices are
 * numbered by the seller (formats of the French reform: SIREN, BT-1, year of BT-2), orders by the buyer. An invoice and a credit
 * note of one seller share a number range, so they share the space of keys.
 */
export function documentKey(document: Document): string {
  const space = document.kind === 'creditNote' ? 'invoice' : document.kind;
  const issuer = document.kind === 'order' ? document.buyer : document.seller;
  return JSON.stringify([space, partyKey(issuer), document.number, document.issueDate.slice(0, 4)]);
}

/** A document's id in addresses: 16 characters of the hash of its key, the same whenever the log is replayed. */
export function documentId(key: string): string {
  return toBase64url(sha256(utf8(key)).subarray(0, 12)).replace(/^[-_]/, '0');
}

/** SHA-256 of the normal form in hexadecimal: the same invoice by e-mail and by platform is the same content whatever its layout. */
export function contentHash(document: Document): string {
  const {
    original: _,
    contentType: __,
    findings: ___,
    ...content
  } = document as Document & Partial<Pick<DocumentBody, 'original' | 'contentType' | 'findings'>>;
  return toHex(sha256(utf8(canonical(asJson(content as Document))))).toLowerCase();
}
