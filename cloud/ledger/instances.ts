import type { Batch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { type DeviceQuarantined, deviceKeys, quarantineOf } from './devices.ts';
import type { NewEntry } from './entry.ts';
import type { Ledger } from './ledger.ts';
import type { KeyResult, Login, LoginResult } from './rpc.ts';
import { num, type Sql, text } from './sql.ts';

/**
 * Finds two machines that live with one key. Each process of a node has a random instance. A new instance that logs in takes the node
 * over and counts one turn up: a restart, a crash and a restored disk look like that, and whoever was taken over is dead. A superseded
 * instance that comes back is told the turn and turned away once, for its CONNECT may have been on its way when it died. If it comes
 * again with the turn it was told, it lives, and so does the one that took over: the node is quarantined. No clock is asked.
 */

/** Superseded instances kept per node: a program that restarts in a loop shall not fill the ledger. A forgotten one counts as new. */
const MAX_SUPERSEDED = 64;

interface Current {
  readonly turn: number;
  /** Null after a release. */
  readonly instance: string | null;
  readonly token: string;
}

function currentOf(sql: Sql, site: string, node: string): Current | undefined {
  const row = sql.exec('SELECT turn, instance, token FROM logins WHERE site = ? AND node = ?', site, node)[0];
  if (row === undefined) return undefined;
  const instance = row['instance'] === null ? null : text(row, 'instance');
  return { turn: num(row, 'turn'), instance, token: row['token'] === null ? '' : text(row, 'token') };
}

function supersededAt(sql: Sql, site: string, node: string, instance: string): number | undefined {
  const row = sql.exec('SELECT turn FROM superseded WHERE site = ? AND node = ? AND instance = ?', site, node, instance)[0];
  return row === undefined ? undefined : num(row, 'turn');
}

function takeOver(sql: Sql, site: string, node: string, { instance, token }: Login, before: Current | undefined): number {
  const turn = (before?.turn ?? 0) + 1;
  if (before !== undefined && before.instance !== null) {
    sql.exec('INSERT INTO superseded (site, node, instance, turn) VALUES (?, ?, ?, ?)', site, node, before.instance, turn);
    sql.exec('DELETE FROM superseded WHERE site = ? AND node = ? AND turn <= ?', site, node, turn - MAX_SUPERSEDED);
  }
  sql.exec(
    `INSERT INTO logins (site, node, turn, instance, token) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET turn = excluded.turn, instance = excluded.instance, token = excluded.token`,
    site,
    node,
    turn,
    instance,
    token,
  );
  return turn;
}

/** Judges the process behind a token whose signature was verified. */
export function login(log: Ledger, site: string, node: string, asked: Login, at: number): LoginResult {
  const { sql } = log;
  const name = `${site}/${node}`;
  const before = currentOf(sql, site, node);
  const turn = before?.turn ?? 0;
  const held = quarantineOf(sql, site, node);
  if (held !== undefined) return { ok: false, code: 'QUARANTINED', text: `${name} is in quarantine: ${held.text}`, turn };
  if (before?.instance === asked.instance) return { ok: true, turn };
  const superseded = supersededAt(sql, site, node, asked.instance);
  if (superseded === undefined) return { ok: true, turn: sql.transaction(() => takeOver(sql, site, node, asked, before)) };
  if (asked.turn < superseded) {
    return { ok: false, code: 'SUPERSEDED', text: `another process has taken ${name} over: this one may try again once`, turn };
  }
  const why = `two machines run with the key of ${name} at the same time (processes ${before?.instance ?? '?'} and ${asked.instance})`;
  quarantine(log, { site, node, reason: 'CLONE', text: why, tokens: [before?.token ?? '', asked.token] }, at);
  return { ok: false, code: 'QUARANTINED', text: `${name} is in quarantine: ${why}`, turn };
}

/** A node signed a record that contradicts one it signed before: the header and its signature are the proof. */
export function quarantineFork(log: Ledger, site: string, node: string, batch: Batch, why: string, at: number): void {
  if (quarantineOf(log.sql, site, node) !== undefined) return;
  const proof = { header: toBase64url(batch.headerBytes), signature: toBase64url(batch.signature) };
  quarantine(log, { site, node, reason: 'FORK', text: why, ...proof }, at);
}

function quarantine(log: Ledger, body: Omit<DeviceQuarantined, 'v' | 'action'>, at: number): void {
  const entry: NewEntry & { body: DeviceQuarantined } = { type: 'device', body: { v: 1, action: 'quarantine', ...body } };
  log.append([entry], at);
}

/** Lets a quarantined node in again, whichever of its processes comes first; the turn goes on rising. */
export function release(log: Ledger, site: string, node: string, at: number): KeyResult {
  const { sql } = log;
  if (deviceKeys(sql, site, node).length === 0) return { ok: false, code: 'NOT_FOUND', text: `there is no node ${site}/${node}` };
  if (quarantineOf(sql, site, node) === undefined) return { ok: true, keyId: '', entry: null };
  const forget = (): void => {
    sql.exec('UPDATE logins SET instance = NULL, token = NULL WHERE site = ? AND node = ?', site, node);
    sql.exec('DELETE FROM superseded WHERE site = ? AND node = ?', site, node);
  };
  const result = log.append([{ type: 'device', body: { v: 1, action: 'release', site, node } }], at, forget);
  if (!result.ok) return { ok: false, code: result.code, text: result.text };
  return { ok: true, keyId: '', entry: result.appended[0]?.index ?? null };
}
