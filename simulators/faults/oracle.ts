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
  readonly clock?: { readonly boot?: string };
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

/** An item as the log calls it: `gtin serial`, or the raw EPC. */
export const nameOf = (epc: string): string => {
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
  /** Doubts of passages that are on disk and of which the log has no decision, by node and then by passage. */
  readonly #open = new Map<string, Map<string, Set<string>>>();
  /** Doubts that the log decided, by node, passage and item. */
  readonly #decided = new Set<string>();
  /** Nodes whose disk was set back: they may say again what the log has, and have forgotten documents that are due. */
  readonly #restored = new Set<string>();
  /** Documents in the log that are due at doors, with the site, where they name one. */
  readonly #documents: { readonly number: string; readonly site: string | undefined }[] = [];

  closed(node: string, passage: ClosedPassage): void {
    this.#closed.set(`${node} ${passage.passage}`, passage);
  }

  handed(node: string, passage: string): void {
    const due = this.#due.get(node) ?? new Set();
    due.add(passage);
    this.#due.set(node, due);
    const doubts = (this.#closed.get(`${node} ${passage}`)?.doubts ?? []).map(({ epc }) => nameOf(epc));
    const open = doubts.filter((item) => !this.#decided.has(`${node} ${passage} ${item}`));
    if (open.length > 0) this.#openOf(node).set(passage, new Set(open));
  }

  #openOf(node: string): Map<string, Set<string>> {
    const open = this.#open.get(node) ?? new Map<string, Set<string>>();
    this.#open.set(node, open);
    return open;
  }

  /** Doubts of a node that must stand in its list, or their decisions in its outbox: by passage, the items' names. */
  open(node: string): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#openOf(node);
  }

  /** Whether the node's disk was ever set back. */
  restored(node: string): boolean {
    return this.#restored.has(node);
  }

  /** A document of the log. */
  document(body: { readonly kind?: string; readonly number?: string; readonly site?: string }): void {
    if (body.kind === 'order' || body.kind === 'despatchAdvice') this.#documents.push({ number: String(body.number), site: body.site });
  }

  /** Numbers of the documents that a node must know as due; undefined for one that may have forgotten some. */
  expected(node: string): string[] | undefined {
    if (this.#restored.has(node)) return undefined;
    const [site] = node.split('/');
    return this.#documents.flatMap((one) => (one.site === undefined || one.site === site ? [one.number] : []));
  }

  /** The node's disk was set back: what came after the copy may be gone, unless the hub has it. */
  forgiven(node: string, passages: readonly string[]): void {
    this.#restored.add(node);
    for (const passage of passages) {
      this.#due.get(node)?.delete(passage);
      this.#openOf(node).delete(passage);
    }
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
    if (body.type === 'decision') this.#decide(entry, at, body);
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
    if (logged.has(body.part ?? 1) && !this.#restored.has(at))
      throw new Violation('twice', `entry ${entry} is part ${body.part} of passage ${body.passage} of ${at}, which the log has already`);
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

  /** A decision is on doubts of its passage, and on each of them once. */
  #decide(entry: number, at: string, body: SeenBody): void {
    const doubts = new Set((this.#closed.get(`${at} ${body.passage}`)?.doubts ?? []).map(({ epc }) => nameOf(epc)));
    const open = this.#openOf(at).get(String(body.passage));
    for (const item of itemsOf(body)) {
      if (!doubts.has(item))
        throw new Violation('invented', `entry ${entry} decides on ${item} of passage ${body.passage} of ${at}, no doubt`);
      const key = `${at} ${body.passage} ${item}`;
      if (this.#decided.has(key) && !this.#restored.has(at))
        throw new Violation('twice', `entry ${entry} decides on ${item} of passage ${body.passage} of ${at}, which was decided already`);
      this.#decided.add(key);
      open?.delete(item);
    }
    if (open?.size === 0) this.#openOf(at).delete(String(body.passage));
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
