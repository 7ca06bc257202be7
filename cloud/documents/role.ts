import type { Sql } from '../ledger/sql.ts';
import { optionalText } from '../ledger/sql.ts';
import type { Document, Party } from './document.ts';
import { partnerKeyOf, partyIds, partyKeys } from './identity.ts';

/** The keys of the company itself, from its master data. */
export function companyKeys(sql: Sql): ReadonlySet<string> {
  const [row] = sql.exec('SELECT vat, siren, gln FROM company');
  if (row === undefined) return new Set();
  return new Set(
    ['vat', 'siren', 'gln'].flatMap((column) => {
      const id = optionalText(row, column);
      return id === undefined ? [] : [partnerKeyOf(id)];
    }),
  );
}

/** What a document is to us: a purchase when we are the buyer, a sale when we are the seller; who the other side is. */
export interface Sides {
  readonly role: 'purchase' | 'sale' | null;
  readonly partner: Party;
}

/** A party whose names and identifiers hold one of ours is us. A document between two of our own names counts as a purchase. */
export function sidesOf(document: Pick<Document, 'seller' | 'buyer'>, ours: ReadonlySet<string>): Sides {
  const isUs = (party: Party): boolean => partyKeys(party).some((key) => ours.has(key));
  if (isUs(document.buyer)) return { role: 'purchase', partner: document.seller };
  if (isUs(document.seller)) return { role: 'sale', partner: document.buyer };
  return { role: null, partner: document.seller };
}

/** How a partner is shown: the identifier its documents use, and its name. */
export function shownPartner(party: Party): { id: string; name: string } {
  const id = party.vat ?? party.legalId?.id ?? partyIds(party)[0]?.id ?? '';
  return { id, name: party.name ?? id };
}
