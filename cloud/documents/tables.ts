import type { Migration } from '../ledger/projection.ts';

/** `entry` is the index of the document's entry and its compact key everywhere; `id` is the one in addresses. */
export const DOCUMENT_MIGRATIONS: readonly Migration[] = [
  {
    id: 'tables',
    statements: [
      `CREATE TABLE documents (
        entry INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, number TEXT NOT NULL, issue_date TEXT NOT NULL,
        role TEXT, partner TEXT NOT NULL, partner_spellings TEXT NOT NULL, partner_id TEXT NOT NULL, partner_name TEXT NOT NULL,
        parties TEXT, type_code TEXT, currency TEXT, total TEXT, despatch TEXT, order_ref TEXT, location TEXT, site TEXT, preceding TEXT,
        line_count INTEGER NOT NULL, content TEXT NOT NULL, original TEXT NOT NULL, content_type TEXT NOT NULL, at INTEGER NOT NULL)`,
      'CREATE INDEX documents_kind ON documents (kind)',
      // References between documents, and corrected invoices, go by number.
      'CREATE INDEX documents_number ON documents (number, kind)',
      'CREATE INDEX documents_order ON documents (order_ref, kind) WHERE order_ref IS NOT NULL',
      'CREATE INDEX documents_unclear ON documents (entry) WHERE role IS NULL',
      'CREATE INDEX documents_partner ON documents (partner, type_code)',
      'CREATE INDEX documents_location ON documents (location) WHERE location IS NOT NULL',
      `CREATE TABLE document_lines (
        doc INTEGER NOT NULL, line INTEGER NOT NULL, id TEXT NOT NULL, gtin INTEGER, gtin_invalid INTEGER NOT NULL, quantity TEXT NOT NULL,
        unit TEXT, price TEXT, base_quantity TEXT, net TEXT, adjusted INTEGER NOT NULL, code TEXT, name TEXT, despatch TEXT, order_ref TEXT,
        PRIMARY KEY (doc, line)) WITHOUT ROWID`,
      'CREATE INDEX document_lines_gtin ON document_lines (gtin) WHERE gtin IS NOT NULL',
      'CREATE TABLE document_ssccs (sscc TEXT PRIMARY KEY, doc INTEGER NOT NULL) WITHOUT ROWID',
      // Other content under a number that was taken: remembered so that the same copy is noted once.
      `CREATE TABLE document_duplicates (
        doc INTEGER NOT NULL, content TEXT NOT NULL, entry INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
        PRIMARY KEY (doc, content)) WITHOUT ROWID`,
    ],
  },
];
