import { keyId } from '../../protocol/batch.ts';
import { fromBase64url } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { isName } from '../../protocol/topics.ts';
import type { Effects } from './effects.ts';
import type { JsonObject } from './entry.ts';
import type { Admission, Projection } from './projection.ts';
import type { DeviceKey, Quarantine } from './rpc.ts';
import { num, type Row, type Sql, text } from './sql.ts';

/** Body of a `device` entry: a key begins to be valid for a node. */
export type DeviceRegistered = {
  readonly v: 1;
  readonly action: 'register';
  readonly site: string;
  readonly node: string;
  /** base64url of 32 bytes (Ed25519). */
  readonly publicKey: string;
  /** Epoch milliseconds; the moment of appending when absent. */
  readonly from?: number;
  /** That the node holds the key; absent where an integrator registered it without one. */
  readonly proof?: KeyProof;
};

/** Signatures (base64url) over the messages of protocol/enrol.ts, so that an auditor can check how a key came into the log. */
export type KeyProof =
  | { readonly how: 'enrolment'; readonly token: string; readonly signature: string }
  | { readonly how: 'rotation'; readonly by: string; readonly bySignature: string; readonly signature: string };

/** Body of a `device` entry: a key stops being valid. */
export type DeviceRevoked = {
  readonly v: 1;
  readonly action: 'revoke';
  readonly site: string;
  readonly node: string;
  /** keyId of protocol/batch.ts. */
  readonly key: string;
  /** Epoch milliseconds; the moment of appending when absent. */
  readonly to?: number;
};

/**
 * Body of a `device` entry: nothing of a node is taken until it is released. CLONE: `tokens` are the CONNECT tokens of two processes, the
 * second made after its process was told that the first had taken over (`trn`). FORK: a signed batch header whose chain is not the log's.
 */
export type DeviceQuarantined = {
  readonly v: 1;
  readonly action: 'quarantine';
  readonly site: string;
  readonly node: string;
  readonly reason: QuarantineReason;
  readonly text: string;
  readonly tokens?: readonly string[];
  readonly header?: string;
  readonly signature?: string;
};

/** Body of a `device` entry: a person has seen to a quarantined node. */
export type DeviceReleased = { readonly v: 1; readonly action: 'release'; readonly site: string; readonly node: string };

export type QuarantineReason = 'CLONE' | 'FORK';

/**
 * Keys of one node that are valid at once: a few for rotation; more would only be a mistake of the caller. A key that has ended does not
 * count: who stole one could else rotate until the node's name is worn out for ever. Each rotation holds a place for a day.
 */
const MAX_KEYS = 16;

const invalid = (what: string): Fault => new Fault('DEVICE_INVALID', `device refused: ${what}`);

function nameOf(value: JsonObject, field: 'site' | 'node'): string {
  const name = value[field];
  if (typeof name !== 'string' || !isName(name))
    throw invalid(`${field} ${JSON.stringify(name)} is no name (letters, digits, . _ -, at most 32)`);
  return name;
}

function timeOf(value: JsonObject, field: 'from' | 'to', at: number): number {
  const time = value[field] ?? at;
  if (!Number.isSafeInteger(time) || (time as number) < 0) throw invalid(`${field} is not epoch milliseconds`);
  return time as number;
}

/** A key names one node: what two nodes sign with it could not be told apart. Asked before an entry is made, so that old logs still fold. */
function admitKey(value: JsonObject, sql: Sql): Admission {
  const { publicKey } = value;
  if (value['action'] !== 'register' || typeof publicKey !== 'string') return undefined;
  const [site, node] = [nameOf(value, 'site'), nameOf(value, 'node')];
  const find = 'SELECT site, node FROM device_keys WHERE public_key = ? AND NOT (site = ? AND node = ?)';
  const [other] = sql.exec(find, publicKey, site, node);
  if (other === undefined) return undefined;
  return { refuse: invalid(`this key is the one of ${text(other, 'site')}/${text(other, 'node')}: make a new key for ${site}/${node}`) };
}

function register(sql: Sql, value: JsonObject, entry: number, at: number, effects: Effects): void {
  const site = nameOf(value, 'site');
  const node = nameOf(value, 'node');
  const publicKey = value['publicKey'];
  const bytes = typeof publicKey === 'string' ? fromBase64url(publicKey) : undefined;
  if (bytes?.length !== 32) throw invalid('publicKey is not the base64url of 32 bytes: print it with `npm run edge -- key`');
  const id = keyId(bytes);
  const from = timeOf(value, 'from', at);
  const known = sql.exec('SELECT key, valid_from, valid_to FROM device_keys WHERE site = ? AND node = ?', site, node);
  const living = known.filter((row) => row['valid_to'] === null || num(row, 'valid_to') > at);
  if (living.length >= MAX_KEYS)
    throw invalid(`${site}/${node} has ${living.length} valid keys already: revoke those that it does not use`);
  if (known.some((row) => row['key'] === id && row['valid_to'] !== null)) {
    throw invalid(`key ${id} of ${site}/${node} was revoked: make a new key on the node`);
  }
  if (known.length > 0) effects.drop(site, node, at);
  // Registering a valid key again changes nothing but what the log says.
  sql.exec(
    'INSERT INTO device_keys (site, node, key, public_key, valid_from, entry) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    site,
    node,
    id,
    publicKey as string,
    from,
    entry,
  );
}

