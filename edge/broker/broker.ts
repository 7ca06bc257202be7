import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes';
import { Fault } from '../../protocol/fault.ts';
import type { Inlet } from '../readers/network/inlet.ts';
import { PacketLengths } from './packets.ts';
import { covers, matches } from './rights.ts';
import { KeptSessions } from './sessions.ts';
import { type Credentials, inletOf, type RETURN, readerId, refusalOf } from './welcome.ts';

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
  /** The readers that log in here and publish what they read. */
  readonly inlets?: readonly Inlet[];
  /** Resolves when everything that inlets took is on the disk: only then a message is acknowledged. */
  readonly settled?: () => Promise<void>;
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
/** A reader sends for months: each of its packets is bounded instead. Its longest message, with room for the topic. */
const MAX_PACKET_BYTES = MAX_INBOUND_BYTES + 1_024;
/** A reader has one connection for each of its interfaces: data, management, events, control. */
const MAX_CONNECTIONS = 8;
const doorTopic = (door: string): string => `${ROOT}/doors/${door}`;
const NODE_TOPIC = `${ROOT}/node`;

/**
 * The broker at the dock, MQTT 3.1.1, for stack lights and displays: they subscribe to the retained `docket/local/doors/<door>`
 * and `docket/local/node` and publish nothing. It holds no truth: after a restart the states are published anew.
 *
 * Readers that publish by themselves log in with a name and password of their own and may use their own topics only. Their messages go to their
 * inlet; QoS 1 and 2 are acknowledged when what they said is on the disk, and when that fails the connection is closed instead, so that
 * the reader sends them again.
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #last = new Map<string, string>();
  readonly #sockets = new Set<Socket>();
  /** Clients that logged in as a reader. */
  readonly #readers = new WeakMap<Client, Inlet>();
  /** Those of them that are connected. */
  readonly #connected = new Map<Client, Inlet>();
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
    const { host, port, credentials, inlets = [] } = this.#options;
    const refused = new WeakMap<Client, (typeof RETURN)[keyof typeof RETURN]>();
    const readers = this.#readers;
    const aedes = await Aedes.createBroker({
      maxTopicLevels: MAX_LEVELS,
      connectTimeout: CONNECT_MS,
      drainTimeout: DRAIN_MS,
      queueLimit: QUEUE,
      preConnect: (client, packet, done) => {
        const code = refusalOf(packet, credentials, inlets);
        const inlet = inletOf(packet, inlets);
        if (code !== undefined) refused.set(client, code);
        else {
          if (inlet !== undefined) {
            readers.set(client, inlet);
            packet.clientId = readerId(inlet, packet.clientId === '' ? randomUUID() : packet.clientId);
          }
          if (!packet.clean) sessions.keep(packet.clientId);
        }
        done(null, aedes.connectedClients < MAX_CLIENTS && (inlet === undefined || this.#connectionsOf(inlet) < MAX_CONNECTIONS));
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
        const inlet = readers.get(client);
        if (inlet === undefined) return done(new Fault('PUBLISH_REFUSED', `${packet.topic}: clients of this broker only subscribe`));
        // A will: that the reader is gone, this broker knows better.
        if (client.closed) return done(new Fault('PUBLISH_REFUSED', `${packet.topic}: wills are not published`));
        this.#take(inlet, packet).then(() => done(null), done);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const inlet = client === null ? undefined : readers.get(client);
        const own = inlet?.topics.some((filter) => covers(filter, subscription.topic)) ?? subscription.topic.startsWith(`${ROOT}/`);
        // null answers 0x80 (MQTT 3.1.1, 3.9.3) and keeps the connection.
        done(null, own ? subscription : null);
      },
    });
    const sessions = new KeptSessions(aedes);
    // Without listeners these would stop the process: a broken client is the client's trouble.
    aedes.on('clientError', () => undefined);
    aedes.on('connectionError', () => undefined);
    aedes.on('client', (client) => {
      const inlet = readers.get(client);
      if (inlet === undefined) return;
      this.#connected.set(client, inlet);
      inlet.connected((client.conn as Socket).remoteAddress ?? '');
    });
    aedes.on('clientDisconnect', (client) => {
      const inlet = this.#connected.get(client);
      if (this.#connected.delete(client)) inlet?.gone();
    });
    this.#aedes = aedes;
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Where the bytes come in, so that aedes sees none of a packet that is too long.
      const packets = new PacketLengths(MAX_PACKET_BYTES);
      const push = socket.push.bind(socket);
      socket.push = (chunk: Uint8Array | null) => {
        const tooMuch = chunk !== null && (!packets.push(chunk) || (socket.bytesRead > MAX_INBOUND_BYTES && !readers.has(client)));
        if (tooMuch) socket.destroy();
        return tooMuch ? false : push(chunk);
      };
      const client = aedes.handle(socket);
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

  /** Publishes a command for a reader, to whoever listens now. False while the broker does not run. */
  command(topic: string, payload: string): boolean {
    if (this.#aedes === undefined) return false;
    this.#aedes.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => undefined);
    return true;
  }

  async #take(inlet: Inlet, packet: PublishPacket): Promise<void> {
    const { topic, payload, qos, dup } = packet;
    if (!inlet.topics.some((filter) => matches(filter, topic))) {
      inlet.strayed(topic);
      throw new Fault('PUBLISH_REFUSED', `${topic}: not a topic of reader ${inlet.user}`);
    }
    // Kept for nobody: what a reader said stands in the journals.
    packet.retain = false;
    inlet.take({ topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, dup });
    if (qos === 0) return;
    try {
      await this.#options.settled?.();
    } catch (error) {
      inlet.unsaved(error);
      throw error;
    }
  }

  #connectionsOf(inlet: Inlet): number {
    return [...this.#connected.values()].filter((one) => one === inlet).length;
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
