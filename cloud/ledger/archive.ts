import { sizeOf } from './page.ts';
import type { Migration } from './projection.ts';
import { completedBy, pathOf, type Tile, tileBytes } from './served.ts';
import type { Signer } from './signer.ts';
import { num, type Sql } from './sql.ts';
import { TILE_WIDTH } from './tiles.ts';

/** `bundles`: how many full bundles of entries, and with them the full tiles that end there, stand in the archive. */
export const archiveMigration: Migration = {
  id: 'archive',
  statements: ['CREATE TABLE archived (id INTEGER PRIMARY KEY CHECK (id = 1), bundles INTEGER NOT NULL)'],
};

/** Where things stand in the bucket: by tenant, so that one tenant's erasure can never take another's. */
export const originalKey = (tenant: string, hash: string): string => `${tenant}/documents/${hash}`;
export const tileKey = (tenant: string, path: string): string => `log/${tenant}/${path}`;

/** Bundles of a slice: 6,144 leaves are some 30 ms of reading and hashing, and 50 requests, of which a Worker has six at a time in flight. */
const MAX_BUNDLES = 24;
/** A bundle is 256 entries: a moment's delay gathers those of a backlog into few alarms. */
export const ARCHIVE_DELAY_MS = 5_000;

/** Keeps bytes under a key; resolves once they are durable. */
export type Put = (key: string, bytes: Uint8Array) => Promise<unknown>;

/**
 * Copies full tiles and bundles, which never change again, out of the ledger. Runs by the ledger's alarm, so that a commit writes nothing for
 * it; a crash between the copies and the cursor copies again, which changes nothing.
 */
export class Archive {
  readonly #sql: Sql;
  readonly #tenant: string;
  readonly #signer: Signer;
  readonly #put: Put;
  #bundles: number | undefined;

  constructor(sql: Sql, tenant: string, signer: Signer, put: Put) {
    this.#sql = sql;
    this.#tenant = tenant;
    this.#signer = signer;
    this.#put = put;
  }

  #done(): number {
    const row = this.#bundles === undefined ? this.#sql.exec('SELECT bundles FROM archived')[0] : undefined;
    this.#bundles ??= row === undefined ? 0 : num(row, 'bundles');
    return this.#bundles;
  }

  /** Whether full bundles wait. */
  waits(): boolean {
    return Math.floor(sizeOf(this.#sql) / TILE_WIDTH) > this.#done();
  }

  /** Copies a slice and returns whether more waits. Only what a checkpoint covers is copied: what is archived was signed for. */
  async run(): Promise<boolean> {
    if (!this.waits()) return false;
    const { size } = await this.#signer.checkpoint();
    const from = this.#done();
    const to = Math.min(Math.floor(size / TILE_WIDTH), from + MAX_BUNDLES);
    const tiles: Tile[] = [];
    for (let count = from + 1; count <= to; count++) tiles.push(...completedBy(count));
    await Promise.all(
      tiles.map((tile) => {
        const bytes = tileBytes(this.#sql, this.#tenant, size, tile);
        if (bytes === undefined) throw new Error(`${pathOf(tile)} is not complete in a log of ${size} entries`);
        return this.#put(tileKey(this.#tenant, pathOf(tile)), bytes);
      }),
    );
    this.#sql.exec('INSERT INTO archived (id, bundles) VALUES (1, ?) ON CONFLICT DO UPDATE SET bundles = excluded.bundles', to);
    this.#bundles = to;
    return this.waits();
  }
}
