import { gtinText } from '../ledger/masterdata.ts';
import { num, optionalText, type Row, type Sql, text } from '../ledger/sql.ts';
import type { Candidate } from './candidates.ts';
import { spanOf } from './days.ts';
import type { Demand } from './demand.ts';
import type { MovementGroup, Range } from './facts.ts';
import { documentName } from './load.ts';
import type { Policy } from './policy.ts';
import { DIRECTION_NUMBER } from './tables.ts';

/** A line that asks for goods, as stored. */
export interface Asked {
  readonly doc: number;
  readonly line: number;
  readonly demand: Demand;
  readonly factor: number;
}

/** A share of a movement group that a line holds, at a rank of evidence. */
export interface Held {
  readonly doc: number;
  readonly line: number;
  readonly rank: number;
  readonly ordinals: readonly Range[];
  /** Of the document: what claims are ordered by. */
  readonly issueDate: string;
  readonly number: string;
}

/** A movement group with who holds what of it. */
export interface Stored extends Candidate {
  readonly held: readonly Held[];
}

/** A line's share of one movement group. */
export interface Share {
  readonly group: GroupKey;
  readonly rank: number;
  readonly ordinals: readonly Range[];
  readonly quantity: number;
}

export interface GroupKey {
  readonly gtin: string;
  readonly direction: 'in' | 'out';
  readonly at: number;
  readonly entry: number;
}

export const groupName = ({ gtin, entry }: GroupKey): string => `${entry}/${gtin}`;

const rangesOf = (json: string): readonly Range[] => JSON.parse(json) as Range[];
const directionOf = (row: Row): 'in' | 'out' => (num(row, 'direction') === 0 ? 'in' : 'out');

function groupOf(row: Row): MovementGroup {
  const despatchRef = optionalText(row, 'despatch');
  const orderRef = optionalText(row, 'order_ref');
  const partner = optionalText(row, 'partner');
  return {
    entry: num(row, 'entry'),
    gtin: gtinText(num(row, 'gtin')),
    direction: directionOf(row),
    site: text(row, 'site'),
    at: num(row, 'at'),
    ordinals: rangesOf(text(row, 'ordinals')),
    ...(despatchRef === undefined ? {} : { despatchRef }),
    ...(orderRef === undefined ? {} : { orderRef }),
    ...(partner === undefined ? {} : { partner }),
  };
}

const GROUPS_WITH_SHARES = `SELECT g.*, a.doc AS h_doc, a.line AS h_line, a.rank AS h_rank, a.ordinals AS h_ordinals, d.issue_date AS h_date,
    d.number AS h_number
  FROM match_groups g LEFT JOIN match_allocations a ON a.gtin = g.gtin AND a.direction = g.direction AND a.at = g.at AND a.entry = g.entry
  LEFT JOIN match_documents d ON d.doc = a.doc`;

/**
 * Groups in a span of time that a guess may use. What references took whole is out of its reach, and so is what only guesses of older
 * invoices hold: without that a busy item would be read over and over. Guesses of returns give way to all others.
 */
const WITHIN_REACH = `WHERE g.gtin = ?1 AND g.direction = ?2 AND g.at BETWEEN ?3 AND ?4 AND g.weak > 0 AND (g.free > 0 OR EXISTS (
    SELECT 1 FROM match_allocations o JOIN match_documents od ON od.doc = o.doc
    WHERE o.gtin = g.gtin AND o.direction = g.direction AND o.at = g.at AND o.entry = g.entry
      AND (o.rank > ?6 OR (o.rank = ?6 AND od.issue_date >= ?5))))`;

/**
 * Whether a line that asks for goods may claim a group, as `evidenceFor` says: partner, then despatch advice, then order, then site and
 * time. Written out here because one line is enough, and a busy item has thousands.
 */
const CLAIMABLE = (reason: string): string => `SELECT 1 FROM match_lanes l JOIN match_documents d ON d.doc = l.doc
  WHERE l.gtin = ?1 AND l.direction = ?2 AND l.back = 0 AND COALESCE(d.partner = ?3, 1) AND ${reason} LIMIT 1`;
const CLAIMABLE_BY_DESPATCH = CLAIMABLE('l.despatch = ?4');
const CLAIMABLE_BY_ORDER = CLAIMABLE('l.order_ref = ?4 AND COALESCE(l.despatch = ?5, 1)');
const CLAIMABLE_IN_TIME = CLAIMABLE(
  'l.day BETWEEN ?4 AND ?5 AND COALESCE(l.despatch = ?6, 1) AND COALESCE(l.order_ref = ?7, 1) AND COALESCE(d.site = ?8, 1)',
);

