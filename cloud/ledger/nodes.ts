import type { Batch } from '../../protocol/batch.ts';
import { chainNext } from '../../protocol/chain.ts';
import type { Boot } from './effective.ts';
import type { Mark } from './place.ts';
import { blob, num, type Row, type Sql, text } from './sql.ts';

/** A node's chain as the log has it. */
export interface NodeChain extends Mark {
  readonly id: number;
  readonly boot: Boot | undefined;
}

function bootOf(row: Row): Boot | undefined {
  if (row['boot'] === null) return undefined;
  return { boot: text(row, 'boot'), bootAt: num(row, 'boot_at'), effective: num(row, 'effective') };
}

/** The chain of a node; undefined when it has posted nothing. */
export function nodeChain(sql: Sql, site: string, node: string): NodeChain | undefined {
  const row = sql.exec('SELECT id, epoch, seq, chain, boot, boot_at, effective FROM nodes WHERE site = ? AND node = ?', site, node)[0];
  if (row === undefined) return undefined;
  return { id: num(row, 'id'), epoch: num(row, 'epoch'), seq: num(row, 'seq'), chain: blob(row, 'chain'), boot: bootOf(row) };
}

/** Makes the row of a node that posts for the first time and returns its id. */
export function ensureNode(sql: Sql, site: string, node: string, mark: Mark): number {
  const row = sql.exec(
    'INSERT INTO nodes (site, node, epoch, seq, chain) VALUES (?, ?, ?, ?, ?) RETURNING id',
    site,
    node,
    mark.epoch,
    mark.seq,
    mark.chain,
  )[0] as Row;
  return num(row, 'id');
}

/** Moves a node's mark. */
export function writeNode(sql: Sql, { id, epoch, seq, chain, boot }: NodeChain): void {
  sql.exec(
    'UPDATE nodes SET epoch = ?, seq = ?, chain = ?, boot = ?, boot_at = ?, effective = ? WHERE id = ?',
    epoch,
    seq,
    chain,
    boot?.boot ?? null,
    boot?.bootAt ?? null,
    boot?.effective ?? null,
    id,
  );
}

/** Keeps what a node signed. `first` is the first record of the batch that was new, with its entry and the chain value before it. */
export function writeBatch(sql: Sql, node: number, batch: Batch, first: { seq: number; entry: number; chain: Uint8Array }): void {
  sql.exec(
    'INSERT INTO batches (node, epoch, first, entry, before, header, signature) VALUES (?, ?, ?, ?, ?, ?, ?)',
    node,
    batch.header.epoch,
    first.seq,
    first.entry,
    first.chain,
    batch.headerBytes,
    batch.signature,
  );
}

/** The chain value after a committed record, run again from the commitments of its batch; undefined when it is not committed. */
export function chainAt(sql: Sql, node: number, epoch: number, seq: number): Uint8Array | undefined {
  const batch = sql.exec(
    'SELECT first, entry, before FROM batches WHERE node = ? AND epoch = ? AND first <= ? ORDER BY first DESC LIMIT 1',
    node,
    epoch,
    seq,
  )[0];
  if (batch === undefined) return undefined;
  const length = seq - num(batch, 'first') + 1;
  const entry = num(batch, 'entry');
  // The records of one batch are neighbours in the log.
  const rows = sql.exec(
    'SELECT commitment FROM entries WHERE idx >= ? AND idx < ? AND node = ? AND epoch = ? ORDER BY idx',
    entry,
    entry + length,
    node,
    epoch,
  );
  if (rows.length !== length) return undefined;
  return rows.reduce((chain, row) => chainNext(chain, blob(row, 'commitment')), blob(batch, 'before'));
}
