import { type IClientOptions, type IConnackPacket, MqttClient, type Packet } from 'mqtt';
import { fromBase64url } from '../../protocol/bytes.ts';
import { type Command, isCommand, type NodeStatus } from '../../protocol/command.ts';
import { Fault } from '../../protocol/fault.ts';
import type { ChainHead } from '../../protocol/refusal.ts';
import { clientId, type NodeAddress, topic } from '../../protocol/topics.ts';
import { type HubStream, type OpenStream, openWebSocket } from './stream.ts';

/** Seconds of the MQTT keep alive: the least the hub takes; WebSocket pings find a dead peer sooner. */
const KEEPALIVE_SECONDS = 60;
/** From the open socket to the CONNACK; the hub asks the ledger in between, which may just be waking. */
const CONNACK_MS = 20_000;
/** A short cut of the line shall not show the node as offline at the hub; a will waits no longer than its session lives. */
const WILL_DELAY_SECONDS = 5;
/** A goodbye must not hang on a hub that owes answers. */
const CLOSE_MS = 1_000;
/** Commands on their way to the node: each is stored before it is acknowledged. */
const RECEIVE_MAXIMUM = 8;
const MAXIMUM_PACKET_BYTES = 262_144;
/** Payload format invalid and implementation specific error (MQTT 5 section 3.4.2.1): the hub need not send it again. */
const PAYLOAD_INVALID = 0x99;
const NOT_UNDERSTOOD = 0x83;
const REFUSED = 0x80;
/** An epoch is a u32 of the batch's head (protocol/batch.ts). */
const LAST_EPOCH = 0xffffffff;
const CHAIN_BYTES = 32;

export interface LinkOptions {
  /** `ws://` or `wss://` and host of the hub. */
  readonly url: string;
  readonly address: NodeAddress;
  readonly token: string;
  readonly now: () => number;
  readonly pingMs?: number;
  /** The byte stream under MQTT; a WebSocket when left out. */
  readonly open?: OpenStream;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
  /** Stores a command; it is acknowledged when this resolves, and comes again after the next connect when it rejects. */
  readonly onCommand: (command: Command) => void | Promise<void>;
  readonly log: (event: string, fields: Readonly<Record<string, string | number>>) => void;
}

/** What the hub said when it took the connection. */
export interface Welcome {
  readonly head: ChainHead;
  /** Hub time minus this node's wall time, milliseconds, to within half the time the CONNECT took. */
  readonly offsetMs: number;
  /** TokenProcess of protocol/token.ts: goes into the next token. */
  readonly turn?: number;
}

export type Answer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly text: string; readonly head: ChainHead | undefined };

type UserProperties = Readonly<Record<string, string | string[] | undefined>>;
type Properties = { readonly reasonString?: string; readonly userProperties?: UserProperties } | undefined;

const property = (properties: Properties, name: string): string | undefined => {
  const value = properties?.userProperties?.[name];
  return typeof value === 'string' ? value : undefined;
};

/** What the hub says of its head; undefined for what no head can be: the node would begin an epoch after it that no batch can name. */
function headOf(properties: Properties): ChainHead | undefined {
  const chain = property(properties, 'chain') ?? '';
  const epoch = Number(property(properties, 'epoch'));
  const seq = Number(property(properties, 'seq'));
  const sound = Number.isInteger(epoch) && epoch >= 1 && epoch < LAST_EPOCH && Number.isSafeInteger(seq) && seq >= 0;
  return sound && fromBase64url(chain)?.length === CHAIN_BYTES ? { epoch, seq, chain } : undefined;
}

/** A CONNECT that the hub refused; `offsetMs` where it told its time. */
export class LinkRefused extends Fault {
  readonly offsetMs: number | undefined;
  readonly turn: number | undefined;

  constructor(code: string, message: string, offsetMs: number | undefined, turn?: number) {
    super(code, message);
    this.offsetMs = offsetMs;
    this.turn = turn;
  }
}

/** One connection to the hub, from CONNECT to close. It stores nothing and resends nothing: the outbox does. */
export class Link {
  readonly #client: MqttClient;
  readonly #stream: HubStream;
  readonly #address: NodeAddress;
  /** Resolves when the connection is gone, with what ended it. */
  readonly closed: Promise<Fault | undefined>;

  private constructor(client: MqttClient, stream: HubStream, address: NodeAddress, closed: Promise<Fault | undefined>) {
    this.#client = client;
    this.#stream = stream;
    this.#address = address;
    this.closed = closed;
  }

  /**
   * Connects and subscribes to commands.
   * @throws LinkRefused with the hub's code, Fault LINK_FAILED when it cannot be reached
   */
  static open(options: LinkOptions): Promise<{ link: Link; welcome: Welcome }> {
    const { address, now } = options;
    const open = options.open ?? openWebSocket;
    const stream = open(`${options.url.replace(/\/$/, '')}/mqtt/${clientId(address)}`, now, options.pingMs);
    const client = new MqttClient(() => stream, clientOptions(options));
    options.signal.addEventListener('abort', () => stream.destroy(), { once: true });
    let cause: Fault | undefined;
    const closed = new Promise<Fault | undefined>((resolve) => {
      client.on('close', () => resolve(cause));
    });
    client.on('error', (error) => {
      cause ??= error instanceof Fault ? error : new Fault('LINK_FAILED', `the connection to the hub failed: ${error.message}`);
      // MQTT.js goes on after some errors; a new connection is the only state that is known to be good.
      client.end(true);
    });
    client.on('packetreceive', ({ cmd }: Packet) => {
      // MQTT.js takes a PUBCOMP for the answer to any publish; ours are all of QoS 1, and only a PUBACK says that records are kept.
      if (cmd === 'pubcomp' || cmd === 'pubrec')
        client.emit('error', new Fault('LINK_FAILED', `the hub sent a ${cmd}: that answers no QoS 1`));
    });
    client.on('disconnect', (packet) => {
      const why = packet.properties?.reasonString ?? `reason 0x${(packet.reasonCode ?? 0).toString(16)}`;
      cause ??= new Fault('LINK_CLOSED', `the hub closed the connection: ${why}`);
    });
    return new Promise((resolve, reject) => {
      let welcome: Welcome | undefined;
      client.on('packetreceive', (packet: Packet) => {
        if (packet.cmd !== 'connack') return;
        const outcome = readConnack(packet, stream.openedAt, now());
        if (outcome instanceof Fault) reject(outcome);
        else welcome = outcome;
      });
      client.on('connect', () => {
        if (welcome === undefined) return;
        const link = new Link(client, stream, address, closed);
        client.subscribe(topic(address, 'commands'), { qos: 1 }, (error) => {
          if (error) options.log('uplink.subscribe.failed', { text: error.message });
        });
        resolve({ link, welcome });
      });
      void closed.then((fault) => reject(fault ?? new Fault('LINK_FAILED', 'the hub cannot be reached')));
    });
  }

