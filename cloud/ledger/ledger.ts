import type { Batch } from '../../protocol/batch.ts';
import { equal, fromUtf8, toBase64url, utf8 } from '../../protocol/bytes.ts';
import { canonical } from '../../protocol/canonical.ts';
import { commitment } from '../../protocol/chain.ts';
import { Fault, faultCode } from '../../protocol/fault.ts';
import type { ChainHead } from '../../protocol/refusal.ts';
import { keyFault, quarantineOf } from './devices.ts';
import { keepDrops } from './drops.ts';
import { effectiveTimes } from './effective.ts';
import { Effects, type EntryEffects } from './effects.ts';
import { type DecodedEntry, type JsonObject, leaf, type NewEntry, producerId } from './entry.ts';
import { Inspection } from './inspection.ts';
import { quarantineFork } from './instances.ts';
import { Refusal, readRecords, sealsOf } from './intake.ts';
import { addLate, type Head, readHead, writeEntry, writeHead } from './log.ts';
import { chainAt, ensureNode, type NodeChain, nodeChain, writeBatch, writeNode } from './nodes.ts';
import { type Mark, placeOf, startMark } from './place.ts';
import type { Admission, Commit, Projection } from './projection.ts';
import { Rebuild } from './rebuild.ts';
import type { Appended, AppendResult, PostResult } from './rpc.ts';
import { migrate } from './schema.ts';
import type { Sql } from './sql.ts';
import { appendToTiles, frontierFromTiles } from './tiles.ts';
import { leafHash, rootOf } from './tree.ts';

/** At most this many entries in one append: one transaction of some 100 ms, and a request the caller can still time out on. */
export const MAX_APPEND = 1000;
/** The largest body of a hub entry in bytes: with its effects it must fit a row of 2 MB. */
export const MAX_HUB_BODY_BYTES = 1_000_000;

export interface LedgerOptions {
  readonly sql: Sql;
  readonly tenant: string;
  /** In the order in which they fold: each may read those before it. */
  readonly projections: readonly Projection[];
  /** 16 random bytes for the commitment of an entry that the hub makes. */
  readonly salt: () => Uint8Array;
  /** Hears of errors that are no refusals: bugs and damage. */
  readonly log: (event: { readonly event: string; readonly code: string; readonly text: string }) => void;
}

const chainHead = (mark: Mark): ChainHead => ({ epoch: mark.epoch, seq: mark.seq, chain: toBase64url(mark.chain) });

/**
 * A tenant's log with everything that must agree with it. Synchronous, without clock and without randomness of its own: the same
 * calls give the same rows, whichever database stands behind `Sql`. Nothing is kept between calls but what the constructor was given.
 */
export class Ledger {
  readonly sql: Sql;
  readonly tenant: string;
  readonly rebuild: Rebuild;
  readonly inspection: Inspection;
  readonly #options: LedgerOptions;
  readonly #hub: Uint8Array;

  /**
   * Migrates the schema and checks that the stored head follows from the tree's tiles.
   * @throws Fault TREE_CORRUPT
   */
  constructor(options: LedgerOptions) {
    this.sql = options.sql;
    this.tenant = options.tenant;
    this.#options = options;
    this.#hub = producerId(options.tenant, 'hub');
    const stale = migrate(options.sql, options.projections);
    this.rebuild = new Rebuild(options, stale.length > 0);
    this.inspection = new Inspection({ ...options, rebuild: this.rebuild });
    const head = readHead(options.sql);
    if (!equal(rootOf(frontierFromTiles(options.sql, head.frontier.size)), head.root)) {
      throw new Fault(
        'TREE_CORRUPT',
        `the root of ${head.frontier.size} entries does not follow from the stored tiles: restore the ledger`,
      );
    }
  }

