import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64url, toHex } from '../../protocol/bytes.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import { deviceKeys, quarantineOf } from './devices.ts';
import { startMark } from './place.ts';
import type { NodeRow } from './rpc.ts';
import { blob, num, type Row, type Sql, text } from './sql.ts';

/**
 * What the ledger object keeps beside the log: the nodes' last reports about themselves and the bytes it refused. Neither is folded,
 * proven or needed to rebuild anything.
 */

/** Refused payloads kept per node: a node stops at its first terminal refusal, so this many are several incidents. At most 256 KiB each. */
const MAX_REFUSED = 32;
/** A status of 100 readers is some 10 KB. */
const MAX_STATUS_CHARACTERS = 65_536;

/** Keeps a node's last report; one that is absurdly long is left out. */
export function keepReport(sql: Sql, site: string, node: string, status: NodeStatus, at: number): boolean {
  const json = JSON.stringify(status);
  if (json.length > MAX_STATUS_CHARACTERS) return false;
  sql.exec(
    'INSERT INTO reports (site, node, status, at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = excluded.status, at = excluded.at',
    site,
    node,
    json,
    at,
  );
  return true;
}

/** Keeps refused bytes as evidence: the same bytes once, and of each node the newest. */
export function keepRefused(sql: Sql, site: string, node: string, code: string, bytes: Uint8Array, at: number): void {
  const digest = toHex(sha256(bytes));
  const known = sql.exec('SELECT id FROM quarantine WHERE site = ? AND node = ? AND code = ? AND digest = ?', site, node, code, digest);
  if (known.length > 0) return;
  sql.exec('INSERT INTO quarantine (site, node, code, digest, bytes, at) VALUES (?, ?, ?, ?, ?, ?)', site, node, code, digest, bytes, at);
  sql.exec(
    'DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE site = ? AND node = ? ORDER BY id DESC LIMIT -1 OFFSET ?)',
    site,
    node,
    MAX_REFUSED,
  );
}

/** Refused payloads of a node, the newest first. */
export function refusedOf(sql: Sql, site: string, node: string): { code: string; bytes: Uint8Array; at: number }[] {
  return sql
    .exec('SELECT code, bytes, at FROM quarantine WHERE site = ? AND node = ? ORDER BY id DESC', site, node)
    .map((row) => ({ code: text(row, 'code'), bytes: blob(row, 'bytes'), at: num(row, 'at') }));
}

/** Every node that has a key or has reported, with its head, keys and last report. */
export function nodeRows(sql: Sql, tenant: string): NodeRow[] {
  const rows = sql.exec(
    `SELECT k.site, k.node, n.epoch, n.seq, n.chain, n.effective, r.status, r.at
      FROM (SELECT site, node FROM device_keys UNION SELECT site, node FROM reports) k
      LEFT JOIN nodes n ON n.site = k.site AND n.node = k.node
      LEFT JOIN reports r ON r.site = k.site AND r.node = k.node
      ORDER BY k.site, k.node`,
  );
  return rows.map((row) => nodeRow(sql, tenant, row));
}

function nodeRow(sql: Sql, tenant: string, row: Row): NodeRow {
  const site = text(row, 'site');
  const node = text(row, 'node');
  const mark =
    row['chain'] === null
      ? startMark({ tenant, site, node })
      : { epoch: num(row, 'epoch'), seq: num(row, 'seq'), chain: blob(row, 'chain') };
  return {
    site,
    node,
    keys: deviceKeys(sql, site, node),
    quarantine: quarantineOf(sql, site, node) ?? null,
    head: { epoch: mark.epoch, seq: mark.seq, chain: toBase64url(mark.chain) },
    completeTo: row['effective'] === null ? null : num(row, 'effective'),
    status: row['status'] === null ? null : (JSON.parse(text(row, 'status')) as NodeStatus),
    statusAt: row['at'] === null ? null : num(row, 'at'),
  };
}
