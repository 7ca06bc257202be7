import { Fault } from '../../protocol/fault.ts';
import { decimal, toMinor } from '../../protocol/money.ts';
import type { Effects } from '../ledger/effects.ts';
import type { HubEntry, JsonObject } from '../ledger/entry.ts';
import type { Admission, Candidate, Projection } from '../ledger/projection.ts';
import { num, optionalText, type Sql, text } from '../ledger/sql.ts';
import type { DocumentBody, Party } from './document.ts';
import { announce, catchUp } from './expectation.ts';
import { contentHash, documentId, documentKey } from './identity.ts';
import { companyKeys, sidesOf } from './role.ts';
import { partnerColumns, writeDocument } from './rows.ts';
import { DOCUMENT_MIGRATIONS } from './tables.ts';

/** Documents whose role is looked up again when the company's master data changes: all of a tenant that was set up late. */
const MAX_CLEARED = 500;

/** Body of a `refusal` entry: a document that was turned away because its number is taken by another one. */
export interface DuplicateNote {
  readonly v: 1;
  readonly about: 'document';
  readonly code: 'DUPLICATE_NUMBER';
  /** The document that has the number. */
  readonly id: string;
  readonly number: string;
  /** SHA-256 of the refused normal form. */
  readonly content: string;
  /** What the refused one asks for, minor units. */
  readonly amount: number;
  readonly currency: string;
}

const bodyOf = (value: JsonObject): DocumentBody => value as unknown as DocumentBody;

/**
 * Whether a document may become an entry: the same content again is the one that is there, other content under its number is refused
 * and noted once, so that the first document shows it.
 */
function admit({ value }: Candidate, sql: Sql): Admission {
  const body = bodyOf(value);
  const id = documentId(documentKey(body));
  const [first] = sql.exec('SELECT entry, kind, number, content, original FROM documents WHERE id = ?', id);
  if (first === undefined) return undefined;
  const content = contentHash(body);
  // The same bytes are the same document, also when the reader has learnt to read more of them since.
  if (text(first, 'content') === content || text(first, 'original') === body.original) return { existing: id };
  const number = text(first, 'number');
  const refuse = new Fault(
    'DUPLICATE_NUMBER',
    `${text(first, 'kind')} ${number} of this issuer and year is there already with other content: ask the issuer which one holds`,
    { id, number },
  );
  const known = sql.exec('SELECT 1 FROM document_duplicates WHERE doc = ? AND content = ?', num(first, 'entry'), content);
  if (known.length > 0) return { refuse };
  const money = body.kind === 'invoice' || body.kind === 'creditNote' ? body : undefined;
  const note: DuplicateNote = {
    v: 1,
    about: 'document',
    code: 'DUPLICATE_NUMBER',
    id,
    number: body.number,
    content,
    amount: money === undefined ? 0 : Math.abs(toMinor(decimal(money.totals.payable), money.currency)),
    currency: money?.currency ?? '',
  };
  return { refuse, note: { type: 'refusal', body: { ...note } } };
}

function record(sql: Sql, entry: HubEntry, effects: Effects): void {
  const body = bodyOf(entry.value);
  writeDocument(sql, entry.index, entry.at, body, sidesOf(body, companyKeys(sql)));
  if (body.kind === 'order' || body.kind === 'despatchAdvice') announce(sql, entry.index, body.site, effects);
}

/** Documents that were neither purchase nor sale are looked at again: the company has said who it is. */
function clearRoles(sql: Sql, effects: Effects): void {
  const ours = companyKeys(sql);
  const unclear = sql.exec('SELECT entry, kind, site, parties FROM documents WHERE role IS NULL ORDER BY entry LIMIT ?', MAX_CLEARED);
  for (const row of unclear) {
    const parties = JSON.parse(text(row, 'parties')) as { seller: Party; buyer: Party };
    const sides = sidesOf(parties, ours);
    if (sides.role === null) continue;
    const { role, partner, partner_spellings, partner_id, partner_name } = partnerColumns(sides);
    sql.exec(
      'UPDATE documents SET role = ?, partner = ?, partner_spellings = ?, partner_id = ?, partner_name = ?, parties = NULL WHERE entry = ?',
      role ?? null,
      partner ?? null,
      partner_spellings ?? null,
      partner_id ?? null,
      partner_name ?? null,
      num(row, 'entry'),
    );
    if (text(row, 'kind') === 'order' || text(row, 'kind') === 'despatchAdvice')
      announce(sql, num(row, 'entry'), optionalText(row, 'site'), effects);
  }
}

function noteDuplicate(sql: Sql, entry: HubEntry): void {
  const note = entry.value as unknown as DuplicateNote;
  if (note.about !== 'document') return;
  const [first] = sql.exec('SELECT entry FROM documents WHERE id = ?', note.id);
  if (first === undefined) return;
  sql.exec(
    'INSERT INTO document_duplicates (doc, content, entry, amount, currency) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    num(first, 'entry'),
    note.content,
    entry.index,
    note.amount,
    note.currency,
  );
}

/** Documents, their lines, and what is due at the doors. Reads the master data and the device keys. */
export const documents: Projection = {
  name: 'documents',
  // 2: parties stand in canonical form.
  foldVersion: 2,
  migrations: DOCUMENT_MIGRATIONS,
  admits: ['document'],
  admit,
  apply(commit, sql, effects) {
    for (const entry of commit.entries) {
      if (entry.type === 'document') record(sql, entry, effects);
      else if (entry.type === 'refusal') noteDuplicate(sql, entry);
      else if (entry.type === 'company') clearRoles(sql, effects);
      else if (entry.type === 'device' && entry.value['action'] === 'register')
        catchUp(sql, { site: String(entry.value['site']), node: String(entry.value['node']) }, effects);
    }
  },
};
