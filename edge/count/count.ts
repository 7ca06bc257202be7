import { identityOf } from '../../protocol/epc/identity.ts';
import { eachItem, type Item, type ItemGroup, type NodeClock } from '../../protocol/record.ts';

/** Tags of one count, some 40 MB in memory: as many as the hub expects of a zone at most. A larger zone is counted in parts. */
export const MAX_COUNTED = 100_000;

/** What the hub said stands in a zone: `at` is hub time, epoch milliseconds. */
export interface ZoneList {
  readonly zone: string;
  readonly at: number;
  readonly items: readonly ItemGroup[];
  readonly names: { readonly [gtin: string]: string };
}

/** Reading goes on, or a person looks at the differences. */
export type CountPhase = 'reading' | 'review';

/** What is kept of an open count beside the tags that were read: plain JSON. */
export interface CountHead {
  /** Unique per node for ever. */
  readonly count: string;
  readonly zone: string;
  readonly name: string;
  readonly phase: CountPhase;
  /** From 1. */
  readonly pass: number;
  /** Passes in which a tag was heard: the others are of a reader that was off or unplugged, and prove nothing. */
  readonly heard: number;
  /** No tag was heard in this pass. */
  readonly silent: boolean;
  /** The node's clock when the first pass began. */
  readonly opened: NodeClock;
  /** End of the last pass by the node's wall clock, epoch milliseconds; the begin before the first has ended. */
  readonly closed: number;
  /** Which list is expected; null in a count without expectation. */
  readonly expected: number | null;
}

/** Whether a value is what is kept of an open count. */
export function isCountHead(value: unknown): value is CountHead {
  const head = value as Partial<CountHead> | null;
  const { opened } = head ?? {};
  const isNamed = [head?.count, head?.zone, head?.name].every((text) => typeof text === 'string' && text !== '');
  const isPhase = head?.phase === 'reading' || head?.phase === 'review';
  const isClock = [opened?.wall, opened?.mono].every(Number.isSafeInteger) && typeof opened?.boot === 'string';
  const isDated = Number.isSafeInteger(head?.closed) && (head?.expected === null || Number.isSafeInteger(head?.expected));
  const isPassed = Number.isSafeInteger(head?.pass) && (head?.pass ?? 0) > 0 && Number.isSafeInteger(head?.heard);
  return isNamed && isPhase && isClock && isDated && isPassed && typeof head?.silent === 'boolean';
}

/** One article of a count; `gtin` is null for tags that are no GS1 item. */
export interface CountedArticle {
  readonly gtin: string | null;
  readonly name?: string;
  readonly expected: number;
  /** Different items read, expected or not. */
  readonly read: number;
  readonly missing: number;
  readonly unexpected: number;
}

/** Sums over all articles. */
export interface CountSums {
  readonly expected: number;
  readonly read: number;
  readonly missing: number;
  readonly unexpected: number;
  /** Tags that are no GS1 item, and logistic units. */
  readonly raw: number;
  readonly ssccs: number;
  /** More tags came than a count takes. */
  readonly full: boolean;
}

interface Article {
  readonly expected: Set<number>;
  readonly read: Set<number>;
  /** Of `read`, those that are expected. */
  hits: number;
}

/**
 * One count of a zone: begin, a pass, the differences, another pass for what is missing, then a person approves or discards it. Without clock and
 * I/O: the same tags in the same order give the same count.
 */
export class Count {
  #head: CountHead;
  #articles = new Map<string, Article>();
  #raw = new Set<string>();
  #ssccs = new Set<string>();
  #names: ZoneList['names'] = {};
  /** EPCs as they were read: an item may have several. */
  readonly #heard = new Set<string>();
  #full = false;

  private constructor(head: CountHead, list: ZoneList | undefined) {
    this.#head = head;
    if (list !== undefined) this.#expect(list);
  }

  /** Begins the first pass. Without a list nothing is expected and nothing can be missing. */
  static begin(of: Pick<CountHead, 'count' | 'zone' | 'name'>, clock: NodeClock, list: ZoneList | undefined): Count {
    const head = { ...of, phase: 'reading', pass: 1, heard: 0, silent: true, opened: clock, closed: clock.wall } as const;
    return new Count({ ...head, expected: list?.at ?? null }, list);
  }

  /** Goes on after a restart with what was kept. */
  static resume(head: CountHead, epcs: Iterable<string>, list: ZoneList | undefined): Count {
    const count = new Count({ ...head, phase: 'reading', expected: list?.at ?? null }, list);
    count.see(epcs);
    count.#head = { ...head, expected: list?.at ?? null };
    // What did not fit was not kept: nobody knows any more whether there was something.
    count.#full = count.#heard.size >= MAX_COUNTED;
    return count;
  }

  get head(): CountHead {
    return this.#head;
  }

  /**
   * Passes as the record says them, at least 1: two are taken for a proof that something is missing. Those that heard nothing are no proof, nor
   * are those of a count that had to leave tags out.
   */
  get passes(): number {
    return this.#full ? 1 : Math.max(1, this.#head.heard);
  }

  get names(): ZoneList['names'] {
    return this.#names;
  }

