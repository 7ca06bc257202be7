import { leaf, type NewEntry, producerId } from '../../cloud/ledger/entry.ts';
import { decodedEntries, readHead } from '../../cloud/ledger/log.ts';
import { movementsOfEntry } from '../../cloud/ledger/movements.ts';
import type { Projection } from '../../cloud/ledger/projection.ts';
import { rawStock } from '../../cloud/ledger/raw.ts';
import { stockPage } from '../../cloud/ledger/reads.ts';
import { replay } from '../../cloud/ledger/replay.ts';
import { NodeSql } from '../../cloud/ledger/sql.node.ts';
import type { Sql, Value } from '../../cloud/ledger/sql.ts';
import { rowLine, rowsAfter, type Table, tablesOf } from '../../cloud/ledger/tables.ts';
import { equal, fromUtf8, toBase64url } from '../../protocol/bytes.ts';
import { chainNext, chainStart, commitment } from '../../protocol/chain.ts';
import { Violation } from './crash.ts';
import { itemsOf, Oracle, type SeenBody } from './oracle.ts';
import type { Acknowledged } from './tap.ts';
import { Growth } from './tree.ts';

export type EntryType = NewEntry['type'];
/** Entries read at a time. */
const PAGE = 256;
/** Rows compared at a time. */
const ROWS = 500;

interface Chain {
  epoch: number;
  seq: number;
  value: Uint8Array;
  /** The last record of each epoch that was left. */
  readonly left: Map<number, number>;
}

/** What of a node's queue the checks look at. */
export interface Queue {
  readonly name: string;
  /**
   * What stands in the outbox and is not acknowledged: passages, and doubts, undecided or with a decision that waits, each as
   * `passage item`; undefined while the node does not run.
   */
  held(): { readonly passages: ReadonlySet<string>; readonly doubts: ReadonlySet<string> } | undefined;
}

/** Every invariant, checked against the ledger's own rows as they stand between two events. */
export class Checks {
  readonly oracle = new Oracle();
  readonly #tenant: string;
  readonly #projections: readonly Projection[];
  readonly #growth = new Growth();
  readonly #chains = new Map<string, Chain>();
  readonly #hub: Uint8Array;
  /** Boot and effective time of the newest record that is no decision, by node. */
  readonly #effective = new Map<string, { readonly boot: string; readonly at: number }>();
  #at = 0;
  #hubSeq = 0;

  constructor(tenant: string, projections: readonly Projection[]) {
    this.#tenant = tenant;
    this.#projections = projections;
    this.#hub = producerId(tenant, 'hub');
  }

  get size(): number {
    return this.#growth.size;
  }

  /** The root that follows from everything seen, for a trace. */
  root(sql: Sql): string {
    return toBase64url(readHead(sql).root);
  }

