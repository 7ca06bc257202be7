import { difference, fromUtf8, linesOf, utf8 } from './encoding.ts';
import type { Logged } from './entry.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { jsonFault } from './json.ts';
import { pagePath } from './layout.ts';
import { narrowed } from './locate.ts';

/** The fold of the log into the tables of the projections. This folder knows no projection: it is given the fold. */
export interface Fold {
  /** In the order of an export. */
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] }[];
  /** Folds one more entry, with its body. @throws what a fold throws */
  add(entry: Logged): void;
  /** At most `limit` rows after the one with the key `after` (null: from the first), in the order of the key. */
  rows(
    table: string,
    after: readonly unknown[] | null,
    limit: number,
  ): readonly { readonly line: string; readonly key: readonly unknown[] }[];
  close(): void;
}

/** A page of a table as it was read from the live hub when its log had `size` entries. */
interface Page {
  readonly path: string;
  readonly table: string;
  readonly number: number;
  readonly after: readonly unknown[] | null;
  readonly size: number;
  /** Where the rows begin. */
  readonly rows: number;
}

interface Header {
  readonly after: readonly unknown[] | null;
  readonly columns: readonly string[];
  readonly last: boolean;
  readonly size: number;
  readonly table: string;
}

/** Rows asked of the fold at a time. */
const ROWS = 256;

const headerText = ({ after, columns, last, size, table }: Header): string => JSON.stringify({ after, columns, last, size, table });

const isListOf = (value: unknown, each: (one: unknown) => boolean): boolean => Array.isArray(value) && value.every(each);
/** A value of a key: text, an integer, nothing, or the bytes of a blob. */
const isKey = (one: unknown): boolean =>
  one === null || ['string', 'number'].includes(typeof one) || (typeof one === 'object' && typeof (one as { b?: unknown }).b === 'string');

function headerOf(bytes: Uint8Array): Header | string {
  const fault = jsonFault(bytes);
  if (fault !== undefined) return fault.why;
  const text = fromUtf8(bytes) ?? '';
  const value = JSON.parse(text) as Header | null;
  const whole = value !== null && typeof value === 'object' && typeof value.table === 'string' && Number.isSafeInteger(value.size);
  if (!whole || !isListOf(value.columns, (one) => typeof one === 'string')) return 'is no header of a page';
  if (typeof value.last !== 'boolean' || !(value.after === null || isListOf(value.after, isKey))) return 'is no header of a page';
  return headerText(value) === text ? value : 'is not canonical JSON of after, columns, last, size and table';
}

/** Compares the projections' pages with the fold, each when the fold has come to the size that the page was read at. */
export class Pages {
  readonly #folder: Folder;
  readonly #fold: Fold;
  readonly #findings: Findings;
  readonly #pages: Page[] = [];
  /** The page that was compared last in each table, and the key of its last row as the fold has it. */
  readonly #done = new Map<string, { number: number; key: readonly unknown[] | null; last: boolean }>();
  #next = 0;
  #stopped = false;

  constructor(folder: Folder, fold: Fold, findings: Findings) {
    this.#folder = folder;
    this.#fold = fold;
    this.#findings = findings;
    const paths = new Set([...folder.files.keys()].filter((path) => path.startsWith('projections/')));
    for (const table of fold.tables) {
      for (let number = 0; number === 0 || paths.has(pagePath(table.name, number)); number++) {
        const path = pagePath(table.name, number);
        if (paths.delete(path)) this.#header(path, table, number);
        else findings.problem('PAGE_MISSING', { file: path }, `table ${table.name} has no page`);
      }
    }
    for (const path of paths) findings.problem('FILE_UNEXPECTED', { file: path }, `${path} is no page that follows one of a projection`);
    this.#pages.sort((a, b) => a.size - b.size || a.number - b.number);
  }

