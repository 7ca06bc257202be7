import { afterBinary, afterText } from './fields.ts';
import { PacketFault, REASON } from './reason.ts';

/**
 * Walks the properties of a packet (MQTT 5 section 2.2.2) and refuses what the parser would let pass: a string that runs over the
 * end, a property twice, one that does not belong to the packet, a value that its clause forbids.
 */
export type PropertyOwner = 'connect' | 'will' | 'publish' | 'puback' | 'subscribe' | 'unsubscribe' | 'disconnect';

type Kind = 'byte' | 'u16' | 'u32' | 'var' | 'text' | 'binary' | 'pair';

const USER_PROPERTY = 0x26;
const KINDS: Readonly<Record<number, Kind>> = {
  1: 'byte',
  2: 'u32',
  3: 'text',
  8: 'text',
  9: 'binary',
  11: 'var',
  17: 'u32',
  18: 'text',
  19: 'u16',
  21: 'text',
  22: 'binary',
  23: 'byte',
  24: 'u32',
  25: 'byte',
  26: 'text',
  28: 'text',
  31: 'text',
  33: 'u16',
  34: 'u16',
  35: 'u16',
  36: 'byte',
  37: 'byte',
  [USER_PROPERTY]: 'pair',
  39: 'u32',
  40: 'byte',
  41: 'byte',
  42: 'byte',
};

/** Table 2-4 for the packets a client sends, user properties aside: they may stand anywhere and more than once. */
const ALLOWED: Readonly<Record<PropertyOwner, readonly number[]>> = {
  connect: [0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x27],
  will: [0x01, 0x02, 0x03, 0x08, 0x09, 0x18],
  publish: [0x01, 0x02, 0x03, 0x08, 0x09, 0x23],
  puback: [0x1f],
  subscribe: [0x0b],
  unsubscribe: [],
  disconnect: [0x11, 0x1f],
};
/** Receive Maximum and Maximum Packet Size may not be 0 (sections 3.1.2.11.3 and 3.1.2.11.4). */
const NEVER_ZERO: readonly number[] = [0x21, 0x27];
/** Payload format and the two requests are 0 or 1. */
const FLAGS: readonly number[] = [0x01, 0x17, 0x19];

const short = (): PacketFault => new PacketFault(REASON.malformed, 'the properties are cut off');

/** A variable byte integer: its value and the position after it. */
function varInt(bytes: Uint8Array, at: number, end: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || at + i >= end) throw short();
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new PacketFault(REASON.malformed, 'a variable byte integer has more than 4 bytes');
}

function afterValue(bytes: Uint8Array, kind: Kind, at: number, end: number): number {
  switch (kind) {
    case 'byte':
      return at + 1;
    case 'u16':
      return at + 2;
    case 'u32':
      return at + 4;
    case 'var':
      return varInt(bytes, at, end).next;
    case 'text':
      return afterText(bytes, at, end);
    case 'binary':
      return afterBinary(bytes, at, end);
    case 'pair':
      return afterText(bytes, afterText(bytes, at, end), end);
  }
}

/**
 * Checks the properties that begin at `start` with their length; returns the position after them.
 * @throws PacketFault malformed, protocolError, subscriptionId
 */
export function checkProperties(bytes: Uint8Array, start: number, owner: PropertyOwner): number {
  const { value, next } = varInt(bytes, start, bytes.length);
  const end = next + value;
  if (end > bytes.length) throw short();
  const seen = new Set<number>();
  let at = next;
  while (at < end) {
    const id = bytes[at++] as number;
    const kind = KINDS[id];
    if (kind === undefined) throw new PacketFault(REASON.malformed, `property 0x${id.toString(16)} is unknown`);
    if (id !== USER_PROPERTY) {
      // A server that offers no subscription identifiers says so with a reason of its own (section 3.8.2.1.2).
      if (id === 0x0b && owner === 'subscribe') throw new PacketFault(REASON.subscriptionId, 'subscription identifiers are not supported');
      if (!ALLOWED[owner].includes(id))
        throw new PacketFault(REASON.protocolError, `property 0x${id.toString(16)} may not stand in a ${owner}`);
      if (seen.has(id)) throw new PacketFault(REASON.protocolError, `property 0x${id.toString(16)} stands twice`);
      seen.add(id);
    }
    const after = afterValue(bytes, kind, at, end);
    if (after > end) throw short();
    const zero = bytes.subarray(at, after).every((byte) => byte === 0);
    if (zero && NEVER_ZERO.includes(id)) throw new PacketFault(REASON.protocolError, `property 0x${id.toString(16)} is 0`);
    if (FLAGS.includes(id) && (bytes[at] as number) > 1)
      throw new PacketFault(REASON.protocolError, `property 0x${id.toString(16)} is neither 0 nor 1`);
    at = after;
  }
  return end;
}
