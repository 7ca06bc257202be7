-- Tenants: `opened_at` stays NULL until the ledger holds the company, so that a creation that broke off can be repeated.
CREATE TABLE tenants (
  tenant TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  opened_at INTEGER
) STRICT;

-- API keys: `id` stands in the key's text, `hash` is SHA-256 of the whole key in hexadecimal; the key itself is kept nowhere.
-- Instants are epoch milliseconds. `scopes` is a JSON list.
CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants (tenant),
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT,
  expires_at INTEGER,
  used_at INTEGER,
  revoked_at INTEGER
) STRICT;

CREATE INDEX keys_by_tenant ON keys (tenant, created_at);
