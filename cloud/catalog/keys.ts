import { makeSecret, sameSecret, secretHash, secretId } from './secret.ts';

/** What is kept of an API key; instants in epoch milliseconds. */
export interface KeyRecord {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly createdBy: string | null;
  readonly expiresAt: number | null;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}

export interface NewKey {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdBy: string | null;
  readonly expiresAt: number | null;
}

/** Two keys for each of some dozen systems: more active keys than this are a leak or a loop. */
export const MAX_ACTIVE_KEYS = 100;
/** All keys a tenant ever had stay on record; a program that makes and revokes them in a loop ends here. */
const MAX_KEYS = 10_000;
/** Revoked and expired keys stay visible this many at a time; older ones are not listed. */
const MAX_LISTED = 500;
/** "Last used" is written at most once in this time, so that reading stock costs no write a request. */
const USED_STEP_MS = 60_000;

interface Row {
  id: string;
  tenant: string;
  hash: string;
  name: string;
  scopes: string;
  created_at: number;
  created_by: string | null;
  expires_at: number | null;
  used_at: number | null;
  revoked_at: number | null;
}

const record = (row: Row): KeyRecord => ({
  id: row.id,
  tenant: row.tenant,
  name: row.name,
  scopes: JSON.parse(row.scopes) as string[],
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  usedAt: row.used_at,
  revokedAt: row.revoked_at,
});

/** API keys in the catalog. */
export class Keys {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** The key that a text is, whatever its state; undefined when there is none or the secret is wrong. */
  async find(text: string): Promise<KeyRecord | undefined> {
    const id = secretId(text);
    if (id === undefined) return undefined;
    const [row, hash] = await Promise.all([this.#db.prepare('SELECT * FROM keys WHERE id = ?').bind(id).first<Row>(), secretHash(text)]);
    return row !== null && (await sameSecret(row.hash, hash)) ? record(row) : undefined;
  }

  /** Notes that a key was used at `now`, unless that was noted less than a minute ago. */
  async used(key: KeyRecord, now: number): Promise<void> {
    if (key.usedAt !== null && key.usedAt > now - USED_STEP_MS) return;
    await this.#db
      .prepare('UPDATE keys SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at <= ?)')
      .bind(now, key.id, now - USED_STEP_MS)
      .run();
  }

  /**
   * The statement that writes a new key, and the key; nothing is written before the statement runs. A key that no other key made
   * is written only while its tenant is not open: it is the first one.
   */
  async draft(key: NewKey, now: number): Promise<{ statement: D1PreparedStatement; made: KeyRecord; text: string }> {
    const { id, text } = makeSecret();
    const statement = this.#db
      .prepare(
        `INSERT INTO keys (id, tenant, hash, name, scopes, created_at, created_by, expires_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
         WHERE (SELECT count(*) FROM keys WHERE tenant = ?2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?6)) < ?9
         AND (SELECT count(*) FROM keys WHERE tenant = ?2) < ?10
         AND (?7 IS NOT NULL OR EXISTS (SELECT 1 FROM tenants WHERE tenant = ?2 AND opened_at IS NULL))`,
      )
      .bind(
        id,
        key.tenant,
        await secretHash(text),
        key.name,
        JSON.stringify(key.scopes),
        now,
        key.createdBy,
        key.expiresAt,
        MAX_ACTIVE_KEYS,
        MAX_KEYS,
      );
    return { statement, text, made: { ...key, id, createdAt: now, usedAt: null, revokedAt: null } };
  }

  /** Makes a key; undefined when the tenant has as many active ones as allowed. */
  async create(key: NewKey, now: number): Promise<{ made: KeyRecord; text: string } | undefined> {
    const { statement, made, text } = await this.draft(key, now);
    const result = await statement.run();
    return result.meta.changes === 1 ? { made, text } : undefined;
  }

  /** The tenant's keys, newest first. */
  async list(tenant: string): Promise<KeyRecord[]> {
    const { results } = await this.#db
      .prepare('SELECT * FROM keys WHERE tenant = ? ORDER BY created_at DESC, id LIMIT ?')
      .bind(tenant, MAX_LISTED)
      .all<Row>();
    return results.map(record);
  }

  /**
   * Revokes a key from `now` on; a revoked one stays as it is. `last` when it is the last active key that may administer keys:
   * nobody could make another.
   */
  async revoke(tenant: string, id: string, now: number): Promise<'revoked' | 'unknown' | 'last'> {
    const row = await this.#db.prepare('SELECT * FROM keys WHERE tenant = ? AND id = ?').bind(tenant, id).first<Row>();
    if (row === null) return 'unknown';
    if (row.revoked_at !== null) return 'revoked';
    const result = await this.#db
      .prepare(
        `UPDATE keys SET revoked_at = ?1 WHERE tenant = ?2 AND id = ?3 AND revoked_at IS NULL AND (
           NOT EXISTS (SELECT 1 FROM json_each(keys.scopes) WHERE value IN ('admin', 'keys:admin'))
           OR EXISTS (SELECT 1 FROM keys other, json_each(other.scopes) scope WHERE other.tenant = ?2 AND other.id <> ?3
                AND other.revoked_at IS NULL AND other.expires_at IS NULL AND scope.value IN ('admin', 'keys:admin')))`,
      )
      .bind(now, tenant, id)
      .run();
    return result.meta.changes === 1 ? 'revoked' : 'last';
  }
}
