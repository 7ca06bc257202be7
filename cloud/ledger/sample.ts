import { fromUtf8 } from '../../protocol/bytes.ts';
import { doorAfterCount, missedInCount, readInCount, type Said, type Tour } from './samplecount.ts';
import { num, type Row, type Sql, text } from './sql.ts';

/**
 * Where an item stands (the site's key), or which site it left (the negative key), and the entry that says so; when a door saw it last; the site that it
 * left without having come (0 for none); what the newest count said of it.
 */
export interface Stand {
  site: number;
  entry: number;
  seen: number;
  debt: number;
  said: Said | undefined;
}

/** What one entry moved of an item: ordinals of its record that changed something, and those of the sample that changed nothing. */
export interface Moved {
  readonly at: number;
  readonly site: number;
  readonly effective: number[];
  readonly idle: number[];
}

/** Everything the log says of one item, or of a part of its serials. */
export interface Held {
  readonly gtin: string;
  readonly stands: Map<number, Stand>;
  readonly moves: Map<number, Moved>;
}

/** The items of a sample: those with keys after `after` up to `to`; of each the serials that leave `part` when divided by `parts`. */
export interface Choice {
  readonly after: number;
  readonly to: number;
  readonly part: number;
  readonly parts: number;
}

/** What is read of a record, without the code that the ledger reads it with. */
interface Record {
  readonly type: string;
  readonly direction?: string;
  readonly verdict?: string;
  readonly items?: readonly Group[];
  readonly count?: string;
  readonly zone?: string;
  readonly opened?: number;
  readonly closed?: number;
  readonly passes?: number;
  readonly missing?: readonly Group[];
}

interface Group {
  readonly gtin?: string;
  readonly serials?: readonly number[];
  readonly raw?: readonly string[];
}

/** Entries read in a slice, and the bytes of their bodies: some 10 ms of parsing. At least one. */
const SLICE_ENTRIES = 256;
const SLICE_BYTES = 131_072;

/** REPEATED_RECORD stands beside an entry whose record was handed over before: all names would not fit into memory. */
const RECORDS = `SELECT e.idx, e.effective, e.body, n.site, n.node, INSTR(e.effects, '"REPEATED_RECORD"') AS repeated FROM entries e LEFT JOIN nodes n ON n.id = e.node
  WHERE e.idx >= ? AND e.idx < ? ORDER BY e.idx`;

/**
 * A second, plain opinion on whereabouts and stock: the log's records read one after the other, the items of a sample kept in memory. It shares no code
 * with the fold that it checks.
 */
export class Sample {
  readonly choice: Choice;
  readonly items = new Map<number, Held>();
  /** The entry to read next. */
  next = 0;
  /** Serials and moves in memory. */
  held = 0;
  /** Quantities that entries before `pin` come to, by item and site: added up over the parts of a large item. */
  readonly stock: Map<string, number>;
  readonly pin: number;
  readonly #sql: Sql;
  readonly #keys = new Map<string, number>();
  #sites = new Map<string, number>();
  /** Counts by node and name: the first part says when a count was. */
  readonly #tours = new Map<string, Tour>();

  constructor(sql: Sql, choice: Choice, pin: number, stock: Map<string, number>) {
    this.#sql = sql;
    this.choice = choice;
    this.pin = pin;
    this.stock = stock;
    for (const row of sql.exec('SELECT id, gtin FROM items WHERE id > ? AND id <= ?', choice.after, choice.to)) {
      const gtin = String(num(row, 'gtin')).padStart(14, '0');
      this.#keys.set(gtin, num(row, 'id'));
      this.items.set(num(row, 'id'), { gtin, stands: new Map(), moves: new Map() });
    }
  }

  /** Reads on by one slice; true at the head, which is entry `size`. */
  read(size: number): boolean {
    const sizes = this.#sql.exec('SELECT LENGTH(body) AS bytes FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?', this.next, SLICE_ENTRIES);
    let bytes = 0;
    let count = 0;
    for (const row of sizes) {
      bytes += Number(row['bytes'] ?? 0);
      if (count > 0 && bytes > SLICE_BYTES) break;
      count += 1;
    }
    for (const row of this.#sql.exec(RECORDS, this.next, this.next + count)) this.#entry(row);
    this.next += count;
    return this.next >= size;
  }

  #siteKey(site: string): number {
    let key = this.#sites.get(site);
    if (key === undefined) {
      this.#sites = new Map(this.#sql.exec('SELECT id, site FROM sites').map((row) => [text(row, 'site'), num(row, 'id')]));
      key = this.#sites.get(site) ?? 0;
    }
    return key;
  }