function revoke(sql: Sql, value: JsonObject, at: number, effects: Effects): void {
  const site = nameOf(value, 'site');
  const node = nameOf(value, 'node');
  const key = value['key'];
  const to = timeOf(value, 'to', at);
  const changed = sql.exec(
    'UPDATE device_keys SET valid_to = min(coalesce(valid_to, ?), ?) WHERE site = ? AND node = ? AND key = ? RETURNING key',
    to,
    to,
    site,
    node,
    typeof key === 'string' ? key : null,
  );
  if (changed.length === 0) throw invalid(`${site}/${node} has no key ${JSON.stringify(key)}`);
  effects.drop(site, node, to);
}

function quarantine(sql: Sql, value: JsonObject, entry: number, at: number, effects: Effects): void {
  const site = nameOf(value, 'site');
  const node = nameOf(value, 'node');
  const { reason, text: why } = value;
  if ((reason !== 'CLONE' && reason !== 'FORK') || typeof why !== 'string') throw invalid('a quarantine needs a reason and a text');
  const insert = 'INSERT INTO device_quarantine (site, node, reason, text, at, entry) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
  sql.exec(insert, site, node, reason, why, at, entry);
  effects.drop(site, node, at);
}

function release(sql: Sql, value: JsonObject): void {
  sql.exec('DELETE FROM device_quarantine WHERE site = ? AND node = ?', nameOf(value, 'site'), nameOf(value, 'node'));
}

/** The keys of nodes with the time they are valid for, from `device` entries. */
export const devices: Projection = {
  name: 'devices',
  foldVersion: 1,
  migrations: [
    {
      id: 'keys',
      statements: [
        `CREATE TABLE device_keys (
          site TEXT NOT NULL, node TEXT NOT NULL, key TEXT NOT NULL, public_key TEXT NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER,
          entry INTEGER NOT NULL, PRIMARY KEY (site, node, key)) WITHOUT ROWID`,
      ],
    },
    {
      id: 'quarantine',
      statements: [
        `CREATE TABLE device_quarantine (
          site TEXT NOT NULL, node TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, entry INTEGER NOT NULL,
          PRIMARY KEY (site, node)) WITHOUT ROWID`,
      ],
    },
  ],
  admits: ['device'],
  admit: ({ value }, sql) => admitKey(value, sql),
  apply(commit, sql, effects) {
    for (const entry of commit.entries) {
      if (entry.type !== 'device') continue;
      const { value, index, at } = entry;
      if (value['action'] === 'register') register(sql, value, index, at, effects);
      else if (value['action'] === 'revoke') revoke(sql, value, at, effects);
      else if (value['action'] === 'quarantine') quarantine(sql, value, index, at, effects);
      else if (value['action'] === 'release') release(sql, value);
      else throw invalid(`action ${JSON.stringify(value['action'])} is not register, revoke, quarantine or release`);
    }
  },
};

function deviceKey(row: Row): DeviceKey {
  return {
    id: text(row, 'key'),
    publicKey: text(row, 'public_key'),
    from: num(row, 'valid_from'),
    to: row['valid_to'] === null ? null : num(row, 'valid_to'),
  };
}

/** All keys a node ever had. */
export function deviceKeys(sql: Sql, site: string, node: string): DeviceKey[] {
  return sql
    .exec('SELECT key, public_key, valid_from, valid_to FROM device_keys WHERE site = ? AND node = ? ORDER BY entry, key', site, node)
    .map(deviceKey);
}

/** Why a key may not sign for a node at `at` (epoch milliseconds); undefined when it may. */
export function keyFault(sql: Sql, site: string, node: string, key: string, at: number): string | undefined {
  const found = deviceKeys(sql, site, node).find(({ id }) => id === key);
  if (found === undefined) return `key ${key} is not registered for ${site}/${node}: register the node's public key`;
  if (at < found.from) return `key ${key} of ${site}/${node} is valid from ${found.from} only, it is ${at}`;
  if (found.to !== null && at >= found.to) return `key ${key} of ${site}/${node} was revoked as of ${found.to}: register a new key`;
  return undefined;
}

/** Why and since when nothing of a node is taken; undefined for one in good standing. */
export function quarantineOf(sql: Sql, site: string, node: string): Quarantine | undefined {
  const row = sql.exec('SELECT reason, text, at, entry FROM device_quarantine WHERE site = ? AND node = ?', site, node)[0];
  if (row === undefined) return undefined;
  return { reason: text(row, 'reason'), text: text(row, 'text'), at: num(row, 'at'), entry: num(row, 'entry') };
}

/** Every registered node of a site (of all sites without one), in order. */
export function nodesOf(sql: Sql, site?: string): { site: string; node: string }[] {
  const rows =
    site === undefined
      ? sql.exec('SELECT DISTINCT site, node FROM device_keys ORDER BY site, node')
      : sql.exec('SELECT DISTINCT site, node FROM device_keys WHERE site = ? ORDER BY node', site);
  return rows.map((row) => ({ site: text(row, 'site'), node: text(row, 'node') }));
}
