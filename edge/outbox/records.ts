import { randomFillSync } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SealedRecord } from '../../protocol/batch.ts';
import { fromUtf8 } from '../../protocol/bytes.ts';
import { chainStart, SALT_BYTES } from '../../protocol/chain.ts';
import { Fault } from '../../protocol/fault.ts';
import { countItems, type ItemGroup, type RecordBody } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { chainNext, commitment } from './hash.ts';
import type { DoubtNote } from './passages.ts';

/** The end of the chain and the part of it that the hub has. */
export interface Mark {
  readonly epoch: number;
  readonly seq: number;
  readonly chain: Uint8Array;
  /** Last record that the hub has committed, and the chain value after it. */
  readonly acknowledged: number;
  readonly acknowledgedChain: Uint8Array;
  /** Items up to `seq` and up to `acknowledged`, since the file began: their difference waits. */
  readonly items: number;
  readonly acknowledgedItems: number;
}

export interface StoredRecord extends SealedRecord {
  readonly seq: number;
  /** Chain value after this record. */
  readonly chain: Uint8Array;
}

/** A record to append. Of a passage in parts, all parts go into one call. */
export interface NewRecord {
  readonly body: RecordBody;
  /** What a person must know of the doubtful tags of a passage. */
  readonly doubts?: readonly DoubtNote[];
}

/** Where records stand: `seq` is the first of those appended together. */
export interface Appended {
  readonly epoch: number;
  readonly seq: number;
  /** False when the passage stood there already. */
  readonly fresh: boolean;
}

/** Consecutive records and the chain value before them. */
export interface Slice {
  readonly epoch: number;
  readonly first: number;
  readonly before: Uint8Array;
  readonly records: readonly StoredRecord[];
}

/** A record that is ready to be chained. */
export interface Sealed extends SealedRecord {
  readonly commitment: Uint8Array;
  readonly items: number;
}

/** Items, doubts and missing items that a record holds. */
export function itemsOf(body: object): number {
  const { items = [], doubts = [], missing = [] } = body as Partial<Record<'items' | 'doubts' | 'missing', readonly ItemGroup[]>>;
  return countItems(items) + countItems(doubts) + countItems(missing);
}

/** Salts drawn at once: one call to the kernel for many records. */
const SALTS = 256;
const pool = new Uint8Array(SALTS * SALT_BYTES);
let next = SALTS;

/** Gives a body its salt and commitment. */
export function seal(body: Uint8Array, items = 0): Sealed {
  if (next === SALTS) {
    randomFillSync(pool);
    next = 0;
  }
  const salt = pool.slice(next * SALT_BYTES, (next + 1) * SALT_BYTES);
  next++;
  return { salt, body, commitment: commitment(salt, body), items };
}

/** Acknowledged records deleted in one commit: some 10 ms, so that a catch-up of weeks never holds up a pallet. */
const PRUNE_ROWS = 2_000;
/** Rows read at once when a chain is computed anew: bounds memory, however long the queue. */
const RECHAIN_ROWS = 500;
const RECHAIN_BYTES = 4_194_304;

/** The one row of `head`. `base` and the counts are absent in version 1. */
export interface HeadRow {
  readonly tenant: string;
  readonly site: string;
  readonly node: string;
  readonly epoch: number;
  readonly seq: number;
  readonly chain: Uint8Array;
  readonly acknowledged: number;
  readonly acknowledged_chain: Uint8Array;
  readonly base: number;
  readonly items: number;
  readonly acknowledged_items: number;
}

/** Of v2 of the file: the chain and the count stand in `links`, a record's key is its number plus `base`. */
const READ = 'SELECT records.seq, salt, body, links.chain FROM records JOIN links USING (seq)';
/** Inside the file the chain of `records` is empty since version 2. */
const NO_CHAIN = new Uint8Array();

interface Link {
  readonly chain: Uint8Array;
  readonly items: number;
}

/** The chained records of the current epoch that the hub does not have yet. Changes happen inside the caller's transaction. */
export class Records {
  readonly #db: DatabaseSync;
  readonly #address: NodeAddress;
  readonly #insert: StatementSync;
  readonly #insertLink: StatementSync;
  readonly #after: StatementSync;
  readonly #link: StatementSync;
  readonly #save: StatementSync;
  readonly #oldest: StatementSync;
  readonly #delete: readonly StatementSync[];
  #behind = false;
  #mark: Mark;
  #base = 0;
  #saved: Mark;
  #savedBase: number;

