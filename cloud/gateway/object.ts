import { DurableObject } from 'cloudflare:workers';
import { utf8 } from '../../protocol/bytes.ts';
import type { Command, NodeStatus } from '../../protocol/command.ts';
import { type NodeAddress, parseClientId } from '../../protocol/topics.ts';
import { ObjectSql } from '../ledger/sql.object.ts';
import type { Sql } from '../ledger/sql.ts';
import { type Attachment, Connection, type Surroundings } from './connection.ts';
import { network } from './door.ts';
import { Intake, type NodeLedger } from './intake.ts';
import { CONNECT_TIMEOUT_MS, MAX_PENDING_SOCKETS } from './limits.ts';
import { givesWay } from './pending.ts';
import { Rates } from './rates.ts';
import { REASON } from './reason.ts';
import { verifier } from './signature.ts';
import { readStatus } from './status.ts';
import { SessionStore } from './store.ts';
import { CLIENT_HEADER } from './upgrade.ts';

export interface GatewayEnv {
  readonly LEDGER: { getByName(name: string): NodeLedger };
}

/** How long after a failed report the ledger is asked again: it is down for a deploy or overloaded for a moment. */
const REPORT_RETRY_MS = 15_000;

/**
 * The MQTT server of one node (`idFromName(clientId)`): hibernating WebSockets, session rows in SQLite. It keeps nothing of the
 * records: those are the ledger's once it has acknowledged them, and the node's until then.
 */
export class Gateway extends DurableObject<GatewayEnv> {
  readonly #connections = new Map<WebSocket, Connection>();
  readonly #sql: Sql;
  readonly #verify = verifier();
  readonly #rates = new Rates(Date.now());
  #store: SessionStore | undefined;
  #around: Surroundings | undefined;
  /** Reports go to the ledger one after the other: the newest must win. While one is on its way only the newest of the others waits. */
  #reports: Promise<void> = Promise.resolve();
  #nextReport: Promise<void> | undefined;
  #newest: { readonly status: NodeStatus; readonly at: number } | undefined;

