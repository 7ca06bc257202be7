import { toBase64 } from '../../protocol/base64.ts';
import type { Sign } from '../../protocol/batch.ts';
import { concat, equal, fromBase64url, fromHex } from '../../protocol/bytes.ts';
import { signCheckpoint } from '../../protocol/checkpoint.ts';
import { Fault } from '../../protocol/fault.ts';
import { type NoteKey, noteKey } from '../../protocol/note.ts';
import { readHead } from './log.ts';
import type { Migration } from './projection.ts';
import { blob, num, type Row, type Sql, text } from './sql.ts';
import { frontierFromTiles } from './tiles.ts';
import { rootOf } from './tree.ts';

export const signerMigration: Migration = {
  id: 'signer',
  statements: [
    'CREATE TABLE log_key (id INTEGER PRIMARY KEY CHECK (id = 1), seed BLOB NOT NULL, origin TEXT NOT NULL)',
    'CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, root BLOB NOT NULL, note TEXT NOT NULL)',
  ],
};

/** What a log signed once. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note. */
  readonly note: string;
}

const SEED_BYTES = 32;
/** An Ed25519 private key in PKCS #8 (RFC 8410) is these bytes and its seed. */
const PKCS8 = fromHex('302e020100300506032b657004220420') as Uint8Array;
/**
 * Checkpoints kept: each is some 250 bytes of every export. Beyond, every second of the older half goes, so that those of long ago stand
 * wider apart, but the first and the newest always stay. Each that is left still fixes all entries before it.
 */
const MAX_KEPT = 1_000;

interface Signing {
  readonly key: NoteKey;
  readonly sign: Sign;
}

async function signingOf(seed: Uint8Array, origin: string): Promise<Signing> {
  // Extractable only because WebCrypto tells the public half in no other way; the key object never leaves this function's callers.
  const algorithm = { name: 'Ed25519' };
  const privateKey = await crypto.subtle.importKey('pkcs8', concat(PKCS8, seed) as Uint8Array<ArrayBuffer>, algorithm, true, ['sign']);
  const { x = '' } = (await crypto.subtle.exportKey('jwk', privateKey)) as { x?: string };
  return {
    key: noteKey(origin, fromBase64url(x) ?? new Uint8Array()),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, message as Uint8Array<ArrayBuffer>)),
  };
}

const signedOf = (row: Row): SignedCheckpoint => ({ size: num(row, 'size'), root: blob(row, 'root'), note: text(row, 'note') });

/** The newest checkpoint that the log signed; undefined before the first. */
export function newestCheckpoint(sql: Sql): SignedCheckpoint | undefined {
  const row = sql.exec('SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1')[0];
  return row === undefined ? undefined : signedOf(row);
}

/** The signed notes of the checkpoints that are kept, of sizes up to `size`, ascending. */
export function keptCheckpoints(sql: Sql, size: number): string[] {
  return sql.exec('SELECT note FROM checkpoints WHERE size <= ? ORDER BY size', size).map((row) => text(row, 'note'));
}

function keep(sql: Sql, { size, root, note }: SignedCheckpoint): void {
  sql.exec('INSERT INTO checkpoints (size, root, note) VALUES (?, ?, ?)', size, root, note);
  if (num(sql.exec('SELECT COUNT(*) AS kept FROM checkpoints')[0] ?? {}, 'kept') <= MAX_KEPT) return;
  sql.exec(
    `DELETE FROM checkpoints WHERE size IN (
      SELECT size FROM (SELECT size, row_number() OVER (ORDER BY size) AS place FROM checkpoints) WHERE place <= ? AND place % 2 = 0)`,
    MAX_KEPT / 2,
  );
}

/**
 * Signs what the log says of itself. The key is made with its first use and never changes, as its origin does not: both are what readers
 * hold against each checkpoint. A log that signed two roots for one size, or a smaller size after a larger, could show each reader another
 * history; so a checkpoint is written beside the log before it is shown (an answer leaves an object only after its writes are durable).
 */
export class Signer {
  readonly #sql: Sql;
  readonly #origin: string;
  #signing: Promise<Signing> | undefined;

  /** `origin` (C2SP tlog-checkpoint: an address without scheme) is taken for a log that has no key yet. */
  constructor(sql: Sql, origin: string) {
    this.#sql = sql;
    this.#origin = origin;
  }

  /** The log's key, whose name is its origin. */
  async key(): Promise<NoteKey> {
    return (await this.#open()).key;
  }

  /** Signs with the log's key. The caller answers for what the text says. */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    return (await this.#open()).sign(message);
  }

  #open(): Promise<Signing> {
    if (this.#signing !== undefined) return this.#signing;
    // Written before anything is awaited: two callers at the first use find one seed.
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    this.#sql.exec('INSERT OR IGNORE INTO log_key (id, seed, origin) VALUES (1, ?, ?)', seed, this.#origin);
    const row = this.#sql.exec('SELECT seed, origin FROM log_key')[0] ?? {};
    this.#signing = signingOf(blob(row, 'seed'), text(row, 'origin'));
    return this.#signing;
  }

  /**
   * The checkpoint of the log as it stands, signed now unless it was.
   * @throws Fault TREE_CORRUPT when the log does not extend what was signed last: it then signs nothing
   */
  async checkpoint(): Promise<SignedCheckpoint> {
    const { key, sign } = await this.#open();
    const { frontier, root } = readHead(this.#sql);
    const { size } = frontier;
    const before = newestCheckpoint(this.#sql);
    if (before !== undefined) this.#checkExtends(before, size);
    if (before?.size === size) return before;
    const note = await signCheckpoint({ origin: key.name, size, root }, key, sign);
    return this.#sql.transaction(() => {
      // Another may have been signed meanwhile; a smaller one, though true, is not shown after it.
      const newest = newestCheckpoint(this.#sql);
      if (newest !== undefined && newest.size >= size) return newest;
      keep(this.#sql, { size, root, note });
      return { size, root, note };
    });
  }

  /** A signed checkpoint of more than `index` entries: the newest if it is one, so that proofs do not cost a signature each. */
  async covering(index: number): Promise<SignedCheckpoint> {
    const newest = newestCheckpoint(this.#sql);
    return newest !== undefined && newest.size > index ? newest : this.checkpoint();
  }

  #checkExtends(before: SignedCheckpoint, size: number): void {
    // The frontier alone decides: its hashes cover every leaf of the size that was signed.
    if (before.size <= size && equal(rootOf(frontierFromTiles(this.#sql, before.size)), before.root)) return;
    throw new Fault(
      'TREE_CORRUPT',
      `the log of ${size} entries does not extend the ${before.size} that were signed with root ${toBase64(before.root)}: restore the ledger`,
    );
  }
}
