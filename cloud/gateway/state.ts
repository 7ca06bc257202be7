import * as limit from './limits.ts';
import type { Version } from './packet.ts';
import type { SubscribeChannel } from './rights.ts';

/** What a connection must remember while its object sleeps: plain values, well under the 16 KB of an attachment. */
export interface SessionState {
  readonly phase: 'fresh' | 'open' | 'closed';
  readonly version: Version;
  /** Seconds; 1.5 times this without a packet ends the connection. */
  readonly keepalive: number;
  readonly aliases: Readonly<Record<number, string>>;
  readonly channels: readonly SubscribeChannel[];
  /** Commands that may be in flight towards the client. */
  readonly window: number;
  /** Bytes of the largest packet the client takes. */
  readonly maximumPacket: number;
  /** Whether reason strings and user properties are welcome outside CONNACK and DISCONNECT. */
  readonly problems: boolean;
  readonly expiry: number;
  /** Set when an incomplete packet was held: it is lost if the object is evicted. */
  readonly mid: boolean;
}

/** Before the CONNECT. */
export const FRESH: SessionState = {
  phase: 'fresh',
  version: 4,
  keepalive: 0,
  aliases: {},
  channels: [],
  window: limit.RECEIVE_MAXIMUM,
  maximumPacket: limit.MAX_PACKET_BYTES,
  problems: true,
  expiry: 0,
  mid: false,
};
