import type { DatabaseSync } from 'node:sqlite';
import type { ZoneCommand } from '../../protocol/command.ts';
import type { CountBody } from '../../protocol/record.ts';
import type { CountHead, ZoneList } from '../count/count.ts';
import type { Appended } from './records.ts';

export interface CountStoreOptions {
  readonly db: DatabaseSync;
  /** Does work in a transaction; resolves when it is on disk. */
  readonly commit: <T>(work: () => T) => Promise<T>;
  /** @throws Fault when records of so many items do not fit the outbox */
  readonly admit: (items: number) => void;
  /** Appends a record, inside a transaction. */
  readonly append: (body: CountBody) => Appended;
}

/** Lists of zones that are kept, in all: those of a node's settings and the whole site. The oldest gives way. */
const MAX_LISTS = 64;

/** The open count and what the hub says stands in the zones: in the outbox's file, so that an approved count and the end of it are one commit. */
export class CountStore {
  readonly #options: CountStoreOptions;

  constructor(options: CountStoreOptions) {
    this.#options = options;
  }

  /** Keeps a part of a zone's list; the same again changes nothing. Once a list is whole, older ones of the zone go, but for the one in use. */
  expect(command: ZoneCommand): Promise<void> {
    const { db, commit } = this.#options;
    return commit(() => {
      const { zone, at, part, parts } = command;
      db.prepare('INSERT OR IGNORE INTO zone_lists (zone, at, part, parts, command) VALUES (?, ?, ?, ?, ?)').run(
        ...[zone, at, part, parts, JSON.stringify(command)],
      );
      const inUse = this.open()?.head;
      if (this.#wholeAt(zone) === at)
        db.prepare('DELETE FROM zone_lists WHERE zone = ? AND at < ? AND NOT (zone = ? AND at = ?)').run(
          ...[zone, at, inUse?.zone ?? '', inUse?.expected ?? -1],
        );
      db.prepare(
        'DELETE FROM zone_lists WHERE (zone, at) NOT IN (SELECT zone, at FROM zone_lists GROUP BY zone, at ORDER BY at DESC LIMIT ?)',
      ).run(MAX_LISTS);
    });
  }

  #wholeAt(zone: string): number | undefined {
    const row = this.#options.db
      .prepare('SELECT at FROM zone_lists WHERE zone = ? GROUP BY at HAVING count(*) = max(parts) ORDER BY at DESC LIMIT 1')
      .get(zone) as { at: number } | undefined;
    return row?.at;
  }

  /** When the newest whole list of a zone was made, hub time in epoch milliseconds; undefined without one. */
  listedAt(zone: string): number | undefined {
    return this.#wholeAt(zone);
  }

  /** The newest whole list of a zone, or the one of `at`. */
  list(zone: string, at = this.#wholeAt(zone)): ZoneList | undefined {
    if (at === undefined) return undefined;
    const rows = this.#options.db.prepare('SELECT parts, command FROM zone_lists WHERE zone = ? AND at = ? ORDER BY part').all(zone, at);
    const found = rows as { parts: number; command: string }[];
    if (found.length === 0 || found.length !== found[0]?.parts) return undefined;
    const commands = found.map(({ command }) => JSON.parse(command) as ZoneCommand);
    // A GTIN may go on in the next part: each group stands for itself.
    const names = Object.assign({}, ...commands.map((command) => command.names)) as ZoneList['names'];
    return { zone, at, items: commands.flatMap((command) => command.items), names };
  }

  /** The open count with the tags that were read, as last kept; undefined when there is none. */
  open(): { readonly head: CountHead; readonly epcs: readonly string[] } | undefined {
    const row = this.#options.db.prepare('SELECT head FROM open_count').get() as { head: string } | undefined;
    if (row === undefined) return undefined;
    const epcs = this.#options.db.prepare('SELECT epc FROM count_reads ORDER BY rowid').all() as { epc: string }[];
    return { head: JSON.parse(row.head) as CountHead, epcs: epcs.map(({ epc }) => epc) };
  }

  /** Keeps where the count stands, and tags that are new in it. */
  keep(head: CountHead, epcs: readonly string[]): Promise<void> {
    const { db, commit } = this.#options;
    return commit(() => {
      db.prepare('INSERT INTO open_count (id, head) VALUES (1, ?) ON CONFLICT DO UPDATE SET head = excluded.head').run(
        JSON.stringify(head),
      );
      const insert = db.prepare('INSERT OR IGNORE INTO count_reads (epc) VALUES (?)');
      for (const epc of epcs) insert.run(epc);
    });
  }

  /** Forgets the open count. */
  discard(): Promise<void> {
    return this.#options.commit(() => this.#clear());
  }

  /**
   * Appends the parts of an approved count and forgets it, in one commit.
   * @throws Fault of the outbox when it takes nothing: the count stays open
   */
  approve(bodies: readonly CountBody[], items: number): Promise<Appended> {
    this.#options.admit(items);
    return this.#options.commit(() => {
      const appended = bodies.map((body) => this.#options.append(body));
      this.#clear();
      return appended[0] as Appended;
    });
  }

  #clear(): void {
    this.#options.db.exec('DELETE FROM open_count; DELETE FROM count_reads');
  }
}
