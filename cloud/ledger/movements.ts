import type { Direction, DocumentRef } from '../../protocol/record.ts';
import type { Movement } from './effects.ts';
import { gtinText } from './masterdata.ts';
import type { Migration } from './projection.ts';
import { num, type Row, type Sql, text } from './sql.ts';

/**
 * What the movements of one entry have in common stands in `passages`, with its lines as JSON `[[item, quantity, ranges], ...]`;
 * `movements` finds them by item and time. Few rows per item, since each row and each index entry is written and paid for.
 */
export const movementMigration: Migration = {
  id: 'movements',
  statements: [
    `CREATE TABLE passages (
      entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, site INTEGER NOT NULL, node TEXT NOT NULL, door TEXT NOT NULL, passage TEXT NOT NULL,
      direction TEXT NOT NULL, kind TEXT, number TEXT, how TEXT, lines TEXT NOT NULL)`,
    'CREATE INDEX passages_document ON passages (number, kind) WHERE number IS NOT NULL',
    'CREATE INDEX passages_site ON passages (site, entry)',
    'CREATE TABLE movements (item INTEGER, at INTEGER, entry INTEGER, PRIMARY KEY (item, at, entry)) WITHOUT ROWID',
  ],
};

type StoredLine = readonly [item: number, quantity: number, ordinals: Movement['ordinals']];

/** Rows in one JSON parameter: some 40 bytes each, far below the 2 MB that a value may have. */
const MAX_ROWS = 20_000;
/** Passages in one JSON parameter: a passage of 1,000 items in 1,000 ranges takes some 20 KB. */
const MAX_PASSAGES = 50;

/** Writes the movements of a commit. `items` and `sites` map GTINs and site names to their keys. */
export function writeMovements(
  sql: Sql,
  movements: readonly Movement[],
  items: ReadonlyMap<string, number>,
  sites: ReadonlyMap<string, number>,
): void {
  const byEntry = new Map<number, Movement[]>();
  for (const movement of movements) {
    const group = byEntry.get(movement.entry);
    if (group === undefined) byEntry.set(movement.entry, [movement]);
    else group.push(movement);
  }
  const passages = [...byEntry.values()].map((group) => {
    const { entry, at, site, node, door, passage, direction, document } = group[0] as Movement;
    const lines = group.map(({ gtin, quantity, ordinals }): StoredLine => [items.get(gtin) as number, quantity, ordinals]);
    const reference = [document?.kind ?? null, document?.number ?? null, document?.how ?? null];
    return [entry, at, sites.get(site), node, door, passage, direction, ...reference, lines];
  });
  for (let from = 0; from < passages.length; from += MAX_PASSAGES) {
    sql.exec(
      `INSERT INTO passages (entry, at, site, node, door, passage, direction, kind, number, how, lines)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9,
          value -> 10 FROM json_each(?)`,
      JSON.stringify(passages.slice(from, from + MAX_PASSAGES)),
    );
  }
  const rows = movements.map(({ gtin, at, entry }) => [items.get(gtin), at, entry]);
  for (let from = 0; from < rows.length; from += MAX_ROWS) {
    sql.exec(
      'INSERT INTO movements (item, at, entry) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)',
      JSON.stringify(rows.slice(from, from + MAX_ROWS)),
    );
  }
}

/** Columns of a passage `p` in a site `s`, as {@link movementsOf} reads them. */
export const PASSAGE = 'p.entry, p.at, s.site, p.node, p.door, p.passage, p.direction, p.kind, p.number, p.how, p.lines';

function documentOf(row: Row): DocumentRef | null {
  if (row['kind'] === null) return null;
  return { kind: text(row, 'kind'), number: text(row, 'number'), how: text(row, 'how') } as DocumentRef;
}

/** The movements of passage rows, in the order of the rows; with `gtin` only its own. */
export function movementsOf(sql: Sql, rows: readonly Row[], gtin?: string): Movement[] {
  const parsed = rows.map((row) => ({ row, lines: JSON.parse(text(row, 'lines')) as StoredLine[] }));
  const items = [...new Set(parsed.flatMap(({ lines }) => lines.map(([item]) => item)))];
  const gtins = new Map(
    sql
      .exec('SELECT id, gtin FROM items WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(items))
      .map((row) => [num(row, 'id'), gtinText(num(row, 'gtin'))]),
  );
  return parsed.flatMap(({ row, lines }) =>
    lines.flatMap(([item, quantity, ordinals]) => {
      const name = gtins.get(item) as string;
      if (gtin !== undefined && name !== gtin) return [];
      return {
        entry: num(row, 'entry'),
        at: num(row, 'at'),
        site: text(row, 'site'),
        node: text(row, 'node'),
        door: text(row, 'door'),
        passage: text(row, 'passage'),
        direction: text(row, 'direction') as Direction,
        gtin: name,
        quantity,
        ordinals,
        document: documentOf(row),
      };
    }),
  );
}

/** Movements whose passage names a document, in the order of the log; at most `limit` passages. */
export function movementsOfDocument(sql: Sql, kind: DocumentRef['kind'], number: string, limit = 10_000): Movement[] {
  const rows = sql.exec(
    `SELECT ${PASSAGE} FROM passages p JOIN sites s ON s.id = p.site WHERE p.number = ? AND p.kind = ? ORDER BY p.entry LIMIT ?`,
    number,
    kind,
    limit,
  );
  return movementsOf(sql, rows);
}

/** Movements of a GTIN with an effective time in [from, to), epoch milliseconds, oldest first; at most `limit`. */
export function movementsOfItem(sql: Sql, gtin: string, from: number, to: number, limit = 10_000): Movement[] {
  const rows = sql.exec(
    `SELECT ${PASSAGE} FROM items i JOIN movements m ON m.item = i.id JOIN passages p ON p.entry = m.entry JOIN sites s ON s.id = p.site
      WHERE i.gtin = ? AND m.at >= ? AND m.at < ? ORDER BY m.at, m.entry LIMIT ?`,
    Number(gtin),
    from,
    to,
    limit,
  );
  return movementsOf(sql, rows, gtin);
}

/** The movements of one entry. */
export function movementsOfEntry(sql: Sql, entry: number): Movement[] {
  return movementsOf(sql, sql.exec(`SELECT ${PASSAGE} FROM passages p JOIN sites s ON s.id = p.site WHERE p.entry = ?`, entry));
}