/** Returns of an item within a span of days, and that of the groups under a reference. */
const RETURNS_NEAR = `SELECT doc, line FROM match_lanes WHERE gtin = ?1 AND direction = ?2 AND back = 1 AND day BETWEEN
  MIN(?3, COALESCE((SELECT MIN(day) FROM match_groups WHERE despatch = ?5 AND gtin = ?1) - ?8, ?3),
    COALESCE((SELECT MIN(day) FROM match_groups WHERE order_ref = ?6 AND gtin = ?1) - ?8, ?3)) AND
  MAX(?4, COALESCE((SELECT MAX(day) FROM match_groups WHERE despatch = ?5 AND gtin = ?1) + ?7, ?4),
    COALESCE((SELECT MAX(day) FROM match_groups WHERE order_ref = ?6 AND gtin = ?1) + ?7, ?4))`;

/** Joined rows of groups and shares, put together again; one group's rows need not be neighbours. */
function storedOf(rows: readonly Row[]): Stored[] {
  const found = new Map<string, { group: MovementGroup; day: number; held: Held[] }>();
  for (const row of rows) {
    const name = `${num(row, 'entry')}/${num(row, 'gtin')}`;
    let stored = found.get(name);
    if (stored === undefined) {
      stored = { group: groupOf(row), day: num(row, 'day'), held: [] };
      found.set(name, stored);
    }
    if (row['h_doc'] === null) continue;
    stored.held.push({
      doc: num(row, 'h_doc'),
      line: num(row, 'h_line'),
      rank: num(row, 'h_rank'),
      ordinals: rangesOf(text(row, 'h_ordinals')),
      issueDate: text(row, 'h_date'),
      number: text(row, 'h_number'),
    });
  }
  return [...found.values()];
}

/** The match's rows: who asks for what, what moved, who holds what of it. No rule is in here. */
export class Book {
  readonly sql: Sql;
  readonly policy: Policy;
  readonly #asked = new Map<string, Asked | undefined>();

  constructor(sql: Sql, policy: Policy) {
    this.sql = sql;
    this.policy = policy;
  }

  /** What a line asks for; undefined for a line that asks for nothing or is gone. */
  asked(doc: number, line: number): Asked | undefined {
    const name = `${doc}/${line}`;
    if (!this.#asked.has(name)) this.#asked.set(name, this.#load(doc, line));
    return this.#asked.get(name);
  }

  /** To be called when a line's demand is rewritten. */
  forget(doc: number, line: number): void {
    this.#asked.delete(`${doc}/${line}`);
  }

  #load(doc: number, line: number): Asked | undefined {
    const [row] = this.sql.exec(
      `SELECT l.quantity, l.factor, l.direction, l.back, l.parts, l.despatch, l.order_ref, d.issue_date, d.number, d.partner, d.site, d.day
        FROM match_lines l JOIN match_documents d ON d.doc = l.doc WHERE l.doc = ? AND l.line = ? AND l.quantity IS NOT NULL`,
      doc,
      line,
    );
    if (row === undefined) return undefined;
    const despatchRef = optionalText(row, 'despatch');
    const orderRef = optionalText(row, 'order_ref');
    const site = optionalText(row, 'site');
    const demand: Demand = {
      document: documentName(doc),
      line: String(line),
      issueDate: text(row, 'issue_date'),
      number: text(row, 'number'),
      direction: directionOf(row),
      returns: num(row, 'back') === 1,
      quantity: num(row, 'quantity'),
      parts: JSON.parse(text(row, 'parts')) as Demand['parts'],
      partner: text(row, 'partner'),
      ...(despatchRef === undefined ? {} : { despatchRef }),
      ...(orderRef === undefined ? {} : { orderRef }),
      ...(site === undefined ? {} : { site }),
      day: num(row, 'day'),
    };
    return { doc, line, demand, factor: num(row, 'factor') };
  }

  /** Groups that a claim of this rank might use, with their holders. What a reference or the rules exclude is the caller's to drop. */
  reach({ demand }: Asked, rank: number): Stored[] {
    const rows: Row[] = [];
    const direction = DIRECTION_NUMBER[demand.direction];
    for (const part of demand.parts) {
      const gtin = Number(part.gtin);
      if (demand.despatchRef !== undefined)
        rows.push(
          ...this.sql.exec(
            `${GROUPS_WITH_SHARES} WHERE g.despatch = ? AND g.gtin = ? AND g.direction = ?`,
            demand.despatchRef,
            gtin,
            direction,
          ),
        );
      if (rank >= 1 && demand.orderRef !== undefined)
        rows.push(
          ...this.sql.exec(
            `${GROUPS_WITH_SHARES} WHERE g.order_ref = ? AND g.gtin = ? AND g.direction = ?`,
            demand.orderRef,
            gtin,
            direction,
          ),
        );
      if (rank < 2) continue;
      const { before, after } = this.policy.windowDays;
      const { from, to } = spanOf(demand.day - before, demand.day + after);
      rows.push(...this.sql.exec(`${GROUPS_WITH_SHARES} ${WITHIN_REACH}`, gtin, direction, from, to, demand.issueDate, rank));
    }
    return storedOf(distinct(rows));
  }

