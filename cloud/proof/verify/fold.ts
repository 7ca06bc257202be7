import { fromBase64url, toBase64url } from '../../../protocol/bytes.ts';
import { parseCanonical } from '../../../protocol/canonical.ts';
import { decodeBody } from '../../../protocol/record.ts';
import { type DecodedEntry, ENTRY_TYPES, type HubEntryType, type JsonObject } from '../../ledger/entry.ts';
import { foldTogether } from '../../ledger/replay.ts';
import { migrate } from '../../ledger/schema.ts';
import { NodeSql } from '../../ledger/sql.node.ts';
import type { Value } from '../../ledger/sql.ts';
import { keyOf, rowLine, rowsAfter, tablesOf } from '../../ledger/tables.ts';
import { projections } from '../../projections.ts';
import { fromUtf8 } from './encoding.ts';
import type { Logged } from './entry.ts';
import type { Fold } from './pages.ts';

/**
 * The one file of this folder that runs the hub's own code: what the tables must be is what its projections make of the log.
 * Everything else here is written a second time.
 */

/** Entries folded in one transaction, as many as a rebuild takes. */
const MAX_GROUP = 256;
/** Of the database, in KiB: it is private, on disk, and gone when it is closed. */
const CACHE_KIB = 262_144;

const NAMES = new Map<number, string>(Object.entries(ENTRY_TYPES).map(([name, code]) => [code, name]));

function decoded({ index, leaf, producer, salt, body }: Logged): DecodedEntry {
  const { at, effectiveAt, epoch, seq, commitment } = leaf;
  const bytes = body ?? new Uint8Array();
  const entry = { index, at, effectiveAt, producer, epoch, seq, salt, body, commitment };
  if (leaf.type === ENTRY_TYPES.record) {
    const [site = '', node = ''] = producer.split('/');
    return { ...entry, type: 'record', site, node, record: decodeBody(bytes) };
  }
  return { ...entry, type: NAMES.get(leaf.type) as HubEntryType, value: parseCanonical(fromUtf8(bytes) ?? '') as JsonObject };
}

const toJson = (value: Value): unknown => (value instanceof Uint8Array ? { b: toBase64url(value) } : value);
const fromJson = (value: unknown): Value =>
  value !== null && typeof value === 'object' ? (fromBase64url(String((value as { b?: unknown }).b)) ?? null) : (value as Value);

/** The projections of the hub over an empty database. */
export function openFold(): Fold {
  // An empty name is SQLite's private database on disk: a log of any size needs no memory.
  const sql = new NodeSql('');
  sql.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  migrate(sql, projections);
  const tables = tablesOf(sql, projections);
  let group: DecodedEntry[] = [];
  const fold = (): void => {
    if (group.length > 0) foldTogether(sql, projections, group);
    group = [];
  };
  return {
    tables,
    add(entry) {
      const next = decoded(entry);
      const last = group.at(-1);
      if (last !== undefined && (group.length >= MAX_GROUP || last.producer !== next.producer || last.at !== next.at)) fold();
      group.push(next);
    },
    rows(name, after, limit) {
      fold();
      const table = tables.find((one) => one.name === name);
      if (table === undefined) return [];
      const { rows } = rowsAfter(sql, table, after?.map(fromJson) ?? null, limit);
      return rows.map((row) => ({ line: rowLine(table, row), key: keyOf(table, row).map(toJson) }));
    },
    close: () => sql.close(),
  };
}
