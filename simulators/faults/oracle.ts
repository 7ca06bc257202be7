import { createHash } from 'node:crypto';
import type { ClosedPassage } from '../../edge/passage/tracker.ts';
import { decodeEpcHex } from '../../protocol/epc.ts';
import { Violation } from './crash.ts';

/** A body of a record as the log holds it, read without the hub's own code. */
export interface SeenBody {
  readonly type: string;
  readonly passage?: string;
  readonly part?: number;
  readonly parts?: number;
  readonly decision?: string;
  readonly direction?: string;
  readonly verdict?: string;
  readonly items?: readonly { readonly gtin?: string; readonly serials?: readonly number[]; readonly raw?: readonly string[] }[];
}

/** Item by ordinal: `gtin serial`, or a raw EPC. */
export function itemsOf(body: SeenBody): string[] {
  return (body.items ?? []).flatMap(({ gtin, serials = [], raw = [] }) => {
    let serial = 0;
    const own = serials.map((delta) => {
      serial += delta;
      return `${gtin} ${serial}`;
    });
    return [...own, ...raw];
  });
}

const nameOf = (epc: string): string => {
  const decoded = decodeEpcHex(epc);
  return decoded.scheme === 'sgtin-96' ? `${decoded.gtin} ${decoded.serial}` : epc.toUpperCase();
};

/**
 * What must be true, kept with the simplest means: which passages exist, which of them may not be lost, where every item stands. It reads
 * the bodies in the order of the log and knows nothing of how the hub stores them.
 */
export class Oracle {
  /** What doors closed, by node and passage. */
  readonly #closed = new Map<string, ClosedPassage>();
  /** Passages whose append has resolved and that no restored disk took away. */
  readonly #due = new Map<string, Set<string>>();
  /** Names that moved something already, by node. */
  readonly #names = new Set<string>();
  /** The site an item stands in, or `-` after it left. */
  readonly #where = new Map<string, string>();
  /** Pieces by site and GTIN (raw EPCs under their own name). */
  readonly stock = new Map<string, number>();
  /** Parts of passages in the log, by node and passage. */
  readonly #logged = new Map<string, Set<number>>();

  closed(node: string, passage: ClosedPassage): void {
    this.#closed.set(`${node} ${passage.passage}`, passage);
  }

  handed(node: string, passage: string): void {
    const due = this.#due.get(node) ?? new Set();
    due.add(passage);
    this.#due.set(node, due);
  }

  /** The node's disk was set back: what came after the copy may be gone, unless the hub has it. */
  forgiven(node: string, passages: readonly string[]): void {
    for (const passage of passages) this.#due.get(node)?.delete(passage);
  }

  /** Passages of a node that must stand in the outbox or the log. */
  due(node: string): ReadonlySet<string> {
    return this.#due.get(node) ?? new Set();
  }

  /** Whether all parts of a passage stand in the log. */
  isLogged(node: string, passage: string): boolean {
    const closed = this.#closed.get(`${node} ${passage}`);
    const parts = this.#logged.get(`${node} ${passage}`);
    if (closed === undefined || parts === undefined) return false;
    const total = Math.max(1, Math.ceil((closed.moved.length + closed.doubts.length) / 1_000));
    return parts.size === total;
  }

  /**
   * Takes the next record of the log. Returns the ordinals that count.
   * @throws Violation when a door never closed such a passage
   */
  record(entry: number, site: string, node: string, body: SeenBody): number[] {
    const at = `${site}/${node}`;
    if (body.type === 'passage') this.#compare(entry, at, body);
    const direction = body.type === 'passage' ? body.direction : body.verdict;
    const items = itemsOf(body);
    if ((direction !== 'in' && direction !== 'out') || items.length === 0) return [];
    const name = body.type === 'passage' ? `${at} p ${body.passage} ${body.part}` : `${at} d ${body.decision}`;
    if (this.#names.has(name)) return [];
    this.#names.add(name);
    const moved: number[] = [];
    for (const [ordinal, item] of items.entries()) if (this.#move(item, site, direction)) moved.push(ordinal);
    return moved;
  }

  #compare(entry: number, at: string, body: SeenBody): void {
    const key = `${at} ${body.passage}`;
    const closed = this.#closed.get(key);
    if (closed === undefined) throw new Violation('invented', `entry ${entry} is passage ${body.passage} of ${at}, which no door closed`);
    const logged = this.#logged.get(key) ?? new Set();
    logged.add(body.part ?? 1);
    this.#logged.set(key, logged);
    const moved = new Set(closed.moved.map(nameOf));
    const wrong = itemsOf(body).find((item) => !moved.has(item));
    const complete = (body.parts ?? 1) > 1 || itemsOf(body).length === moved.size;
    if (wrong !== undefined || !complete || body.direction !== closed.direction)
      throw new Violation(
        'invented',
        `entry ${entry} says ${body.direction} ${itemsOf(body).join(', ')}, the door said ${closed.direction}`,
      );
  }

  #move(item: string, site: string, direction: 'in' | 'out'): boolean {
    const before = this.#where.get(item);
    const standing = before === undefined || before === '-' ? undefined : before;
    if (direction === 'in') {
      if (standing === site) return false;
      if (standing !== undefined) this.#count(standing, item, -1);
      this.#count(site, item, 1);
      this.#where.set(item, site);
      return true;
    }
    if (before === '-') return false;
    this.#count(standing ?? site, item, -1);
    this.#where.set(item, '-');
    return true;
  }

  #count(site: string, item: string, by: number): void {
    const [gtin, serial] = item.split(' ');
    const key = `${site} ${serial === undefined ? 'raw' : gtin}`;
    const now = (this.stock.get(key) ?? 0) + by;
    if (now === 0) this.stock.delete(key);
    else this.stock.set(key, now);
  }
}

/** SHA-256 of bytes, by the platform. */
export const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
