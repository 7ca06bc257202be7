import { fromUtf8 } from '../../protocol/bytes.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import { Fault } from '../../protocol/fault.ts';
import { type ChainHead, isTerminal } from '../../protocol/refusal.ts';
import { clientId, type NodeAddress } from '../../protocol/topics.ts';
import type { Intake, Outcome } from './intake.ts';
import * as limit from './limits.ts';
import type { Rates } from './rates.ts';
import { REASON } from './reason.ts';
import { type Effect, type Login, Session } from './session.ts';
import type { SessionState } from './state.ts';
import { readStatus } from './status.ts';
import type { SessionStore } from './store.ts';

/** What a connection keeps in its WebSocket's attachment, to go on after its object slept. */
export interface Attachment {
  readonly v: 1;
  readonly id: string;
  readonly address: NodeAddress;
  /** Who is counted as one at the door; absent in sockets that an earlier version opened. */
  readonly from?: string;
  /** When the socket was opened and when its last packet came, epoch milliseconds. */
  readonly opened: number;
  readonly seen: number;
  readonly session: SessionState | null;
}

/** What a connection needs of the object that it lives in. */
export interface Surroundings {
  readonly intake: Intake;
  readonly rates: Rates;
  /** Opened at the first good login: a stranger's socket must not make tables. */
  store(): SessionStore;
  /** Other open connections of this node. */
  rivals(of: Connection): Connection[];
  /** A status or will to be shown; kept until the ledger has it. */
  report(status: NodeStatus): Promise<void>;
  /** The session was left: its will may be due. */
  left(): Promise<void>;
  log(event: string, fields: Readonly<Record<string, string | number>>): void;
}

/**
 * One WebSocket of a node: feeds its bytes to the session and does what the session says. Bytes are handled one message after the
 * other; batches are handed on without waiting for the one before, and acknowledged in the order in which they came.
 */
export class Connection {
  readonly #socket: WebSocket;
  readonly #around: Surroundings;
  readonly #session: Session;
  readonly #saved: Attachment;
  #seen: number;
  #savedSeen: number;
  #savedState: SessionState | null;
  #work: Promise<void> = Promise.resolve();
  #acks: Promise<void> = Promise.resolve();
  /** Bytes that came and are not answered yet: a login or a commit takes a moment, and a client may go on sending. */
  #queued = 0;
  #loggingIn = false;
  #head: ChainHead | undefined;
  /** Whether this connection holds the session and has not left it. */
  #entered: boolean;

  constructor(socket: WebSocket, saved: Attachment, around: Surroundings) {
    this.#socket = socket;
    this.#around = around;
    this.#saved = saved;
    this.#seen = saved.seen;
    this.#savedSeen = saved.seen;
    this.#savedState = saved.session;
    this.#entered = saved.session?.phase === 'open';
    this.#session = saved.session === null ? new Session(saved.address) : new Session(saved.address, saved.session);
  }

  get id(): string {
    return this.#saved.id;
  }

  get from(): string {
    return this.#saved.from ?? '';
  }

  get opened(): number {
    return this.#saved.opened;
  }

  get phase(): SessionState['phase'] {
    return this.#session.state.phase;
  }

  /** Whether its CONNECT has come and is not answered. */
  get loggingIn(): boolean {
    return this.#loggingIn;
  }