  /** Sends a batch; resolves with the hub's answer, never when the connection closes first. */
  sendRecords(payload: Uint8Array, answered: (answer: Answer) => void): void {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#client.publish(topic(this.#address, 'records'), bytes, { qos: 1 }, (error, packet) => {
      if (!error) return answered({ ok: true });
      const { properties } = (packet ?? {}) as { properties?: Properties };
      // Without an answer of the hub the connection is gone: what was on the wire is sent again after the next connect.
      if (packet === undefined) return;
      const code = property(properties, 'code') ?? 'BUSY';
      answered({ ok: false, code, text: properties?.reasonString ?? error.message, head: headOf(properties) });
    });
  }

  /** Sends the retained status; lost with the connection, the next one begins with a new status. */
  sendStatus(status: NodeStatus): void {
    this.#client.publish(topic(this.#address, 'status'), JSON.stringify(status), { qos: 0, retain: true });
  }

  /** Says goodbye, which drops the will, and closes. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.cut(), CLOSE_MS);
    this.#client.end(false, { reasonCode: 0 });
    await this.closed;
    clearTimeout(late);
  }

  /** Cuts the connection; the will stands. */
  cut(): void {
    this.#client.end(true);
    // MQTT.js does nothing more once it has begun to say goodbye.
    this.#stream.destroy();
  }
}

function clientOptions({ address, token, onCommand, log }: LinkOptions): IClientOptions {
  const id = clientId(address);
  const will: NodeStatus = { v: 1, online: false };
  return {
    protocolVersion: 5,
    clientId: id,
    username: id,
    password: token,
    clean: true,
    keepalive: KEEPALIVE_SECONDS,
    connectTimeout: CONNACK_MS,
    // The uplink makes a new client with a new token for each connection.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    autoAssignTopicAlias: true,
    properties: {
      receiveMaximum: RECEIVE_MAXIMUM,
      maximumPacketSize: MAXIMUM_PACKET_BYTES,
      sessionExpiryInterval: WILL_DELAY_SECONDS,
    },
    will: {
      topic: topic(address, 'status'),
      payload: Buffer.from(JSON.stringify(will)),
      qos: 0,
      retain: true,
      properties: { willDelayInterval: WILL_DELAY_SECONDS },
    },
    customHandleAcks: (_topic, message, _packet, done) => {
      const command = readCommand(message);
      if (typeof command === 'number') {
        log('uplink.command.refused', { reason: command, bytes: message.length });
        return done(command);
      }
      Promise.resolve()
        .then(() => onCommand(command))
        .then(
          () => done(0),
          (error: unknown) => done(new Fault('COMMAND_NOT_STORED', `command ${command.id} was not stored: ${String(error)}`)),
        );
    },
  };
}

/** Types of commands. */
const UNDERSTOOD: readonly string[] = ['expect', 'forget', 'zone'] satisfies Command['type'][];

/** A command of a type that this version understands, or the PUBACK reason that refuses it. */
function readCommand(message: Buffer): Command | number {
  try {
    const command = JSON.parse(message.toString('utf8')) as Partial<Command> | null;
    if (typeof command?.id !== 'string' || command.id === '') return PAYLOAD_INVALID;
    if (command.v !== 1 || !UNDERSTOOD.includes(command.type as string)) return NOT_UNDERSTOOD;
    return isCommand(command) ? command : PAYLOAD_INVALID;
  } catch {
    return PAYLOAD_INVALID;
  }
}

function readConnack(packet: IConnackPacket, sentAt: number, receivedAt: number): Welcome | LinkRefused {
  const properties = packet.properties as Properties;
  const time = Number(property(properties, 'time'));
  const offsetMs = Number.isSafeInteger(time) && time > 0 ? Math.round(time - (sentAt + receivedAt) / 2) : undefined;
  const told = Number(property(properties, 'turn') ?? 'none');
  const turn = Number.isSafeInteger(told) && told >= 0 ? told : undefined;
  const reason = packet.reasonCode ?? 0;
  if (reason >= REFUSED) {
    const code = property(properties, 'code') ?? 'CONNECT_REFUSED';
    return new LinkRefused(
      code,
      properties?.reasonString ?? `the hub refused the connection: reason 0x${reason.toString(16)}`,
      offsetMs,
      turn,
    );
  }
  const head = headOf(properties);
  if (head === undefined || offsetMs === undefined) {
    return new LinkRefused('NO_HUB', 'the server does not tell where it stands: the address is not that of a hub', undefined);
  }
  return { head, offsetMs, ...(turn === undefined ? {} : { turn }) };
}
