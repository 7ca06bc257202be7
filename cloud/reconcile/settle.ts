import { gtinText } from '../ledger/masterdata.ts';
import { num, type Row, text } from '../ledger/sql.ts';
import type { Asked, Book } from './book.ts';
import type { InvoiceFact, LineStatus } from './facts.ts';
import { FindingsLog } from './findings.ts';
import { loadInvoice, loadPrices } from './load.ts';
import { agreement, type Judged, judge, judgeUnmatched, pricedGtin, type Served } from './status.ts';
import type { Surplus } from './surplus.ts';
import { capFinding, documentStatus, gateOf, type Tally } from './worst.ts';

/** A document whose status or lines are not what they were. */
export interface Settled {
  readonly doc: number;
  /** Empty for a document that is new. */
  readonly was: string;
  readonly status: string;
  /** Positions of the lines that changed. */
  readonly lines: readonly number[];
}

/** Judges what a round has changed, and writes only what is different from before. */
export class Settlement {
  readonly #book: Book;
  readonly #lines = new Map<number, Set<number>>();
  readonly #documents = new Set<number>();
  readonly findings: FindingsLog;

  constructor(book: Book) {
    this.#book = book;
    this.findings = new FindingsLog(book.sql);
  }

  /** A line has to be judged. */
  line(doc: number, line: number): void {
    const lines = this.#lines.get(doc);
    if (lines === undefined) this.#lines.set(doc, new Set([line]));
    else lines.add(line);
  }

  /** A document has to be summed up. */
  document(doc: number): void {
    this.#documents.add(doc);
  }

  /** A line is no longer there. */
  gone(doc: number, line: number): void {
    this.#lines.get(doc)?.delete(line);
    this.findings.replace(doc, line, []);
    this.document(doc);
  }

