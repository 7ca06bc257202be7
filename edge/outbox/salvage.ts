import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { chainStart } from '../../protocol/chain.ts';
import { decodeBody } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { commitment } from './hash.ts';
import { type ChainRow, follows, headOf, isSoundJson, rowsSql } from './inspect.ts';
import { NAMED } from './notice.ts';
import { itemsOf, Records, type Sealed } from './records.ts';
import { BUSY_MS, LINKS_VERSION, prepare, VERSION, versionOf } from './schema.ts';
import type { Trace } from './trace.ts';

export interface Salvaged {
  /** Records that the hub does not have: carried over, and not to be found; null when nobody can tell how many there were. */
  readonly saved: number;
  readonly lost: number | null;
  readonly names: readonly string[];
}

/** Tables that are carried over row by row, as far as they can be read from either end. */
const TABLES = {
  passages: 'passage, epoch, seq, door, direction, opened, closed, confidence, document, moved_in, moved_out, strays',
  doubts: 'passage, epc, door, opened, closed, reason, reads, d, document',
  expectations: 'kind, number, arrived, command',
  accepted: 'kind, number, gtin, quantity',
  door_documents: 'door, document',
  zone_lists: 'zone, at, part, parts, command',
  open_count: 'id, head',
  count_reads: 'epc',
} as const;
const KEYS = {
  passages: ['passage'],
  doubts: ['passage', 'epc'],
  expectations: ['kind', 'number'],
  accepted: ['kind', 'number', 'gtin'],
  door_documents: ['door'],
  zone_lists: ['zone', 'at', 'part'],
  open_count: ['id'],
  count_reads: ['epc'],
} as const;
const TABLE_NAMES = [
  ...(['passages', 'doubts', 'expectations', 'accepted', 'door_documents'] as const),
  ...(['zone_lists', 'open_count', 'count_reads'] as const),
] as const;
/** A damaged head may name any number: further than this behind the acknowledged record no outbox comes. */
const MOST_RECORDS = 50_000_000;

/** Where the records of the damaged file begin and end, as far as anything still says it. */
interface Range {
  readonly epoch: number;
  readonly base: number;
  readonly acknowledged: number;
  readonly chain: Uint8Array | undefined;
  readonly last: number;
  /** Records behind `last` that the head names and that are not there. */
  readonly missing: number;
}

/**
 * Makes a new outbox at `to` from what can still be proven of the damaged one at `from`, which is only read: each record that the
 * hub does not have and whose chain value follows from that of the record before it, doubts, documents. A lost record's passage is
 * no longer known, so that a journal may bring it again.
 */
export function salvage(from: string, to: string, address: NodeAddress, trace: Trace | undefined): Salvaged {
  const target = prepare(to);
  let source: DatabaseSync | undefined;
  try {
    source = attempt(() => new DatabaseSync(from, { readOnly: true, timeout: BUSY_MS }));
    target.exec('BEGIN IMMEDIATE');
    const salvaged = carry(source, target, address, trace);
    target.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
    return salvaged;
  } finally {
    attempt(() => source?.close());
    target.close();
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // That part can't be read: what it held is counted as lost.
    return undefined;
  }
}

function carry(source: DatabaseSync | undefined, target: DatabaseSync, address: NodeAddress, trace: Trace | undefined): Salvaged {
  const version = source === undefined ? undefined : attempt(() => versionOf(source));
  const known = trace === undefined ? null : trace.seq - trace.acknowledged;
  if (source === undefined || version === undefined || version < 1 || version > VERSION) return { saved: 0, lost: known, names: [] };
  for (const table of TABLE_NAMES) copyTable(source, target, table);
  const range = rangeOf(source, version, trace);
  if (range === undefined) {
    // Whose records are lost can't be told: a journal may bring any passage again, the hub knows the double by its name.
    target.exec('DELETE FROM passages');
    return { saved: 0, lost: known, names: [] };
  }
  begin(target, address, opened(source, version, range) ? range : { ...range, epoch: 1, chain: chainStart(address, 1) });
  const records = new Records(target, address);
  const lost = new Set<number>();
  const moved: [number, number][] = [];
  for (const [seq, sealed] of intact(source, version, range)) {
    if (sealed === undefined) lost.add(seq);
    else moved.push([seq, records.append(sealed)]);
  }
  records.save();
  const names = forget(target, range.epoch, lost);
  const shift = target.prepare('UPDATE passages SET seq = ? WHERE epoch = ? AND seq = ?');
  for (const [before, now] of moved) if (before !== now) shift.run(now, range.epoch, before);
  // What the trace knows and the file does not: the tail of a damaged log.
  const tail = trace !== undefined && trace.epoch === range.epoch ? Math.max(0, trace.seq - range.last) : 0;
  return { saved: moved.length, lost: lost.size + Math.max(range.missing, tail), names };
}