  constructor(ctx: DurableObjectState, env: GatewayEnv) {
    super(ctx, env);
    this.#sql = new ObjectSql(ctx.storage);
    if (!SessionStore.exists(this.#sql)) return;
    this.#store = new SessionStore(this.#sql, Date.now());
    const address = parseClientId(this.#store.client() ?? '');
    if (address !== undefined) this.#surroundings(address);
  }

  /** Takes a WebSocket upgrade that upgrade.ts has checked. */
  override async fetch(request: Request): Promise<Response> {
    const address = parseClientId(request.headers.get(CLIENT_HEADER) ?? '');
    if (address === undefined) return new Response(null, { status: 400 });
    const from = network(request.headers.get('cf-connecting-ip') ?? '');
    this.#makeRoom(from);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const now = Date.now();
    const attachment: Attachment = { v: 1, id: crypto.randomUUID(), address, from, opened: now, seen: now, session: null };
    server.serializeAttachment(attachment);
    await this.#wakeAt(now + CONNECT_TIMEOUT_MS);
    // Without this header clients refuse the handshake (RFC 6455 section 4.1).
    return new Response(null, { status: 101, webSocket: client, headers: { 'Sec-WebSocket-Protocol': 'mqtt' } });
  }

  override async webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): Promise<void> {
    await this.#of(socket)?.receive(message);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    await this.#of(socket)?.closed();
    this.#connections.delete(socket);
    // Completes the closing handshake, which the runtime does not do for hibernating sockets (RFC 6455 section 5.5.1).
    if (socket.readyState !== WebSocket.CLOSED) socket.close(1000);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket);
  }

  /**
   * Stores a command and sends it with QoS 1, now or when the node connects, until it is acknowledged. The same id again changes
   * nothing. @throws an Error whose message begins with COMMAND_TOO_LARGE or COMMANDS_FULL
   */
  async send(command: Command): Promise<void> {
    this.#open().keep(command, Date.now());
    for (const connection of this.#all()) connection.deliver();
  }

  /** The node's keys changed or it was quarantined: its sessions end, and who it is is asked at the next CONNECT. */
  async drop(): Promise<void> {
    for (const connection of this.#all()) {
      if (connection.phase === 'open' || connection.loggingIn)
        await connection.end(REASON.notAuthorized, "the node's keys changed: connect again");
    }
  }

  /** Connect time-outs, keep alive, wills that are due, connections that a restart took away, reports that failed. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const connection of this.#all()) {
      if (connection.phase === 'closed') continue;
      if (connection.deadline > now) next = Math.min(next, connection.deadline);
      else if (connection.loggingIn) await connection.end(REASON.unavailable, 'the ledger did not answer in time: connect again later');
      else if (connection.phase === 'fresh') await connection.end(REASON.notAuthorized, 'no CONNECT came in time');
      else await connection.end(REASON.keepAlive, 'nothing came for 1.5 times the keep alive');
    }
    const held = this.#store?.connected();
    if (held !== undefined && !this.#all().some(({ id }) => id === held)) this.#store?.leave(held, true, now);
    if (this.#store?.unreported() !== undefined) await this.#report();
    if (this.#store?.unreported() !== undefined) next = Math.min(next, now + REPORT_RETRY_MS);
    const due = await this.#will(now);
    next = Math.min(next, due);
    if (next < Number.POSITIVE_INFINITY) await this.#wakeAt(next);
  }

  #open(): SessionStore {
    this.#store ??= new SessionStore(this.#sql, Date.now());
    return this.#store;
  }

  #all(): Connection[] {
    return this.ctx.getWebSockets().flatMap((socket) => this.#of(socket) ?? []);
  }

  #of(socket: WebSocket): Connection | undefined {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const attachment = socket.deserializeAttachment() as Attachment | null;
    if (attachment === null) return undefined;
    const connection = new Connection(socket, attachment, this.#surroundings(attachment.address));
    this.#connections.set(socket, connection);
    return connection;
  }

  #surroundings(address: NodeAddress): Surroundings {
    this.#around ??= {
      intake: new Intake(address, () => this.env.LEDGER.getByName(address.tenant), this.#verify),
      rates: this.#rates,
      store: () => this.#open(),
      rivals: (of) => this.#all().filter((other) => other !== of && other.phase === 'open'),
      report: (status) => this.#report(status),
      left: async () => {
        const due = await this.#will(Date.now());
        if (due < Number.POSITIVE_INFINITY) await this.#wakeAt(due);
      },
      log: (event, fields) =>
        console.log(JSON.stringify({ event, client: `${address.tenant}/${address.site}/${address.node}`, ...fields })),
    };
    return this.#around;
  }

  /**
   * A stranger may hold a few sockets open, but the newest always gets in. Who holds most gives way, so that sockets of one address do
   * not push a node's out in the moment between its handshake and its CONNECT.
   */
  #makeRoom(from: string): void {
    const pending = this.#all().filter(({ phase, loggingIn }) => phase === 'fresh' && !loggingIn);
    for (let { length } = pending; length >= MAX_PENDING_SOCKETS; length--) {
      const oldest = givesWay(pending, from);
      if (oldest === undefined) return;
      pending.splice(pending.indexOf(oldest), 1);
      this.ctx.waitUntil(oldest.end(REASON.quota, 'too many connections wait for their CONNECT'));
    }
  }

  /** Publishes the will if its time has come; returns when it is due, infinity when there is none. */
  async #will(now: number): Promise<number> {
    const will = this.#store?.will();
    if (will === undefined) return Number.POSITIVE_INFINITY;
    if (will.due > now) return will.due;
    this.#store?.dropWill();
    const status = readStatus(utf8(will.payload));
    if (status !== undefined) await this.#report(status);
    return Number.POSITIVE_INFINITY;
  }

  /** Hands a status to the ledger; without one, what an earlier call could not hand over. Resolves when it is there, or kept here. */
  #report(status?: NodeStatus): Promise<void> {
    if (status !== undefined) this.#newest = { status, at: Date.now() };
    if (this.#nextReport !== undefined) return this.#nextReport;
    const next = this.#reports.then(() => {
      this.#nextReport = undefined;
      return this.#handOver();
    });
    this.#nextReport = next;
    this.#reports = next.catch(() => undefined);
    return next;
  }

  async #handOver(): Promise<void> {
    const kept = this.#open().unreported();
    const newest = this.#newest ?? kept;
    this.#newest = undefined;
    if (newest === undefined || this.#around === undefined) return;
    const now = Date.now();
    const wait = this.#rates.report(now);
    if (wait > 0) {
      // Only the newest counts: it is kept, and handed over when there is room.
      this.#open().keepUnreported(newest.status, newest.at);
      return this.#wakeAt(now + wait);
    }
    try {
      await this.#around.intake.report(newest.status, newest.at);
      if (kept !== undefined) this.#open().reported();
    } catch {
      this.#open().keepUnreported(newest.status, newest.at);
      await this.#wakeAt(Date.now() + REPORT_RETRY_MS);
    }
  }

  /** The alarm is one for all purposes: it may come early, never late. */
  async #wakeAt(at: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}
