import { Fault } from '../../protocol/fault.ts';

/** A piece of an SQL statement: white space and comments are `skip`, everything that is no name is `other`. */
interface Token {
  readonly kind: 'name' | 'quoted' | 'other' | 'skip';
  readonly text: string;
}

/**
 * SQLite's tokens as far as names must be told from the rest (sqlite.org/lang_keywords.html): a string, a number, a parameter or a comment may
 * hold what looks like the name of a table.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<skip>\s+|--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<quoted>"(?:[^"]|"")*"|\[[^\]]*\]|${'`'}(?:[^${'`'}]|${'``'})*${'`'})`,
    String.raw`(?<name>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`[xX]?'(?:[^']|'')*'|[?:@$#]\w*|\d[\w.]*|->>?|\|\||[\s\S]`,
  ].join('|'),
  'gy',
);
/** A blob's x would be taken for a name. */
const BLOB = /[xX]'(?:[^']|'')*'/y;

function tokens(statement: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < statement.length) {
    BLOB.lastIndex = at;
    TOKEN.lastIndex = at;
    const blob = BLOB.exec(statement);
    const match = blob ?? TOKEN.exec(statement);
    if (match === null) break;
    const { name, quoted, skip } = match.groups ?? {};
    const kind = name !== undefined ? 'name' : quoted !== undefined ? 'quoted' : skip !== undefined ? 'skip' : 'other';
    found.push({ kind, text: match[0] });
    at += match[0].length;
  }
  return found;
}

const nameOf = ({ kind, text }: Token): string | undefined =>
  kind === 'name' ? text.toLowerCase() : kind === 'quoted' ? text.slice(1, -1).toLowerCase() : undefined;

/** After these a table stands. INDEX and EXISTS as in CREATE INDEX and IF NOT EXISTS. */
const BEFORE_TABLE = new Set(['from', 'join', 'into', 'update', 'table', 'index', 'exists']);
/** What may stand there in place of a table: TABLE IF NOT EXISTS, UPDATE OR, DO UPDATE SET, FROM (SELECT. */
const NO_TABLE = new Set(['if', 'or', 'set', 'select', 'values', 'where']);
/** UPDATE OR IGNORE t. */
const CONFLICT = new Set(['rollback', 'abort', 'replace', 'fail', 'ignore']);
/** These end the list of tables that FROM begins; a comma before them is followed by a table. */
const ENDS_FROM = new Set('where group order limit select set values union except intersect returning having window'.split(' '));
const WRITES = new Set(['into', 'update', 'table', 'index']);

/** What a name in a statement is asked for: its replacement, or undefined to leave it. `write`: the statement changes it. */
export type Rename = (name: string, write: boolean) => string | undefined;

class Walk {
  readonly #significant: Token[];
  readonly #rename: Rename;
  /** For each open bracket: whether a list of tables is being read. */
  readonly #lists: boolean[] = [false];
  readonly #statement: string;

  constructor(statement: string, all: readonly Token[], rename: Rename) {
    this.#statement = statement;
    this.#significant = all.filter(({ kind }) => kind !== 'skip');
    this.#rename = rename;
  }

  #word(i: number): string | undefined {
    const token = this.#significant[i];
    return token === undefined ? undefined : token.kind === 'name' ? token.text.toLowerCase() : token.text;
  }

  /** Where a name stands: as a table (`write` when it is changed), as what qualifies a column, as something that hides a table, or neither. */
  #place(i: number): 'write' | 'read' | 'qualifier' | 'hides' | undefined {
    const [before, after] = [this.#word(i - 1), this.#word(i + 1)];
    if (before === '.' || (this.#significant[i]?.kind === 'name' && NO_TABLE.has(this.#word(i) ?? ''))) return undefined;
    if (after === '.') return 'qualifier';
    const verb = before !== undefined && CONFLICT.has(before) && this.#word(i - 2) === 'or' ? this.#word(i - 3) : before;
    // DELETE FROM t changes what it reads from.
    if (verb === 'from' && this.#word(i - 2) === 'delete') return 'write';
    if (verb === 'exists' && !['table', 'index'].includes(this.#word(i - 4) ?? '')) return undefined;
    if (verb === 'exists') return 'write';
    if (verb !== undefined && BEFORE_TABLE.has(verb)) return WRITES.has(verb) ? 'write' : 'read';
    // CREATE INDEX i ON t
    if (verb === 'on' && this.#word(0) === 'create' && after === '(') return 'write';
    if (verb === ',' && this.#lists.at(-1) === true) return 'read';
    if (verb === 'as' && this.#lists.at(-1) === true) return 'hides';
    if (after === 'as' && (verb === 'with' || verb === 'recursive' || (verb === ',' && this.#word(i + 2) !== undefined))) {
      return this.#word(i + 2) === '(' || this.#word(i + 2) === 'materialized' || this.#word(i + 2) === 'not' ? 'hides' : undefined;
    }
    return undefined;
  }

  #follow(i: number): void {
    const word = this.#word(i);
    if (word === '(') this.#lists.push(false);
    else if (word === ')') this.#lists.pop();
    else if (word === 'from' || word === 'join') this.#lists[this.#lists.length - 1] = true;
    else if (word !== undefined && ENDS_FROM.has(word)) this.#lists[this.#lists.length - 1] = false;
  }

  /** The token's text, renamed where it names a table. To be called for each significant token in turn. */
  next(i: number): string {
    const token = this.#significant[i] as Token;
    const name = nameOf(token);
    const place = name === undefined ? undefined : this.#place(i);
    this.#follow(i);
    if (name === undefined || place === undefined) return token.text;
    const replaced = this.#rename(name, place === 'write');
    if (replaced === undefined) return token.text;
    if (place === 'hides') {
      throw new Fault(
        'SQL_AMBIGUOUS',
        `${token.text} is a table and stands for something else here, name that otherwise: ${this.#statement}`,
      );
    }
    return `"${replaced}"`;
  }
}

/**
 * An SQL statement with the tables (and in CREATE INDEX the index) that it names called by other names. A column, an alias or text that is spelt
 * like a table stays as it is.
 * @throws Fault SQL_AMBIGUOUS where a table's alias or a common table expression hides a table that is to be renamed
 */
export function renameTables(statement: string, rename: Rename): string {
  const all = tokens(statement);
  const walk = new Walk(statement, all, rename);
  let significant = 0;
  return all.map((token) => (token.kind === 'skip' ? token.text : walk.next(significant++))).join('');
}
