import { randomFillSync } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SealedRecord } from '../../protocol/batch.ts';
import { chainNext, chainStart, commitment, SALT_BYTES } from '../../protocol/chain.ts';
import { Fault } from '../../protocol/fault.ts';
import type { NodeAddress } from '../../protocol/topics.ts';

/** The end of the chain and the part of it that the hub has. */
export interface Mark {
  readonly epoch: number;
  readonly seq: number;
  readonly chain: Uint8Array;
  /** Last record that the hub has committed, and the chain value after it. */
  readonly acknowledged: number;
  readonly acknowledgedChain: Uint8Array;
}

export interface StoredRecord extends SealedRecord {
  readonly seq: number;
  /** Chain value after this record. */
  readonly chain: Uint8Array;
}

/** A record that is ready to be chained. */
export interface Sealed extends SealedRecord {
  readonly commitment: Uint8Array;
}

/** Salts drawn at once: one call to the kernel for many records. */
const SALTS = 256;
const pool = new Uint8Array(SALTS * SALT_BYTES);
let next = SALTS;

/** Gives a body its salt and commitment. */
export function seal(body: Uint8Array): Sealed {
  if (next === SALTS) {
    randomFillSync(pool);
    next = 0;
  }
  const salt = pool.slice(next * SALT_BYTES, (next + 1) * SALT_BYTES);
  next++;
  return { salt, body, commitment: commitment(salt, body) };
}

/** Acknowledged records deleted in one commit: some 10 ms, so that a catch-up of weeks never holds up a pallet. */
const PRUNE_ROWS = 2_000;
/** Rows read at once when a chain is computed anew: bounds memory, however long the queue. */
const RECHAIN_ROWS = 500;

/** The chained records of the current epoch that the hub does not have yet. Changes happen inside the caller's transaction. */
export class Records {
  readonly #db: DatabaseSync;
  readonly #address: NodeAddress;
  readonly #insert: StatementSync;
  readonly #after: StatementSync;
  readonly #chain: StatementSync;
  readonly #save: StatementSync;
  readonly #oldest: StatementSync;
  readonly #delete: StatementSync;
  #behind = false;
  #mark: Mark;
  #saved: Mark;

  /** @throws Fault OUTBOX_ADDRESS when the file belongs to another node */
  constructor(db: DatabaseSync, address: NodeAddress) {
    this.#db = db;
    this.#address = address;
    this.#insert = db.prepare('INSERT INTO records (seq, salt, body, chain) VALUES (?, ?, ?, ?)');
    this.#after = db.prepare('SELECT seq, salt, body, chain FROM records WHERE seq > ? ORDER BY seq LIMIT ?');
    this.#chain = db.prepare('SELECT chain FROM records WHERE seq = ?');
    this.#save = db.prepare('UPDATE head SET epoch = ?, seq = ?, chain = ?, acknowledged = ?, acknowledged_chain = ?');
    this.#oldest = db.prepare('SELECT min(seq) AS oldest FROM records');
    this.#delete = db.prepare('DELETE FROM records WHERE seq <= ?');
    this.#mark = this.#load();
    this.#saved = this.#mark;
  }

  get mark(): Mark {
    return this.#mark;
  }

