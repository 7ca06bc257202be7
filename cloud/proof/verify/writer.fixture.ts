import { createHash } from 'node:crypto';
import { fromUtf8, toBase64url } from '../../../protocol/bytes.ts';
import { ByteSums } from '../../ledger/bytesums.ts';
import { ENTRY_TYPES, type EntryType, leaf, producerId } from '../../ledger/entry.ts';
import { blob, num, type Row, type Sql, text, type Value } from '../../ledger/sql.ts';
import { keyOf, rowLine, rowsAfter, tablesOf } from '../../ledger/tables.ts';
import { frontierFromTiles, tile, tileLevels, tilePath } from '../../ledger/tiles.ts';
import { rootOf } from '../../ledger/tree.ts';
import { projections } from '../../projections.ts';
import type { LogKey, Warehouse } from './export.fixture.ts';

/** What the hub's own export writes, from a ledger in memory. It uses the hub's tree, never the verifier's. */
export type Files = Map<string, Uint8Array>;

const bytes = (content: string): Uint8Array => Buffer.from(content);

export function checkpoint(sql: Sql, key: LogKey, size: number): string {
  return key.note(`${key.name}\n${size}\n${Buffer.from(rootOf(frontierFromTiles(sql, size))).toString('base64')}\n`);
}

/** Pages of `limit` rows from page `from` of each table on, all of the rest or only one. */
export function writePages(
  files: Files,
  sql: Sql,
  limit: number,
  marks: Map<string, { number: number; after: Value[] | null }>,
  one: boolean,
): void {
  const size = num(sql.exec('SELECT COUNT(*) AS n FROM entries')[0] ?? {}, 'n');
  const json = (value: Value): unknown => (value instanceof Uint8Array ? { b: toBase64url(value) } : value);
  for (const table of tablesOf(sql, projections)) {
    let mark = marks.get(table.name) ?? { number: 0, after: null };
    for (let more = !files.has(`last ${table.name}`); more; more = !one && more) {
      const { rows, next } = rowsAfter(sql, table, mark.after, limit);
      // While one more page is to come the table may grow: the first page alone never says that it is the last.
      const last = next === null;
      const after = mark.after?.map(json) ?? null;
      const header = JSON.stringify({ after, columns: table.columns, last, size, table: table.name });
      const path = `projections/${table.name}/${String(mark.number).padStart(4, '0')}.jsonl`;
      files.set(path, bytes(`${[header, ...rows.map((row) => rowLine(table, row))].join('\n')}\n`));
      const end = rows.at(-1);
      mark = { number: mark.number + 1, after: end === undefined ? mark.after : keyOf(table, end) };
      marks.set(table.name, mark);
      if (last) files.set(`last ${table.name}`, bytes(''));
      more = !last;
    }
  }
}

function entryLine(row: Row): string {
  const body = row['body'] instanceof Uint8Array ? fromUtf8(row['body']) : null;
  const salt = row['salt'] instanceof Uint8Array ? toBase64url(row['salt']) : null;
  const producer = row['site'] === null ? 'hub' : `${text(row, 'site')}/${text(row, 'node')}`;
  return `${JSON.stringify({ body, index: num(row, 'idx'), producer, salt })}\n`;
}

function leafOf(row: Row): Uint8Array {
  const type = Object.entries(ENTRY_TYPES).find(([, code]) => code === num(row, 'type'))?.[0] as EntryType;
  const producer = row['site'] === null ? 'hub' : `${text(row, 'site')}/${text(row, 'node')}`;
  const entry = { type, at: num(row, 'at'), effectiveAt: num(row, 'effective'), epoch: num(row, 'epoch'), seq: num(row, 'seq') };
  return leaf({ ...entry, commitment: blob(row, 'commitment') }, producerId('demo', producer));
}

