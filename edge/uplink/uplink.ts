import { constants, deflateRawSync } from 'node:zlib';
import { sealBatch } from '../../protocol/batch.ts';
import type { Command, NodeStatus } from '../../protocol/command.ts';
import { DICTIONARY } from '../../protocol/dictionary.ts';
import { Fault } from '../../protocol/fault.ts';
import { type ChainHead, isTerminal } from '../../protocol/refusal.ts';
import { makeToken } from '../../protocol/token.ts';
import { clientId, type NodeAddress } from '../../protocol/topics.ts';
import { Backoff, sleep } from '../backoff.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { align } from './align.ts';
import { type Answer, Link, LinkRefused } from './link.ts';
import type { NodeKey, UplinkState } from './state.ts';
import { StatusPace } from './status.ts';
import type { OpenStream } from './stream.ts';
import { type Flight, Window } from './window.ts';

/** The first pause: a hub that restarts for a deploy is back in well under a second. The longest: a node of a site without internet tries twice a minute. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 30_000;
/** Records in one batch when the node is behind: the most a batch may hold. */
const BATCH_RECORDS = 256;
/** Bytes of bodies in one batch: some 60 records of 50 items, a commit of a few milliseconds at the hub. */
const BATCH_BYTES = 65_536;
/** A hub that answers nothing for this long on a live connection is stuck: connect again. */
const ANSWER_MS = 30_000;
/** After this long online a cut is a new trouble, not the old one. */
const STABLE_MS = 30_000;
/** How often the status is looked at, in case nobody said that it changed. */
const LOOK_MS = 5_000;
/** A login that the hub refuses until a person there does something is tried again this often: the node then comes back by itself. */
const REFUSED_PAUSE_MS = 60_000;
/** Refusals of a login that only a person at the hub can end. */
const LOGIN_REFUSALS: readonly string[] = ['KEY', 'QUARANTINED'];
/** Refusals of a batch after which the next login says how it stands: the hub quarantines a node whose records contradict each other. */
const ASK_AGAIN: readonly string[] = [...LOGIN_REFUSALS, 'FORK'];
/** How long a stop waits for answers that are on their way. */
const STOP_MS = 5_000;

/** What the uplink needs of the outbox. */
export type UplinkOutbox = Pick<Outbox, 'head' | 'chainAt' | 'after' | 'acknowledge' | 'newEpoch' | 'queued' | 'subscribe'>;

export type { NodeKey, UplinkState } from './state.ts';

export interface UplinkOptions {
  readonly address: NodeAddress;
  readonly url: string;
  /** Asked for each connection and each batch: a key may be rotated while the node runs. */
  readonly key: () => NodeKey;
  readonly outbox: UplinkOutbox;
  readonly status: () => NodeStatus;
  /** Stores a command; the hub is told when it resolves. */
  readonly onCommand: (command: Command) => void | Promise<void>;
  readonly onState?: (state: UplinkState) => void;
  /** One event a line: uplink.online, uplink.offline, uplink.refused, uplink.epoch, record.acknowledged. */
  readonly log?: (event: string, fields: Readonly<Record<string, string | number>>) => void;
  readonly backoff?: Backoff;
  /** Wall clock, epoch milliseconds. */
  readonly now?: () => number;
  readonly pingMs?: number;
  readonly answerMs?: number;
  readonly refusedMs?: number;
  /** The byte stream under MQTT; a WebSocket when left out. */
  readonly open?: OpenStream;
}

const deflate = (plain: Uint8Array): Uint8Array =>
  // Z_FILTERED favours Huffman coding over short matches, which suits lists of random numbers: 3 % smaller than the default.
  deflateRawSync(plain, { level: 9, strategy: constants.Z_FILTERED, dictionary: DICTIONARY });

