import type { Keys } from './keys.ts';

/** Tenants in the catalog. A tenant is open once its ledger holds the company and its first key exists. */
export class Tenants {
  readonly #db: D1Database;
  readonly #keys: Keys;

  constructor(db: D1Database, keys: Keys) {
    this.#db = db;
    this.#keys = keys;
  }

  /** True for a tenant that exists and is open. */
  async isOpen(tenant: string): Promise<boolean> {
    const row = await this.#db.prepare('SELECT 1 FROM tenants WHERE tenant = ? AND opened_at IS NOT NULL').bind(tenant).first();
    return row !== null;
  }

  /** Reserves a name; false when a tenant of that name is open. One whose creation broke off may be reserved again. */
  async reserve(tenant: string, name: string, now: number): Promise<boolean> {
    await this.#db
      .prepare('INSERT INTO tenants (tenant, name, created_at) VALUES (?, ?, ?) ON CONFLICT (tenant) DO NOTHING')
      .bind(tenant, name, now)
      .run();
    const row = await this.#db.prepare('SELECT opened_at FROM tenants WHERE tenant = ?').bind(tenant).first<{ opened_at: number | null }>();
    return row?.opened_at === null;
  }

  /** Opens a reserved tenant and makes its first admin key, in one transaction; undefined when someone else was first. */
  async open(tenant: string, name: string, now: number): Promise<string | undefined> {
    const { statement, text } = await this.#keys.draft(
      { tenant, name: 'first admin key', scopes: ['admin'], createdBy: null, expiresAt: null },
      now,
    );
    const opening = this.#db
      .prepare('UPDATE tenants SET opened_at = ?, name = ? WHERE tenant = ? AND opened_at IS NULL')
      .bind(now, name, tenant);
    const [, opened] = await this.#db.batch([statement, opening]);
    return opened?.meta.changes === 1 ? text : undefined;
  }
}
