import type { NodeAddress } from '../../protocol/topics.ts';
import { MAX_REFUSED_SOCKETS, REFUSED_TIMEOUT_MS } from './limits.ts';
import { REASON } from './reason.ts';
import { type Effect, Session } from './session.ts';

/** Sockets that this isolate holds to refuse them. */
let held = 0;

function perform(socket: WebSocket, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.do === 'send') socket.send(effect.bytes);
    if (effect.do === 'close') socket.close(effect.code, effect.reason);
  }
}

/**
 * Takes a socket only to refuse its CONNECT: an MQTT client understands a CONNACK with 0x9F (3 in MQTT 3.1.1) and waits, where a failed
 * handshake looks like a hub that is down. No Durable Object hears of it. Undefined when too many are held already.
 */
export function turnAway(address: NodeAddress, text: string): Response | undefined {
  if (held >= MAX_REFUSED_SOCKETS) return undefined;
  const { 0: client, 1: socket } = new WebSocketPair();
  const session = new Session(address);
  held++;
  const timer = setTimeout(() => perform(socket, session.end(REASON.connectionRate, text)), REFUSED_TIMEOUT_MS);
  let left = false;
  const leave = (): void => {
    clearTimeout(timer);
    if (!left) held--;
    left = true;
  };
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') return perform(socket, session.end(REASON.protocolError, 'MQTT needs binary frames (MQTT 5 section 6)'));
    session.push(new Uint8Array(data as ArrayBuffer));
    for (let effects = session.step(); effects !== undefined; effects = session.step()) {
      const login = effects.some((effect) => effect.do === 'login');
      perform(socket, login ? session.refuse(REASON.connectionRate, 'CONNECTION_RATE', text) : effects);
    }
    if (session.state.phase === 'closed') leave();
  });
  socket.addEventListener('close', leave);
  socket.addEventListener('error', leave);
  socket.accept();
  return new Response(null, { status: 101, webSocket: client, headers: { 'Sec-WebSocket-Protocol': 'mqtt' } });
}
