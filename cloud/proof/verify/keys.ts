import type { KeyObject } from 'node:crypto';
import { fromBase64url, hex } from './encoding.ts';
import { publicKeyOf } from './note.ts';
import { sha256 } from './tree.ts';

interface Change {
  /** The entry that says it. */
  readonly entry: number;
  readonly action: string;
  readonly key?: string;
  readonly publicKey?: Uint8Array;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** The first 8 bytes of SHA-256 of an Ed25519 public key, in upper-case hexadecimal: how a batch names its key. */
const nameOf = (publicKey: Uint8Array): string => hex(sha256(publicKey).subarray(0, 8)).toUpperCase();

/** Which key may sign for a node at which point of the log, from its `device` entries. */
export class Keys {
  readonly #changes = new Map<string, Change[]>();
  count = 0;

  /** Takes a `device` entry. A text says what is wrong with it. */
  add(entry: number, at: number, value: Readonly<Record<string, unknown>>): string | undefined {
    const { action, site, node, publicKey: encoded, key } = value;
    if (typeof site !== 'string' || typeof node !== 'string' || typeof action !== 'string') return 'names no node or action';
    const change: Change = { entry, action, time: at };
    const name = `${site}/${node}`;
    const changes = this.#changes.get(name) ?? [];
    this.#changes.set(name, changes);
    const time = (field: string): number => (typeof value[field] === 'number' ? value[field] : at);
    if (action === 'register') {
      const publicKey = fromBase64url(encoded);
      if (publicKey?.length !== 32) return 'registers no Ed25519 key';
      changes.push({ ...change, publicKey, key: nameOf(publicKey), time: time('from') });
      this.count += 1;
    } else if (action === 'revoke' && typeof key === 'string') changes.push({ ...change, key, time: time('to') });
    else if (action === 'quarantine' || action === 'release') changes.push(change);
    else return `has the action ${action}, which this verifier does not know`;
    return undefined;
  }

  /** The key that signs as `id` for a node in a batch whose first entry is `entry`, appended at `at`. A text says why it may not. */
  at(node: string, id: string, entry: number, at: number): KeyObject | string {
    const before = (this.#changes.get(node) ?? []).filter((change) => change.entry < entry);
    const standing = before.findLast(({ action }) => action === 'quarantine' || action === 'release');
    if (standing?.action === 'quarantine') return `${node} was quarantined by entry ${standing.entry} and not released`;
    const ofKey = before.filter(({ key }) => key === id);
    const registered = ofKey.find(({ action }) => action === 'register');
    if (registered?.publicKey === undefined) return `no entry before registers the key ${id} of ${node}`;
    const ends = Math.min(...ofKey.filter(({ action }) => action === 'revoke').map(({ time }) => time));
    if (at < registered.time) return `key ${id} of ${node} is valid from ${registered.time} only, it was ${at}`;
    if (at >= ends) return `key ${id} of ${node} was revoked as of ${ends}, it was ${at}`;
    return publicKeyOf(registered.publicKey);
  }
}
