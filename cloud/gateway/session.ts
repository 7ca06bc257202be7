import { fromUtf8 } from '../../protocol/bytes.ts';
import type { ChainHead, RefusalCode } from '../../protocol/refusal.ts';
import { clientId, type NodeAddress, topic } from '../../protocol/topics.ts';
import { type Frame, Framer } from './framer.ts';
import * as limit from './limits.ts';
import { type ClientPacket, type ConnectPacket, encode, levelOf, PacketReader, type PublishPacket, protocolOf } from './packet.ts';
import { closeCode, PacketFault, REASON, returnCode } from './reason.ts';
import { isWillTopic, publishChannel, type SubscribeChannel, subscribeChannel } from './rights.ts';
import { FRESH, type SessionState } from './state.ts';

/** What a CONNECT asks for, already checked as far as its packet goes; the token is not. */
export interface Login {
  readonly token: string;
  readonly clean: boolean;
  /** How long the session shall outlive the connection, seconds. */
  readonly expiry: number;
  readonly will?: { readonly payload: Uint8Array; readonly delay: number };
}

/** What the owner of a session must do, in order. */
export type Effect =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'login'; readonly login: Login }
  /** `id` is 0 for QoS 0: nothing is acknowledged. */
  | { readonly do: 'records' | 'status'; readonly id: number; readonly payload: Uint8Array }
  /** A publish to be refused in its turn: acknowledgements keep the order of the publishes (MQTT 5 section 4.6). */
  | { readonly do: 'reject'; readonly id: number; readonly reason: number; readonly text: string }
  | { readonly do: 'subscribed'; readonly channels: readonly SubscribeChannel[] }
  | { readonly do: 'unsubscribed'; readonly channels: readonly SubscribeChannel[] }
  /** The client took the command that was sent with this packet identifier, or refused it for good. */
  | { readonly do: 'acknowledged'; readonly id: number; readonly reason: number }
  /** The client left; `expiry` where it changed its mind about how long the session lives. */
  | { readonly do: 'leave'; readonly will: boolean; readonly expiry?: number }
  | { readonly do: 'close'; readonly code: number; readonly reason: string };

const PUBACK_REASON: Readonly<Record<RefusalCode, number>> = {
  GAP: REASON.implementation,
  BUSY: REASON.quota,
  BATCH_INVALID: REASON.payload,
  RECORD_INVALID: REASON.payload,
  VERSION: REASON.payload,
  SIGNATURE: REASON.notAuthorized,
  KEY: REASON.notAuthorized,
  QUARANTINED: REASON.notAuthorized,
  FORK: REASON.implementation,
  CHAIN: REASON.implementation,
  ADDRESS: REASON.notAuthorized,
  EPOCH: REASON.implementation,
};

/**
 * One MQTT connection, server side, for MQTT 3.1.1 and 5: bytes in, effects out, no I/O and no clock.
 * The owner pushes bytes, then calls `step` until it returns undefined, doing all effects of a step before the next: a CONNECT is
 * answered before what follows it in the same frame is read.
 */
export class Session {
  readonly #address: NodeAddress;
  readonly #framer = new Framer();
  readonly #reader = new PacketReader();
  /** Packet identifiers of publishes that wait for their PUBACK. */
  readonly #waiting = new Set<number>();
  #state: SessionState;
  #broken: boolean;