/**
 * Carries records from the outbox to the hub, in order, for as long as it takes. It holds no record: after every cut it asks the hub
 * where it stands and sends from there.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #now: () => number;
  readonly #backoff: Backoff;
  readonly #window = new Window();
  readonly #pace = new StatusPace();
  #link: Link | undefined;
  #unsubscribe: (() => void) | undefined;
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #stopping = new AbortController();
  #pumping = false;
  /** Set between a refusal that may be tried again and the next try. */
  #holding = false;
  /** Publishes that the hub has not answered on this connection, refused ones' successors included. */
  #unanswered = 0;
  #answerTimer: NodeJS.Timeout | undefined;
  #statusTimer: NodeJS.Timeout | undefined;
  #phase: UplinkState['state'] = 'offline';
  #since: number;
  #lastAcknowledged: UplinkState['lastAcknowledged'] = null;
  #refusal: UplinkState['refusal'] = null;
  /** Ends a pause between two attempts. */
  #waking: (() => void) | undefined;
  /** What the hub told last, for its clone detection: see TokenProcess of protocol/token.ts. */
  #turn: number | undefined;
  /** Hub time minus this process's monotonic time: stays true when the wall clock is set. */
  #hubOrigin: number | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#backoff = options.backoff ?? new Backoff(FIRST_PAUSE_MS, LAST_PAUSE_MS);
    this.#since = this.#now();
  }

  state(): UplinkState {
    return {
      state: this.#phase,
      since: this.#since,
      queued: this.#options.outbox.queued(),
      inFlight: this.#window.size,
      lastAcknowledged: this.#lastAcknowledged,
      refusal: this.#refusal,
      hubOffsetMs: this.#offsetMs(),
    };
  }

  /** Begins to connect; also after a terminal refusal, once a person has mended its cause. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#stopping = new AbortController();
    this.#refusal = null;
    this.#backoff.reset();
    this.#unsubscribe ??= this.#options.outbox.subscribe(() => void this.#pump());
    this.#loop = this.#loop.then(() => this.#run());
  }

  /** Waits a moment for answers on their way, says goodbye and closes. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    const link = this.#link;
    if (link === undefined) this.#stopping.abort();
    else {
      const until = performance.now() + STOP_MS;
      while (this.#link === link && this.#unanswered > 0 && performance.now() < until) await sleep(10);
      link.sendStatus({ v: 1, online: false, at: this.#now() });
      await link.close();
      this.#stopping.abort();
    }
    await this.#loop;
  }

  /** Connects anew, with the key as it is then. */
  reconnect(): void {
    this.#waking?.();
    this.#link?.cut();
  }

  /** The node's status changed in a way that people should see soon. */
  statusChanged(): void {
    const status = this.#options.status();
    if (this.#link !== undefined && this.#pace.take(status, performance.now())) this.#link.sendStatus(status);
  }

  async #run(): Promise<void> {
    let mended = false;
    while (this.#running) {
      // A refused node stays red while it asks again whether it is welcome.
      if (this.#phase !== 'refused') this.#become('connecting');
      const began = performance.now();
      const fault = await this.#connection();
      if (performance.now() - began > STABLE_MS) this.#backoff.reset();
      if (!this.#running) break;
      const refused = fault instanceof LinkRefused && LOGIN_REFUSALS.includes(fault.code);
      this.#become(refused ? 'refused' : 'offline');
      this.#log('uplink.offline', { code: fault?.code ?? 'LINK_CLOSED', text: fault?.message ?? 'the connection was closed' });
      // The hub has just told its time: the next token is good at once.
      const clock: boolean = fault instanceof LinkRefused && fault.code === 'TOKEN_TIME' && fault.offsetMs !== undefined && !mended;
      mended = clock;
      if (!clock)
        await this.#pause(refused ? (this.#options.refusedMs ?? REFUSED_PAUSE_MS) * (0.5 + Math.random() / 2) : this.#backoff.next());
    }
    if (this.#phase !== 'refused') this.#become('offline');
  }

  /** One connection from its token to its end; resolves with what ended it. */
  async #connection(): Promise<Fault | undefined> {
    const { address, outbox, onCommand, url, pingMs, open } = this.#options;
    try {
      const key = this.#options.key();
      const process = {
        ...(key.instance === undefined ? {} : { instance: key.instance }),
        ...(this.#turn === undefined ? {} : { turn: this.#turn }),
      };
      const token = await makeToken(clientId(address), key.id, this.#hubNow(), key.sign, process);
      const log = this.#log.bind(this);
      const options = { url, address, token, now: this.#now, onCommand, log, signal: this.#stopping.signal };
      const { link, welcome } = await Link.open({
        ...options,
        ...(pingMs === undefined ? {} : { pingMs }),
        ...(open === undefined ? {} : { open }),
      });
      this.#heard(welcome.offsetMs);
      this.#turn = welcome.turn ?? this.#turn;
      if (!this.#running) {
        await link.close();
        return undefined;
      }
      this.#link = link;
      this.#unanswered = 0;
      this.#pace.reset();
      await this.#align(welcome.head);
      if (!this.#running) return await link.closed;
      this.#refusal = null;
      this.#become('online');
      this.#log('uplink.online', { epoch: welcome.head.epoch, seq: welcome.head.seq, queued: outbox.queued(), offsetMs: welcome.offsetMs });
      this.statusChanged();
      this.#statusTimer = setInterval(() => this.statusChanged(), LOOK_MS);
      void this.#pump();
      return await link.closed;
    } catch (error) {
      if (error instanceof LinkRefused) {
        if (error.offsetMs !== undefined) this.#heard(error.offsetMs);
        this.#turn = error.turn ?? this.#turn;
        this.#refusal = { code: error.code, text: error.message };
      }
      return error instanceof Fault ? error : new Fault('INTERNAL', `the uplink failed: ${String(error)}`);
    } finally {
      this.#link?.cut();
      this.#link = undefined;
      this.#holding = false;
      clearInterval(this.#statusTimer);
      clearTimeout(this.#answerTimer);
      this.#window.restart(this.#window.next - 1);
    }
  }

  /** Finds out from where to send, after the hub has said where it stands. */
  async #align(hub: ChainHead): Promise<void> {
    const { outbox } = this.#options;
    const found = align(hub, outbox.head(), (seq) => outbox.chainAt(seq));
    if (found.do === 'stop') return this.#stopFor('HUB_BEHIND', found.why);
    if (found.do === 'newEpoch') {
      const { epoch } = await outbox.newEpoch('restored', hub);
      this.#log('uplink.epoch', { epoch, text: found.why });
      this.#window.restart(0);
      return;
    }
    if (hub.epoch === outbox.head().epoch) outbox.acknowledge(hub.epoch, found.seq);
    this.#window.restart(found.seq);
  }

  /** Sends while the window has room: one record when there is one, many when the node is behind. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#running && this.#phase === 'online' && !this.#holding && this.#window.hasRoom) {
        const link = this.#link;
        const from = this.#window.next;
        if (link === undefined) return;
        const slice = this.#options.outbox.after(from - 1, BATCH_RECORDS, BATCH_BYTES);
        if (slice === undefined) return;
        const { epoch, before, records } = slice;
        const { address } = this.#options;
        const key = this.#options.key();
        const header = { ...address, epoch, first: from, before, key: key.id, sentAt: this.#hubNow() };
        const payload = await sealBatch(header, records, key.sign, deflate);
        // A cut or a refusal while it was signed: it is not the next any more.
        if (this.#link !== link || this.#window.next !== from || this.#holding) continue;
        this.#send(link, { epoch, first: from, last: from + records.length - 1, sentAt: performance.now() }, payload);
      }
    } catch (error) {
      this.#log('uplink.failed', { text: String(error) });
      this.#link?.cut();
    } finally {
      this.#pumping = false;
    }
  }

  #send(link: Link, flight: Flight, payload: Uint8Array): void {
    this.#window.add(flight);
    this.#unanswered++;
    this.#watch();
    link.sendRecords(payload, (answer) => {
      if (this.#link !== link) return;
      this.#unanswered--;
      this.#watch();
      this.#answered(flight, answer);
    });
    this.#changed();
  }

  #answered(flight: Flight, answer: Answer): void {
    if (!answer.ok) {
      // What followed a refused batch is refused too, for the gap before it: the first refusal says why.
      if (this.#window.has(flight)) this.#refused(answer);
      return;
    }
    if (!this.#window.acknowledge(flight)) return;
    this.#options.outbox.acknowledge(flight.epoch, flight.last);
    this.#backoff.reset();
    this.#refusal = null;
    this.#lastAcknowledged = { seq: flight.last, at: this.#now() };
    const ms = Math.round(performance.now() - flight.sentAt);
    this.#log('record.acknowledged', { epoch: flight.epoch, seq: flight.last, records: flight.last - flight.first + 1, ms });
    this.#changed();
    void this.#pump();
  }

  #refused({ code, text, head }: Extract<Answer, { ok: false }>): void {
    // The next login says whether it is for good, and goes on by itself once somebody at the hub has mended it.
    if (ASK_AGAIN.includes(code)) {
      this.#refusal = { code, text };
      this.#log('uplink.refused', { code, text });
      this.#link?.cut();
      return;
    }
    // Sending it again would be refused again, and sending anything else would break the order: a person must look.
    if (isTerminal(code)) {
      this.#stopFor(code, text);
      return;
    }
    this.#refusal = { code, text };
    this.#log('uplink.refused', { code, text });
    this.#holding = true;
    this.#window.restart(this.#window.next - 1);
    this.#changed();
    void this.#tryAgain(this.#link, head);
  }

  /** Keeps everything and sends nothing more until somebody starts the uplink again. */
  #stopFor(code: string, text: string): void {
    this.#refusal = { code, text };
    this.#log('uplink.refused', { code, text, terminal: 'true' });
    this.#running = false;
    this.#become('refused');
    void this.#link?.close();
  }

  async #tryAgain(link: Link | undefined, head: ChainHead | undefined): Promise<void> {
    await this.#pause(this.#backoff.next());
    // What is still unanswered counts against the hub's receive maximum.
    while (this.#link === link && this.#unanswered > 0) await sleep(5);
    if (link === undefined || this.#link !== link || !this.#running) return;
    // A hub that cannot say where it stands says so at the next connect.
    if (head === undefined) return link.cut();
    await this.#align(head);
    this.#holding = false;
    await this.#pump();
  }

  /** Cuts a connection on which the hub owes an answer for too long. */
  #watch(): void {
    clearTimeout(this.#answerTimer);
    if (this.#unanswered === 0) return;
    this.#answerTimer = setTimeout(() => {
      this.#log('uplink.silent', { unanswered: this.#unanswered });
      this.#link?.cut();
    }, this.#options.answerMs ?? ANSWER_MS);
  }

  #heard(offsetMs: number): void {
    this.#hubOrigin = this.#now() + offsetMs - performance.now();
  }

  #hubNow(): number {
    return this.#hubOrigin === undefined ? this.#now() : Math.max(0, Math.round(this.#hubOrigin + performance.now()));
  }

  #offsetMs(): number | null {
    return this.#hubOrigin === undefined ? null : this.#hubNow() - this.#now();
  }

  /** Waits, but not for longer than the uplink runs. */
  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waking = resolve;
      void sleep(ms, this.#stopping.signal).then(resolve);
    });
    this.#waking = undefined;
  }

  #become(phase: UplinkState['state']): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#since = this.#now();
    this.#changed();
  }

  #changed(): void {
    this.#options.onState?.(this.state());
  }

  #log(event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#options.log?.(event, fields);
  }
}
