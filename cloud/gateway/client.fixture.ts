import { type Packet, parser } from 'mqtt-packet';
import { clientId, type NodeAddress, topic } from '../../protocol/topics.ts';
import type { SigningNode } from './node.fixture.ts';
import { bytesOf } from './session.fixture.ts';
import { CLIENT_HEADER } from './upgrade.ts';

export type Received = Packet & {
  readonly properties?: { readonly userProperties?: Record<string, string>; readonly reasonString?: string };
} & Record<string, unknown>;

/** An MQTT client in workerd, at the byte boundary: whole frames in and out of a real WebSocket of the gateway object. */
export class TestClient {
  readonly #socket: WebSocket;
  readonly #version: 4 | 5;
  readonly #arrived: Received[] = [];
  readonly #waiting: ((packet: Received | undefined) => void)[] = [];
  #ended = false;
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(socket: WebSocket, version: 4 | 5) {
    this.#socket = socket;
    this.#version = version;
    const reader = parser({ protocolVersion: version });
    reader.on('packet', (packet) => this.#take(packet as Received));
    // Without this a socket taken with accept() delivers Blob since 2026-03-17.
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      reader.parse(Buffer.from(data as ArrayBuffer));
    });
    this.closed = new Promise((resolve) => {
      const end = (code: number, reason: string): void => {
        resolve({ code, reason });
        this.#ended = true;
        for (const wake of this.#waiting.splice(0)) wake(undefined);
      };
      socket.addEventListener('close', ({ code, reason }) => end(code, reason));
      // A crash may show as this alone.
      socket.addEventListener('error', ({ message }) => end(1006, message));
    });
    socket.accept();
  }

  /** `from` is the IP address of the client. */
  static async open(gateway: DurableObjectStub, address: NodeAddress, version: 4 | 5 = 5, from = ''): Promise<TestClient> {
    const asked = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'mqtt', 'cf-connecting-ip': from };
    const headers = { ...asked, [CLIENT_HEADER]: clientId(address) };
    return TestClient.of(await gateway.fetch('https://hub.test/mqtt/', { headers }), version);
  }

  /** A client on the socket of a response to an upgrade. */
  static of(response: Response, version: 4 | 5): TestClient {
    if (response.webSocket === null) throw new TypeError(`no WebSocket: ${response.status}`);
    return new TestClient(response.webSocket, version);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  packet(packet: object): void {
    this.send(bytesOf(packet, this.#version));
  }

  text(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** The next packet of the hub. @throws TypeError when the connection ends first */
  async next(): Promise<Received> {
    const waits = (): Promise<Received | undefined> =>
      new Promise((resolve) => {
        if (this.#ended) resolve(undefined);
        else this.#waiting.push(resolve);
      });
    const packet = this.#arrived.shift() ?? (await waits());
    if (packet === undefined) throw new TypeError(`the connection ended: ${JSON.stringify(await this.closed)}`);
    return packet;
  }

  async connect(node: SigningNode, more: object = {}): Promise<Received> {
    this.packet(await connectOf(node, { protocolVersion: this.#version, ...more }));
    return this.next();
  }

  #take(packet: Received): void {
    const wake = this.#waiting.shift();
    if (wake === undefined) this.#arrived.push(packet);
    else wake(packet);
  }
}

export async function connectOf(node: SigningNode, more: object = {}): Promise<object> {
  const id = clientId(node.address);
  const will = { topic: topic(node.address, 'status'), payload: '{"v":1,"online":false}', qos: 0, retain: true };
  const password = await node.token();
  return { cmd: 'connect', protocolVersion: 5, clientId: id, username: id, password, clean: true, keepalive: 60, will, ...more };
}

export const records = (node: SigningNode, payload: Uint8Array, messageId: number, more: object = {}): object => ({
  cmd: 'publish',
  topic: topic(node.address, 'records'),
  qos: 1,
  messageId,
  dup: false,
  retain: false,
  // mqtt-packet copies payloads with Buffer's method.
  payload: Buffer.from(payload),
  ...more,
});
