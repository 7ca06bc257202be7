import { DatabaseSync } from 'node:sqlite';
import { NodeSql } from '../../cloud/ledger/sql.node.ts';
import type { Value } from '../../cloud/ledger/sql.ts';
import { Crash } from './crash.ts';
import type { ServerSocket } from './socket.ts';
import { Life, time } from './time.ts';

/** A class of the hub: what its objects answer is called by name. */
export type HubClass = new (ctx: Context, env: unknown) => Record<string, (...args: never[]) => unknown>;

/** An alarm whose handler failed comes again after this long, as the platform's does. */
const ALARM_RETRY_MS = 2_000;
const raw = { exec: DatabaseSync.prototype.exec };

/** What the platform gives an object: storage, sockets, alarm. */
export interface Context {
  readonly id: { readonly name: string; toString(): string };
  readonly storage: Storage;
  waitUntil(work: Promise<unknown>): void;
  acceptWebSocket(socket: ServerSocket): void;
  getWebSockets(): ServerSocket[];
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

export interface Watch {
  /** Before each statement of an object: may throw, or call crash(). Returns the statement to run. */
  statement(place: Place, text: string): string;
  /** An error that left an event of a living object. */
  failed(place: Place, error: unknown): void;
}

/** The database handle inside a NodeSql, which keeps it to itself: seen as it runs a first statement. */
function open(): { sql: NodeSql; db: DatabaseSync } {
  const sql = new NodeSql();
  let db: DatabaseSync | undefined;
  const before = DatabaseSync.prototype.prepare;
  DatabaseSync.prototype.prepare = function prepare(this: DatabaseSync, text: string) {
    db = this;
    return before.call(this, text);
  };
  try {
    sql.exec('SELECT 1');
  } finally {
    DatabaseSync.prototype.prepare = before;
  }
  if (db === undefined) throw new TypeError('no database handle was seen');
  return { sql, db };
}

/**
 * The place of one Durable Object: what outlives it (rows, alarm, sockets) and the object itself while it lives. Statements of one turn
 * are one transaction, and nothing leaves before it is durable, as on the platform.
 */
export class Place {
  readonly name: string;
  readonly kind: string;
  readonly #make: HubClass;
  readonly #env: (life: Life) => unknown;
  readonly #watch: Watch;
  readonly sql: NodeSql;
  readonly db: DatabaseSync;
  readonly sockets = new Set<ServerSocket>();
  #object: Record<string, (...args: never[]) => unknown> | undefined;
  life: Life;
  #lives = 0;
  #busy = 0;
  #open = false;
  /** What leaves when the turn's writes are durable. */
  #held: (() => void)[] = [];
  /** Who waits for an answer of this life. */
  readonly #askers = new Set<(error: Error) => void>();
  #alarm: number | null = null;
  #alarmNumber = 0;
  #ringing = false;
  #again = false;

  constructor(kind: string, name: string, make: HubClass, env: (life: Life) => unknown, watch: Watch) {
    this.kind = kind;
    this.name = name;
    this.#make = make;
    this.#env = env;
    this.#watch = watch;
    ({ sql: this.sql, db: this.db } = open());
    this.life = this.#newLife();
  }

  #newLife(): Life {
    this.#lives++;
    return new Life(`${this.kind} ${this.name} ${this.#lives}`);
  }

  /** Whether the object is in memory. */
  get awake(): boolean {
    return this.#object !== undefined;
  }

  /** Whether nothing runs in it: only then the platform lets it sleep. */
  get idle(): boolean {
    return this.#busy === 0;
  }

  /** The object as it lives now, made when it slept. */
  object<T>(): T {
    this.#object ??= new this.#make(this.#context(this.life), this.#env(this.life));
    return this.#object as T;
  }