  /** How many lines wait to be judged. */
  get size(): number {
    let size = 0;
    for (const lines of this.#lines.values()) size += lines.size;
    return size;
  }

  settle(surplus: Surplus): Settled[] {
    for (const { asked, over } of surplus.all().values()) {
      const changed = this.#book.sql.exec(
        'UPDATE match_lines SET over = ? WHERE doc = ? AND line = ? AND over <> ? RETURNING doc',
        over,
        asked.doc,
        asked.line,
        over,
      );
      if (changed.length > 0) this.line(asked.doc, asked.line);
    }
    const settled: Settled[] = [];
    for (const doc of [...new Set([...this.#lines.keys(), ...this.#documents])].sort((a, b) => a - b)) {
      const one = this.#settleDocument(
        doc,
        [...(this.#lines.get(doc) ?? [])].sort((a, b) => a - b),
      );
      if (one !== undefined) settled.push(one);
    }
    return settled;
  }

  #settleDocument(doc: number, positions: readonly number[]): Settled | undefined {
    const { sql, policy } = this.#book;
    const [row] = sql.exec('SELECT status, replaced_by FROM match_documents WHERE doc = ?', doc);
    const invoice = row === undefined ? undefined : loadInvoice(sql, doc, positions);
    if (row === undefined || invoice === undefined) return undefined;
    const was = text(row, 'status');
    if (row['replaced_by'] !== null) return this.#supersede(doc, was, invoice, text(row, 'replaced_by'));
    const lines = this.#judgeLines(doc, invoice);
    const tally = this.#tally(doc);
    const cap = capFinding(invoice, tally.accepted, policy);
    this.findings.replaceCode(doc, 'INVOICE_CAP', cap);
    this.findings.replaceCode(doc, 'SUPERSEDED', undefined);
    const status = documentStatus(tally);
    const gate = gateOf(invoice, tally, cap !== undefined, policy);
    sql.exec('UPDATE match_documents SET status = ?1, gate = ?2 WHERE doc = ?3 AND (status <> ?1 OR gate <> ?2)', status, gate, doc);
    return was === status && lines.length === 0 ? undefined : { doc, was, status, lines };
  }

  #supersede(doc: number, was: string, { currency }: InvoiceFact, by: string): Settled | undefined {
    const explanation = { code: 'SUPERSEDED', params: { by } };
    this.findings.replaceCode(doc, 'INVOICE_CAP', undefined);
    this.findings.replaceCode(doc, 'SUPERSEDED', { code: 'SUPERSEDED', amount: 0, currency, explanation });
    this.#book.sql.exec("UPDATE match_documents SET status = 'SUPERSEDED', gate = 'NONE' WHERE doc = ?", doc);
    return was === 'SUPERSEDED' ? undefined : { doc, was, status: 'SUPERSEDED', lines: [] };
  }

  /** Judges the lines of `invoice`; returns the positions of those that changed. */
  #judgeLines(doc: number, invoice: InvoiceFact): number[] {
    if (invoice.lines.length === 0) return [];
    const prices = loadPrices(this.#book.sql, doc, invoice);
    const changed: number[] = [];
    for (const fact of invoice.lines) {
      const line = Number(fact.id);
      const [row] = this.#book.sql.exec(
        'SELECT status, matched, short, accepted, over, explanation FROM match_lines WHERE doc = ? AND line = ?',
        doc,
        line,
      );
      if (row === undefined) continue;
      const asked = this.#book.asked(doc, line);
      const judged =
        asked === undefined
          ? judgeUnmatched(invoice, fact, { status: text(row, 'status') as 'ITEM_UNKNOWN' })
          : judge(
              invoice,
              fact,
              asked,
              this.#served(asked, num(row, 'over')),
              agreement(invoice, asked.demand, pricedGtin(asked.demand), prices),
              this.#book.policy,
            );
      const differs = this.#write(doc, line, row, judged, asked);
      if (this.findings.replace(doc, line, judged.findings) || differs) changed.push(line);
    }
    return changed;
  }

  #write(doc: number, line: number, row: Row, { match, accepted }: Judged, asked: Asked | undefined): boolean {
    const explanation = JSON.stringify(match.explanation);
    const same =
      row['status'] === match.status &&
      row['matched'] === match.matched &&
      row['short'] === match.short &&
      row['accepted'] === accepted &&
      row['explanation'] === explanation;
    if (same) return false;
    this.#book.sql.exec(
      'UPDATE match_lines SET status = ?, matched = ?, short = ?, accepted = ?, explanation = ? WHERE doc = ? AND line = ?',
      match.status,
      match.matched,
      match.short,
      accepted,
      explanation,
      doc,
      line,
    );
    const open = match.short === 0 ? 0 : 1;
    for (const { gtin } of asked?.demand.parts ?? [])
      this.#book.sql.exec(
        'UPDATE match_lanes SET open = ?1 WHERE gtin = ?2 AND direction = ?3 AND day = ?4 AND doc = ?5 AND line = ?6 AND open <> ?1',
        open,
        Number(gtin),
        asked?.demand.direction === 'out' ? 1 : 0,
        asked?.demand.day ?? 0,
        doc,
        line,
      );
    return true;
  }

  /** What served a line, from what it holds. */
  #served({ doc, line, demand }: Asked, over: number): Served {
    const rows = this.#book.sql.exec(
      `SELECT a.gtin, a.quantity, a.at, g.site, g.door FROM match_allocations a
        JOIN match_groups g ON g.gtin = a.gtin AND g.direction = a.direction AND g.at = a.at AND g.entry = a.entry
        WHERE a.doc = ? AND a.line = ? ORDER BY a.at, a.entry`,
      doc,
      line,
    );
    const byGtin = new Map<string, number>();
    const others = new Set<string>();
    for (const row of rows) {
      const gtin = gtinText(num(row, 'gtin'));
      byGtin.set(gtin, (byGtin.get(gtin) ?? 0) + num(row, 'quantity'));
      if (demand.site !== undefined && text(row, 'site') !== demand.site) others.add(text(row, 'site'));
    }
    const [first] = rows;
    return {
      quantity: Math.min(...demand.parts.map(({ gtin, per }) => Math.floor((byGtin.get(gtin) ?? 0) / per))),
      over,
      rejected: 0,
      otherSites: [...others].sort(),
      ...(first === undefined ? {} : { first: { site: text(first, 'site'), at: num(first, 'at'), door: text(first, 'door') } }),
    };
  }

  #tally(doc: number): Tally {
    const statuses = new Map<LineStatus, number>();
    let moved = false;
    let accepted = 0;
    const rows = this.#book.sql.exec(
      'SELECT status, COUNT(*) AS lines, MAX(matched <> 0) AS moved, SUM(accepted) AS accepted FROM match_lines WHERE doc = ? GROUP BY status',
      doc,
    );
    for (const row of rows) {
      statuses.set(text(row, 'status') as LineStatus, num(row, 'lines'));
      if (num(row, 'moved') === 1) moved = true;
      accepted += num(row, 'accepted');
    }
    return { statuses, moved, accepted, siteMismatch: this.findings.has(doc, 'SITE_MISMATCH') };
  }
}
