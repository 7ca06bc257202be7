import { applyD1Migrations, type D1Migration } from 'cloudflare:test';
import { env } from 'cloudflare:workers';

declare global {
  namespace Cloudflare {
    interface Env {
      /** Only under test: the catalog's migrations, read by vitest.config.ts. */
      CATALOG_MIGRATIONS?: D1Migration[];
    }
  }
}

await applyD1Migrations(env.CATALOG, env.CATALOG_MIGRATIONS ?? []);
