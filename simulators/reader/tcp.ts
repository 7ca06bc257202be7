import { createServer, type Server, type Socket } from 'node:net';
import { BACKLOG_BYTES, type Hear, type Port } from './port.ts';

const HOST = '127.0.0.1';

/**
 * A module behind a serial device server, or a network reader: a TCP listener on the loopback address. Port 0 takes a free one. `refuse`
 * says what a second host is told; without it the second host takes the place of the first.
 */
export async function listenTcp(port: number, hear: Hear, greet: () => void = () => undefined, refuse?: () => Uint8Array): Promise<Port> {
  const line = new TcpPort(port, hear, greet, refuse);
  await line.plug();
  return line;
}

class TcpPort implements Port {
  lost = 0;
  readonly #hear: Hear;
  readonly #greet: () => void;
  readonly #refuse: (() => Uint8Array) | undefined;
  #port: number;
  #server: Server | undefined;
  #client: Socket | undefined;

  constructor(port: number, hear: Hear, greet: () => void, refuse: (() => Uint8Array) | undefined) {
    this.#refuse = refuse;
    this.#greet = greet;
    this.#port = port;
    this.#hear = hear;
  }

  get path(): string {
    return `tcp://${HOST}:${this.#port}`;
  }

  #accept(socket: Socket): void {
    if (this.#client !== undefined && this.#refuse !== undefined) {
      socket.on('error', () => undefined);
      socket.end(this.#refuse());
      return;
    }
    // A device server serves one host; a second connection means that the first one is dead.
    this.#client?.destroy();
    this.#client = socket;
    socket.setNoDelay(true);
    socket.on('data', this.#hear);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#client === socket) this.#client = undefined;
    });
    this.#greet();
  }

  write(bytes: Uint8Array): void {
    const client = this.#client;
    if (client === undefined || client.writableLength > BACKLOG_BYTES) this.lost += bytes.length;
    else client.write(bytes);
  }

  plug(): Promise<void> {
    if (this.#server !== undefined) return Promise.resolve();
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, HOST, () => {
        const address = server.address();
        if (address !== null && typeof address === 'object') this.#port = address.port;
        resolve();
      });
    });
  }

  unplug(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#client?.destroy();
    this.#client = undefined;
    return new Promise((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  close(): Promise<void> {
    return this.unplug();
  }
}