function writeLog(files: Files, sql: Sql, size: number): void {
  for (let from = 0; from < size; from += 256) {
    const rows = sql.exec(
      'SELECT e.*, n.site, n.node FROM entries e LEFT JOIN nodes n ON n.id = e.node WHERE idx >= ? AND idx < ? ORDER BY idx',
      from,
      from + 256,
    );
    const suffix = rows.length === 256 ? '' : `.p/${rows.length}`;
    const number = String(from / 256).padStart(3, '0');
    files.set(`tile/entries/${number}${suffix}`, Buffer.concat(rows.flatMap((row) => [Buffer.of(0, 78), leafOf(row)])));
    files.set(`entries/${number}.jsonl`, bytes(rows.map(entryLine).join('')));
  }
  for (const { level, full, partialWidth } of tileLevels(size)) {
    for (let i = 0; i < full + Math.sign(partialWidth); i++) {
      files.set(tilePath(level, i, i < full ? 256 : partialWidth), tile(sql, size, level, i) as Uint8Array);
    }
  }
}

function writeBatches(files: Files, sql: Sql): void {
  const rows = sql.exec(
    'SELECT b.*, n.site, n.node AS name FROM batches b JOIN nodes n ON n.id = b.node ORDER BY b.node, b.epoch, b.first',
  );
  for (let from = 0; from < rows.length; from += 1000) {
    const lines = rows.slice(from, from + 1000).map((row) => {
      const place = { entry: num(row, 'entry'), epoch: num(row, 'epoch'), first: num(row, 'first') };
      const names = { header: toBase64url(blob(row, 'header')), node: text(row, 'name') };
      const signature = toBase64url(blob(row, 'signature'));
      return `${JSON.stringify({ before: toBase64url(blob(row, 'before')), ...place, ...names, signature, site: text(row, 'site') })}\n`;
    });
    files.set(`batches/${String(from / 1000).padStart(3, '0')}.jsonl`, bytes(lines.join('')));
  }
}

/** Signs the files anew. */
export function seal(files: Files, key: LogKey, size: number): void {
  files.delete('manifest');
  const root = Buffer.from(files.get('checkpoint') ?? [])
    .toString()
    .split('\n')[2];
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => `${createHash('sha256').update(content).digest('hex')} ${content.length} ${path}\n`);
  files.set('manifest', bytes(key.note(`docket/export/1 ${key.name}\nsize ${size}\nroot ${root}\n${lines.join('')}`)));
}

const README = 'Verify with: npm run --silent hub -- verify FOLDER --vkey KEY\nÀ vérifier avec la même commande.\n';

/** An export of what a warehouse has, with the pages that were read already. */
export function writeExport(warehouse: Warehouse, key: LogKey, kept: readonly number[], files: Files = new Map(), readme = README): Files {
  const { sql } = warehouse;
  for (const path of [...files.keys()]) if (path.startsWith('last ')) files.delete(path);
  const size = num(sql.exec('SELECT COUNT(*) AS n FROM entries')[0] ?? {}, 'n');
  writeLog(files, sql, size);
  writeBatches(files, sql);
  for (const [hash, original] of warehouse.originals) files.set(`documents/${hash}`, original);
  files.set('vkey', bytes(`${key.vkey}\n`));
  files.set('README.txt', bytes(readme));
  const sums = [...files]
    .filter(([path]) => /^(README\.txt$|documents\/)/.test(path))
    .map(([path, content]) => {
      const each = new ByteSums();
      each.add(content);
      return `${each} ${path}\n`;
    });
  const pathOf = (line: string): string => line.split(' ')[2] ?? '';
  files.set('sums', bytes(sums.sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1)).join('')));
  files.set('checkpoint', bytes(checkpoint(sql, key, size)));
  const notes = [...kept.filter((one) => one < size), size].map((one) => `${JSON.stringify(checkpoint(sql, key, one))}\n`);
  files.set('checkpoints.jsonl', bytes(notes.join('')));
  seal(files, key, size);
  return files;
}
