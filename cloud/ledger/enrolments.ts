import { keyId } from '../../protocol/batch.ts';
import { fromBase64url } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { type DeviceRegistered, type DeviceRevoked, deviceKeys, quarantineOf } from './devices.ts';
import type { NewEntry } from './entry.ts';
import type { Ledger } from './ledger.ts';
import type { Migration } from './projection.ts';
import type { DeviceKey, Enrolment, KeyResult, Offer, Rotation } from './rpc.ts';
import { num, type Sql, text } from './sql.ts';

/** Beside the log: secrets' hashes, running processes and sessions to end are nothing that a fold could or should give back. */
export const identityMigration: Migration = {
  id: 'identity',
  statements: [
    `CREATE TABLE enrolments (
      site TEXT NOT NULL, node TEXT NOT NULL, hash TEXT NOT NULL, expires INTEGER NOT NULL, public_key TEXT,
      PRIMARY KEY (site, node)) WITHOUT ROWID`,
    `CREATE TABLE logins (
      site TEXT NOT NULL, node TEXT NOT NULL, turn INTEGER NOT NULL, instance TEXT, token TEXT, PRIMARY KEY (site, node)) WITHOUT ROWID`,
    `CREATE TABLE superseded (
      site TEXT NOT NULL, node TEXT NOT NULL, instance TEXT NOT NULL, turn INTEGER NOT NULL, PRIMARY KEY (site, node, instance)) WITHOUT ROWID`,
    'CREATE TABLE drops (site TEXT NOT NULL, node TEXT NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (site, node, due)) WITHOUT ROWID',
  ],
};

/** How long a replaced key stays valid: a node that was off over night, or whose rotation was cut short, still gets in. */
export const OVERLAP_MS = 86_400_000;

/** A token that nobody used is kept for so long after its end, for an answer that says that it expired. */
const KEPT_MS = 7 * 86_400_000;

type Keyed = (NewEntry & { body: DeviceRegistered }) | (NewEntry & { body: DeviceRevoked });

const refused = (code: string, why: string): KeyResult => ({ ok: false, code, text: why });

const isValid = (key: DeviceKey, at: number): boolean => key.from <= at && (key.to === null || at < key.to);

/** Makes a token valid. A newer one for the same node replaces the older: one sheet of paper at a time lets a machine in. */
export function offer(sql: Sql, { site, node, hash, expiresAt }: Offer, at: number): void {
  sql.exec('DELETE FROM enrolments WHERE expires < ?', at - KEPT_MS);
  sql.exec(
    `INSERT INTO enrolments (site, node, hash, expires) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET hash = excluded.hash, expires = excluded.expires, public_key = NULL`,
    site,
    node,
    hash,
    expiresAt,
  );
}

/** Whether this very key was enrolled with the token before. @throws Fault ENROLMENT_INVALID, ENROLMENT_USED, ENROLMENT_EXPIRED */
function judgeToken(sql: Sql, { site, node, hash, publicKey }: Enrolment, at: number): boolean {
  const row = sql.exec('SELECT hash, expires, public_key FROM enrolments WHERE site = ? AND node = ?', site, node)[0];
  if (row === undefined || text(row, 'hash') !== hash) {
    throw new Fault(
      'ENROLMENT_INVALID',
      `this is not the newest token of ${site}/${node}: have a new one made with \`npm run hub -- enrol\``,
    );
  }
  if (row['public_key'] === publicKey) return true;
  if (row['public_key'] !== null) {
    throw new Fault(
      'ENROLMENT_USED',
      `the token was used by another key: if that was not your machine, revoke the keys of ${site}/${node}`,
    );
  }
  const expires = num(row, 'expires');
  if (at >= expires) {
    throw new Fault('ENROLMENT_EXPIRED', `the token was valid until ${new Date(expires).toISOString()}: have a new one made`);
  }
  return false;
}

/**
 * Enrols a key with a token: burns the token, registers the key and ends the node's other keys, all or nothing. The same key with the
 * same token again changes nothing: its first answer may have been lost on the way.
 */
export function enrol(log: Ledger, enrolment: Enrolment, at: number): KeyResult {
  const { site, node, hash, publicKey, proof } = enrolment;
  const id = keyId(fromBase64url(publicKey) ?? new Uint8Array());
  const keys = deviceKeys(log.sql, site, node);
  try {
    if (judgeToken(log.sql, enrolment, at)) return { ok: true, keyId: id, entry: null };
  } catch (error) {
    if (error instanceof Fault) return refused(error.code, error.message);
    throw error;
  }
  const entries: Keyed[] = [
    {
      type: 'device',
      body: { v: 1, action: 'register', site, node, publicKey, from: at, proof: { how: 'enrolment', token: hash, signature: proof } },
    },
    ...keys
      .filter((key) => key.id !== id && (key.to === null || key.to > at))
      .map((key): Keyed => ({ type: 'device', body: { v: 1, action: 'revoke', site, node, key: key.id, to: at } })),
  ];
  const burn = (): void => {
    log.sql.exec('UPDATE enrolments SET public_key = ? WHERE site = ? AND node = ?', publicKey, site, node);
  };
  return appendKeys(log, id, entries, at, burn);
}

/** Replaces a key by another that it vouches for. The same again changes nothing. */
export function rotate(log: Ledger, rotation: Rotation, at: number): KeyResult {
  const { site, node, publicKey, proof, by, signature } = rotation;
  const id = keyId(fromBase64url(publicKey) ?? new Uint8Array());
  const name = `${site}/${node}`;
  const held = quarantineOf(log.sql, site, node);
  if (held !== undefined) return refused('QUARANTINED', `${name} is in quarantine (${held.reason}): a person must release it first`);
  const keys = deviceKeys(log.sql, site, node);
  const old = keys.find((key) => key.id === by);
  if (old === undefined || !isValid(old, at)) {
    return refused('KEY_UNUSABLE', `key ${by} is not a valid key of ${name}: enrol the node with a new token`);
  }
  if (keys.some((key) => key.id === id && isValid(key, at))) return { ok: true, keyId: id, entry: null };
  if (old.to !== null) {
    return refused('KEY_UNUSABLE', `key ${by} of ${name} was replaced already, by another key than this: enrol the node with a new token`);
  }
  const vouched = { how: 'rotation', by, bySignature: signature, signature: proof } as const;
  const entries: Keyed[] = [
    { type: 'device', body: { v: 1, action: 'register', site, node, publicKey, from: at, proof: vouched } },
    { type: 'device', body: { v: 1, action: 'revoke', site, node, key: by, to: at + OVERLAP_MS } },
  ];
  return appendKeys(log, id, entries, at);
}

/** Ends a key now, also the last one of a node: a stolen machine must be shut out. Ending it again changes nothing. */
export function revoke(log: Ledger, site: string, node: string, key: string, at: number): KeyResult {
  const found = deviceKeys(log.sql, site, node).find(({ id }) => id === key);
  if (found === undefined) return refused('NOT_FOUND', `${site}/${node} has no key ${key}: GET /v1/nodes lists them`);
  if (found.to !== null && found.to <= at) return { ok: true, keyId: key, entry: null };
  return appendKeys(log, key, [{ type: 'device', body: { v: 1, action: 'revoke', site, node, key, to: at } }], at);
}

function appendKeys(log: Ledger, id: string, entries: readonly Keyed[], at: number, also?: () => void): KeyResult {
  const result = log.append(entries, at, also);
  if (!result.ok) return refused(result.code, result.text);
  return { ok: true, keyId: id, entry: result.appended[0]?.index ?? null };
}
