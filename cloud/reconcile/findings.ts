import { num, type Row, type Sql, text } from '../ledger/sql.ts';
import type { Explanation, Finding, FindingCode } from './facts.ts';

/** Stands for the whole document where a line's position would be. */
export const WHOLE_DOCUMENT = -1;

/** A finding that opened, changed or closed. */
export interface FindingNews {
  readonly doc: number;
  readonly line: number;
  readonly code: string;
  readonly open: boolean;
  readonly amount: number;
  readonly currency: string;
  readonly explanation: Explanation;
}

function newsOf(row: Row, open: boolean): FindingNews {
  return {
    doc: num(row, 'doc'),
    line: num(row, 'line'),
    code: text(row, 'code'),
    open,
    amount: num(row, 'amount'),
    currency: text(row, 'currency'),
    explanation: JSON.parse(text(row, 'explanation')) as Explanation,
  };
}

/** The open findings. Keeps what changed, for the stream. */
export class FindingsLog {
  readonly #sql: Sql;
  readonly news: FindingNews[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  has(doc: number, code: FindingCode): boolean {
    return this.#sql.exec('SELECT 1 FROM findings WHERE doc = ? AND code = ? LIMIT 1', doc, code).length > 0;
  }

  /** Sets the findings of a line; true when they are others than before. */
  replace(doc: number, line: number, findings: readonly Finding[]): boolean {
    const before = new Map(
      this.#sql.exec('SELECT * FROM findings WHERE doc = ? AND line = ?', doc, line).map((row) => [text(row, 'code'), row]),
    );
    let changed = false;
    for (const finding of findings) {
      const old = before.get(finding.code);
      before.delete(finding.code);
      if (this.#put(doc, line, finding, old)) changed = true;
    }
    for (const row of before.values()) this.#close(row);
    return changed || before.size > 0;
  }

  /** Sets or removes one finding of the whole document. */
  replaceCode(doc: number, code: FindingCode, finding: Finding | undefined): void {
    const [old] = this.#sql.exec('SELECT * FROM findings WHERE doc = ? AND line = ? AND code = ?', doc, WHOLE_DOCUMENT, code);
    if (finding !== undefined) this.#put(doc, WHOLE_DOCUMENT, finding, old);
    else if (old !== undefined) this.#close(old);
  }

  #put(doc: number, line: number, { code, amount, currency, explanation }: Finding, old: Row | undefined): boolean {
    const json = JSON.stringify(explanation);
    if (old !== undefined && old['amount'] === amount && old['explanation'] === json) return false;
    this.#sql.exec(
      `INSERT INTO findings (doc, line, code, amount, currency, explanation) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET amount = excluded.amount, explanation = excluded.explanation`,
      doc,
      line,
      code,
      amount,
      currency,
      json,
    );
    this.news.push({ doc, line, code, open: true, amount, currency, explanation });
    return true;
  }

  #close(row: Row): void {
    this.#sql.exec('DELETE FROM findings WHERE doc = ? AND line = ? AND code = ?', num(row, 'doc'), num(row, 'line'), text(row, 'code'));
    this.news.push(newsOf(row, false));
  }
}
