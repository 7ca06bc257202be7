import { generate, type Packet, parser } from 'mqtt-packet';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Batch, openBatch } from '../../protocol/batch.ts';
import { fromBase64url, toBase64url } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import type { ChainHead } from '../../protocol/refusal.ts';
import { type NodeAddress, parseTopic } from '../../protocol/topics.ts';

/** What the hub does with one batch. */
export type Verdict =
  | { readonly do: 'commit' }
  /** Commits, but the answer never arrives: the line is cut first. */
  | { readonly do: 'commitAndCut' }
  | { readonly do: 'cut' }
  | { readonly do: 'silence' }
  /** Answers as if it were QoS 2, and commits nothing. */
  | { readonly do: 'pubcomp' }
  | { readonly do: 'hold'; readonly ms: number }
  | { readonly do: 'refuse'; readonly code: string; readonly reason?: number };

export interface Frame {
  readonly packets: readonly Packet[];
  readonly bytes: number;
}

/** One port, a WebSocket and MQTT packets: a hub at the byte boundary that can refuse, cut, delay and fall silent. */
export class FakeHub {
  readonly #server: WebSocketServer;
  readonly #address: NodeAddress;
  #socket: WebSocket | undefined;
  head: ChainHead;
  /** Batches in the order in which they came, whatever became of them. */
  readonly batches: Batch[] = [];
  /** Sequence numbers committed, in order, as `epoch.seq`. */
  readonly committed: string[] = [];
  readonly statuses: { online: boolean; queued?: number }[] = [];
  readonly acknowledged: { id: number; reason: number }[] = [];
  readonly connects: Packet[] = [];
  readonly tokens: string[] = [];
  /** Frames of the newest connection. */
  frames: Frame[] = [];
  /** Most publishes without an answer at one time. */
  mostInFlight = 0;
  #inFlight = 0;
  /** Decides what becomes of each batch; commits by default. */
  judge: (batch: Batch, count: number) => Verdict = () => ({ do: 'commit' });
  /** Refuses a CONNECT with this code and reason while it returns one. */
  admit: (token: string, count: number) => { code: string; reason: number } | undefined = () => undefined;
  /** The hub's clock. */
  time: () => number = Date.now;
  goodbyes: number[] = [];
  answersPings = true;
  #changed: (() => void)[] = [];
  #closed = false;

  private constructor(server: WebSocketServer, address: NodeAddress) {
    this.#server = server;
    this.#address = address;
    this.head = { epoch: 1, seq: 0, chain: toBase64url(chainStart(address, 1)) };
  }