  /** When the connection ends unless something comes: no CONNECT in time, or 1.5 times the keep alive (MQTT 5 section 3.1.2.10). */
  get deadline(): number {
    if (this.phase === 'fresh') return this.#saved.opened + (this.#loggingIn ? limit.LOGIN_TIMEOUT_MS : limit.CONNECT_TIMEOUT_MS);
    return Math.max(this.#seen, this.#savedSeen + limit.SEEN_GRAIN_MS) + this.#session.state.keepalive * 1500;
  }

  /** Handles one WebSocket message; resolves when all that it caused is done. */
  async receive(message: ArrayBuffer | string): Promise<void> {
    // What is still on its way to a connection that ended costs as little as can be.
    if (this.phase === 'closed') return;
    this.#seen = Date.now();
    const bytes = typeof message === 'string' ? message.length : message.byteLength;
    const size = bytes + limit.MESSAGE_BYTES;
    this.#queued += size;
    const flood = this.#queued > limit.MAX_MESSAGE_BYTES;
    const work = flood ? () => this.end(REASON.tooLarge, `${this.#queued} bytes at once`) : () => this.#process(message, bytes);
    this.#work = this.#work.then(work).catch((error: unknown) => this.#fail(error));
    await this.#work;
    await this.#acks;
    this.#queued -= size;
  }

  /** The peer went away. What it sent before is still handled. */
  async closed(): Promise<void> {
    this.#work = this.#work.then(() => {
      if (this.phase !== 'closed') this.#session.end(REASON.unspecified, 'the connection was lost');
      return this.#leave(true);
    });
    await this.settled();
  }

  /** Ends the connection for a reason of the server's. */
  async end(reason: number, text: string): Promise<void> {
    if (this.phase !== 'closed') await this.#perform(this.#session.end(reason, text));
    this.#save();
  }

  /** Resolves when everything received so far is committed or refused. */
  async settled(): Promise<void> {
    await this.#work;
    await this.#acks;
  }

  /** Sends the commands that wait, as far as the client's window allows. */
  deliver(): void {
    const { phase, channels, window } = this.#session.state;
    if (phase !== 'open' || !channels.includes('commands')) return;
    const store = this.#around.store();
    const flying = new Set(store.flying().map(({ packet }) => packet));
    for (const command of store.unsent(Math.max(0, window - flying.size))) {
      let packet = (command.seq % 0xffff) + 1;
      while (flying.has(packet)) packet = (packet % 0xffff) + 1;
      this.#deliver(command.seq, command.body, packet, false);
      flying.add(packet);
    }
  }

  #deliver(seq: number, body: string, packet: number, dup: boolean): void {
    const effects = this.#session.publish('commands', body, packet, dup);
    if (effects === undefined) {
      // As if it had been delivered (MQTT 5 section 3.1.2.11.4): the client said that it cannot take it.
      this.#around.store().drop(seq);
      this.#around.log('gateway.command.dropped', { seq, bytes: body.length });
      return;
    }
    if (!dup) this.#around.store().sent(seq, packet);
    for (const effect of effects) if (effect.do === 'send') this.#send(effect.bytes);
  }

  async #process(message: ArrayBuffer | string, bytes: number): Promise<void> {
    const { rates } = this.#around;
    // A stranger must not use up what the node may send: before its login only the bytes that wait are bounded.
    if (this.phase === 'open' && !rates.message(bytes, Date.now())) await this.#tooFast();
    else if (typeof message === 'string') {
      await this.#perform(this.#session.end(REASON.protocolError, 'MQTT needs binary frames (MQTT 5 section 6)'));
    } else {
      this.#session.push(new Uint8Array(message));
      for (;;) {
        const known = this.phase === 'open';
        const effects = this.#session.step();
        if (effects === undefined) break;
        if (known && this.phase === 'open' && !rates.packet(Date.now())) await this.#tooFast();
        else await this.#perform(effects);
      }
    }
    this.#save();
  }

  /** Nothing that was not acknowledged is kept: it comes again, from where the hub stands (MQTT 5 section 3.14.2.1). */
  async #tooFast(): Promise<void> {
    this.#around.log('gateway.rate', { packetsPerSecond: limit.PACKETS_PER_SECOND, bytesPerSecond: limit.BYTES_PER_SECOND });
    await this.#perform(this.#session.end(REASON.messageRate, 'more than this node may send: connect again and resend more slowly'));
  }

  async #perform(effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) await this.#do(effect);
  }

  async #do(effect: Effect): Promise<void> {
    switch (effect.do) {
      case 'send':
        return this.#send(effect.bytes);
      case 'login':
        return this.#login(effect.login);
      case 'records': {
        if (!this.#around.rates.mayPost(Date.now())) return this.#tooFast();
        const { outcome } = await this.#around.intake.post(effect.payload, Date.now());
        return this.#afterwards(async () => this.#answer(effect.id, await outcome));
      }
      case 'status': {
        // Begun at once, answered in its turn: of many that wait only the newest is handed over.
        const answered = this.#status(effect.id, effect.payload);
        answered.catch(() => undefined);
        return this.#afterwards(() => answered);
      }
      case 'reject':
        return this.#afterwards(async () => this.#session.rejectPublish(effect.id, effect.reason, effect.text));
      case 'subscribed':
        this.#around.store().subscribe(this.#session.state.channels);
        if (effect.channels.includes('replies')) await this.#hello();
        if (effect.channels.includes('commands')) this.deliver();
        return;
      case 'unsubscribed':
        return this.#around.store().subscribe(this.#session.state.channels);
      case 'acknowledged':
        this.#around.store().acknowledged(effect.id);
        if (effect.reason >= 0x80) this.#around.log('gateway.command.refused', { reason: effect.reason });
        return this.deliver();
      case 'leave':
        return this.#leave(effect.will, effect.expiry);
      case 'close':
        await this.#leave(true);
        // A peer that is gone already cannot be told.
        if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(effect.code, effect.reason);
    }
  }

  /** Queues an acknowledgement behind those of earlier publishes. */
  #afterwards(work: () => Promise<Effect[]>): void {
    this.#acks = this.#acks.then(async () => this.#perform(await work())).catch((error: unknown) => this.#fail(error));
  }

  #answer(id: number, outcome: Outcome): Effect[] {
    if (!outcome.ok) {
      if (isTerminal(outcome.code)) this.#around.rates.refused(Date.now());
      this.#around.log('gateway.refused', { code: outcome.code, text: outcome.text });
    }
    if (id === 0) return [];
    return outcome.ok ? this.#session.acknowledge(id) : this.#session.refusePublish(id, outcome.code, outcome.text, outcome.head);
  }

  async #login(login: Login): Promise<void> {
    const { intake } = this.#around;
    this.#loggingIn = true;
    try {
      const admitted = await intake.checkToken(login.token, Date.now());
      let { head } = admitted;
      for (let rivals = this.#around.rivals(this); rivals.length > 0; rivals = this.#around.rivals(this)) {
        for (const rival of rivals) {
          await rival.end(REASON.takenOver, 'another connection took the session over (MQTT 5 section 3.1.4)');
          await rival.settled();
        }
        // Read again, now that the older connection's batches are settled: the node must be told where it really stands.
        head = (await intake.node()).head;
      }
      if (this.#socket.readyState === WebSocket.OPEN && this.phase === 'fresh') await this.#enter(login, head, admitted.turn);
    } catch (error) {
      if (this.phase === 'open') throw error;
      const known = error instanceof Fault;
      const code = known ? error.code : 'BUSY';
      const text = known ? error.message : 'the ledger cannot be reached: connect again later';
      this.#around.log('gateway.login.refused', { code, text: known ? text : String(error) });
      const reason = !known ? REASON.unavailable : code === 'LOGIN_RATE' ? REASON.connectionRate : REASON.credentials;
      const turn = known && typeof error.details['turn'] === 'number' ? error.details['turn'] : undefined;
      if (this.phase === 'fresh') await this.#perform(this.#session.refuse(reason, code, text, Date.now(), turn));
    }
  }

  async #enter(login: Login, head: ChainHead, turn: number | undefined): Promise<void> {
    const now = Date.now();
    const will = login.will === undefined ? {} : { will: { payload: textOf(login.will.payload), delay: login.will.delay } };
    const { clean, expiry } = login;
    const { present, channels } = this.#around.store().enter(this.id, clientId(this.#saved.address), { clean, expiry, ...will }, now);
    this.#head = head;
    this.#entered = true;
    await this.#perform(this.#session.accept(now, head, present, channels, turn));
    this.#around.log('gateway.connected', {
      version: this.#session.state.version,
      present: String(present),
      epoch: head.epoch,
      seq: head.seq,
    });
    for (const { seq, body, packet } of this.#around.store().flying()) this.#deliver(seq, body, packet, true);
    this.deliver();
  }

  async #status(id: number, payload: Uint8Array): Promise<Effect[]> {
    const status = readStatus(payload);
    if (status === undefined)
      return this.#session.rejectPublish(id, REASON.payload, 'the status is no NodeStatus in JSON of at most 16 KB');
    await this.#around.report(status);
    return id === 0 ? [] : this.#session.acknowledge(id);
  }

  /** For MQTT 3.1.1, whose CONNACK has no properties: time and head by a message. */
  async #hello(): Promise<void> {
    this.#head ??= (await this.#around.intake.node()).head;
    const hello = JSON.stringify({ v: 1, type: 'hello', time: Date.now(), head: this.#head });
    await this.#perform(this.#session.publish('replies', hello, 0, false) ?? []);
  }

  async #leave(will: boolean, expiry?: number): Promise<void> {
    if (!this.#entered) return;
    this.#entered = false;
    this.#around.store().leave(this.id, will, Date.now(), expiry);
    await this.#around.left();
  }

  async #fail(error: unknown): Promise<void> {
    this.#around.log('gateway.failed', { text: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    await this.end(REASON.unspecified, 'the hub failed on this connection: connect again');
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  #save(): void {
    const session = this.#session.state;
    if (session === this.#savedState && this.#seen - this.#savedSeen < limit.SEEN_GRAIN_MS) return;
    this.#savedState = session;
    this.#savedSeen = this.#seen;
    const attachment: Attachment = { ...this.#saved, seen: this.#seen, session };
    this.#socket.serializeAttachment(attachment);
  }
}

function textOf(payload: Uint8Array): string {
  try {
    return fromUtf8(payload);
  } catch {
    // Judged when it is due, like any other text that is no status.
    return '';
  }
}
