import type { Command, NodeStatus } from '../../protocol/command.ts';
import { Fault } from '../../protocol/fault.ts';
import { num, type Row, type Sql, text } from '../ledger/sql.ts';
import { MAX_COMMAND_BYTES, MAX_COMMANDS } from './limits.ts';
import type { SubscribeChannel } from './rights.ts';

/** What a node's session keeps: nothing that the ledger holds, only what MQTT must remember between connections. */

const MIGRATIONS: readonly { readonly id: number; readonly statements: readonly string[] }[] = [
  {
    id: 1,
    statements: [
      // One row: the session, and the will of the connection that holds it.
      `CREATE TABLE session (
         one INTEGER PRIMARY KEY CHECK (one = 1), client TEXT NOT NULL, connection TEXT NOT NULL, connected INTEGER NOT NULL, channels TEXT NOT NULL,
         expiry INTEGER NOT NULL, expires INTEGER, will TEXT, will_delay INTEGER NOT NULL, will_due INTEGER) STRICT`,
      'CREATE TABLE commands (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, packet INTEGER, at INTEGER NOT NULL) STRICT',
      // One row: the newest status that the ledger has not taken yet.
      'CREATE TABLE unreported (one INTEGER PRIMARY KEY CHECK (one = 1), status TEXT NOT NULL, at INTEGER NOT NULL) STRICT',
    ],
  },
];

export interface Waiting {
  readonly seq: number;
  readonly body: string;
  /** Packet identifier while it is in flight, else 0. */
  readonly packet: number;
}

export interface Entered {
  /** Whether a session was there and goes on. */
  readonly present: boolean;
  readonly channels: readonly SubscribeChannel[];
}

export interface Will {
  readonly payload: string;
  /** When it is due, epoch milliseconds. */
  readonly due: number;
}

const waiting = (row: Row): Waiting => ({ seq: num(row, 'seq'), body: text(row, 'body'), packet: num(row, 'packet') });

export class SessionStore {
  readonly #sql: Sql;