  constructor(address: NodeAddress, state: SessionState = FRESH) {
    this.#address = address;
    this.#state = state;
    this.#broken = state.mid;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Publishes with QoS 1 that are not acknowledged yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  push(bytes: Uint8Array): void {
    if (this.#state.phase !== 'closed' && !this.#broken) this.#framer.push(bytes);
  }

  /** Handles one packet; undefined when there is none to handle. */
  step(): Effect[] | undefined {
    if (this.#state.phase === 'closed') return undefined;
    try {
      if (this.#broken) {
        throw new PacketFault(REASON.unspecified, 'the first part of a packet was lost: connect again and resend');
      }
      const frame = this.#framer.next(this.#state.phase === 'fresh' ? limit.MAX_CONNECT_BYTES : limit.MAX_PACKET_BYTES);
      if (frame === undefined) {
        const mid = this.#framer.pending > 0;
        if (mid !== this.#state.mid) this.#set({ mid });
        return undefined;
      }
      return this.#state.phase === 'fresh' ? this.#connect(frame) : this.#handle(this.#reader.read(frame, this.#state.version));
    } catch (error) {
      if (error instanceof PacketFault) return this.end(error.reason, error.message);
      throw error;
    }
  }

  /** Answers a CONNECT whose token was good. `time` is the hub's, epoch milliseconds. */
  accept(time: number, head: ChainHead, present: boolean, channels: readonly SubscribeChannel[], turn?: number): Effect[] {
    const wanted = this.#state.keepalive;
    const keepalive = boundKeepalive(wanted);
    this.#set({ phase: 'open', channels, keepalive });
    if (this.#state.version === 4) return [this.#send({ cmd: 'connack', sessionPresent: present, returnCode: 0 })];
    const properties = {
      receiveMaximum: limit.RECEIVE_MAXIMUM,
      maximumQoS: 1,
      maximumPacketSize: limit.MAX_PACKET_BYTES,
      topicAliasMaximum: limit.TOPIC_ALIAS_MAXIMUM,
      wildcardSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      ...(keepalive === wanted ? {} : { serverKeepAlive: keepalive }),
      userProperties: {
        time: String(time),
        epoch: String(head.epoch),
        seq: String(head.seq),
        chain: head.chain,
        ...(turn === undefined ? {} : { turn: String(turn) }),
      },
    };
    return [this.#send({ cmd: 'connack', sessionPresent: present, reasonCode: 0, properties })];
  }

  /** Answers a CONNECT with a refusal and ends the connection; `code` and the hub's time tell a node what to mend. */
  refuse(reason: number, code: string, text: string, time?: number, turn?: number): Effect[] {
    this.#set({ phase: 'closed' });
    const packet =
      this.#state.version === 4
        ? { cmd: 'connack' as const, sessionPresent: false, returnCode: returnCode(reason) }
        : {
            cmd: 'connack' as const,
            sessionPresent: false,
            reasonCode: reason,
            properties: {
              reasonString: text,
              userProperties: {
                code,
                ...(time === undefined ? {} : { time: String(time) }),
                ...(turn === undefined ? {} : { turn: String(turn) }),
              },
            },
          };
    return [this.#send(packet), closing(reason, `${code}: ${text}`)];
  }

  /** The PUBACK of a publish that is stored. */
  acknowledge(id: number): Effect[] {
    if (this.#state.phase !== 'open' || !this.#waiting.delete(id)) return [];
    return [this.#send({ cmd: 'puback', messageId: id, reasonCode: REASON.success })];
  }

  /**
   * The PUBACK of a batch that is refused, with the head the hub expects the next one to follow. MQTT 3.1.1 has no such packet:
   * there the connection ends, and nothing is acknowledged.
   */
  refusePublish(id: number, code: RefusalCode, text: string, head?: ChainHead): Effect[] {
    const reason = PUBACK_REASON[code];
    if (this.#state.phase !== 'open' || !this.#waiting.delete(id)) return [];
    if (this.#state.version === 4) return this.end(REASON.unspecified, `${code}: ${text}`);
    const at = head === undefined ? {} : { epoch: String(head.epoch), seq: String(head.seq), chain: head.chain };
    const properties = this.#state.problems ? { properties: { reasonString: text, userProperties: { code, ...at } } } : {};
    return [this.#send({ cmd: 'puback', messageId: id, reasonCode: reason, ...properties })];
  }

  /** The PUBACK of a publish with a payload that cannot be read, or on a topic that is not the node's. */
  rejectPublish(id: number, reason: number, text: string): Effect[] {
    if (id === 0 || this.#state.version === 4) return this.end(reason, text);
    if (this.#state.phase !== 'open' || !this.#waiting.delete(id)) return [];
    const properties = this.#state.problems ? { properties: { reasonString: text } } : {};
    return [this.#send({ cmd: 'puback', messageId: id, reasonCode: reason, ...properties })];
  }

  /** A publish to the client, on one of its two channels; undefined when it is over the client's maximum packet size. */
  publish(channel: SubscribeChannel, payload: string, id: number, dup: boolean): Effect[] | undefined {
    const packet = { cmd: 'publish' as const, topic: topic(this.#address, channel), payload, qos: id === 0 ? 0 : 1, dup, retain: false };
    const bytes = encode(id === 0 ? packet : { ...packet, messageId: id }, this.#state.version);
    return bytes.length > this.#state.maximumPacket ? undefined : [{ do: 'send', bytes }];
  }

  /** Ends the connection with a reason, as far as the client's version can be told (MQTT 5 sections 3.1.4 and 4.13). */
  end(reason: number, text: string): Effect[] {
    const { phase, version } = this.#state;
    if (phase === 'fresh' && (version === 5 || levelOf(this.#framer.peek()) === 5)) {
      this.#set({ version: 5 });
      return this.refuse(reason, 'CONNECT', text);
    }
    this.#set({ phase: 'closed' });
    const close = closing(reason, text);
    if (phase !== 'open' || version === 4) return [close];
    return [this.#send({ cmd: 'disconnect', reasonCode: reason, properties: { reasonString: text } }), close];
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
  }

  /** What explains an answer is left out where it would be over what the client takes (sections 3.2.2.3.9, 3.2.2.3.10, 3.4.2.2, 3.14.2.2). */
  #send(packet: Parameters<typeof encode>[0]): Effect {
    const { version, maximumPacket } = this.#state;
    const bytes = encode(packet, version);
    if (bytes.length <= maximumPacket || packet['properties'] === undefined) return { do: 'send', bytes };
    const { reasonString: _, ...brief } = packet['properties'] as Readonly<Record<string, unknown>>;
    const { userProperties: __, ...bare } = brief;
    const shorter = encode({ ...packet, properties: brief }, version);
    return { do: 'send', bytes: shorter.length <= maximumPacket ? shorter : encode({ ...packet, properties: bare }, version) };
  }

  /** The first packet. What cannot be answered in MQTT ends without an answer. */
  #connect(frame: Frame): Effect[] {
    const protocol = protocolOf(frame);
    if (protocol === undefined) throw new PacketFault(REASON.protocolError, 'the first packet must be a CONNECT (section 3.1)');
    const known = protocol.name === 'MQTT' || protocol.name === 'MQIsdp';
    if (!known) throw new PacketFault(REASON.version, `protocol ${JSON.stringify(protocol.name)} is not MQTT`);
    if (protocol.level !== 4 && protocol.level !== 5) {
      // Above 5 the answer has the form of MQTT 5 (section 3.1.2.2), below 4 that of 3.1.1.
      this.#set({ version: protocol.level > 5 ? 5 : 4, phase: 'closed' });
      const connack = { cmd: 'connack' as const, sessionPresent: false, returnCode: 1, reasonCode: REASON.version };
      return [this.#send(connack), closing(REASON.version, `protocol level ${protocol.level} is not served: use MQTT 5 or 3.1.1`)];
    }
    this.#set({ version: protocol.level });
    const packet = this.#reader.read(frame, protocol.level) as ConnectPacket;
    const { properties = {}, will } = packet;
    this.#set({ maximumPacket: Math.min(properties.maximumPacketSize ?? limit.MAX_PACKET_BYTES, limit.MAX_PACKET_BYTES) });
    const refuse = (reason: number, text: string): Effect[] => this.refuse(reason, 'CONNECT', text);
    if (properties.authenticationMethod !== undefined)
      return refuse(REASON.authMethod, 'extended authentication is not offered: send the token as password');
    if (packet.clientId !== clientId(this.#address))
      return refuse(REASON.clientId, `the client identifier must be ${clientId(this.#address)}`);
    if (packet.username !== packet.clientId || packet.password === undefined)
      return refuse(REASON.credentials, 'the user name must be the client identifier and the password a token');
    if (will !== undefined) {
      if (!isWillTopic(this.#address, will.topic)) return refuse(REASON.notAuthorized, 'the will must be on the status topic of this node');
      if (will.qos > 1) return refuse(REASON.qos, 'the will has QoS 2: 1 is the most');
      if (will.payload.length > limit.MAX_WILL_BYTES) return refuse(REASON.tooLarge, `the will is over ${limit.MAX_WILL_BYTES} bytes`);
    }
    // MQTT 3.1.1 has no expiry: a session that is not clean lives as long as this server keeps one.
    const wanted = protocol.level === 5 ? (properties.sessionExpiryInterval ?? 0) : packet.clean ? 0 : limit.MAX_SESSION_SECONDS;
    const expiry = Math.min(wanted, limit.MAX_SESSION_SECONDS);
    this.#set({
      keepalive: packet.keepalive,
      window: Math.min(properties.receiveMaximum ?? limit.RECEIVE_MAXIMUM, limit.RECEIVE_MAXIMUM),
      problems: properties.requestProblemInformation ?? true,
      expiry,
    });
    const left = will === undefined ? {} : { will: { payload: will.payload.slice(), delay: will.properties?.willDelayInterval ?? 0 } };
    return [{ do: 'login', login: { token: tokenText(packet.password), clean: packet.clean, expiry, ...left } }];
  }

  #handle(packet: ClientPacket): Effect[] {
    switch (packet.cmd) {
      case 'connect':
        throw new PacketFault(REASON.protocolError, 'a second CONNECT on one connection (section 3.1)');
      case 'publish':
        return this.#publish(packet);
      case 'puback':
        return [{ do: 'acknowledged', id: packet.messageId, reason: packet.reasonCode ?? 0 }];
      case 'subscribe':
        return this.#subscribe(packet.messageId, packet.subscriptions);
      case 'unsubscribe':
        return this.#unsubscribe(packet.messageId, packet.unsubscriptions);
      case 'pingreq':
        return [this.#send({ cmd: 'pingresp' })];
      case 'disconnect':
        return this.#disconnect(packet.reasonCode ?? 0, packet.properties?.sessionExpiryInterval);
    }
  }

  #publish(packet: PublishPacket): Effect[] {
    const { qos, messageId = 0 } = packet;
    if (qos > 1) throw new PacketFault(REASON.qos, 'QoS 2 is not served: 1 is the most (section 3.2.2.3.4)');
    const name = this.#topic(packet);
    const channel = publishChannel(this.#address, name);
    if (qos === 1) this.#receive(messageId);
    const id = qos === 1 ? messageId : 0;
    if (channel === undefined) return [{ do: 'reject', id, reason: REASON.notAuthorized, text: `this node may not publish on ${name}` }];
    return [{ do: channel, id, payload: packet.payload }];
  }

  /** Resolves a topic alias (section 3.3.2.3.4). */
  #topic(packet: PublishPacket): string {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) {
      if (packet.topic === '') throw new PacketFault(REASON.protocolError, 'a PUBLISH with neither topic nor alias');
      return packet.topic;
    }
    if (alias < 1 || alias > limit.TOPIC_ALIAS_MAXIMUM)
      throw new PacketFault(REASON.aliasInvalid, `topic alias ${alias} is not 1 to ${limit.TOPIC_ALIAS_MAXIMUM}`);
    const known = this.#state.aliases[alias];
    if (packet.topic === '') {
      if (known === undefined) throw new PacketFault(REASON.protocolError, `topic alias ${alias} names no topic yet`);
      return known;
    }
    // Judged before it is remembered.
    publishChannel(this.#address, packet.topic);
    if (known !== packet.topic) this.#set({ aliases: { ...this.#state.aliases, [alias]: packet.topic } });
    return packet.topic;
  }

  #receive(id: number): void {
    if (id === 0) throw new PacketFault(REASON.protocolError, 'packet identifier 0 (section 2.2.1)');
    if (this.#waiting.has(id)) throw new PacketFault(REASON.protocolError, `packet identifier ${id} is in use (section 2.2.1)`);
    const maximum = this.#state.version === 5 ? limit.RECEIVE_MAXIMUM : limit.RECEIVE_MAXIMUM_311;
    if (this.#waiting.size >= maximum)
      throw new PacketFault(REASON.receiveMaximum, `more than ${maximum} publishes wait for their PUBACK (section 4.9)`);
    this.#waiting.add(id);
  }

  #subscribe(id: number, subscriptions: readonly { topic: string; qos: number }[]): Effect[] {
    if (id === 0) throw new PacketFault(REASON.protocolError, 'packet identifier 0 (section 2.2.1)');
    const added = new Set<SubscribeChannel>();
    const granted = subscriptions.map(({ topic: filter, qos }, i) => {
      if (i >= limit.MAX_FILTERS) return REASON.quota;
      const channel = subscribeChannel(this.#address, filter);
      if (typeof channel === 'number') return channel;
      // A command is kept until it is acknowledged: QoS 0 has no acknowledgement.
      if (channel === 'commands' && qos === 0) return REASON.implementation;
      added.add(channel);
      return channel === 'commands' ? 1 : 0;
    });
    const channels = [...new Set([...this.#state.channels, ...added])];
    this.#set({ channels });
    // 3.1.1 knows one failure, 0x80 (section 3.9.3).
    const codes = this.#state.version === 5 ? granted : granted.map((code) => (code > 2 ? 0x80 : code));
    const suback = this.#send({ cmd: 'suback', messageId: id, granted: codes });
    return added.size === 0 ? [suback] : [suback, { do: 'subscribed', channels: [...added] }];
  }

  #unsubscribe(id: number, filters: readonly string[]): Effect[] {
    if (id === 0) throw new PacketFault(REASON.protocolError, 'packet identifier 0 (section 2.2.1)');
    const removed: SubscribeChannel[] = [];
    const granted = filters.map((filter) => {
      const channel = subscribeChannel(this.#address, filter);
      if (typeof channel === 'number' || !this.#state.channels.includes(channel)) return REASON.noSubscription;
      if (!removed.includes(channel)) removed.push(channel);
      return REASON.success;
    });
    this.#set({ channels: this.#state.channels.filter((channel) => !removed.includes(channel)) });
    const unsuback = this.#send({ cmd: 'unsuback', messageId: id, ...(this.#state.version === 5 ? { granted } : {}) });
    return removed.length === 0 ? [unsuback] : [unsuback, { do: 'unsubscribed', channels: removed }];
  }

  #disconnect(reason: number, expiry: number | undefined): Effect[] {
    if (expiry !== undefined && expiry > 0 && this.#state.expiry === 0)
      throw new PacketFault(REASON.protocolError, 'a DISCONNECT may not lengthen a session that was to end with it (section 3.14.2.2.2)');
    this.#set({ phase: 'closed' });
    const changed = expiry === undefined ? {} : { expiry: Math.min(expiry, limit.MAX_SESSION_SECONDS) };
    return [
      { do: 'leave', will: reason !== 0, ...changed },
      { do: 'close', code: 1000, reason: '' },
    ];
  }
}

/** Server Keep Alive (section 3.2.2.3.14): 0 would mean that a dead connection is never found. */
function boundKeepalive(seconds: number): number {
  if (seconds === 0) return limit.MAX_KEEPALIVE_SECONDS;
  return Math.max(limit.MIN_KEEPALIVE_SECONDS, Math.min(limit.MAX_KEEPALIVE_SECONDS, seconds));
}

/** The reason of a WebSocket close may have 123 bytes of UTF-8 (RFC 6455 section 5.5). */
function closing(reason: number, text: string): Effect {
  return { do: 'close', code: closeCode(reason), reason: text.replace(/[^\x20-\x7e]/g, '?').slice(0, 123) };
}

function tokenText(password: Uint8Array): string {
  try {
    return fromUtf8(password);
  } catch {
    // Judged like any other password that is no token.
    return '';
  }
}
