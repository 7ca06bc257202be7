import { num, type Sql } from '../ledger/sql.ts';
import type { Candidate } from './candidates.ts';
import type { MovementGroup } from './facts.ts';
import type { Policy } from './policy.ts';
import { DIRECTION_NUMBER } from './tables.ts';

/** A line that a change of a movement group may concern. */
export interface Interest {
  /** Position in the list that was asked about. */
  readonly group: number;
  readonly doc: number;
  readonly line: number;
}

/** Groups in one JSON parameter: some 200 bytes each stay far below the 2 MB that a value may have. */
const MAX_ASKED = 2000;

/** `[gtin, direction, at, entry, day, despatch, order]` of each group, for json_each. */
function asked(groups: readonly Candidate[]): string {
  return JSON.stringify(
    groups.map(({ group, day }) => [
      Number(group.gtin),
      DIRECTION_NUMBER[group.direction],
      group.at,
      group.entry,
      day,
      group.despatchRef ?? null,
      group.orderRef ?? null,
    ]),
  );
}

/**
 * One statement per reason, whatever the number of groups; each is an index look-up per group. References that differ are left out here
 * already, as `evidenceFor` would: comparing with NULL gives NULL, and that speaks against nothing.
 */
const OPEN_IN_TIME = `SELECT n.key AS i, l.doc, l.line FROM json_each(?) n CROSS JOIN match_lanes l
  WHERE l.open = 1 AND l.gtin = n.value ->> 0 AND l.direction = n.value ->> 1 AND l.day BETWEEN (n.value ->> 4) - ? AND (n.value ->> 4) + ?
    AND (l.back = 1 OR (COALESCE(l.despatch = n.value ->> 5, 1) AND (l.despatch = n.value ->> 5 OR COALESCE(l.order_ref = n.value ->> 6, 1))))`;
const LATER_HOLDERS = `SELECT DISTINCT n.key AS i, a.doc, a.line FROM json_each(?) n CROSS JOIN match_allocations a
  WHERE a.gtin = n.value ->> 0 AND a.direction = n.value ->> 1 AND a.at >= n.value ->> 2 AND (a.at > n.value ->> 2 OR a.entry >= n.value ->> 3)`;
const SAME_DESPATCH = `SELECT n.key AS i, l.doc, l.line FROM json_each(?) n CROSS JOIN match_lanes l
  WHERE l.despatch = n.value ->> 5 AND l.gtin = n.value ->> 0 AND l.direction = n.value ->> 1`;
const SAME_ORDER = `SELECT n.key AS i, l.doc, l.line FROM json_each(?) n CROSS JOIN match_lanes l
  WHERE l.order_ref = n.value ->> 6 AND l.gtin = n.value ->> 0 AND l.direction = n.value ->> 1`;

/**
 * Lines that new or freed items of these groups may concern: those that miss something in the time window, those that hold items that
 * come later in FIFO order, and those that share a reference. More than the rules allow; the caller asks `evidenceFor`.
 */
export function interestedIn(sql: Sql, groups: readonly Candidate[], policy: Policy): Interest[] {
  const found: Interest[] = [];
  const { before, after } = policy.windowDays;
  for (let from = 0; from < groups.length; from += MAX_ASKED) {
    const some = groups.slice(from, from + MAX_ASKED);
    const json = asked(some);
    const has = (test: (group: MovementGroup) => boolean): boolean => some.some(({ group }) => test(group));
    const rows = [...sql.exec(OPEN_IN_TIME, json, after, before), ...sql.exec(LATER_HOLDERS, json)];
    if (has(({ despatchRef }) => despatchRef !== undefined)) rows.push(...sql.exec(SAME_DESPATCH, json));
    if (has(({ orderRef }) => orderRef !== undefined)) rows.push(...sql.exec(SAME_ORDER, json));
    for (const row of rows) found.push({ group: from + num(row, 'i'), doc: num(row, 'doc'), line: num(row, 'line') });
  }
  return found;
}
