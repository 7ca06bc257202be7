import type { Migration } from '../ledger/projection.ts';

/**
 * Rows of the match. Documents and lines are named by entry index and position, GTINs are numbers, directions 0 in and 1 out,
 * ranks 0 despatch, 1 order, 2 window, 3 a return by window.
 */
export const RECONCILE_MIGRATIONS: readonly Migration[] = [
  {
    id: 'tables',
    statements: [
      // Clustered in FIFO order of a lane; one row per (entry, GTIN), never per item. `free` is what no line took,
      // `weak` what no reference took: the only groups a guess by time may use.
      // ref_kind and ref are what the record says; despatch, order_ref and partner what the known documents make of it.
      `CREATE TABLE match_groups (
        gtin INTEGER NOT NULL, direction INTEGER NOT NULL, at INTEGER NOT NULL, entry INTEGER NOT NULL, site TEXT NOT NULL,
        door TEXT NOT NULL, day INTEGER NOT NULL, ordinals TEXT NOT NULL, quantity INTEGER NOT NULL, free INTEGER NOT NULL, weak INTEGER NOT NULL, ref_kind TEXT, ref TEXT, despatch TEXT, order_ref TEXT, partner TEXT,
        PRIMARY KEY (gtin, direction, at, entry)) WITHOUT ROWID`,
      'CREATE INDEX match_groups_despatch ON match_groups (despatch, gtin) WHERE despatch IS NOT NULL',
      'CREATE INDEX match_groups_order ON match_groups (order_ref, gtin) WHERE order_ref IS NOT NULL',
      'CREATE INDEX match_groups_ref ON match_groups (ref) WHERE ref IS NOT NULL',
      // One row per line of an invoice or credit note: what it asks for (quantity NULL when nothing) and what came of it.
      `CREATE TABLE match_lines (
        doc INTEGER NOT NULL, line INTEGER NOT NULL, quantity INTEGER, factor INTEGER, direction INTEGER, back INTEGER, parts TEXT,
        despatch TEXT, order_ref TEXT, over INTEGER NOT NULL, status TEXT NOT NULL, matched INTEGER NOT NULL, short INTEGER NOT NULL,
        accepted INTEGER NOT NULL, explanation TEXT NOT NULL, PRIMARY KEY (doc, line)) WITHOUT ROWID`,
      // Who asks for an item when, and under which references: looked up for each movement. `open` while something is missing.
      `CREATE TABLE match_lanes (
        gtin INTEGER NOT NULL, direction INTEGER NOT NULL, day INTEGER NOT NULL, doc INTEGER NOT NULL, line INTEGER NOT NULL, open INTEGER NOT NULL,
        back INTEGER NOT NULL, despatch TEXT, order_ref TEXT, PRIMARY KEY (gtin, direction, day, doc, line)) WITHOUT ROWID`,
      'CREATE INDEX match_lanes_open ON match_lanes (gtin, direction, day) WHERE open = 1',
      'CREATE INDEX match_lanes_despatch ON match_lanes (despatch, gtin) WHERE despatch IS NOT NULL',
      'CREATE INDEX match_lanes_order ON match_lanes (order_ref, gtin) WHERE order_ref IS NOT NULL',
      // Ranges of ordinals of one entry given to one line.
      `CREATE TABLE match_allocations (
        gtin INTEGER NOT NULL, direction INTEGER NOT NULL, at INTEGER NOT NULL, entry INTEGER NOT NULL, doc INTEGER NOT NULL, line INTEGER NOT NULL,
        rank INTEGER NOT NULL, ordinals TEXT NOT NULL, quantity INTEGER NOT NULL,
        PRIMARY KEY (gtin, direction, at, entry, doc, line, rank)) WITHOUT ROWID`,
      'CREATE INDEX match_allocations_line ON match_allocations (doc, line)',
      `CREATE TABLE match_documents (
        doc INTEGER PRIMARY KEY, status TEXT NOT NULL, gate TEXT NOT NULL, replaced_by TEXT, issue_date TEXT NOT NULL, number TEXT NOT NULL, day INTEGER NOT NULL,
        role TEXT NOT NULL, type_code TEXT NOT NULL, partner TEXT NOT NULL, currency TEXT NOT NULL, site TEXT)`,
      'CREATE INDEX match_documents_status ON match_documents (status)',
      'CREATE INDEX match_documents_number ON match_documents (number)',
      // line -1: the whole document.
      `CREATE TABLE findings (
        doc INTEGER NOT NULL, line INTEGER NOT NULL, code TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, explanation TEXT NOT NULL,
        PRIMARY KEY (doc, line, code)) WITHOUT ROWID`,
      // What one commit had no room for. kind: adopt a line again, serve a claim, judge a line.
      `CREATE TABLE match_work (
        kind TEXT NOT NULL, doc INTEGER NOT NULL, line INTEGER NOT NULL, rank INTEGER NOT NULL, entry INTEGER NOT NULL,
        PRIMARY KEY (kind, doc, line, rank)) WITHOUT ROWID`,
    ],
  },
];

export const DIRECTION_NUMBER = { in: 0, out: 1 } as const;
