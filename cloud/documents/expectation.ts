import type { ExpectCommand } from '../../protocol/command.ts';
import type { Effects } from '../ledger/effects.ts';
import { gtinText } from '../ledger/masterdata.ts';
import { num, optionalText, type Sql, text } from '../ledger/sql.ts';

/** Newest documents that a node which comes late is told: more would not fit a screen at a door. */
const MAX_CATCH_UP = 200;
/** A command is one MQTT packet of at most 256 KiB: 500 items with names of 80 characters and 1,000 logistic units fit. */
const MAX_COMMAND_LINES = 500;
const MAX_NAME = 80;

interface NodeAt {
  readonly site: string;
  readonly node: string;
}

/** Nodes with a valid key; of one site, or of all. */
function nodesAt(sql: Sql, site: string | undefined): NodeAt[] {
  const rows = sql.exec(
    'SELECT DISTINCT site, node FROM device_keys WHERE valid_to IS NULL AND (site = ?1 OR ?1 IS NULL) ORDER BY site, node',
    site ?? null,
  );
  return rows.map((row) => ({ site: text(row, 'site'), node: text(row, 'node') }));
}

/** The command that announces an order or despatch advice at a door; undefined when it is neither ours to receive nor to ship. */
function commandFor(sql: Sql, doc: number): ExpectCommand | undefined {
  const [row] = sql.exec('SELECT id, kind, number, role, partner_name FROM documents WHERE entry = ?', doc);
  const role = row === undefined ? undefined : optionalText(row, 'role');
  if (row === undefined || role === undefined) return undefined;
  const lines = sql.exec(
    `SELECT l.gtin, SUM(CAST(l.quantity AS INTEGER)) AS quantity, COALESCE(i.name, MAX(l.name)) AS name
      FROM document_lines l LEFT JOIN items i ON i.gtin = l.gtin WHERE l.doc = ? GROUP BY l.gtin ORDER BY l.gtin LIMIT ?`,
    doc,
    MAX_COMMAND_LINES,
  );
  const ssccs = sql.exec('SELECT s.sscc FROM document_ssccs s WHERE s.doc = ? ORDER BY s.sscc', doc);
  return {
    v: 1,
    id: `expect-${text(row, 'id')}`,
    type: 'expect',
    kind: text(row, 'kind') === 'order' ? 'order' : 'despatchAdvice',
    number: text(row, 'number'),
    direction: role === 'purchase' ? 'in' : 'out',
    partner: text(row, 'partner_name'),
    ssccs: ssccs.map((one) => text(one, 'sscc')),
    lines: lines.map((line) => {
      const name = optionalText(line, 'name');
      return {
        gtin: gtinText(num(line, 'gtin')),
        quantity: num(line, 'quantity'),
        ...(name === undefined ? {} : { name: [...name].slice(0, MAX_NAME).join('') }),
      };
    }),
  };
}

/** Tells the nodes of the document's site, or all where it names none, that it is due. */
export function announce(sql: Sql, doc: number, site: string | undefined, effects: Effects): void {
  const command = commandFor(sql, doc);
  if (command === undefined) return;
  for (const { site: at, node } of nodesAt(sql, site)) effects.send(at, node, command);
}

/** Tells a node that has just been registered what is due at its site. */
export function catchUp(sql: Sql, { site, node }: NodeAt, effects: Effects): void {
  const due = sql.exec(
    `SELECT entry FROM documents WHERE kind IN ('order', 'despatchAdvice') AND role IS NOT NULL AND (site IS NULL OR site = ?)
      ORDER BY entry DESC LIMIT ?`,
    site,
    MAX_CATCH_UP,
  );
  for (const row of due.reverse()) {
    const command = commandFor(sql, num(row, 'entry'));
    if (command !== undefined) effects.send(site, node, command);
  }
}