  /** Appends one record; returns its number. */
  append(record: Sealed): number {
    const seq = this.#mark.seq + 1;
    const chain = chainNext(this.#mark.chain, record.commitment);
    this.#insert.run(seq, record.salt, record.body, chain);
    this.#mark = { ...this.#mark, seq, chain };
    return seq;
  }

  /** The records after `seq`, at most `records` of them and `bytes` of bodies, but at least one. */
  after(seq: number, records: number, bytes: number): StoredRecord[] {
    const out: StoredRecord[] = [];
    let size = 0;
    for (const row of this.#after.iterate(seq, records)) {
      const record = row as unknown as StoredRecord;
      size += record.body.length;
      if (out.length > 0 && size > bytes) break;
      out.push(record);
    }
    return out;
  }

  /** Chain value after record `seq` of the current epoch; undefined when it is not known any more or not yet. */
  chainAt(seq: number): Uint8Array | undefined {
    if (seq === this.#mark.acknowledged) return this.#mark.acknowledgedChain;
    if (seq === this.#mark.seq) return this.#mark.chain;
    return (this.#chain.get(seq) as { chain: Uint8Array } | undefined)?.chain;
  }

  /** Notes that the hub has the records up to `seq`; they are deleted by the next calls of {@link save}. Returns false when that is no news. */
  acknowledge(epoch: number, seq: number): boolean {
    if (epoch !== this.#mark.epoch || seq <= this.#mark.acknowledged) return false;
    const chain = this.chainAt(seq);
    if (chain === undefined) return false;
    this.#mark = { ...this.#mark, acknowledged: seq, acknowledgedChain: chain };
    return true;
  }

  /** True when the file does not have the mark yet, or still has records that the hub has. */
  get unsaved(): boolean {
    return this.#mark !== this.#saved || this.#behind;
  }

  /** Writes the mark and deletes of what the hub has as much as a short commit allows. */
  save(): void {
    const { epoch, seq, chain, acknowledged, acknowledgedChain } = this.#mark;
    const { oldest } = this.#oldest.get() as { oldest: number | null };
    const last = Math.min(acknowledged, (oldest ?? acknowledged) + PRUNE_ROWS - 1);
    if (oldest !== null && oldest <= last) this.#delete.run(last);
    this.#behind = last < acknowledged;
    this.#save.run(epoch, seq, chain, acknowledged, acknowledgedChain);
  }

  /** After the commit: what was written is what is on disk. */
  committed(): void {
    this.#saved = this.#mark;
  }

  /** After a rollback: the end of the chain is the one on disk; acknowledgements stay true. */
  undone(): void {
    const { acknowledged, acknowledgedChain, epoch } = this.#mark;
    this.#mark = epoch === this.#saved.epoch ? { ...this.#saved, acknowledged, acknowledgedChain } : this.#saved;
  }

  /** Starts `epoch` with the record `first`, followed by all that the hub does not have. Returns by how much their numbers changed. */
  restart(epoch: number, first: Sealed): number {
    const shift = 1 - this.#mark.acknowledged;
    this.#delete.run(this.#mark.acknowledged);
    // Through negative numbers: a shift in place would meet numbers that are still taken.
    this.#db.prepare('UPDATE records SET seq = -(seq + ?)').run(shift);
    this.#db.exec('UPDATE records SET seq = -seq');
    const last = this.#mark.seq + shift;
    const start = chainStart(this.#address, epoch);
    this.#mark = { epoch, seq: 0, chain: start, acknowledged: 0, acknowledgedChain: start };
    this.append(first);
    const update = this.#db.prepare('UPDATE records SET chain = ? WHERE seq = ?');
    let { chain } = this.#mark;
    for (let at = 1; at < last; ) {
      const rows = this.after(at, RECHAIN_ROWS, Number.POSITIVE_INFINITY);
      for (const { seq, salt, body } of rows) {
        chain = chainNext(chain, commitment(salt, body));
        update.run(chain, seq);
      }
      at += rows.length;
    }
    this.#mark = { ...this.#mark, seq: last, chain };
    return shift;
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
      return { epoch: 1, seq: 0, chain, acknowledged: 0, acknowledgedChain: chain };
    }
    const head = row as unknown as Mark & { tenant: string; site: string; node: string; acknowledged_chain: Uint8Array };
    if (head.tenant !== tenant || head.site !== site || head.node !== node) {
      const theirs = `${head.tenant}/${head.site}/${head.node}`;
      throw new Fault(
        'OUTBOX_ADDRESS',
        `this outbox belongs to ${theirs}, the settings say ${tenant}/${site}/${node}: use another dataDir or put the names back`,
      );
    }
    return {
      epoch: head.epoch,
      seq: head.seq,
      chain: head.chain,
      acknowledged: head.acknowledged,
      acknowledgedChain: head.acknowledged_chain,
    };
  }
}