function copyTable(source: DatabaseSync, target: DatabaseSync, table: (typeof TABLE_NAMES)[number]): void {
  const columns = TABLES[table].split(', ');
  const insert = target.prepare(`INSERT OR IGNORE INTO ${table} (${TABLES[table]}) VALUES (${columns.map(() => '?').join(', ')})`);
  for (const order of ['', ' DESC']) {
    const by = KEYS[table].map((key) => `${key}${order}`).join(', ');
    const whole = attempt(() => {
      for (const row of source.prepare(`SELECT ${TABLES[table]} FROM ${table} ORDER BY ${by}`).iterate()) {
        const values = columns.map((column) => row[column] as SQLInputValue);
        // A row that the tables' types or JSON refuse is damaged.
        if (isSound(row)) attempt(() => insert.run(...values));
      }
      return true;
    });
    if (whole === true) return;
  }
}

function isSound(row: Readonly<Record<string, unknown>>): boolean {
  return (['document', 'command', 'head'] as const).every((column) => row[column] == null || isSoundJson(column, row[column]));
}

function rangeOf(source: DatabaseSync, version: number, trace: Trace | undefined): Range | undefined {
  const head = attempt(() => headOf(source));
  const ends = attempt(() => source.prepare('SELECT min(seq) AS first, max(seq) AS last FROM records').get() as unknown as Ends);
  if (head !== undefined) {
    const { epoch, base, acknowledged, acknowledged_chain: chain, seq } = head;
    const last = ends === undefined ? Math.min(seq, acknowledged + MOST_RECORDS) : Math.max(acknowledged, (ends.last ?? 0) - base);
    return { epoch, base, acknowledged, chain, last, missing: seq - last < MOST_RECORDS ? Math.max(0, seq - last) : 0 };
  }
  if (trace === undefined || ends?.first == null || ends.last === null) return undefined;
  const { epoch, seq, acknowledged, acknowledgedChain: chain } = trace;
  // Its keys without its head: by the link that the trace names, else by the first record that the hub does not have.
  const find = 'SELECT seq FROM links WHERE chain = ?';
  const key = version < LINKS_VERSION ? seq : (attempt(() => source.prepare(find).get(trace.chain)) as { seq: number } | undefined)?.seq;
  const base = key === undefined ? ends.first - acknowledged - 1 : key - seq;
  return { epoch, base, acknowledged, chain, last: Math.max(acknowledged, ends.last - base), missing: 0 };
}

interface Ends {
  readonly first: number | null;
  readonly last: number | null;
}

/** Each record of the range, undefined where it can't be read or does not follow from the one before it. */
function* intact(source: DatabaseSync, version: number, range: Range): Generator<[number, Sealed | undefined]> {
  const read = attempt(() => source.prepare(rowsSql(version, 'seq = ?')));
  const links = attempt(() => source.prepare(`SELECT chain FROM ${version < LINKS_VERSION ? 'records' : 'links'} WHERE seq = ?`));
  let before = range.chain;
  for (let seq = range.acknowledged + 1; seq <= range.last; seq++) {
    const row = attempt(() => read?.get(seq + range.base)) as ChainRow | undefined;
    const whole = row !== undefined && before !== undefined && follows(before, row);
    yield [seq, whole ? attempt(() => sealedOf(row)) : undefined];
    // The chain value beside a damaged body still proves the record behind it.
    const link = row?.chain ?? (attempt(() => links?.get(seq + range.base)) as { chain: Uint8Array } | undefined)?.chain;
    before = link instanceof Uint8Array ? link : undefined;
  }
}

function sealedOf({ salt, body }: ChainRow): Sealed {
  return { salt, body, commitment: commitment(salt, body), items: itemsOf(decodeBody(body)) };
}

/**
 * Whether the epoch still has the record that opened it, as far as it needs one. Without it the hub would refuse what follows for good:
 * those records then stand in epoch 1, which the hub has left, and a new one begins at the next connect.
 */
function opened(source: DatabaseSync, version: number, range: Range): boolean {
  if (range.epoch === 1 || range.acknowledged > 0) return true;
  const first = intact(source, version, range).next();
  return first.done !== true && first.value[1] !== undefined;
}

function begin(target: DatabaseSync, { tenant, site, node }: NodeAddress, { epoch, acknowledged, chain, base }: Range): void {
  const start = chain ?? chainStart({ tenant, site, node }, epoch);
  target
    .prepare(
      `INSERT INTO head (id, tenant, site, node, epoch, seq, chain, acknowledged, acknowledged_chain, base)
       VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(tenant, site, node, epoch, acknowledged, start, acknowledged, start, base);
}

/** Takes the passages of lost records out of the new file. Returns what to call them. */
function forget(target: DatabaseSync, epoch: number, lost: ReadonlySet<number>): string[] {
  const names: string[] = [];
  const find = target.prepare('SELECT passage, door, closed FROM passages WHERE epoch = ? AND seq = ?');
  const remove = ['passages', 'doubts'].map((table) => target.prepare(`DELETE FROM ${table} WHERE passage = ?`));
  for (const seq of lost) {
    const row = find.get(epoch, seq) as { passage: string; door: string; closed: number } | undefined;
    if (row !== undefined) for (const statement of remove) statement.run(row.passage);
    if (names.length < NAMED) names.push(row === undefined ? `record ${seq}` : `record ${seq}: passage ${row.passage}, door ${row.door}`);
  }
  return names;
}