  #entry(row: Row): void {
    // Entries of the hub move nothing; the body of an erased record is gone, and what it moved with it.
    if (row['site'] === null || !(row['body'] instanceof Uint8Array) || num(row, 'repeated') > 0) return;
    const record = JSON.parse(fromUtf8(row['body'])) as Record;
    if (record.type === 'count') this.#tour(row, record);
    const direction = record.type === 'passage' ? record.direction : record.type === 'decision' ? record.verdict : undefined;
    if (direction !== 'in' && direction !== 'out') return;
    let ordinal = 0;
    for (const { gtin = '', serials = [], raw = [] } of record.items ?? []) {
      const item = this.#keys.get(gtin);
      if (item !== undefined) this.#line(row, item, direction === 'in', serials, ordinal);
      ordinal += serials.length + raw.length;
    }
  }

  #line(row: Row, item: number, comes: boolean, differences: readonly number[], first: number): void {
    const held = this.items.get(item) as Held;
    const [entry, here] = [num(row, 'idx'), this.#siteKey(text(row, 'site'))];
    const moved: Moved = { at: num(row, 'effective'), site: here, effective: [], idle: [] };
    let serial = 0;
    for (const [i, difference] of differences.entries()) {
      serial += difference;
      if (serial % this.choice.parts !== this.choice.part) continue;
      const stand = held.stands.get(serial);
      const stood = stand?.site;
      const beside = stand === undefined ? 'moves' : doorAfterCount(stand, here, comes, moved.at);
      if (stand !== undefined) stand.seen = Math.max(stand.seen, moved.at);
      if (beside === 'booked') {
        moved.effective.push(first + i);
        continue;
      }
      // What comes where it stands, and what leaves after it left, says nothing new.
      if (beside === 'stale' || (comes ? stood === here : stood !== undefined && stood < 0)) {
        moved.idle.push(first + i);
        continue;
      }
      if (stand === undefined) {
        this.held += 1;
        held.stands.set(serial, { site: comes ? here : -here, entry, seen: moved.at, debt: comes ? 0 : here, said: undefined });
      } else Object.assign(stand, { site: comes ? here : -here, entry });
      moved.effective.push(first + i);
      if (entry >= this.pin) continue;
      if (comes) this.#count(item, here, 1);
      if (stood === undefined ? !comes : stood > 0) this.#count(item, stood ?? here, -1);
    }
    if (moved.effective.length > 0) {
      held.moves.set(entry, moved);
      this.held += 1 + moved.effective.length / 8;
    }
  }

  #tour(row: Row, { count = '', zone = '*', opened = 0, closed = 0, passes = 0, items = [], missing = [] }: Record): void {
    const name = `${text(row, 'site')}/${text(row, 'node')} ${count}`;
    const [site, until] = [this.#siteKey(text(row, 'site')), num(row, 'effective')];
    const tour = this.#tours.get(name) ?? { site, zone, opened: Math.max(0, until - (closed - opened)), closed: until };
    this.#tours.set(name, tour);
    const entry = num(row, 'idx');
    const counts = (item: number, at: number, by: number): void => (entry < this.pin ? this.#count(item, at, by) : undefined);
    for (const item of new Set([...items, ...missing].flatMap(({ gtin = '' }) => this.#keys.get(gtin) ?? []))) {
      for (const stand of (this.items.get(item) as Held).stands.values()) {
        if (stand.debt !== site) continue;
        stand.debt = 0;
        stand.said = { ...tour, zone: '*', kind: 'surplus' };
        counts(item, site, 1);
      }
    }
    for (const [item, serial] of this.#chosen(items)) {
      const { stands } = this.items.get(item) as Held;
      if (!stands.has(serial)) this.held += 1;
      const { stand, changes } = readInCount(stands.get(serial), tour, entry);
      stands.set(serial, stand);
      for (const [at, by] of changes) counts(item, at, by);
    }
    if (passes < 2) return;
    for (const [item, serial] of this.#chosen(missing)) {
      if (missedInCount((this.items.get(item) as Held).stands.get(serial), tour, entry)) counts(item, site, -1);
    }
  }

  /** The items and serials of a count's groups that the sample holds. */
  *#chosen(groups: readonly Group[]): Generator<readonly [item: number, serial: number]> {
    for (const { gtin = '', serials = [] } of groups) {
      const item = this.#keys.get(gtin);
      let serial = 0;
      for (const difference of serials) {
        serial += difference;
        if (item !== undefined && serial % this.choice.parts === this.choice.part) yield [item, serial];
      }
    }
  }

  #count(item: number, site: number, by: number): void {
    const key = `${item} ${site}`;
    this.stock.set(key, (this.stock.get(key) ?? 0) + by);
  }
}
