import { CORRECTED_CODES } from '../documents/document.ts';
import { gtinText } from '../ledger/masterdata.ts';
import { movementsOfItem } from '../ledger/movements.ts';
import { num, type Sql, text } from '../ledger/sql.ts';
import { EVIDENCE } from './candidates.ts';
import type { Allocation, Facts, InvoiceFact, Match, MovementGroup, Price } from './facts.ts';
import { timeZones } from './groups.ts';
import { loadInvoice, loadItems, loadPrices } from './load.ts';
import { match } from './match.ts';
import { EXACT, type Policy } from './policy.ts';
import { resolveReference } from './references.ts';
import { hasWork } from './work.ts';

/** Passages and lines of one item that are matched again in one go: some 50 ms. An item with more is left to the rebuild. */
const MAX_MOVEMENTS = 3_000;
const MAX_LINES = 1_000;

/** Documents that correct others of the partners given: without their lines they still replace what they name. */
function corrections(sql: Sql, partners: readonly string[]): InvoiceFact[] {
  const rows = sql.exec(
    'SELECT entry FROM documents WHERE partner IN (SELECT value FROM json_each(?)) AND type_code IN (SELECT value FROM json_each(?))',
    JSON.stringify(partners),
    JSON.stringify([...CORRECTED_CODES]),
  );
  return rows.flatMap((row) => loadInvoice(sql, num(row, 'entry'), []) ?? []);
}

/** Movements of an item as the match takes them, from the passages and not from the match's own tables. */
function groupsOf(sql: Sql, gtin: string): MovementGroup[] {
  return movementsOfItem(sql, gtin, 0, Number.MAX_SAFE_INTEGER, MAX_MOVEMENTS + 1).map(
    ({ entry, direction, site, door, at, ordinals, document }): MovementGroup => {
      const { despatch, order, partner } = resolveReference(sql, document);
      return {
        ...{ entry, gtin, direction, site, door, at, ordinals },
        ...(despatch === null ? {} : { despatchRef: despatch }),
        ...(order === null ? {} : { orderRef: order }),
        ...(partner === null ? {} : { partner }),
      };
    },
  );
}

/** All that the match of one item hangs on: lines of other items compete for other goods. Undefined when there is too much of it. */
function factsOf(sql: Sql, gtin: string): Facts | undefined {
  const rows = sql.exec('SELECT doc, line FROM document_lines WHERE gtin = ? ORDER BY doc, line LIMIT ?', Number(gtin), MAX_LINES + 1);
  const movements = groupsOf(sql, gtin);
  if (rows.length > MAX_LINES || movements.length > MAX_MOVEMENTS) return undefined;
  const positions = new Map<number, number[]>();
  for (const row of rows) positions.set(num(row, 'doc'), [...(positions.get(num(row, 'doc')) ?? []), num(row, 'line')]);
  const asking = [...positions].flatMap(([doc, lines]) => loadInvoice(sql, doc, lines) ?? []);
  const known = new Set(asking.map(({ id }) => id));
  const others = corrections(sql, [...new Set(asking.map(({ partner }) => partner))]).filter(({ id }) => !known.has(id));
  const prices = new Map<string, Price>();
  for (const invoice of asking) for (const price of loadPrices(sql, Number(invoice.id), invoice)) prices.set(JSON.stringify(price), price);
  return { invoices: [...asking, ...others], movements, prices: [...prices.values()], items: loadItems(sql, [gtin]) };
}

const allocationText = ({ document, line, entry, evidence, ordinals }: Omit<Allocation, 'gtin' | 'quantity'>): string =>
  JSON.stringify([Number(document), Number(line), evidence, entry, ordinals]);

function compareAllocations(sql: Sql, gtin: string, { allocations }: Match): string[] {
  const rows = sql.exec('SELECT doc, line, rank, entry, ordinals FROM match_allocations WHERE gtin = ?', Number(gtin));
  const stored = new Set(
    rows.map((row) =>
      JSON.stringify([
        num(row, 'doc'),
        num(row, 'line'),
        EVIDENCE[num(row, 'rank')] ?? 'window',
        num(row, 'entry'),
        JSON.parse(text(row, 'ordinals')),
      ]),
    ),
  );
  const said = new Set(allocations.map(allocationText));
  const where = `of GTIN ${gtin} [document, line, evidence, entry, ordinals]`;
  return [
    ...[...stored].filter((one) => !said.has(one)).map((one) => `match_allocations: ${one} ${where} is not what the match gives`),
    ...[...said].filter((one) => !stored.has(one)).map((one) => `match_allocations: ${one} ${where} has no row, the match gives it`),
  ];
}

/** Lines as the table and the match have them: [status, matched, short, over]. */
function compareLines(sql: Sql, gtin: string, { documents }: Match): string[] {
  const rows = sql.exec(
    `SELECT m.doc, m.line, m.status, m.matched, m.short, m.over FROM document_lines l JOIN match_lines m ON m.doc = l.doc AND m.line = l.line
      WHERE l.gtin = ?`,
    Number(gtin),
  );
  const stored = new Map<string, string>(
    rows.map((row) => [
      `${num(row, 'doc')} ${num(row, 'line')}`,
      JSON.stringify([text(row, 'status'), num(row, 'matched'), num(row, 'short'), num(row, 'over')]),
    ]),
  );
  const said = new Map<string, string>(
    documents.flatMap(({ id, lines }) =>
      lines.map((line) => [`${Number(id)} ${line.id}`, JSON.stringify([line.status, line.matched, line.short, line.over])] as const),
    ),
  );
  return [...new Set([...stored.keys(), ...said.keys()])]
    .filter((key) => stored.get(key) !== said.get(key))
    .map((key) => {
      const [doc, line] = key.split(' ');
      return `match_lines: document ${doc} line ${line} is ${stored.get(key) ?? 'not there'}, the match gives ${said.get(key) ?? 'nothing'}`;
    });
}

/**
 * Matches one item again by the pure function, with all documents that ask for it, and holds the stored allocations and lines against that. One item a
 * slice: `cursor` is the GTIN of the one before. An item with more than 3,000 passages or 1,000 lines is passed over.
 */
export function inspectMatch(sql: Sql, cursor: string | null): { readonly next: string | null; readonly differences: readonly string[] } {
  // What waits to be worked out is not expected to agree: the same place is asked for again.
  if (hasWork(sql)) return { next: cursor, differences: [] };
  const [row] = sql.exec('SELECT MIN(gtin) AS gtin FROM document_lines WHERE gtin > ?', Number(cursor ?? -1));
  if (row === undefined || row['gtin'] === null) return { next: null, differences: [] };
  const gtin = gtinText(num(row, 'gtin'));
  const facts = factsOf(sql, gtin);
  if (facts === undefined) return { next: gtin, differences: [] };
  const policy: Policy = { ...EXACT, timeZones: timeZones(sql) };
  const result = match(facts, policy);
  return { next: gtin, differences: [...compareAllocations(sql, gtin, result), ...compareLines(sql, gtin, result)] };
}
