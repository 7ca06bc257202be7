import { clientId, type NodeAddress, parseClientId } from '../../protocol/topics.ts';
import { Door } from './door.ts';
import { turnAway } from './turnaway.ts';

/** Tells the gateway object whose socket it gets; set by the Worker only. */
export const CLIENT_HEADER = 'X-Docket-Client';

const PATH = '/mqtt/';

export interface UpgradeEnv {
  readonly GATEWAY: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
}

function refuse(status: number, code: string, detail: string, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify({ type: `about:blank#${code}`, title: code, status, code, detail });
  return new Response(body, { status, headers: { 'Content-Type': 'application/problem+json', ...headers } });
}

/** The node in `/mqtt/<tenant>/<site>/<node>`; undefined for any other path. */
function addressOf(path: string): NodeAddress | undefined {
  return path.startsWith(PATH) ? parseClientId(path.slice(PATH.length)) : undefined;
}

const DOOR = new Door();

/**
 * Routes a WebSocket upgrade for MQTT to the gateway object of its node. Connections over the limit of their address are refused here,
 * before the catalog or any object is asked.
 * @param known whether a tenant exists: an object costs money, so that one must not be made for any name that a stranger thinks of
 */
export async function upgrade(
  request: Request,
  env: UpgradeEnv,
  known: (tenant: string) => Promise<boolean>,
  door: Door = DOOR,
): Promise<Response> {
  const address = addressOf(new URL(request.url).pathname);
  if (address === undefined) return refuse(404, 'NO_NODE', 'the path must be /mqtt/<tenant>/<site>/<node>');
  if (request.method !== 'GET') return refuse(405, 'METHOD', `${request.method} is no upgrade: use GET`, { Allow: 'GET' });
  if (request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') {
    return refuse(426, 'UPGRADE', 'MQTT is served over WebSocket: ask for Upgrade: websocket', { Upgrade: 'websocket' });
  }
  const offered = (request.headers.get('Sec-WebSocket-Protocol') ?? '').split(',').map((name) => name.trim());
  if (!offered.includes('mqtt')) return refuse(400, 'SUBPROTOCOL', 'offer the WebSocket subprotocol mqtt (MQTT 5 section 6)');
  const admission = door.knock(request.headers.get('cf-connecting-ip') ?? '', Date.now());
  if (admission.let !== 'in') {
    const text = `too many connections from this address: connect again in ${admission.seconds} s`;
    const answer = admission.let === 'answer' ? turnAway(address, text) : undefined;
    return answer ?? refuse(429, 'CONNECTION_RATE', text, { 'Retry-After': String(admission.seconds) });
  }
  if (!(await known(address.tenant))) return refuse(404, 'NO_NODE', `there is no tenant ${address.tenant}`);
  const forwarded = new Request(request, { headers: new Headers(request.headers) });
  forwarded.headers.set(CLIENT_HEADER, clientId(address));
  return env.GATEWAY.getByName(clientId(address)).fetch(forwarded);
}
