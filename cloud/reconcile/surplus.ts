import { num } from '../ledger/sql.ts';
import type { Asked, Book } from './book.ts';
import { type Candidate, EVIDENCE, evidenceFor } from './candidates.ts';
import { compareDemands } from './demand.ts';
import { count, subtract, union } from './ranges.ts';
import { DIRECTION_NUMBER } from './tables.ts';

type Strong = 'despatch' | 'order';

/** Goods of one item under one reference: where a surplus stands out. */
interface Bucket {
  readonly evidence: Strong;
  readonly reference: string;
  readonly gtin: string;
  readonly direction: 'in' | 'out';
}

/** Which lines have to be asked again for their surplus, and what it is. */
export class Surplus {
  readonly #book: Book;
  readonly #buckets = new Map<string, Bucket>();

  constructor(book: Book) {
    this.#book = book;
  }

  #add(bucket: Bucket): void {
    this.#buckets.set(JSON.stringify([bucket.evidence, bucket.reference, bucket.gtin, bucket.direction]), bucket);
  }

  group({ group }: Candidate): void {
    const { gtin, direction, despatchRef, orderRef } = group;
    if (despatchRef !== undefined) this.#add({ evidence: 'despatch', reference: despatchRef, gtin, direction });
    if (orderRef !== undefined) this.#add({ evidence: 'order', reference: orderRef, gtin, direction });
  }

  line({ demand }: Asked): void {
    const { direction, despatchRef, orderRef } = demand;
    for (const { gtin } of demand.parts) {
      if (despatchRef !== undefined) this.#add({ evidence: 'despatch', reference: despatchRef, gtin, direction });
      if (orderRef !== undefined) this.#add({ evidence: 'order', reference: orderRef, gtin, direction });
    }
  }

  /** All lines of the buckets that were named, with the surplus that each shows. */
  all(): Map<string, { readonly asked: Asked; readonly over: number }> {
    const lines = new Map<string, Asked>();
    for (const bucket of this.#buckets.values()) for (const asked of this.#linesOf(bucket)) lines.set(`${asked.doc}/${asked.line}`, asked);
    const strongest = new Map<string, Strong | undefined>([...lines].map(([name, asked]) => [name, this.#strongest(asked)]));
    const out = new Map<string, { asked: Asked; over: number }>();
    for (const [name, asked] of lines) out.set(name, { asked, over: this.#over(asked, strongest) });
    return out;
  }

  #linesOf({ evidence, reference, gtin, direction }: Bucket): Asked[] {
    const column = evidence === 'despatch' ? 'despatch' : 'order_ref';
    const rows = this.#book.sql.exec(
      `SELECT doc, line FROM match_lanes WHERE ${column} = ? AND gtin = ? AND direction = ?`,
      reference,
      Number(gtin),
      DIRECTION_NUMBER[direction],
    );
    return rows.flatMap((row) => this.#book.asked(num(row, 'doc'), num(row, 'line')) ?? []);
  }

  /** The strongest evidence by which a line was served; undefined where surplus means nothing: guesses, returns and kits. */
  #strongest({ doc, line, demand }: Asked): Strong | undefined {
    if (demand.returns || demand.parts.length > 1) return undefined;
    const [row] = this.#book.sql.exec('SELECT MIN(rank) AS rank FROM match_allocations WHERE doc = ? AND line = ?', doc, line);
    const evidence = row === undefined || row['rank'] === null ? undefined : EVIDENCE[num(row, 'rank')];
    return evidence === 'window' ? undefined : evidence;
  }

  /** A bucket's surplus stands on the last line that it served. */
  #over(asked: Asked, strongest: Map<string, Strong | undefined>): number {
    const evidence = strongest.get(`${asked.doc}/${asked.line}`);
    const gtin = asked.demand.parts[0]?.gtin;
    if (evidence === undefined || gtin === undefined) return 0;
    const reference = evidence === 'despatch' ? asked.demand.despatchRef : asked.demand.orderRef;
    if (reference === undefined) return 0;
    const { direction } = asked.demand;
    for (const other of this.#linesOf({ evidence, reference, gtin, direction })) {
      const name = `${other.doc}/${other.line}`;
      const same = strongest.has(name) ? strongest.get(name) : this.#strongest(other);
      if (same === evidence && compareDemands(other.demand, asked.demand) > 0) return 0;
    }
    let over = 0;
    for (const stored of this.#book.reach(asked, evidence === 'despatch' ? 0 : 1)) {
      if (evidenceFor(asked.demand, stored, this.#book.policy) !== evidence) continue;
      over += count(subtract(stored.group.ordinals, stored.held.map(({ ordinals }) => ordinals).reduce(union, [])));
    }
    return over;
  }
}