  #expect(list: ZoneList): void {
    this.#names = list.names;
    this.#head = { ...this.#head, expected: list.at };
    for (const item of eachItem(list.items)) if (!('raw' in item)) this.#article(item.gtin).expected.add(item.serial);
  }

  #article(gtin: string): Article {
    let article = this.#articles.get(gtin);
    if (article === undefined) {
      article = { expected: new Set(), read: new Set(), hits: 0 };
      this.#articles.set(gtin, article);
    }
    return article;
  }

  /** Takes a newer list. Only in the first pass: nobody is sent to look for other things than the list said. */
  expect(list: ZoneList): boolean {
    const { phase, pass, zone, expected } = this.#head;
    if (list.zone !== zone || phase !== 'reading' || pass > 1 || (expected !== null && list.at <= expected)) return false;
    const before = this.#articles;
    this.#articles = new Map();
    this.#expect(list);
    for (const [gtin, { read }] of before) {
      for (const serial of read) this.#item(gtin, serial);
    }
    return true;
  }

  #item(gtin: string, serial: number): void {
    const article = this.#article(gtin);
    article.read.add(serial);
    if (article.expected.has(serial)) article.hits += 1;
  }

  /** Takes EPCs in hexadecimal. Returns those that are new and have to be kept; none while a person looks at the differences. */
  see(epcs: Iterable<string>): string[] {
    if (this.#head.phase !== 'reading') return [];
    const fresh: string[] = [];
    for (const epc of epcs) {
      if (this.#head.silent) this.#head = { ...this.#head, silent: false, heard: this.#head.heard + 1 };
      if (this.#isNew(epc)) fresh.push(epc);
    }
    return fresh;
  }

  #isNew(hex: string): boolean {
    // Most reads are of tags that were read a moment ago.
    if (this.#heard.has(hex)) return false;
    const identity = identityOf(hex);
    if ('sscc' in identity) return this.#keep(hex, !this.#ssccs.has(identity.sscc), () => this.#ssccs.add(identity.sscc));
    if ('raw' in identity) return this.#keep(hex, !this.#raw.has(identity.raw), () => this.#raw.add(identity.raw));
    const { gtin, serial } = identity;
    const known = this.#articles.get(gtin)?.read.has(serial) === true;
    return this.#keep(hex, !known, () => this.#item(gtin, serial));
  }

  #keep(hex: string, fresh: boolean, keep: () => void): boolean {
    if (this.#heard.size >= MAX_COUNTED) {
      this.#full ||= fresh;
      return false;
    }
    this.#heard.add(hex);
    if (fresh) keep();
    return fresh;
  }

  /** Ends the pass at `now` by the wall clock. */
  endPass(now: number): void {
    if (this.#head.phase !== 'reading') return;
    this.#head = { ...this.#head, phase: 'review', closed: Math.max(now, this.#head.closed) };
  }

  /** Begins another pass. */
  again(): void {
    if (this.#head.phase !== 'review') return;
    this.#head = { ...this.#head, phase: 'reading', pass: this.#head.pass + 1, silent: true };
  }

  sums(): CountSums {
    let [expected, read, hits] = [0, 0, 0];
    for (const article of this.#articles.values()) {
      expected += article.expected.size;
      read += article.read.size;
      hits += article.hits;
    }
    const raw = this.#raw.size;
    const unexpected = this.#head.expected === null ? 0 : read - hits + raw;
    return { expected, read: read + raw, missing: expected - hits, unexpected, raw, ssccs: this.#ssccs.size, full: this.#full };
  }

  /** The articles, those with the largest differences first; at most `limit`. */
  articles(limit: number): CountedArticle[] {
    const isBlind = this.#head.expected === null;
    const rows = [...this.#articles].map(([gtin, { expected, read, hits }]): CountedArticle => {
      const name = this.#names[gtin];
      const unexpected = isBlind ? 0 : read.size - hits;
      const counts = { expected: expected.size, read: read.size, missing: expected.size - hits, unexpected };
      return { gtin, ...(name === undefined ? {} : { name }), ...counts };
    });
    const raw = this.#raw.size;
    if (raw > 0) rows.push({ gtin: null, expected: 0, read: raw, missing: 0, unexpected: isBlind ? 0 : raw });
    const weight = (row: CountedArticle): number => row.missing + row.unexpected;
    const name = (row: CountedArticle): string => row.gtin ?? '~';
    rows.sort((a, b) => weight(b) - weight(a) || b.read - a.read || (name(a) < name(b) ? -1 : 1));
    return rows.slice(0, limit);
  }

  /** Serials of an article that are missing and that nobody expected, ascending; at most `limit` each. */
  serials(gtin: string, limit: number): { missing: number[]; unexpected: number[] } {
    const { expected, read } = this.#article(gtin);
    const first = (all: Iterable<number>, other: ReadonlySet<number>): number[] => {
      const found = Float64Array.from([...all].filter((serial) => !other.has(serial))).sort();
      return Array.from(found.subarray(0, limit));
    };
    return { missing: first(expected, read), unexpected: this.#head.expected === null ? [] : first(read, expected) };
  }

  /** What was read, in the order of a record. */
  readItems(): Item[] {
    const items: Item[] = [...this.#articles].flatMap(([gtin, { read }]) => [...read].map((serial) => ({ gtin, serial })));
    return [...items, ...[...this.#raw].map((raw) => ({ raw }))];
  }

  /** What was expected and read in no pass. */
  missingItems(): Item[] {
    return [...this.#articles].flatMap(([gtin, { expected, read }]) =>
      [...expected].filter((serial) => !read.has(serial)).map((serial) => ({ gtin, serial })),
    );
  }

  ssccs(): string[] {
    return [...this.#ssccs].sort();
  }
}