  #address(site: string, node: string) {
    return { tenant: this.tenant, site, node };
  }

  /** The point up to which a node's chain is committed: sequence 0 of epoch 1 for a node that has posted nothing. */
  nodeHead(site: string, node: string): ChainHead {
    return chainHead(nodeChain(this.sql, site, node) ?? startMark(this.#address(site, node)));
  }

  /**
   * Commits the records of a batch that are new, all in one transaction: entries, tiles, head, projections and outbound commands.
   * The signature is the caller's to verify; the key's validity, the chain and every body are checked here.
   * `receivedAt` is hub time in epoch milliseconds. Never throws: what is not committed comes back with a refusal code.
   */
  post(site: string, node: string, batch: Batch, receivedAt: number): PostResult {
    const known = nodeChain(this.sql, site, node);
    const mark: Mark = known ?? startMark(this.#address(site, node));
    try {
      const next = this.sql.transaction(() => this.#post(site, node, batch, receivedAt, known));
      return { ok: true, head: chainHead(next ?? mark), duplicate: next === undefined };
    } catch (error) {
      if (error instanceof Refusal && error.code === 'FORK') quarantineFork(this, site, node, batch, error.message, receivedAt);
      if (error instanceof Refusal) return { ok: false, code: error.code, text: error.message, head: chainHead(mark) };
      const text = `records of ${site}/${node} could not be committed: ${error instanceof Error ? error.message : String(error)}`;
      this.#options.log({ event: 'ledger.failed', code: faultCode(error), text });
      return { ok: false, code: 'BUSY', text: `${text}; nothing of the batch was kept, send it again later`, head: chainHead(mark) };
    }
  }

  /** Commits and returns the new mark; undefined for a duplicate. */
  #post(site: string, node: string, batch: Batch, receivedAt: number, known: NodeChain | undefined): Mark | undefined {
    const { header } = batch;
    if (header.tenant !== this.tenant || header.site !== site || header.node !== node) {
      throw new Refusal(
        'ADDRESS',
        `the batch is of ${header.tenant}/${header.site}/${header.node}, the session of ${this.tenant}/${site}/${node}`,
      );
    }
    const before = readHead(this.sql);
    // Appended times never fall along the log, whatever the clock of the machine does.
    const at = Math.max(receivedAt, before.at);
    const key = keyFault(this.sql, site, node, header.key, at);
    if (key !== undefined) throw new Refusal('KEY', key);
    const { commitments, chain } = sealsOf(batch);
    if (!equal(chain.at(-1) as Uint8Array, header.after))
      throw new Refusal('CHAIN', 'the chain value after the batch does not follow from its records');
    const mark: Mark = known ?? startMark(header);
    const place = placeOf(header, chain, mark, (epoch, seq) => (known === undefined ? undefined : chainAt(this.sql, known.id, epoch, seq)));
    if (place.kind === 'refused') throw new Refusal(place.code, place.text);
    const held = quarantineOf(this.sql, site, node);
    if (held !== undefined) throw new Refusal('QUARANTINED', `${site}/${node} is in quarantine: ${held.text}`);
    if (place.kind === 'duplicate') return undefined;
    const { skip } = place;
    const records = readRecords(batch, skip, mark, place.opens);
    const { times, boot } = effectiveTimes(records, at, known?.boot);
    const id = known?.id ?? ensureNode(this.sql, site, node, mark);
    const entries = records.map((record, i): DecodedEntry => {
      const { salt, body } = batch.records[skip + i] as { salt: Uint8Array; body: Uint8Array };
      return {
        index: before.frontier.size + i,
        type: 'record',
        at,
        effectiveAt: times[i] as number,
        producer: `${site}/${node}`,
        epoch: header.epoch,
        seq: header.first + skip + i,
        salt,
        body,
        commitment: commitments[skip + i] as Uint8Array,
        site,
        node,
        record,
      };
    });
    this.#commit({ entries, at }, before, id);
    writeBatch(this.sql, id, batch, { seq: header.first + skip, entry: before.frontier.size, chain: chain[skip] as Uint8Array });
    const next: NodeChain = { id, epoch: header.epoch, seq: header.first + header.count - 1, chain: header.after, boot };
    writeNode(this.sql, next);
    return next;
  }

  /**
   * Appends entries that the hub makes, all or none. An entry whose projection says that it is there already is not appended again.
   * `now` is epoch milliseconds; `also` writes what must stand beside the entries, in the same transaction. Never throws for what was asked; @throws what the database or a projection's bug throws.
   */
  append(entries: readonly NewEntry[], now: number, also?: () => void): AppendResult {
    try {
      if (entries.length > MAX_APPEND)
        throw new Fault('APPEND_TOO_LARGE', `${entries.length} entries, at most ${MAX_APPEND} at a time: send fewer`);
      const work = (): Appended[] => {
        also?.();
        return this.#append(entries, now);
      };
      return { ok: true, appended: this.sql.transaction(work) };
    } catch (error) {
      if (!(error instanceof Fault)) {
        this.#options.log({ event: 'ledger.failed', code: faultCode(error), text: error instanceof Error ? error.message : String(error) });
        throw error;
      }
      if (error instanceof Refused && error.note !== undefined) {
        const { note } = error;
        this.sql.transaction(() => this.#appendRun([note], now));
      }
      return { ok: false, code: error.code, text: error.message, details: error.details };
    }
  }

  #append(entries: readonly NewEntry[], now: number): Appended[] {
    const appended: Appended[] = [];
    let run: NewEntry[] = [];
    const flush = (): void => {
      if (run.length > 0) appended.push(...this.#appendRun(run, now));
      run = [];
    };
    for (const entry of entries) {
      const judges = this.#options.projections.filter(({ admits }) => admits?.includes(entry.type));
      if (judges.length === 0) {
        run.push(entry);
        continue;
      }
      // What it asks must see every entry before it.
      flush();
      const existing = this.#admit(entry, judges, now);
      if (existing === undefined) appended.push(...this.#appendRun([entry], now));
      else appended.push({ index: null, existing, effects: {} });
    }
    flush();
    return appended;
  }

  #admit(entry: NewEntry, judges: readonly Projection[], now: number): string | undefined {
    for (const judge of judges) {
      const admission: Admission = judge.admit?.({ type: entry.type, value: entry.body, at: now }, this.sql);
      if (admission === undefined) continue;
      if ('existing' in admission) return admission.existing;
      throw new Refused(admission.refuse, admission.note);
    }
    return undefined;
  }

  #appendRun(run: readonly NewEntry[], now: number): Appended[] {
    const before = readHead(this.sql);
    const at = Math.max(now, before.at);
    const entries = run.map((entry, i): DecodedEntry => {
      const body = utf8(canonical(entry.body));
      if (body.length > MAX_HUB_BODY_BYTES) {
        throw new Fault('BODY_TOO_LARGE', `the ${entry.type} has ${body.length} bytes, at most ${MAX_HUB_BODY_BYTES}: split it`);
      }
      const effectiveAt = entry.effectiveAt ?? at;
      if (!Number.isSafeInteger(effectiveAt) || effectiveAt < 0) {
        throw new Fault('TIME_INVALID', `effective time ${effectiveAt} of the ${entry.type} is not epoch milliseconds`);
      }
      const salt = this.#options.salt();
      return {
        index: before.frontier.size + i,
        type: entry.type,
        at,
        effectiveAt: Math.min(effectiveAt, at),
        producer: 'hub',
        epoch: 0,
        seq: before.hubSeq + 1 + i,
        salt,
        body,
        commitment: commitment(salt, body),
        // What is folded is what the log says, down to the order of members: a rebuild reads nothing else.
        value: JSON.parse(fromUtf8(body)) as JsonObject,
      };
    });
    const effects = this.#commit({ entries, at }, before, null);
    return entries.map(({ index }, i) => ({ index, existing: null, effects: effects[i] as EntryEffects }));
  }

  /** Whether a projection has work that commits had no room for. */
  waits(): boolean {
    return this.#options.projections.some((projection) => projection.waits?.(this.sql) === true);
  }

  /**
   * Goes on with work that commits had no room for, one slice per projection. Returns the entry whose effects grew, if one did, and
   * whether more waits.
   */
  drain(): { index: number | undefined; more: boolean } {
    const index = readHead(this.sql).frontier.size - 1;
    if (index < 0) return { index: undefined, more: false };
    return this.sql.transaction(() => {
      const effects = new Effects();
      let more = false;
      for (const projection of this.#options.projections) more = projection.drain?.(this.sql, effects, index) === true || more;
      const result = effects.result(index);
      this.#sendAfter(effects);
      const grew = Object.keys(result).length > 0;
      if (grew) addLate(this.sql, index, result);
      return { index: grew ? index : undefined, more };
    });
  }

  #sendAfter(effects: Effects): void {
    keepDrops(this.sql, effects.drops);
    for (const { site, node, command } of effects.outbound) {
      this.sql.exec('INSERT INTO outbound (site, node, command) VALUES (?, ?, ?)', site, node, JSON.stringify(command));
    }
  }

  /** Folds, then writes entries, tiles, head and outbound commands. Runs inside the caller's transaction. */
  #commit(commit: Commit, before: Head, node: number | null): EntryEffects[] {
    const { entries, at } = commit;
    const effects = new Effects();
    for (const projection of this.#options.projections) projection.apply(commit, this.sql, effects);
    this.rebuild.follow(commit);
    const first = entries[0] as DecodedEntry;
    const producer = node === null ? this.#hub : producerId(this.tenant, first.producer);
    const leaves: Uint8Array[] = [];
    const results: EntryEffects[] = [];
    for (const entry of entries) {
      const result = effects.result(entry.index);
      writeEntry(this.sql, entry, node, result);
      leaves.push(leafHash(leaf(entry, producer)));
      results.push(result);
    }
    const frontier = appendToTiles(this.sql, before.frontier, leaves);
    writeHead(this.sql, frontier, at, before.hubSeq + (node === null ? entries.length : 0));
    this.#sendAfter(effects);
    return results;
  }
}

/** A projection's refusal, with the entry that must remember it. */
class Refused extends Fault {
  readonly note: NewEntry | undefined;
  constructor(fault: Fault, note: NewEntry | undefined) {
    super(fault.code, fault.message, fault.details);
    this.note = note;
  }
}
