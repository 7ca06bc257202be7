import { timingSafeEqual } from 'node:crypto';
import type { ConnectPacket } from 'aedes';
import type { Inlet } from '../readers/network/inlet.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** CONNACK return codes of MQTT 3.1.1 section 3.2.2.3 that this broker sends; the protocol version it leaves to aedes. */
export const RETURN = { identifier: 2, credentials: 4, notAuthorized: 5 } as const;

/**
 * Longest keep-alive, seconds: a dead display is noticed within 1.5 times this. 0 would mean never. A client that asks for more
 * is told: aedes' own limit answers with 6, a code that 3.1.1 reserves.
 */
const KEEPALIVE_S = 300;
/** Names of displays are shorter; each name with a kept session costs memory. */
const MAX_ID_BYTES = 128;

/** Client identifiers of readers begin with this inside the broker, so that no reader and no display can take another one's place. */
const READER = 'reader:';

/** The identifier under which the broker keeps a client of a reader. */
export const readerId = (inlet: Inlet, clientId: string): string => `${READER}${inlet.user}:${clientId}`;

/** The reader that a CONNECT names; undefined for a display. */
export function inletOf({ username }: ConnectPacket, inlets: readonly Inlet[]): Inlet | undefined {
  return username === undefined ? undefined : inlets.find(({ user }) => user === username);
}

/** The return code that refuses a CONNECT; undefined for a welcome one. */
export function refusalOf(
  packet: ConnectPacket,
  credentials: Credentials | undefined,
  inlets: readonly Inlet[] = [],
): (typeof RETURN)[keyof typeof RETURN] | undefined {
  // Without a name there is nothing to keep a session under (section 3.1.3.1, MQTT-3.1.3-8).
  if (packet.clientId === '' && !packet.clean) return RETURN.identifier;
  if (Buffer.byteLength(packet.clientId) > MAX_ID_BYTES || packet.clientId.startsWith(READER)) return RETURN.identifier;
  const inlet = inletOf(packet, inlets);
  if (inlet !== undefined) {
    if (!same(packet.password, inlet.password)) return RETURN.credentials;
  } else if (credentials !== undefined) {
    if (!(same(packet.username, credentials.user) && same(packet.password, credentials.password))) return RETURN.credentials;
    // A name that is nobody's: a reader whose name was mistyped must not pass as a display.
  } else if (inlets.length > 0 && packet.username !== undefined) return RETURN.credentials;
  const { keepalive = 0 } = packet;
  return keepalive === 0 || keepalive > KEEPALIVE_S ? RETURN.notAuthorized : undefined;
}

/** Compares without telling by its time how much was right. */
function same(given: string | Uint8Array | undefined, wanted: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