  #header(path: string, table: Fold['tables'][number], number: number): void {
    const bytes = this.#folder.read(path) ?? new Uint8Array();
    const [line] = linesOf(bytes);
    const part = bytes.subarray(0, line?.to ?? 0);
    const header = headerOf(part);
    this.#findings.count('pages');
    if (typeof header !== 'string' && line?.ended === true) {
      this.#pages.push({ path, table: table.name, number, after: header.after, size: header.size, rows: line.to + 1 });
      return;
    }
    const accepts = (candidate: Uint8Array): boolean => {
      const read = headerOf(candidate);
      return typeof read !== 'string' && read.table === table.name && JSON.stringify(read.columns) === JSON.stringify(table.columns);
    };
    const found = narrowed({ findings: this.#findings, suspect: this.#folder.suspect(path) }, bytes, [0, part.length], accepts);
    const why = typeof header === 'string' ? header : 'has no line end';
    this.#findings.problem('PAGE_HEADER', { file: path, line: 1, bytes: found.bytes }, `the header of ${path} ${why}`);
  }

  /** Folds an entry. One whose body was erased ends the comparison: what followed from it cannot be folded again. */
  add(entry: Logged): void {
    if (this.#stopped) return;
    if (entry.body === null) {
      this.stop(`entry ${entry.index} was erased`);
      return;
    }
    try {
      this.#fold.add(entry);
    } catch (error) {
      const text = `entry ${entry.index} cannot be folded: ${error instanceof Error ? error.message : String(error)}`;
      this.#findings.problem('FOLD_FAILED', { file: 'projections', entry: entry.index }, text);
      this.stop(`entry ${entry.index} cannot be folded`);
    }
  }

  /** Ends the comparison: pages of a larger log are left to their signed hashes. */
  stop(why: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#findings.warn(`${why}: projection pages that were read later are checked by their signed hashes alone, not by the fold`);
  }

  /** Compares the pages that were read when the log had `size` entries. */
  reached(size: number): void {
    for (;;) {
      const page = this.#pages[this.#next];
      if (this.#stopped || page === undefined || page.size > size) return;
      this.#next += 1;
      try {
        this.#compare(page);
      } catch (error) {
        const text = `${page.path} cannot be compared: ${error instanceof Error ? error.message : String(error)}`;
        this.#findings.problem('FOLD_FAILED', { file: page.path }, text);
        this.stop(`the fold failed at ${size} entries`);
      }
    }
  }

  /** Whether every page was compared, and every table to its end. */
  end(): void {
    if (this.#stopped) return;
    for (const page of this.#pages.slice(this.#next)) {
      this.#findings.problem(
        'PAGE_SIZE',
        { file: page.path, line: 1 },
        `${page.path} was read at ${page.size} entries, the export has fewer`,
      );
    }
    for (const [table, { number, last }] of this.#done) {
      const path = pagePath(table, number);
      if (!last && !this.#folder.has(pagePath(table, number + 1))) {
        this.#findings.problem('PAGE_MISSING', { file: pagePath(table, number + 1) }, `rows of ${table} follow ${path} and have no page`);
      }
    }
  }

  #compare(page: Page): void {
    const bytes = this.#folder.read(page.path) ?? new Uint8Array();
    const done = this.#done.get(page.table);
    const after = page.number === 0 ? null : done?.number === page.number - 1 ? done.key : page.after;
    const { key, last } = this.#rows(page, bytes, after);
    this.#done.set(page.table, { number: page.number, key, last });
    const columns = this.#fold.tables.find(({ name }) => name === page.table)?.columns ?? [];
    const expected = utf8(`${headerText({ after, columns, last, size: page.size, table: page.table })}\n`);
    const changed = difference(bytes.subarray(0, page.rows), expected);
    if (changed === undefined) this.#findings.count('pagesFolded');
    else
      this.#findings.problem(
        'PAGE_HEADER',
        { file: page.path, line: 1, bytes: changed },
        `the header of ${page.path} does not follow from the log`,
      );
  }

  /** Compares the rows of a page and returns the key of its last one, and whether the table ends there. */
  #rows(page: Page, bytes: Uint8Array, after: readonly unknown[] | null): { key: readonly unknown[] | null; last: boolean } {
    let key = after;
    let at = page.rows;
    for (let row = 1; ; ) {
      const rows = this.#fold.rows(page.table, key, ROWS);
      for (const one of rows) {
        if (at >= bytes.length) return { key, last: false };
        const line = utf8(`${one.line}\n`);
        const changed = difference(bytes.subarray(at, at + line.length), line);
        if (changed !== undefined) this.#row(page, row, [at + changed[0], at + changed[1]]);
        else this.#findings.count('rows');
        at += line.length;
        row += 1;
        key = one.key;
      }
      if (rows.length < ROWS) break;
    }
    if (at < bytes.length) {
      const text = `${page.path} holds more rows than follow from the log`;
      this.#findings.problem('ROW_EXTRA', { file: page.path, bytes: [at, bytes.length] }, text);
    }
    return { key, last: true };
  }

  #row({ path, size }: Page, row: number, bytes: readonly [number, number]): void {
    const text = `row ${row} of ${path} is not what the first ${size} entries of the log come to`;
    this.#findings.problem('ROW_DIFFERS', { file: path, row, bytes }, text);
  }
}
