import type { DocumentRef } from '../../protocol/record.ts';
import { num, optionalText, type Row, type Sql, text } from '../ledger/sql.ts';

/** What a movement's reference comes to, by the documents known so far. */
export interface Reference {
  readonly despatch: string | null;
  readonly order: string | null;
  /** Key of the other party. */
  readonly partner: string | null;
}

const NONE: Reference = { despatch: null, order: null, partner: null };

/** Of several documents with one number the first one counts, so that a later one never moves goods. */
function byNumber(sql: Sql, kind: string, number: string): Row | undefined {
  return sql.exec('SELECT number, order_ref, partner FROM documents WHERE number = ? AND kind = ? ORDER BY entry LIMIT 1', number, kind)[0];
}

function despatchOf(row: Row): Reference {
  return { despatch: text(row, 'number'), order: optionalText(row, 'order_ref') ?? null, partner: optionalText(row, 'partner') ?? null };
}

/**
 * Resolves a movement's reference: a despatch advice names its order, a logistic unit the despatch advice that lists it. An unknown number
 * stands for itself, so that an invoice can name it before the despatch advice is here.
 */
export function resolveReference(sql: Sql, reference: Pick<DocumentRef, 'kind' | 'number'> | null): Reference {
  if (reference === null) return NONE;
  const { kind, number } = reference;
  if (kind === 'order') {
    const row = byNumber(sql, 'order', number);
    return { despatch: null, order: number, partner: row === undefined ? null : (optionalText(row, 'partner') ?? null) };
  }
  if (kind === 'despatchAdvice') {
    const row = byNumber(sql, 'despatchAdvice', number);
    return row === undefined ? { ...NONE, despatch: number } : despatchOf(row);
  }
  const [row] = sql.exec(
    'SELECT d.number, d.order_ref, d.partner FROM document_ssccs s JOIN documents d ON d.entry = s.doc WHERE s.sscc = ?',
    number,
  );
  return row === undefined ? NONE : despatchOf(row);
}

/** The references that a document gives a meaning to: its own number, and its logistic units. */
export function explainedBy(sql: Sql, doc: number): Pick<DocumentRef, 'kind' | 'number'>[] {
  const [row] = sql.exec('SELECT entry, kind, number FROM documents WHERE entry = ?', doc);
  const kind = row === undefined ? undefined : text(row, 'kind');
  if (row === undefined || (kind !== 'order' && kind !== 'despatchAdvice')) return [];
  const units = sql.exec('SELECT sscc FROM document_ssccs WHERE doc = ?', num(row, 'entry'));
  return [{ kind, number: text(row, 'number') }, ...units.map((unit) => ({ kind: 'sscc' as const, number: text(unit, 'sscc') }))];
}