  /** @throws Fault OUTBOX_ADDRESS when the file belongs to another node */
  constructor(db: DatabaseSync, address: NodeAddress) {
    this.#db = db;
    this.#address = address;
    this.#insert = db.prepare('INSERT INTO records (seq, salt, body, chain) VALUES (?, ?, ?, ?)');
    this.#insertLink = db.prepare('INSERT INTO links (seq, chain, items) VALUES (?, ?, ?)');
    this.#after = db.prepare(`${READ} WHERE records.seq > ? ORDER BY records.seq LIMIT ?`);
    this.#link = db.prepare('SELECT chain, items FROM links WHERE seq = ?');
    this.#save = db.prepare(
      `UPDATE head SET epoch = ?, seq = ?, chain = ?, items = ?, acknowledged = ?, acknowledged_chain = ?, acknowledged_items = ?, base = ?`,
    );
    this.#oldest = db.prepare('SELECT min(seq) AS oldest FROM records');
    this.#delete = ['records', 'links'].map((table) => db.prepare(`DELETE FROM ${table} WHERE seq <= ?`));
    this.#mark = this.#load();
    this.#saved = this.#mark;
    this.#savedBase = this.#base;
  }

  get mark(): Mark {
    return this.#mark;
  }

  /** Items and doubts that the hub does not have. */
  get waiting(): number {
    return Math.max(0, this.#mark.items - this.#mark.acknowledgedItems);
  }

  /** Appends one record; returns its number. */
  append(record: Sealed): number {
    const seq = this.#mark.seq + 1;
    const chain = chainNext(this.#mark.chain, record.commitment);
    const items = this.#mark.items + record.items;
    this.#insert.run(seq + this.#base, record.salt, record.body, NO_CHAIN);
    this.#insertLink.run(seq + this.#base, chain, items);
    this.#mark = { ...this.#mark, seq, chain, items };
    return seq;
  }

  /** The records after `seq`, at most `records` of them and `bytes` of bodies, but at least one. */
  after(seq: number, records: number, bytes: number): StoredRecord[] {
    const out: StoredRecord[] = [];
    let size = 0;
    for (const row of this.#after.iterate(seq + this.#base, records)) {
      const record = row as unknown as StoredRecord;
      size += record.body.length;
      if (out.length > 0 && size > bytes) break;
      out.push({ seq: record.seq - this.#base, salt: record.salt, body: record.body, chain: record.chain });
    }
    return out;
  }

  /** Chain value after record `seq` of the current epoch; undefined when it is not known any more or not yet. */
  chainAt(seq: number): Uint8Array | undefined {
    return this.#linkAt(seq)?.chain;
  }

  #linkAt(seq: number): Link | undefined {
    const { acknowledged, acknowledgedChain, acknowledgedItems, chain, items } = this.#mark;
    if (seq === acknowledged) return { chain: acknowledgedChain, items: acknowledgedItems };
    if (seq === this.#mark.seq) return { chain, items };
    if (seq < acknowledged) return undefined;
    return this.#link.get(seq + this.#base) as Link | undefined;
  }

  /** Notes that the hub has the records up to `seq`; they are deleted by the next calls of {@link save}. Returns false when that is no news. */
  acknowledge(epoch: number, seq: number): boolean {
    if (epoch !== this.#mark.epoch || seq <= this.#mark.acknowledged) return false;
    const link = this.#linkAt(seq);
    if (link === undefined) return false;
    this.#mark = { ...this.#mark, acknowledged: seq, acknowledgedChain: link.chain, acknowledgedItems: link.items };
    return true;
  }

  /** True when the file does not have the mark yet, or still has records that the hub has. */
  get unsaved(): boolean {
    return this.#mark !== this.#saved || this.#behind;
  }

  /** Writes the mark and deletes of what the hub has as much as a short commit allows. */
  save(): void {
    const { epoch, seq, chain, items, acknowledged, acknowledgedChain, acknowledgedItems } = this.#mark;
    const { oldest } = this.#oldest.get() as { oldest: number | null };
    const end = acknowledged + this.#base;
    const last = Math.min(end, (oldest ?? end) + PRUNE_ROWS - 1);
    if (oldest !== null && oldest <= last) this.#deleteTo(last);
    this.#behind = last < end;
    this.#save.run(epoch, seq, chain, items, acknowledged, acknowledgedChain, acknowledgedItems, this.#base);
  }

  /** After the commit: what was written is what is on disk. */
  committed(): void {
    this.#saved = this.#mark;
    this.#savedBase = this.#base;
  }

  /** After a rollback: the end of the chain is the one on disk; acknowledgements stay true. */
  undone(): void {
    const { acknowledged, acknowledgedChain, acknowledgedItems, epoch } = this.#mark;
    const news = epoch === this.#saved.epoch ? { acknowledged, acknowledgedChain, acknowledgedItems } : {};
    this.#mark = { ...this.#saved, ...news };
    this.#base = this.#savedBase;
  }

  /**
   * Starts `epoch` with the record `first`, followed by all that the hub does not have. Returns by how much their numbers changed. The
   * record that opened the epoch which is left goes: the hub takes such a record as the first of an epoch only.
   */
  restart(epoch: number, first: Sealed): number {
    const { acknowledgedItems, items, seq } = this.#mark;
    const acknowledged = this.#opensUnacknowledged() ? 1 : this.#mark.acknowledged;
    const shift = 1 - acknowledged;
    const start = chainStart(this.#address, epoch);
    this.#deleteTo(acknowledged + this.#base);
    // No row moves: the numbers do. The new first record takes the key of the last acknowledged one.
    this.#base -= shift;
    this.#mark = {
      ...{ epoch, seq: 0, chain: start, items: acknowledgedItems },
      ...{ acknowledged: 0, acknowledgedChain: start, acknowledgedItems },
    };
    this.append(first);
    const update = this.#db.prepare('UPDATE links SET chain = ? WHERE seq = ?');
    const last = seq + shift;
    let { chain } = this.#mark;
    for (let at = 1; at < last; ) {
      const rows = this.after(at, RECHAIN_ROWS, RECHAIN_BYTES);
      for (const row of rows) {
        chain = chainNext(chain, commitment(row.salt, row.body));
        update.run(chain, row.seq + this.#base);
      }
      at += rows.length;
      if (rows.length === 0)
        throw new Fault('OUTBOX_WRITE', `record ${at + 1} is missing in the outbox: start the node again, it looks at its file then`);
    }
    this.#mark = { ...this.#mark, seq: last, chain, items };
    return shift;
  }

  /** Whether the first record of this epoch is the one that opened it, and the hub does not have it. */
  #opensUnacknowledged(): boolean {
    if (this.#mark.acknowledged > 0) return false;
    const [opening] = this.after(0, 1, 0);
    return opening !== undefined && (JSON.parse(fromUtf8(opening.body)) as { type?: unknown }).type === 'epoch';
  }

  #deleteTo(key: number): void {
    for (const statement of this.#delete) statement.run(key);
  }

  #load(): Mark {
    const { tenant, site, node } = this.#address;
    const row = this.#db.prepare('SELECT * FROM head').get();
    if (row === undefined) {
      const chain = chainStart(this.#address, 1);
      this.#db
        .prepare(
          `INSERT INTO head (id, tenant, site, node, epoch, seq, chain, acknowledged, acknowledged_chain)
           VALUES (1, ?, ?, ?, 1, 0, ?, 0, ?)`,
        )
        .run(tenant, site, node, chain, chain);
      return { epoch: 1, seq: 0, chain, acknowledged: 0, acknowledgedChain: chain, items: 0, acknowledgedItems: 0 };
    }
    const head = row as unknown as HeadRow;
    if (head.tenant !== tenant || head.site !== site || head.node !== node) {
      const theirs = `${head.tenant}/${head.site}/${head.node}`;
      throw new Fault(
        'OUTBOX_ADDRESS',
        `this outbox belongs to ${theirs}, the settings say ${tenant}/${site}/${node}: use another dataDir or put the names back`,
      );
    }
    this.#base = head.base;
    return {
      ...{ epoch: head.epoch, seq: head.seq, chain: head.chain, items: head.items },
      ...{ acknowledged: head.acknowledged, acknowledgedChain: head.acknowledged_chain, acknowledgedItems: head.acknowledged_items },
    };
  }
}
