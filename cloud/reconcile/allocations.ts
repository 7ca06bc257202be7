import type { Direction, DocumentRef } from '../../protocol/record.ts';
import { num, type Row, type Sql, text } from '../ledger/sql.ts';
import { EVIDENCE } from './candidates.ts';
import type { Evidence, Range } from './facts.ts';

/** Items of one entry that prove a line: which of them, where and when they moved, and what speaks for it. */
export interface AllocationView {
  readonly entry: number;
  /** Effective time, epoch milliseconds. */
  readonly at: number;
  readonly site: string;
  readonly node: string;
  readonly door: string;
  readonly direction: Direction;
  readonly quantity: number;
  /** Ranges of [first, count] in the record's items (protocol/record.ts eachItem). */
  readonly ordinals: readonly Range[];
  readonly evidence: Evidence;
  /** What the door knew of the goods. */
  readonly document: DocumentRef | null;
}

/** What proves one line: the oldest of it, and how much there is in all. */
export interface Proof {
  readonly allocations: readonly AllocationView[];
  readonly allocationsTotal: number;
}

export const UNPROVEN: Proof = { allocations: [], allocationsTotal: 0 };

/** A line of a pallet a day for half a year: beyond that nobody reads them one by one. */
const MAX_OF_LINE = 200;
/** In one answer, at some 250 bytes each: a document of thousands of lines shows fewer of each. */
const MAX_OF_DOCUMENT = 10_000;

function viewOf(row: Row): AllocationView {
  return {
    entry: num(row, 'entry'),
    at: num(row, 'at'),
    site: text(row, 'site'),
    node: text(row, 'node'),
    door: text(row, 'door'),
    direction: text(row, 'direction') as Direction,
    quantity: num(row, 'quantity'),
    ordinals: JSON.parse(text(row, 'ordinals')) as Range[],
    evidence: EVIDENCE[num(row, 'rank')] ?? 'window',
    document:
      row['kind'] === null ? null : ({ kind: text(row, 'kind'), number: text(row, 'number'), how: text(row, 'how') } as DocumentRef),
  };
}

/** What proves the lines of a document, by line position, oldest movement first. `lines` is how many it has. */
export function proofs(sql: Sql, doc: number, lines: number): ReadonlyMap<number, Proof> {
  const most = Math.max(1, Math.min(MAX_OF_LINE, Math.floor(MAX_OF_DOCUMENT / Math.max(1, lines))));
  const rows = sql.exec(
    `SELECT a.line, a.total, a.rank, a.ordinals, a.quantity, p.entry, p.at, s.site, p.node, p.door, p.direction, p.kind, p.number, p.how
      FROM (SELECT line, entry, rank, ordinals, quantity, COUNT(*) OVER (PARTITION BY line) AS total,
          ROW_NUMBER() OVER (PARTITION BY line ORDER BY at, entry, gtin, rank) AS place FROM match_allocations WHERE doc = ?) a
      JOIN passages p ON p.entry = a.entry JOIN sites s ON s.id = p.site WHERE a.place <= ? ORDER BY a.line, a.place`,
    doc,
    most,
  );
  const found = new Map<number, { allocations: AllocationView[]; allocationsTotal: number }>();
  for (const row of rows) {
    const line = num(row, 'line');
    const proof = found.get(line);
    if (proof === undefined) found.set(line, { allocations: [viewOf(row)], allocationsTotal: num(row, 'total') });
    else proof.allocations.push(viewOf(row));
  }
  return found;
}
