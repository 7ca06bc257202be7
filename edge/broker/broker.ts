import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { Fault } from '../../protocol/fault.ts';

/** What a stack light or a display at the dock needs to know of a door. */
export interface DoorSign {
  readonly state: 'free' | 'occupied' | 'blind';
  readonly direction: 'in' | 'out' | 'unknown';
  /** Items in the door now. */
  readonly items: number;
  /** Number of the current document, or null. */
  readonly document: string | null;
  /** Items of this door that wait for a person. */
  readonly undecided: number;
}

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

const ROOT = 'docket/local';
/** Topics of this broker have four levels; deeper filters only cost. */
const MAX_LEVELS = 8;
/** A light or display that says nothing within 5 s of connecting is no MQTT client. */
const CONNECT_MS = 5_000;
/** A frozen display must not hold up the others: its connection is cut when it drains nothing for 10 s. */
const DRAIN_MS = 10_000;
/** Packets kept for a client that is not yet connected: it gets the retained states anyway. */
const QUEUE = 42;
/** Lights, displays and tablets of one building. */
const MAX_CLIENTS = 100;
/**
 * What a client may send in all. It connects, subscribes and then pings with two bytes: months of them. aedes keeps a packet
 * in memory until it is whole, up to 256 MB, before it asks who may publish. A client that is cut connects again and gets the
 * retained states.
 */
const MAX_INBOUND_BYTES = 262_144;
/** Longest keep-alive: a dead display is noticed within 1.5 times this, seconds. */
const KEEPALIVE_S = 300;

const doorTopic = (door: string): string => `${ROOT}/doors/${door}`;

/**
 * The broker at the dock, MQTT 3.1.1, for stack lights and displays: they subscribe to the retained `docket/local/doors/<door>`
 * and publish nothing. It holds no truth: after a restart the states are published anew.
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #last = new Map<string, string>();
  readonly #sockets = new Set<Socket>();
  #aedes: Aedes | undefined;
  #server: Server | undefined;

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** The port that is listened on; 0 before the start. */
  get port(): number {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port ?? 0;
  }

  /** @throws Fault PORT_TAKEN, BROKER_LISTEN */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    const aedes = await Aedes.createBroker({
      maxTopicLevels: MAX_LEVELS,
      connectTimeout: CONNECT_MS,
      drainTimeout: DRAIN_MS,
      queueLimit: QUEUE,
      keepaliveLimit: KEEPALIVE_S,
      preConnect: (_client, _packet, done) => done(null, aedes.connectedClients < MAX_CLIENTS),
      // In this hook, not in `published`: aedes acknowledges before that one runs. An error here closes the connection.
      authorizePublish: (client, packet, done) => {
        if (client === null) return done(null);
        done(new Fault('PUBLISH_REFUSED', `${packet.topic}: clients of this broker only subscribe`));
      },
      authorizeSubscribe: (_client, subscription, done) => {
        // null answers 0x80 (MQTT 3.1.1, 3.9.3) and keeps the connection.
        done(null, subscription.topic.startsWith(`${ROOT}/`) ? subscription : null);
      },
    });
    // Without listeners these would stop the process: a broken client is the client's trouble.
    aedes.on('clientError', () => undefined);
    aedes.on('connectionError', () => undefined);
    this.#aedes = aedes;
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('readable', () => {
        if (socket.bytesRead > MAX_INBOUND_BYTES) socket.destroy();
      });
      aedes.handle(socket);
    });
    // Those that connect at once are no clients yet when aedes counts them.
    server.maxConnections = MAX_CLIENTS;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)));
      server.listen(port, host, resolve);
    });
  }

  /** Publishes the state of a door, retained, when it differs from the last one. */
  show(door: string, sign: DoorSign): void {
    const payload = JSON.stringify(sign);
    if (this.#aedes === undefined || this.#last.get(door) === payload) return;
    this.#last.set(door, payload);
    const packet = { cmd: 'publish' as const, topic: doorTopic(door), payload, qos: 0 as const, retain: true, dup: false };
    this.#aedes.publish(packet, () => undefined);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    const unbound = server?.listening === true ? new Promise<void>((resolve) => server.close(() => resolve())) : Promise.resolve();
    await new Promise<void>((resolve) => (this.#aedes === undefined ? resolve() : this.#aedes.close(() => resolve())));
    // Those that never became clients, too: the server waits for them.
    for (const socket of this.#sockets) socket.destroy();
    await unbound;
    this.#last.clear();
  }
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): Fault {
  const advice = 'choose another as broker.port in the settings, or set broker to null';
  if (error.code === 'EADDRINUSE')
    return new Fault('PORT_TAKEN', `broker: port ${port} on ${host} is taken by another program: ${advice}`, { port });
  return new Fault('BROKER_LISTEN', `broker: can't listen on ${host}:${port} (${error.message}): ${advice}`, { port });
}