  /** Calls a method; `answer` comes once its writes are durable, and an error when the object's life ends first. */
  call(method: string, args: readonly unknown[], answer: (error: Error | undefined, value: unknown) => void): void {
    const { life } = this;
    let open = true;
    const close = (error: Error | undefined, value: unknown): void => {
      if (!open) return;
      open = false;
      this.#askers.delete(lost);
      answer(error, value);
    };
    const lost = (error: Error): void => close(error, undefined);
    this.#askers.add(lost);
    this.#run(life, async () => {
      const object = this.object<Record<string, (...args: unknown[]) => unknown>>();
      const work = object[method];
      if (work === undefined) throw new TypeError(`${this.kind} has no method ${method}`);
      return work.apply(object, [...args]);
    }).then(
      (value) => this.#gate(life, () => close(undefined, value)),
      (error: unknown) => this.#gate(life, () => close(error instanceof Error ? error : new Error(String(error)), undefined)),
    );
  }

  /** Delivers an event that nobody waits for. */
  event(method: string, ...args: unknown[]): void {
    this.call(method, args, (error) => {
      if (error !== undefined && !(error instanceof Lost)) this.#watch.failed(this, error);
    });
  }

  async #run(life: Life, work: () => Promise<unknown>): Promise<unknown> {
    this.#busy++;
    try {
      return await time.as(life, work);
    } finally {
      if (life === this.life) this.#busy--;
    }
  }

  /** Runs `leave` when what this life has written so far is durable; never when it crashes first. */
  #gate(life: Life, leave: () => void): void {
    if (life.ended) return;
    if (this.#open) this.#held.push(leave);
    else leave();
  }

  /** Sends through the gate of the present life. */
  gate(leave: () => void): void {
    this.#gate(this.life, leave);
  }

  #begin(life: Life): void {
    if (this.#open) return;
    this.#open = true;
    raw.exec.call(this.db, 'BEGIN');
    // The platform commits when the turn is over.
    setImmediate(() => {
      if (life.ended || life !== this.life) return;
      raw.exec.call(this.db, 'COMMIT');
      this.#open = false;
      for (const leave of this.#held.splice(0)) leave();
    });
  }

  #storage(life: Life): Storage {
    const alive = (): void => {
      if (life.ended) throw new Crash(`${life.name} is gone`);
    };
    return {
      sql: {
        exec: (statement: string, ...params: Value[]) => {
          alive();
          this.#begin(life);
          const text = this.#watch.statement(this, statement);
          alive();
          const rows = this.sql.exec(text, ...params);
          return { toArray: () => rows, rowsWritten: 0, rowsRead: 0 };
        },
        databaseSize: 0,
      },
      transactionSync: <T>(work: () => T): T => {
        alive();
        this.#begin(life);
        return this.sql.transaction(work);
      },
      sync: async () => undefined,
      getAlarm: async () => {
        alive();
        return this.#alarm;
      },
      setAlarm: async (at: number) => {
        alive();
        this.#gate(life, () => this.wakeAt(Number(at)));
      },
      deleteAlarm: async () => {
        alive();
        this.#gate(life, () => this.wakeAt(null));
      },
    };
  }

  /** Sets the alarm, epoch milliseconds by the hub's clock. */
  wakeAt(at: number | null): void {
    this.#alarm = at;
    const number = ++this.#alarmNumber;
    if (at === null) return;
    time.at(time.now + Math.max(0, at - time.wall()), () => {
      if (number === this.#alarmNumber) this.#ring();
    });
  }

  #ring(): void {
    // One at a time: an alarm set while its handler runs rings after it.
    if (this.#ringing) {
      this.#again = true;
      return;
    }
    this.#alarm = null;
    this.#ringing = true;
    this.call('alarm', [], (error) => {
      this.#ringing = false;
      if (this.#again) {
        this.#again = false;
        this.#ring();
      }
      if (error === undefined) return;
      // At least once: a handler that failed, or whose object went away, is called again.
      if (this.#alarm === null) this.wakeAt(time.wall() + ALARM_RETRY_MS);
      if (!(error instanceof Lost)) this.#watch.failed(this, error);
    });
  }

  #context(life: Life): Context {
    return {
      id: { name: this.name, toString: () => this.name },
      storage: this.#storage(life),
      waitUntil: (work) => {
        work.catch((error: unknown) => {
          if (!life.ended) this.#watch.failed(this, error);
        });
      },
      acceptWebSocket: (socket) => {
        this.sockets.add(socket);
      },
      getWebSockets: () => [...this.sockets],
      blockConcurrencyWhile: (work) => work(),
    };
  }

  /** The object falls asleep: memory goes, sockets and their attachments stay. */
  evict(): void {
    this.#end();
  }

  /**
   * The object crashes or its code is replaced: memory and what was not durable go, its sockets are closed. Callers hear that the
   * connection was lost.
   */
  crash(): void {
    this.#end();
    for (const socket of [...this.sockets]) socket.lose();
    this.sockets.clear();
  }

  /** Crashes from inside a statement: its life is over at once, the rest follows when the stack is empty. */
  die(where: string): never {
    time.end(this.life);
    setImmediate(() => this.crash());
    throw new Crash(where);
  }

  #end(): void {
    const { life } = this;
    time.end(life);
    this.#object = undefined;
    this.#busy = 0;
    this.#held = [];
    if (this.#open) raw.exec.call(this.db, 'ROLLBACK');
    this.#open = false;
    this.life = this.#newLife();
    for (const lost of [...this.#askers]) lost(new Lost(`${this.kind} was reset`));
  }

  close(): void {
    time.end(this.life);
    this.sql.close();
  }
}

/** The caller's view of an object that went away. */
export class Lost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Lost';
  }
}

export interface Storage {
  readonly sql: {
    exec(statement: string, ...params: Value[]): { toArray(): unknown[]; readonly rowsWritten: number; readonly rowsRead: number };
    readonly databaseSize: number;
  };
  transactionSync<T>(work: () => T): T;
  sync(): Promise<void>;
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}
