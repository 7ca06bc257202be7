import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { countItems, type DecisionBody, type DocumentRef, type ItemGroup, type PassageBody } from '../../protocol/record.ts';

/** What a person must decide, as it stands in the outbox. */
export interface Doubt {
  readonly passage: string;
  readonly door: string;
  readonly opened: number;
  readonly closed: number;
  readonly epc: string;
  readonly reason: string;
  readonly reads: number;
  /** The tag's own D in thousandths; null when one side never saw it. */
  readonly d: number | null;
  readonly document?: DocumentRef;
}

/** The tracker's view of a doubtful tag, which the record itself does not carry. */
export interface DoubtNote {
  readonly epc: string;
  readonly reason: string;
  readonly reads: number;
  readonly d: number | null;
}

export interface StoredPassage {
  readonly passage: string;
  readonly door: string;
  readonly direction: 'in' | 'out' | 'unknown';
  readonly opened: number;
  readonly closed: number;
  /** Per mille. */
  readonly confidence: number;
  readonly document?: DocumentRef;
  readonly in: number;
  readonly out: number;
  readonly strays: number;
  readonly undecided: number;
}

/** Passages whose names are remembered against doubles: months of a busy dock; a replayed journal is minutes old. */
const MAX_PASSAGES = 50_000;
/** Undecided items that are kept for the panel; the records at the hub hold the older ones too. */
const MAX_DOUBTS = 100_000;

/** A row as the file gives it: the document is JSON text or null. */
type Row<T> = Omit<T, 'document'> & { readonly document: string | null };

function ofRow<T extends { readonly document?: DocumentRef }>({ document, ...row }: Row<T>): T {
  return (document === null ? row : { ...row, document: JSON.parse(document) as DocumentRef }) as unknown as T;
}

const documentText = (document: DocumentRef | undefined): string | null => (document === undefined ? null : JSON.stringify(document));

/** Passages and their undecided items: written in the transaction of their record. */
export class Passages {
  readonly #db: DatabaseSync;
  readonly #seq: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertDoubt: StatementSync;
  readonly #accept: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#seq = db.prepare('SELECT epoch, seq FROM passages WHERE passage = ?');
    this.#insert = db.prepare(
      `INSERT INTO passages (passage, epoch, seq, door, direction, opened, closed, confidence, document, moved_in, moved_out, strays)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertDoubt = db.prepare(
      'INSERT OR IGNORE INTO doubts (passage, epc, door, opened, closed, reason, reads, d, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#accept = db.prepare(
      `INSERT INTO accepted (kind, number, gtin, quantity) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, number, gtin) DO UPDATE SET quantity = quantity + excluded.quantity`,
    );
  }

  /** Where a passage stands already; undefined for a new one. */
  find(passage: string): { epoch: number; seq: number } | undefined {
    return this.#seq.get(passage) as { epoch: number; seq: number } | undefined;
  }

  /** Inside a transaction: the passage of these parts, whose first record is (epoch, seq). */
  add(parts: readonly PassageBody[], notes: readonly DoubtNote[], epoch: number, seq: number): void {
    const [body] = parts;
    if (body === undefined) return;
    const moved = parts.reduce((sum, part) => sum + countItems(part.items), 0);
    const document = documentText(body.document);
    this.#insert.run(
      body.passage,
      epoch,
      seq,
      body.door,
      body.direction,
      body.opened,
      body.closed,
      body.confidence,
      document,
      body.direction === 'in' ? moved : 0,
      body.direction === 'out' ? moved : 0,
      body.strays ?? 0,
    );
    for (const { epc, reason, reads, d } of notes) {
      const thousandths = d === null ? null : Math.round(d * 1000);
      this.#insertDoubt.run(body.passage, epc, body.door, body.opened, body.closed, reason, reads, thousandths, document);
    }
    for (const part of parts) this.#gather(part.document, part.items);
  }

  /** Inside a transaction: a person's decision. */
  decide(body: DecisionBody, epcs: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM doubts WHERE passage = ? AND epc = ?');
    for (const epc of epcs) remove.run(body.passage, epc);
    const column = { in: 'moved_in', out: 'moved_out', stray: 'strays' }[body.verdict];
    this.#db.prepare(`UPDATE passages SET ${column} = ${column} + ? WHERE passage = ?`).run(epcs.length, body.passage);
    if (body.verdict !== 'stray') this.#gather(body.document, body.items);
  }

  /** The undecided items among these of one passage. */
  undecided(passage: string, epcs: readonly string[]): Doubt[] {
    const find = this.#db.prepare('SELECT * FROM doubts WHERE passage = ? AND epc = ?');
    return [...new Set(epcs)].flatMap((epc) => {
      const row = find.get(passage, epc) as unknown as Row<Doubt> | undefined;
      return row === undefined ? [] : [ofRow<Doubt>(row)];
    });
  }

  /** Undecided items, oldest passage first. */
  doubts(limit: number): Doubt[] {
    const rows = this.#db.prepare('SELECT * FROM doubts ORDER BY closed, passage, epc LIMIT ?').all(limit);
    return (rows as unknown as Row<Doubt>[]).map((row) => ofRow<Doubt>(row));
  }

  doubtsTotal(): number {
    return (this.#db.prepare('SELECT count(*) AS n FROM doubts').get() as { n: number }).n;
  }

  doubtsByDoor(): Map<string, number> {
    const rows = this.#db.prepare('SELECT door, count(*) AS n FROM doubts GROUP BY door').all() as { door: string; n: number }[];
    return new Map(rows.map(({ door, n }) => [door, n]));
  }

  /** Passages, newest first. */
  latest(limit: number): StoredPassage[] {
    const rows = this.#db
      .prepare(
        `SELECT passage, door, direction, opened, closed, confidence, document, moved_in AS "in", moved_out AS "out", strays,
           (SELECT count(*) FROM doubts WHERE doubts.passage = passages.passage) AS undecided
         FROM passages ORDER BY closed DESC, passage DESC LIMIT ?`,
      )
      .all(limit);
    return (rows as unknown as Row<StoredPassage>[]).map((row) => ofRow<StoredPassage>(row));
  }

  /** Inside a transaction: what exceeds the bounds goes, oldest first. */
  prune(): void {
    this.#db
      .prepare('DELETE FROM passages WHERE closed < (SELECT closed FROM passages ORDER BY closed DESC LIMIT 1 OFFSET ?)')
      .run(MAX_PASSAGES);
    this.#db.prepare('DELETE FROM doubts WHERE closed < (SELECT closed FROM doubts ORDER BY closed DESC LIMIT 1 OFFSET ?)').run(MAX_DOUBTS);
    this.#db.exec(
      `DELETE FROM accepted WHERE NOT EXISTS
         (SELECT 1 FROM expectations WHERE expectations.kind = accepted.kind AND expectations.number = accepted.number)`,
    );
  }

  /** Counts what was accepted for an announced document, for the panel's progress. */
  #gather(document: DocumentRef | undefined, items: readonly ItemGroup[]): void {
    if (document === undefined || document.kind === 'sscc') return;
    for (const group of items) {
      if ('gtin' in group) this.#accept.run(document.kind, document.number, group.gtin, group.serials.length);
    }
  }
}
