import type { DatabaseSync } from 'node:sqlite';
import type { ExpectCommand, ForgetCommand } from '../../protocol/command.ts';
import type { DocumentRef } from '../../protocol/record.ts';

/** Documents due at one site at one time: more can't be chosen from on a screen. The one that came first gives way. */
const MAX_EXPECTATIONS = 2_000;

const keyOf = (kind: string, number: string): string => `${kind}/${number}`;

/** Documents that the hub announced: kept in the file, mirrored in memory for the doors and the panel. */
export class Expectations {
  readonly #db: DatabaseSync;
  readonly #due = new Map<string, ExpectCommand>();
  readonly #bySscc = new Map<string, ExpectCommand>();

  /** True when the table may have changed: the mirror is read anew when it is next asked, once for many changes. */
  #stale = true;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  #refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#due.clear();
    this.#bySscc.clear();
    for (const row of this.#db.prepare('SELECT command FROM expectations ORDER BY arrived').all() as { command: string }[]) {
      const command = JSON.parse(row.command) as ExpectCommand;
      this.#due.set(keyOf(command.kind, command.number), command);
      for (const sscc of command.ssccs) this.#bySscc.set(sscc, command);
    }
  }

  /** In the order in which they came. */
  all(): ExpectCommand[] {
    this.#refresh();
    return [...this.#due.values()];
  }

  find(kind: string, number: string): ExpectCommand | undefined {
    this.#refresh();
    return this.#due.get(keyOf(kind, number));
  }

  /** The document most of the SSCCs belong to; the first SSCC itself when no announced document holds one; undefined without any. */
  recognise(ssccs: readonly string[]): DocumentRef | undefined {
    this.#refresh();
    const votes = new Map<ExpectCommand, number>();
    for (const sscc of ssccs) {
      const command = this.#bySscc.get(sscc);
      if (command !== undefined) votes.set(command, (votes.get(command) ?? 0) + 1);
    }
    const best = [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
    if (best !== undefined) return { kind: best.kind, number: best.number, how: 'sscc' };
    const [sscc] = ssccs;
    return sscc === undefined ? undefined : { kind: 'sscc', number: sscc, how: 'sscc' };
  }

  /** Inside a transaction. */
  put(command: ExpectCommand): void {
    this.#stale = true;
    const last = this.#db.prepare('SELECT coalesce(max(arrived), 0) AS n FROM expectations').get() as { n: number };
    this.#db
      .prepare(
        `INSERT INTO expectations (kind, number, arrived, command) VALUES (?, ?, ?, ?)
         ON CONFLICT (kind, number) DO UPDATE SET command = excluded.command`,
      )
      .run(command.kind, command.number, last.n + 1, JSON.stringify(command));
    this.#db
      .prepare(`DELETE FROM expectations WHERE arrived <= (SELECT arrived FROM expectations ORDER BY arrived DESC LIMIT 1 OFFSET ?)`)
      .run(MAX_EXPECTATIONS);
  }

  /** Inside a transaction. A door that still had this document has none any more: it must not gather what comes after. */
  remove(command: ForgetCommand): void {
    this.#stale = true;
    this.#db.prepare('DELETE FROM expectations WHERE kind = ? AND number = ?').run(command.kind, command.number);
    this.#db.prepare('DELETE FROM accepted WHERE kind = ? AND number = ?').run(command.kind, command.number);
    this.#db
      .prepare(`DELETE FROM door_documents WHERE document ->> 'kind' = ? AND document ->> 'number' = ?`)
      .run(command.kind, command.number);
  }

  /** The document a person chose for a door: it stays until changed or forgotten. */
  ofDoor(door: string): DocumentRef | null {
    const row = this.#db.prepare('SELECT document FROM door_documents WHERE door = ?').get(door) as { document: string } | undefined;
    return row === undefined ? null : (JSON.parse(row.document) as DocumentRef);
  }

  /** Inside a transaction. */
  choose(door: string, choice: Pick<DocumentRef, 'kind' | 'number'> | null): void {
    this.#db.prepare('DELETE FROM door_documents WHERE door = ?').run(door);
    if (choice === null) return;
    const document: DocumentRef = { kind: choice.kind, number: choice.number, how: 'chosen' };
    this.#db.prepare('INSERT INTO door_documents (door, document) VALUES (?, ?)').run(door, JSON.stringify(document));
  }

  /** Items accepted so far for a document, by GTIN. */
  accepted(kind: string, number: string): Map<string, number> {
    const rows = this.#db.prepare('SELECT gtin, quantity FROM accepted WHERE kind = ? AND number = ?').all(kind, number);
    return new Map((rows as { gtin: string; quantity: number }[]).map((row) => [row.gtin, row.quantity]));
  }
}