  /** Brings the schema up to date; `now` is epoch milliseconds. */
  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    sql.exec('CREATE TABLE IF NOT EXISTS _migrations (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT');
    const done = new Set(sql.exec('SELECT id FROM _migrations').map((row) => num(row, 'id')));
    for (const { id, statements } of MIGRATIONS) {
      if (done.has(id)) continue;
      sql.transaction(() => {
        for (const statement of statements) sql.exec(statement);
        sql.exec('INSERT INTO _migrations (id, at) VALUES (?, ?)', id, now);
      });
    }
  }

  /** Whether a node ever connected here or was sent something: a stranger's socket must not make tables. */
  static exists(sql: Sql): boolean {
    return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'session'").length > 0;
  }

  /** A connection takes the session over; with `clean`, or when it has expired, it begins anew (MQTT 5 section 3.1.2.4). */
  enter(
    connection: string,
    client: string,
    options: { clean: boolean; expiry: number; will?: { payload: string; delay: number } },
    now: number,
  ): Entered {
    const [row] = this.#sql.exec('SELECT channels, expiry, connected, expires FROM session');
    const alive =
      row !== undefined && num(row, 'expiry') > 0 && (num(row, 'connected') === 1 || row['expires'] === null || num(row, 'expires') > now);
    const present = alive && !options.clean;
    const channels = present ? (text(row, 'channels').split(' ').filter(Boolean) as SubscribeChannel[]) : [];
    // A command outlives every session; only its packet identifier belongs to one.
    if (!present) this.#sql.exec('UPDATE commands SET packet = NULL WHERE packet IS NOT NULL');
    this.#sql.exec(
      `INSERT INTO session (one, client, connection, connected, channels, expiry, expires, will, will_delay, will_due)
       VALUES (1, ?, ?, 1, ?, ?, NULL, ?, ?, NULL)
       ON CONFLICT (one) DO UPDATE SET connection = excluded.connection, connected = 1, channels = excluded.channels,
         expiry = excluded.expiry, expires = NULL, will = excluded.will, will_delay = excluded.will_delay, will_due = NULL`,
      client,
      connection,
      channels.join(' '),
      options.expiry,
      options.will?.payload ?? null,
      options.will?.delay ?? 0,
    );
    return { present, channels };
  }

  /** The client identifier of the node, once it was connected. */
  client(): string | undefined {
    const [row] = this.#sql.exec('SELECT client FROM session');
    return row === undefined ? undefined : text(row, 'client');
  }

  /** The connection that holds the session, if it has not left. */
  connected(): string | undefined {
    const [row] = this.#sql.exec('SELECT connection FROM session WHERE connected = 1');
    return row === undefined ? undefined : text(row, 'connection');
  }

  /**
   * A connection ends. Its will becomes due after its delay, at the latest when the session ends (MQTT 5 section 3.1.3.2.2), or is
   * dropped when the client said goodbye. Nothing happens when the connection does not hold the session (any more).
   */
  leave(connection: string, withWill: boolean, now: number, expiry?: number): void {
    const [row] = this.#sql.exec('SELECT expiry, will_delay, will FROM session WHERE connected = 1 AND connection = ?', connection);
    if (row === undefined) return;
    const lives = expiry ?? num(row, 'expiry');
    const due = withWill && row['will'] !== null ? now + Math.min(num(row, 'will_delay'), lives) * 1000 : null;
    this.#sql.exec(
      'UPDATE session SET connected = 0, expiry = ?, expires = ?, will_due = ?, will = CASE WHEN ? IS NULL THEN NULL ELSE will END',
      lives,
      now + lives * 1000,
      due,
      due,
    );
  }

  /** The will of the last connection, while it waits for its time. */
  will(): Will | undefined {
    const [row] = this.#sql.exec('SELECT will, will_due FROM session WHERE connected = 0 AND will_due IS NOT NULL');
    return row === undefined ? undefined : { payload: text(row, 'will'), due: num(row, 'will_due') };
  }

  dropWill(): void {
    this.#sql.exec('UPDATE session SET will = NULL, will_due = NULL');
  }

  subscribe(channels: readonly SubscribeChannel[]): void {
    this.#sql.exec('UPDATE session SET channels = ?', channels.join(' '));
  }

  /**
   * Keeps a command until the node acknowledges it; the same id again changes nothing.
   * @throws Fault COMMAND_TOO_LARGE, COMMANDS_FULL
   */
  keep(command: Command, now: number): void {
    const body = JSON.stringify(command);
    if (body.length > MAX_COMMAND_BYTES)
      throw new Fault(
        'COMMAND_TOO_LARGE',
        `COMMAND_TOO_LARGE: command ${command.id} has ${body.length} characters, at most ${MAX_COMMAND_BYTES} fit`,
      );
    const [row] = this.#sql.exec('SELECT count(*) AS n FROM commands');
    if (row !== undefined && num(row, 'n') >= MAX_COMMANDS)
      throw new Fault('COMMANDS_FULL', `COMMANDS_FULL: ${MAX_COMMANDS} commands wait for this node: send again when it was online`);
    this.#sql.exec('INSERT INTO commands (id, body, at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING', command.id, body, now);
  }

  /** Commands that were sent and not acknowledged, oldest first. */
  flying(): Waiting[] {
    return this.#sql.exec('SELECT seq, body, packet FROM commands WHERE packet IS NOT NULL ORDER BY seq').map(waiting);
  }

  /** Commands that were not sent in this session yet, oldest first. */
  unsent(limit: number): Waiting[] {
    return this.#sql.exec('SELECT seq, body, 0 AS packet FROM commands WHERE packet IS NULL ORDER BY seq LIMIT ?', limit).map(waiting);
  }

  sent(seq: number, packet: number): void {
    this.#sql.exec('UPDATE commands SET packet = ? WHERE seq = ?', packet, seq);
  }

  /** The node stored the command with this packet identifier. */
  acknowledged(packet: number): void {
    this.#sql.exec('DELETE FROM commands WHERE packet = ?', packet);
  }

  drop(seq: number): void {
    this.#sql.exec('DELETE FROM commands WHERE seq = ?', seq);
  }

  /** The newest status that the ledger could not take. */
  unreported(): { status: NodeStatus; at: number } | undefined {
    const [row] = this.#sql.exec('SELECT status, at FROM unreported');
    return row === undefined ? undefined : { status: JSON.parse(text(row, 'status')) as NodeStatus, at: num(row, 'at') };
  }

  keepUnreported(status: NodeStatus, at: number): void {
    this.#sql.exec(
      'INSERT INTO unreported (one, status, at) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET status = excluded.status, at = excluded.at',
      JSON.stringify(status),
      at,
    );
  }

  reported(): void {
    this.#sql.exec('DELETE FROM unreported');
  }
}
