import { generate, type Packet, parser } from 'mqtt-packet';
import { concat } from '../../protocol/bytes.ts';
import { clientId, type NodeAddress, topic } from '../../protocol/topics.ts';
import { type Effect, Session } from './session.ts';

/** A client for session tests: packets by mqtt-packet, the session's answers decoded by it. */
export const ADDRESS: NodeAddress = { tenant: 'demo', site: 'LYON', node: 'dock-1' };
export const CLIENT = clientId(ADDRESS);
export const HEAD = { epoch: 1, seq: 7, chain: 'A'.repeat(43) };

export type Answer = Packet & Record<string, unknown>;

export const bytesOf = (packet: object, version: 4 | 5 = 5): Uint8Array => generate(packet as Packet, { protocolVersion: version });

export const connectPacket = (more: object = {}): object => ({
  cmd: 'connect',
  clientId: CLIENT,
  protocolVersion: 5,
  clean: true,
  keepalive: 60,
  username: CLIENT,
  password: 'a.b.c',
  ...more,
});

export const publishPacket = (more: object = {}): object => ({
  cmd: 'publish',
  topic: topic(ADDRESS, 'records'),
  qos: 1,
  messageId: 1,
  dup: false,
  retain: false,
  payload: 'batch',
  ...more,
});

/** The packets in the bytes that effects send. */
export function answers(effects: readonly Effect[], version: 4 | 5 = 5): Answer[] {
  const packets: Answer[] = [];
  const reader = parser({ protocolVersion: version });
  reader.on('packet', (packet) => packets.push(packet as Answer));
  reader.on('error', (error) => packets.push({ cmd: 'error', error } as unknown as Answer));
  const sent = effects.flatMap((effect) => (effect.do === 'send' ? [effect.bytes] : []));
  if (sent.length > 0) reader.parse(Buffer.from(concat(...sent)));
  return packets;
}

/** Pushes bytes and runs all steps; a login is accepted. */
export function run(session: Session, bytes: Uint8Array, present = false): Effect[] {
  session.push(bytes);
  const all: Effect[] = [];
  for (let effects = session.step(); effects !== undefined; effects = session.step()) {
    all.push(...effects);
    if (effects.some((effect) => effect.do === 'login')) all.push(...session.accept(1_700_000_000_000, HEAD, present, []));
  }
  return all;
}

/** A session with a connected client. */
export function connected(version: 4 | 5 = 5, more: object = {}): Session {
  const session = new Session(ADDRESS);
  run(session, bytesOf(connectPacket({ protocolVersion: version, ...more }), version));
  return session;
}
