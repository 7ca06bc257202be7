import { connect } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import WebSocket from 'ws';
import { Fault } from '../../protocol/fault.ts';

/** What a server sent, as far as a test looks at it. */
export type Received = { readonly cmd: string } & Readonly<Record<string, unknown>>;

/** A bound for a test that would hang; nothing is judged by it. */
const NEXT_MS = 30_000;

/** Where bytes go and come from. */
interface Wire {
  write(bytes: Uint8Array): unknown;
  destroy(): unknown;
  data(listener: (bytes: Buffer) => void): unknown;
  close(listener: () => void): unknown;
}

/** A client that sends exactly the packets it is told, over any byte stream. It acknowledges nothing by itself. */
export class RawClient {
  readonly closed: Promise<void>;
  readonly #wire: Wire;
  readonly #version: 4 | 5;
  readonly #arrived: Received[] = [];
  readonly #waiting: (() => void)[] = [];
  #over = false;

  private constructor(wire: Wire, version: 4 | 5) {
    this.#wire = wire;
    this.#version = version;
    const reader = parser({ protocolVersion: version });
    reader.on('packet', (packet) => {
      this.#arrived.push(packet as unknown as Received);
      this.#wake();
    });
    reader.on('error', () => wire.destroy());
    wire.data((bytes) => reader.parse(bytes));
    this.closed = new Promise((resolve) => {
      wire.close(() => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Over TCP, MQTT 3.1.1. */
  static async tcp(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const opened = new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => undefined);
    const client = new RawClient(
      {
        write: (bytes) => socket.write(bytes),
        destroy: () => socket.destroy(),
        data: (listener) => socket.on('data', listener),
        close: (listener) => socket.once('close', listener),
      },
      4,
    );
    await opened;
    return client;
  }

  /** Over a WebSocket. */
  static async webSocket(url: string, version: 4 | 5): Promise<RawClient> {
    const socket = new WebSocket(url, ['mqtt']);
    const opened = new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('error', () => undefined);
    const client = new RawClient(
      {
        write: (bytes) => socket.send(bytes),
        destroy: () => socket.terminate(),
        data: (listener) => socket.on('message', listener),
        close: (listener) => socket.once('close', () => listener()),
      },
      version,
    );
    await opened;
    return client;
  }

  send(packet: object): void {
    this.#wire.write(generate(packet as Packet, { protocolVersion: this.#version }));
  }

  raw(...bytes: number[]): void {
    this.#wire.write(Uint8Array.from(bytes));
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
    this.#wire.destroy();
    await this.closed;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** The text of a publish. */
export const textOf = (packet: Received): string => Buffer.from(packet['payload'] as Uint8Array).toString('utf8');
