import type { Movement } from '../ledger/effects.ts';
import { gtinText } from '../ledger/masterdata.ts';
import { num, type Sql, text } from '../ledger/sql.ts';
import type { Book, Stored } from './book.ts';
import type { Candidate } from './candidates.ts';
import { localDay } from './days.ts';
import type { Policy } from './policy.ts';
import { explainedBy, type Reference, resolveReference } from './references.ts';
import { DIRECTION_NUMBER } from './tables.ts';

/** Groups in one JSON parameter: one of 1,000 separate ordinals takes some 10 KB. */
const MAX_ROWS = 100;

/** Where each site cuts its days. */
export function timeZones(sql: Sql): Record<string, string> {
  return Object.fromEntries(
    sql.exec('SELECT site, time_zone FROM sites WHERE time_zone IS NOT NULL').map((row) => [text(row, 'site'), text(row, 'time_zone')]),
  );
}

/** A movement as lines may be served from it. */
export interface Arrival {
  readonly movement: Movement;
  readonly candidate: Candidate;
}

/** Gives movements the day and the references that lines go by. */
export function candidatesOf(sql: Sql, movements: readonly Movement[], policy: Policy): Arrival[] {
  const references = new Map<string, Reference>();
  const referenceOf = (document: Movement['document']): Reference => {
    const name = document === null ? '' : JSON.stringify([document.kind, document.number]);
    const known = references.get(name) ?? resolveReference(sql, document);
    references.set(name, known);
    return known;
  };
  return movements.map((movement) => {
    const { despatch, order, partner } = referenceOf(movement.document);
    const { entry, gtin, direction, site, door, at, ordinals } = movement;
    const group = {
      ...{ entry, gtin, direction, site, door, at, ordinals },
      ...(despatch === null ? {} : { despatchRef: despatch }),
      ...(order === null ? {} : { orderRef: order }),
      ...(partner === null ? {} : { partner }),
    };
    return { movement, candidate: { group, day: localDay(at, site, policy) } };
  });
}

/** Keeps movements as groups that lines can be served from: a row each, never one per item. */
export function keepGroups(sql: Sql, arrivals: readonly Arrival[]): void {
  const rows = arrivals.map(({ movement, candidate: { group, day } }) => [
    ...[Number(group.gtin), DIRECTION_NUMBER[group.direction], group.at, group.entry, group.site, day, group.ordinals, movement.quantity],
    ...[movement.document?.kind ?? null, movement.document?.number ?? null],
    ...[group.despatchRef ?? null, group.orderRef ?? null, group.partner ?? null, movement.door],
  ]);
  for (let from = 0; from < rows.length; from += MAX_ROWS)
    sql.exec(
      `INSERT INTO match_groups (gtin, direction, at, entry, site, day, ordinals, quantity, free, weak, ref_kind, ref, despatch, order_ref, partner, door)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value -> 6, value ->> 7, value ->> 7, value ->> 7,
          value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13 FROM json_each(?)`,
      JSON.stringify(rows.slice(from, from + MAX_ROWS)),
    );
}

/** Resolves anew what a document has given a meaning to; returns the groups that now mean something else. */
export function resolveAgain(book: Book, doc: number): Stored[] {
  const { sql } = book;
  const changed: Stored[] = [];
  for (const reference of explainedBy(sql, doc)) {
    const { despatch, order, partner } = resolveReference(sql, reference);
    const rows = sql.exec(
      `UPDATE match_groups SET despatch = ?1, order_ref = ?2, partner = ?3 WHERE ref = ?4 AND ref_kind = ?5
        AND (despatch IS NOT ?1 OR order_ref IS NOT ?2 OR partner IS NOT ?3) RETURNING gtin, direction, at, entry`,
      despatch,
      order,
      partner,
      reference.number,
      reference.kind,
    );
    for (const row of rows) {
      const key = { gtin: gtinText(num(row, 'gtin')), direction: num(row, 'direction') === 0 ? ('in' as const) : ('out' as const) };
      const stored = book.group({ ...key, at: num(row, 'at'), entry: num(row, 'entry') });
      if (stored !== undefined) changed.push(stored);
    }
  }
  return changed;
}
