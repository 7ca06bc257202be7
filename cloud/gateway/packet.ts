import { type Packet as AnyPacket, generate, type Parser, parser } from 'mqtt-packet';
import { afterBinary, afterText, u16 } from './fields.ts';
import type { Frame } from './framer.ts';
import { checkProperties } from './properties.ts';
import { PacketFault, REASON } from './reason.ts';

/** The packets a client may send, as far as this server reads them. */
export interface ConnectPacket {
  readonly cmd: 'connect';
  readonly clientId: string;
  readonly clean: boolean;
  readonly keepalive: number;
  readonly username?: string;
  readonly password?: Uint8Array;
  readonly will?: {
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly qos: number;
    readonly properties?: { readonly willDelayInterval?: number };
  };
  readonly properties?: {
    readonly sessionExpiryInterval?: number;
    readonly receiveMaximum?: number;
    readonly maximumPacketSize?: number;
    readonly requestProblemInformation?: boolean;
    readonly authenticationMethod?: string;
  };
}

export interface PublishPacket {
  readonly cmd: 'publish';
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly messageId?: number;
  readonly payload: Uint8Array;
  readonly properties?: { readonly topicAlias?: number };
}

export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | { readonly cmd: 'puback'; readonly messageId: number; readonly reasonCode?: number }
  | { readonly cmd: 'subscribe'; readonly messageId: number; readonly subscriptions: readonly { topic: string; qos: number }[] }
  | { readonly cmd: 'unsubscribe'; readonly messageId: number; readonly unsubscriptions: readonly string[] }
  | { readonly cmd: 'pingreq' }
  | { readonly cmd: 'disconnect'; readonly reasonCode?: number; readonly properties?: { readonly sessionExpiryInterval?: number } };

export type Version = 4 | 5;
export type UserProperties = Readonly<Record<string, string>>;

/** Packet types a client may send, by the high nibble of the first byte (MQTT 5 section 2.1.2). */
const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PINGREQ = 12;
const DISCONNECT = 14;
const ACCEPTED: readonly number[] = [CONNECT, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT];

const typeOf = ({ bytes }: Frame): number => (bytes[0] as number) >> 4;

/** Name and level of a CONNECT, read before anything else because they decide how an answer must look (MQTT 5 section 3.1.2.1). */
export function protocolOf(frame: Frame): { readonly name: string; readonly level: number } | undefined {
  const { bytes, body } = frame;
  if (typeOf(frame) !== CONNECT) return undefined;
  const end = afterBinary(bytes, body);
  const level = bytes[end];
  if (level === undefined) throw new PacketFault(REASON.malformed, 'the CONNECT ends before its protocol level');
  return { name: String.fromCharCode(...bytes.subarray(body + 2, Math.min(end, body + 10))), level };
}

/** The protocol level in the first bytes of a CONNECT that may never be complete; undefined when they do not tell. */
export function levelOf(bytes: Uint8Array): number | undefined {
  let body = 1;
  while (body < 5 && (bytes[body] ?? 0) >= 0x80) body++;
  try {
    const protocol = bytes.length > body ? protocolOf({ bytes, body: body + 1 }) : undefined;
    return protocol?.name === 'MQTT' ? protocol.level : undefined;
  } catch {
    return undefined;
  }
}

