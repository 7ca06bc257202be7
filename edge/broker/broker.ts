import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { Fault } from '../../protocol/fault.ts';
import { KeptSessions } from './sessions.ts';
import { type Credentials, type RETURN, refusalOf } from './welcome.ts';

/** Colour of a stack light; see lamp.ts for what each means. */
export type Lamp = 'off' | 'green' | 'amber' | 'red';

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
  readonly light: Lamp;
  /** Whether something stands in the beam of its photo-eye; null while nobody knows; absent where the door has none. */
  readonly eye?: boolean | null;
}

/** What a light or display needs to know of the node itself. */
export interface NodeSign {
  /** `red`: passages are not written down, or soon will not be: do not switch off. `amber`: somebody must see to the disk. */
  readonly light: 'green' | 'amber' | 'red';
  /** What is wrong with the node's disk, worst first. */
  readonly disk: readonly string[];
  /** Passages that wait in memory. */
  readonly held: number;
}

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What clients must send; without it any client may read, which is meant for loopback. */
  readonly credentials?: Credentials | undefined;
}

const ROOT = 'docket/local';
/** Topics of this broker have four levels; deeper filters only cost. */
const MAX_LEVELS = 8;
/** A light or display that says nothing within 5 s of connecting is no MQTT client. */
const CONNECT_MS = 5_000;
/** A frozen display must not hold up the others: its connection is cut when it drains nothing for 10 s. */
const DRAIN_MS = 10_000;
/** Packets kept of a client whose CONNECT is not answered yet: it has nothing to send but a few subscriptions. */
const QUEUE = 42;
/** Lights, displays and tablets of one building. */
const MAX_CLIENTS = 100;
/**
 * What a client may send in all. It connects, subscribes and then pings with two bytes: months of them. aedes keeps a packet
 * in memory until it is whole, up to 256 MB, before it asks who may publish. A client that is cut connects again and gets the
 * retained states.
 */
const MAX_INBOUND_BYTES = 262_144;
const doorTopic = (door: string): string => `${ROOT}/doors/${door}`;
const NODE_TOPIC = `${ROOT}/node`;

/**
 * The broker at the dock, MQTT 3.1.1, for stack lights and displays: they subscribe to the retained `docket/local/doors/<door>`
 * and `docket/local/node` and publish nothing. It holds no truth: after a restart the states are published anew.
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
    const { host, port, credentials } = this.#options;
    const refused = new WeakMap<Client, (typeof RETURN)[keyof typeof RETURN]>();
    const aedes = await Aedes.createBroker({
      maxTopicLevels: MAX_LEVELS,
      connectTimeout: CONNECT_MS,
      drainTimeout: DRAIN_MS,
      queueLimit: QUEUE,
      preConnect: (client, packet, done) => {
        const code = refusalOf(packet, credentials);
        if (code !== undefined) refused.set(client, code);
        else if (!packet.clean) sessions.keep(packet.clientId);
        done(null, aedes.connectedClients < MAX_CLIENTS);
      },
      // aedes can only answer with a return code from here, and does not show the packet here.
      authenticate: (client, _user, _password, done) => {
        const returnCode = refused.get(client);
        if (returnCode === undefined) return done(null, true);
        done(Object.assign(new Error(`CONNECT refused with return code ${returnCode}`), { returnCode }) as AuthenticateError, false);
      },
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
    const sessions = new KeptSessions(aedes);
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
    this.#publish(doorTopic(door), sign);
  }

  /** The same for the node: its lamp is red while it writes nothing down. */
  showNode(sign: NodeSign): void {
    this.#publish(NODE_TOPIC, sign);
  }

  #publish(topic: string, sign: DoorSign | NodeSign): void {
    const payload = JSON.stringify(sign);
    if (this.#aedes === undefined || this.#last.get(topic) === payload) return;
    this.#last.set(topic, payload);
    // QoS 1, so that a display may choose: with a kept session it misses no change.
    const packet = { cmd: 'publish' as const, topic, payload, qos: 1 as const, retain: true, dup: false };
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