  /** Whether some line that asks for goods may claim a group, whether or not it still misses any. */
  isClaimable({ group, day }: Candidate): boolean {
    const { despatchRef, orderRef, site } = group;
    const { before, after } = this.policy.windowDays;
    const lane = [Number(group.gtin), DIRECTION_NUMBER[group.direction], group.partner ?? null];
    const some = (statement: string, ...values: (string | number | null)[]): boolean =>
      this.sql.exec(statement, ...lane, ...values).length > 0;
    return (
      some(CLAIMABLE_IN_TIME, day - after, day + before, despatchRef ?? null, orderRef ?? null, site) ||
      (despatchRef !== undefined && some(CLAIMABLE_BY_DESPATCH, despatchRef)) ||
      (orderRef !== undefined && some(CLAIMABLE_BY_ORDER, orderRef, despatchRef ?? null))
    );
  }

  /** Returns that may guess at movements which this demand may claim. */
  returnsNear(demand: Demand): { readonly doc: number; readonly line: number }[] {
    const { before, after } = this.policy.windowDays;
    return demand.parts.flatMap(({ gtin }) =>
      this.sql
        .exec(
          RETURNS_NEAR,
          Number(gtin),
          DIRECTION_NUMBER[demand.direction],
          demand.day - before - after,
          demand.day + before + after,
          demand.despatchRef ?? null,
          demand.orderRef ?? null,
          before,
          after,
        )
        .map((row) => ({ doc: num(row, 'doc'), line: num(row, 'line') })),
    );
  }

  /** One group with its holders. */
  group({ gtin, direction, at, entry }: GroupKey): Stored | undefined {
    const where = 'WHERE g.gtin = ? AND g.direction = ? AND g.at = ? AND g.entry = ?';
    return storedOf(this.sql.exec(`${GROUPS_WITH_SHARES} ${where}`, Number(gtin), DIRECTION_NUMBER[direction], at, entry))[0];
  }

  /** What a line holds. */
  shares(doc: number, line: number): Share[] {
    return this.sql
      .exec('SELECT gtin, direction, at, entry, rank, ordinals, quantity FROM match_allocations WHERE doc = ? AND line = ?', doc, line)
      .map((row) => ({
        group: { gtin: gtinText(num(row, 'gtin')), direction: directionOf(row), at: num(row, 'at'), entry: num(row, 'entry') },
        rank: num(row, 'rank'),
        ordinals: rangesOf(text(row, 'ordinals')),
        quantity: num(row, 'quantity'),
      }));
  }

  /** Sets what a line holds of a group at a rank; nothing removes the row. Keeps the group's own sums. */
  hold(group: GroupKey, doc: number, line: number, rank: number, ordinals: readonly Range[], quantity: number): void {
    const key = [Number(group.gtin), DIRECTION_NUMBER[group.direction], group.at, group.entry];
    if (quantity === 0)
      this.sql.exec(
        'DELETE FROM match_allocations WHERE gtin = ? AND direction = ? AND at = ? AND entry = ? AND doc = ? AND line = ? AND rank = ?',
        ...key,
        doc,
        line,
        rank,
      );
    else
      this.sql.exec(
        `INSERT INTO match_allocations (gtin, direction, at, entry, doc, line, rank, ordinals, quantity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET ordinals = excluded.ordinals, quantity = excluded.quantity`,
        ...key,
        doc,
        line,
        rank,
        JSON.stringify(ordinals),
        quantity,
      );
    this.sql.exec(
      `UPDATE match_groups SET free = quantity - s.total, weak = quantity - s.strong
        FROM (SELECT COALESCE(SUM(quantity), 0) AS total, COALESCE(SUM(CASE WHEN rank < 2 THEN quantity END), 0) AS strong
          FROM match_allocations WHERE gtin = ?1 AND direction = ?2 AND at = ?3 AND entry = ?4) AS s
        WHERE gtin = ?1 AND direction = ?2 AND at = ?3 AND entry = ?4`,
      ...key,
    );
  }
}

/** A group with two holders comes twice, and again where two references lead to it: each pair of group and holder once. */
function distinct(rows: readonly Row[]): Row[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const name = `${String(row['entry'])}/${String(row['gtin'])}/${String(row['h_doc'])}/${String(row['h_line'])}/${String(row['h_rank'])}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