/** Clauses that mqtt-packet does not check, on the raw bytes. */
function checkClauses({ bytes, body }: Frame, type: number, version: Version): void {
  const rest = bytes.length - body;
  const malformed = (what: string): never => {
    throw new PacketFault(REASON.malformed, what);
  };
  if (type === PINGREQ && rest !== 0) malformed('a PINGREQ has no body (section 3.12)');
  if (type === DISCONNECT && version === 4 && rest !== 0) malformed('a DISCONNECT of MQTT 3.1.1 has no body (section 3.14)');
  if (type === PUBACK && version === 4 && rest !== 2) malformed('a PUBACK of MQTT 3.1.1 is 2 bytes (section 3.4)');
  const flags = (bytes[0] as number) & 0x0f;
  const reserved = type === SUBSCRIBE || type === UNSUBSCRIBE ? 2 : 0;
  if (type !== PUBLISH && flags !== reserved) malformed(`header flags ${flags}, expected ${reserved} (section 2.1.3)`);
  const qos = (flags >> 1) & 3;
  if (type === PUBLISH && qos === 3) malformed('QoS 3 does not exist (section 3.3.1.2)');
  if (type === PUBLISH && qos === 0 && (flags & 8) !== 0) malformed('DUP stands with QoS 0 (section 3.3.1.1)');
  let at = body;
  if (type === PUBLISH) {
    at = afterText(bytes, at);
    if (qos > 0) at += 2;
    if (at > bytes.length) malformed('the PUBLISH ends before its payload');
    if (version === 5) checkProperties(bytes, at, 'publish');
  } else if (type === SUBSCRIBE || type === UNSUBSCRIBE) {
    u16(bytes, at);
    at += 2;
    if (version === 5) at = checkProperties(bytes, at, type === SUBSCRIBE ? 'subscribe' : 'unsubscribe');
    if (at === bytes.length) throw new PacketFault(REASON.protocolError, 'there is no topic filter (sections 3.8.3 and 3.10.3)');
    // Each filter of a SUBSCRIBE has a byte of options behind it.
    while (at < bytes.length) at = afterText(bytes, at) + (type === SUBSCRIBE ? 1 : 0);
  } else if (type === PUBACK) {
    u16(bytes, at);
    if (version === 5 && rest > 3) checkProperties(bytes, at + 3, 'puback');
  } else if (type === DISCONNECT && rest > 1) {
    checkProperties(bytes, at + 1, 'disconnect');
  } else if (type === CONNECT) {
    checkConnect(bytes, at, version);
  }
}

function checkConnect(bytes: Uint8Array, body: number, version: Version): void {
  const flagsAt = afterBinary(bytes, body) + 1;
  const flags = bytes[flagsAt] ?? 0;
  const will = (flags & 4) !== 0;
  if (((flags >> 3) & 3) === 3) throw new PacketFault(REASON.malformed, 'the will has QoS 3 (section 3.1.2.6)');
  if (version === 4 && (flags & 0x40) !== 0 && (flags & 0x80) === 0)
    throw new PacketFault(REASON.malformed, 'a password without a user name (MQTT 3.1.1 section 3.1.2.9)');
  u16(bytes, flagsAt + 1);
  let at = flagsAt + 3;
  if (version === 5) at = checkProperties(bytes, at, 'connect');
  at = afterText(bytes, at);
  if (will && version === 5) at = checkProperties(bytes, at, 'will');
  if (will) at = afterBinary(bytes, afterText(bytes, at));
  if ((flags & 0x80) !== 0) at = afterText(bytes, at);
  if ((flags & 0x40) !== 0) at = afterBinary(bytes, at);
  if (at !== bytes.length) throw new PacketFault(REASON.malformed, 'the lengths in the CONNECT do not add up');
}

/** Reads whole packets of one connection. */
export class PacketReader {
  #parser: Parser | undefined;
  #packet: AnyPacket | undefined;
  #error: string | undefined;

  /** @throws PacketFault malformed, protocolError, subscriptionId */
  read(frame: Frame, version: Version): ClientPacket {
    const type = typeOf(frame);
    if (!ACCEPTED.includes(type)) {
      // 0 is reserved (malformed); the others exist but belong to the server or to QoS 2 and extended authentication.
      throw new PacketFault(type === 0 ? REASON.malformed : REASON.protocolError, `packet type ${type} is not accepted here`);
    }
    checkClauses(frame, type, version);
    this.#parser ??= this.#open(version);
    this.#packet = undefined;
    this.#error = undefined;
    // The declaration asks for a Buffer; any view of bytes is taken (bl wraps it).
    const left = this.#parser.parse(frame.bytes as unknown as Parameters<Parser['parse']>[0]);
    if (this.#error !== undefined) throw new PacketFault(REASON.malformed, this.#error);
    if (this.#packet === undefined || left !== 0) throw new PacketFault(REASON.malformed, 'the packet does not end where its length says');
    return this.#packet as unknown as ClientPacket;
  }

  #open(version: Version): Parser {
    const opened = parser({ protocolVersion: version });
    opened.on('packet', (packet) => {
      this.#packet = packet;
    });
    opened.on('error', (error: Error) => {
      this.#error ??= error.message;
    });
    return opened;
  }
}

type ServerPacket = { readonly cmd: 'connack' | 'suback' | 'unsuback' | 'puback' | 'publish' | 'pingresp' | 'disconnect' } & Readonly<
  Record<string, unknown>
>;

/** The bytes of a packet that the server sends. */
export function encode(packet: ServerPacket, version: Version): Uint8Array {
  return generate(packet as unknown as AnyPacket, { protocolVersion: version });
}