  /** Reads what the log has more than before and checks it. @throws Violation */
  scan(sql: Sql): void {
    for (let more = true; more; ) {
      const entries = decodedEntries(sql, this.#growth.size, PAGE);
      for (const entry of entries) this.#entry(sql, entry);
      more = entries.length === PAGE;
    }
  }

  #entry(sql: Sql, entry: ReturnType<typeof decodedEntries>[number]): void {
    const { index, salt, body, at } = entry;
    if (index !== this.#growth.size) throw new Violation('log', `entry ${index} follows entry ${this.#growth.size - 1}`);
    if (salt === null || body === null) throw new Violation('log', `entry ${index} has lost its body`);
    if (!equal(commitment(salt, body), entry.commitment)) throw new Violation('log', `entry ${index} is not what its commitment says`);
    if (at < this.#at) throw new Violation('log', `entry ${index} was appended before the one in front of it`);
    this.#at = at;
    const own = entry.type === 'record';
    this.#growth.add(leaf(entry, own ? producerId(this.#tenant, entry.producer) : this.#hub));
    if (entry.type !== 'record') {
      if (entry.seq !== this.#hubSeq + 1) throw new Violation('chain', `hub entry ${index} has number ${entry.seq} after ${this.#hubSeq}`);
      this.#hubSeq = entry.seq;
      if (entry.type === 'document') this.oracle.document(entry.value);
      return;
    }
    const seen = JSON.parse(fromUtf8(body)) as SeenBody;
    this.#follow(entry, seen);
    this.#compareTimes(entry, seen);
    const counted = this.oracle.record(index, entry.site, entry.node, seen);
    this.#compareMovements(sql, index, seen, counted);
  }

  /** Numbers without gaps, chain values that follow, epochs that name what they leave. */
  #follow(entry: { index: number; site: string; node: string; epoch: number; seq: number; commitment: Uint8Array }, seen: SeenBody): void {
    const { site, node, epoch, seq } = entry;
    const name = `${site}/${node}`;
    const address = { tenant: this.#tenant, site, node };
    const chain = this.#chains.get(name) ?? { epoch: 1, seq: 0, value: chainStart(address, 1), left: new Map<number, number>() };
    this.#chains.set(name, chain);
    if (epoch !== chain.epoch) {
      const previous = (seen as { previous?: { epoch?: number; seq?: number; chain?: string } }).previous;
      const names = previous?.epoch === chain.epoch && previous.seq === chain.seq && previous.chain === toBase64url(chain.value);
      if (epoch !== chain.epoch + 1 || seq !== 1 || seen.type !== 'epoch' || !names)
        throw new Violation(
          'chain',
          `entry ${entry.index}: epoch ${epoch} of ${name} does not follow record ${chain.seq} of epoch ${chain.epoch}`,
        );
      chain.left.set(chain.epoch, chain.seq);
      Object.assign(chain, { epoch, seq: 0, value: chainStart(address, epoch) });
    }
    if (seq !== chain.seq + 1) throw new Violation('chain', `entry ${entry.index}: record ${seq} of ${name} follows record ${chain.seq}`);
    chain.seq = seq;
    chain.value = chainNext(chain.value, entry.commitment);
  }

  /** Never after receipt, and passages of one boot of a node in their order. */
  #compareTimes(
    { index, at, effectiveAt, site, node }: { index: number; at: number; effectiveAt: number; site: string; node: string },
    seen: SeenBody,
  ): void {
    if (effectiveAt > at) throw new Violation('time', `entry ${index} counts from ${effectiveAt}, after its receipt at ${at}`);
    if (seen.type === 'decision') return;
    const name = `${site}/${node}`;
    const boot = String(seen.clock?.boot);
    const last = this.#effective.get(name);
    // A disk that was set back brings records of older boots once more.
    if (last?.boot === boot && effectiveAt < last.at && !this.oracle.restored(name))
      throw new Violation('time', `entry ${index} counts from ${effectiveAt}, the one before it of this boot of ${name} from ${last.at}`);
    this.#effective.set(name, { boot, at: effectiveAt });
  }

  #compareMovements(sql: Sql, index: number, seen: SeenBody, counted: readonly number[]): void {
    const items = itemsOf(seen);
    const wanted = counted.filter((ordinal) => items[ordinal]?.includes(' ')).join();
    const stored = movementsOfEntry(sql, index)
      .flatMap(({ ordinals }) => ordinals.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i)))
      .sort((a, b) => a - b)
      .join();
    if (wanted !== stored)
      throw new Violation('twice', `entry ${index} moved items [${stored}] of its record, it should have moved [${wanted}]`);
  }

  /** The node was told that the hub has these records. @throws Violation when it has not */
  acknowledged(sql: Sql, node: string, { epoch, last }: Acknowledged): void {
    this.scan(sql);
    const chain = this.#chains.get(node);
    const has = chain === undefined ? 0 : epoch === chain.epoch ? chain.seq : (chain.left.get(epoch) ?? 0);
    if (has < last) throw new Violation('puback', `${node} got a PUBACK for record ${last} of epoch ${epoch}, the log ends at ${has}`);
  }

  /** The hub has shown a checkpoint. @throws Violation */
  checkpoint(sql: Sql, note: string): void {
    this.scan(sql);
    this.#growth.checkpoint(note);
  }

  /** Everything that must hold between any two events. @throws Violation */
  check(sql: Sql, queues: readonly Queue[]): void {
    this.scan(sql);
    const { frontier, root } = readHead(sql);
    this.#growth.check(sql, { size: frontier.size, root });
    this.#compareHeads(sql);
    this.#compareStock(sql);
    for (const queue of queues) this.#complete(queue);
  }

  #compareHeads(sql: Sql): void {
    for (const row of sql.exec('SELECT site, node, epoch, seq, chain FROM nodes')) {
      const name = `${String(row['site'])}/${String(row['node'])}`;
      const chain = this.#chains.get(name);
      if (
        chain === undefined ||
        chain.epoch !== row['epoch'] ||
        chain.seq !== row['seq'] ||
        !equal(chain.value, row['chain'] as Uint8Array)
      )
        throw new Violation(
          'chain',
          `the head of ${name} is record ${String(row['seq'])} of epoch ${String(row['epoch'])}, the log says ${chain?.seq} of ${chain?.epoch}`,
        );
    }
  }

  #compareStock(sql: Sql): void {
    const stored = new Map<string, number>();
    for (let after: string | undefined, more = true; more; ) {
      const page = stockPage(sql, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { site, gtin, quantity } of page.data) stored.set(`${site} ${gtin}`, quantity);
      more = page.next !== null;
      after = page.next ?? undefined;
    }
    for (const { site, quantity } of rawStock(sql)) {
      const sum = (stored.get(`${site} raw`) ?? 0) + quantity;
      if (sum === 0) stored.delete(`${site} raw`);
      else stored.set(`${site} raw`, sum);
    }
    for (const key of new Set([...stored.keys(), ...this.oracle.stock.keys()])) {
      const [has, wants] = [stored.get(key) ?? 0, this.oracle.stock.get(key) ?? 0];
      if (has !== wants) throw new Violation('stock', `the stock of ${key} is ${has}, it should be ${wants}`);
    }
  }

  /** What was on disk once stands in the outbox or in the log. */
  #complete(queue: Queue): void {
    const missing = [...this.oracle.due(queue.name)].filter((passage) => !this.oracle.isLogged(queue.name, passage));
    const open = this.oracle.open(queue.name);
    if (missing.length === 0 && open.size === 0) return;
    const held = queue.held();
    if (held === undefined) return;
    for (const [passage, items] of open) {
      const gone = [...items].find((item) => !held.doubts.has(`${passage} ${item}`));
      if (gone !== undefined)
        throw new Violation(
          'lost',
          `${gone} of passage ${passage} of ${queue.name} is undecided and stands neither in its list nor in a decision`,
        );
    }
    const lost = missing.find((passage) => !held.passages.has(passage));
    if (lost !== undefined)
      throw new Violation('lost', `passage ${lost} of ${queue.name} was on disk and stands neither in the outbox nor in the log`);
  }

  /** Folds the whole log again and compares every row. @throws Violation */
  refold(sql: Sql): void {
    const again = new NodeSql();
    try {
      replay(sql, again, this.#projections);
      for (const table of tablesOf(again, this.#projections)) this.#compareRows(sql, again, table);
    } finally {
      again.close();
    }
  }

  #compareRows(sql: Sql, again: Sql, table: Table): void {
    let after: readonly Value[] | null = null;
    do {
      const has: ReturnType<typeof rowsAfter> = rowsAfter(sql, table, after, ROWS);
      const wants = rowsAfter(again, table, after, ROWS);
      for (let i = 0; i < Math.max(has.rows.length, wants.rows.length); i++) {
        const [a, b] = [has.rows[i], wants.rows[i]].map((row) => (row === undefined ? 'nothing' : rowLine(table, row)));
        if (a !== b)
          throw new Violation('fold', `table ${table.name} has ${a?.slice(0, 200)}, a fold of the log gives ${b?.slice(0, 200)}`);
      }
      after = has.next;
    } while (after !== null);
  }
}
