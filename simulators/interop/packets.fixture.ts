import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { generate, type Packet, parser } from 'mqtt-packet';
import WebSocket, { createWebSocketStream } from 'ws';
import { Fault } from '../../protocol/fault.ts';

/** What a server sent, as far as a test looks at it. */
export type Received = { readonly cmd: string } & Readonly<Record<string, unknown>>;

/** A bound for a test that would hang; nothing is judged by it. */
const NEXT_MS = 30_000;

/** A client that sends exactly the packets it is told, over any byte stream. It acknowledges nothing by itself. */
export class RawClient {
  readonly closed: Promise<void>;
  readonly #stream: { write(bytes: Uint8Array): unknown; destroy(): unknown };
  readonly #version: 4 | 5;
  readonly #arrived: Received[] = [];
  readonly #waiting: (() => void)[] = [];
  #over = false;

  private constructor(stream: Duplex, version: 4 | 5) {
    this.#stream = stream;
    this.#version = version;
    const reader = parser({ protocolVersion: version });
    reader.on('packet', (packet) => {
      this.#arrived.push(packet as unknown as Received);
      this.#wake();
    });
    reader.on('error', () => stream.destroy());
    stream.on('data', (bytes: Buffer) => reader.parse(bytes));
    stream.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Over TCP, MQTT 3.1.1. */
  static async tcp(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket, 4);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  /** Over a WebSocket. */
  static async webSocket(url: string, version: 4 | 5): Promise<RawClient> {
    const socket = new WebSocket(url, ['mqtt']);
    const stream = createWebSocketStream(socket);
    const client = new RawClient(stream, version);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return client;
  }

  send(packet: object): void {
    this.#stream.write(generate(packet as Packet, { protocolVersion: this.#version }));
  }

  raw(...bytes: number[]): void {
    this.#stream.write(Uint8Array.from(bytes));
  }

  /** The next packet. @throws Fault when the connection ends without one */
  async next(): Promise<Received> {
    const until = Date.now() + NEXT_MS;
    for (;;) {
      const packet = this.#arrived.shift();
      if (packet !== undefined) return packet;
      if (this.#over) throw new Fault('CLOSED', 'the connection ended before the next packet');
      if (Date.now() > until) throw new Fault('SILENT', 'no packet came');
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        setTimeout(resolve, 1_000).unref();
      });
    }
  }

  /** Everything up to the answer of a ping: whatever the server had to say by then has come. */
  async quiet(): Promise<Received[]> {
    this.send({ cmd: 'pingreq' });
    const before: Received[] = [];
    for (let packet = await this.next(); packet.cmd !== 'pingresp'; packet = await this.next()) before.push(packet);
    return before;
  }

  /** Cuts the connection without a DISCONNECT. */
  async drop(): Promise<void> {
    this.#stream.destroy();
    await this.closed;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** The text of a publish. */
export const textOf = (packet: Received): string => Buffer.from(packet['payload'] as Uint8Array).toString('utf8');
