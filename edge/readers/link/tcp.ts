import { connect, type Socket } from 'node:net';
import { Fault } from '../../../protocol/fault.ts';
import type { ByteLink, LinkEvents } from './link.ts';
import { writeInTime } from './write.ts';

/** A reader on a LAN answers in milliseconds; a device server that wakes up takes a second. */
const CONNECT_MS = 5_000;
/** Finds a peer that lost its power within a minute where nothing is sent; the driver's watchdog is faster while reading. */
const KEEP_ALIVE_MS = 15_000;

export interface TcpAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Reads `tcp://host:port`, IPv6 in brackets; the port may be left out where there is a `defaultPort`. @throws Fault LINK_ADDRESS */
export function parseTcp(path: string, defaultPort?: number): TcpAddress {
  const match = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?\/?$/.exec(path);
  const port = Number(match?.[3] ?? defaultPort ?? 0);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Fault('LINK_ADDRESS', `"${path}" is no reader address: write tcp://host:port, for example tcp://192.168.1.20:4001`);
  }
  return { name: path, host, port };
}

/**
 * The link of a reader that is only on the network, with its port.
 * @throws Fault READER_LINK for anything but `tcp://host[:port]`, which says what to write
 */
export function networkPath(link: string, defaultPort: number): string {
  if (!link.startsWith('tcp://')) {
    throw new Fault(
      'READER_LINK',
      `"${link}" is a serial device, and this model is only on the network: write tcp://host or tcp://host:port`,
    );
  }
  const { host, port } = parseTcp(link, defaultPort);
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Connects to a serial device server or a network reader. @throws Fault LINK_OPEN */
export function openTcp(address: TcpAddress, events: LinkEvents): Promise<ByteLink> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    const refuse = (reason: string): void => {
      socket.destroy();
      reject(new Fault('LINK_OPEN', `${address.name} does not answer (${reason}): check power, network cable and address`));
    };
    const timer = setTimeout(() => refuse(`no connection in ${CONNECT_MS} ms`), CONNECT_MS);
    socket.once('error', (error) => {
      clearTimeout(timer);
      refuse(error.message);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(new TcpLink(address.name, socket, events));
    });
  });
}

class TcpLink implements ByteLink {
  readonly name: string;
  readonly hasBaud = false;
  readonly #socket: Socket;
  #closed = false;

  constructor(name: string, socket: Socket, events: LinkEvents) {
    this.name = name;
    this.#socket = socket;
    let reason = 'closed by the other side';
    socket.on('data', (chunk) => {
      if (!this.#closed) events.data(chunk);
    });
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.once('close', () => {
      if (this.#closed) return;
      this.#closed = true;
      events.lost(reason);
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeInTime(this.name, (done) => {
      if (this.#closed) return done(new Fault('LINK_LOST', `${this.name} is closed`));
      this.#socket.write(bytes, done);
    });
  }

  async setBaud(): Promise<void> {
    // A network link has no rate of its own.
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }
}