  static async open(address: NodeAddress, port = 0): Promise<FakeHub> {
    const server = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: () => 'mqtt', autoPong: false });
    await new Promise<void>((resolve) => server.once('listening', () => resolve()));
    const hub = new FakeHub(server, address);
    server.on('connection', (socket) => hub.#accept(socket));
    return hub;
  }

  get url(): string {
    const address = this.#server.address();
    return `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Resolves when `done` holds; looked at after everything that happens here. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  cut(): void {
    this.#socket?.terminate();
  }

  command(text: string, id: number): void {
    const topic = `docket/1/${this.#address.tenant}/${this.#address.site}/${this.#address.node}/commands`;
    this.#send({ cmd: 'publish', topic, payload: text, qos: 1, messageId: id, dup: false, retain: false });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: WebSocket): void {
    this.#socket = socket;
    this.frames = [];
    this.#inFlight = 0;
    socket.on('ping', (data) => {
      if (this.answersPings) socket.pong(data);
    });
    const reader = parser({ protocolVersion: 5 });
    let packets: Packet[] = [];
    reader.on('packet', (packet) => packets.push(packet));
    socket.on('message', (data: Buffer) => {
      packets = [];
      reader.parse(data);
      this.frames.push({ packets, bytes: data.length });
      for (const packet of packets) this.#receive(packet);
      this.#tell();
    });
    socket.on('close', () => this.#tell());
  }

  #receive(packet: Packet): void {
    if (packet.cmd === 'connect') this.#connect(packet);
    else if (packet.cmd === 'subscribe') {
      this.#send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: packet.subscriptions.map(() => 1) });
    } else if (packet.cmd === 'pingreq') this.#send({ cmd: 'pingresp' });
    else if (packet.cmd === 'puback') this.acknowledged.push({ id: packet.messageId ?? 0, reason: packet.reasonCode ?? 0 });
    else if (packet.cmd === 'disconnect') this.goodbyes.push(packet.reasonCode ?? 0);
    else if (packet.cmd === 'publish') {
      const channel = this.#channel(packet.topic, packet.properties?.topicAlias);
      if (channel === 'status') this.statuses.push(JSON.parse(packet.payload.toString()) as { online: boolean });
      else if (channel === 'records') this.#judge(openBatch(new Uint8Array(packet.payload as Buffer)), packet.messageId ?? 0);
    }
  }

  readonly #aliases = new Map<number, string>();

  #channel(topic: string, alias: number | undefined): string | undefined {
    if (alias !== undefined && topic !== '') this.#aliases.set(alias, topic);
    return parseTopic(topic === '' ? (this.#aliases.get(alias ?? 0) ?? '') : topic)?.channel;
  }

  #connect(packet: Packet & { password?: Buffer }): void {
    this.#aliases.clear();
    this.connects.push(packet);
    const token = packet.password?.toString() ?? '';
    this.tokens.push(token);
    const refused = this.admit(token, this.connects.length);
    const time = String(this.time());
    if (refused !== undefined) {
      const userProperties = { code: refused.code, time };
      this.#send({ cmd: 'connack', reasonCode: refused.reason, sessionPresent: false, properties: { reasonString: 'no', userProperties } });
      this.#socket?.close();
      return;
    }
    const { epoch, seq, chain } = this.head;
    const userProperties = { time, epoch: String(epoch), seq: String(seq), chain };
    this.#send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { topicAliasMaximum: 4, userProperties } });
  }

  #judge(batch: Batch, id: number): void {
    this.batches.push(batch);
    this.#inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    const verdict = this.judge(batch, this.batches.length);
    if (verdict.do === 'hold') {
      const socket = this.#socket;
      setTimeout(() => {
        if (this.#socket === socket) this.#settle(batch, id, { do: 'commit' });
        this.#tell();
      }, verdict.ms);
    } else this.#settle(batch, id, verdict);
  }

  #settle(batch: Batch, id: number, verdict: Verdict): void {
    const { epoch, first, count, before, after } = batch.header;
    if (verdict.do === 'silence') return;
    if (verdict.do === 'pubcomp') {
      this.#send({ cmd: 'pubcomp', messageId: id, reasonCode: 0 });
      return;
    }
    if (verdict.do === 'cut') {
      this.cut();
      return;
    }
    this.#inFlight--;
    if (verdict.do === 'refuse') {
      this.#refuse(id, verdict.code, verdict.reason ?? 0x83);
      return;
    }
    const opens = epoch === this.head.epoch + 1 && first === 1;
    const follows = epoch === this.head.epoch && first === this.head.seq + 1 && toBase64url(before) === this.head.chain;
    const duplicate = epoch === this.head.epoch && first + count - 1 <= this.head.seq;
    if (!opens && !follows && !duplicate) {
      this.#refuse(id, 'GAP', 0x83);
      return;
    }
    if (!duplicate) {
      this.head = { epoch, seq: first + count - 1, chain: toBase64url(after) };
      for (let seq = first; seq < first + count; seq++) this.committed.push(`${epoch}.${seq}`);
    }
    if (verdict.do === 'commitAndCut') this.cut();
    else this.#send({ cmd: 'puback', messageId: id, reasonCode: 0 });
  }

  #refuse(id: number, code: string, reasonCode: number): void {
    const { epoch, seq, chain } = this.head;
    const userProperties = { code, epoch: String(epoch), seq: String(seq), chain };
    this.#send({ cmd: 'puback', messageId: id, reasonCode, properties: { reasonString: `because of ${code}`, userProperties } });
  }

  #send(packet: Packet): void {
    this.#socket?.send(generate(packet, { protocolVersion: 5 }));
  }

  #tell(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }
}

/** The chain value of a head as bytes. */
export const chainOf = (head: ChainHead): Uint8Array => fromBase64url(head.chain) ?? new Uint8Array();
