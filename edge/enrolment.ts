import { fromBase64url, toBase64url } from '../protocol/bytes.ts';
import { enrolAddress, enrolHash, enrolMessage, rotateMessage } from '../protocol/enrol.ts';
import { Fault } from '../protocol/fault.ts';
import { clientId } from '../protocol/topics.ts';
import { dropNext, hasIdentity, type Identity, loadIdentity, loadNext, promoteNext } from './identity.ts';
import type { Settings } from './settings.ts';

/** A hub that wakes may take seconds for its first answer. */
const ANSWER_MS = 30_000;

/** What the hub says of a key that it took. */
export interface Enrolled {
  readonly keyId: string;
  readonly fingerprint: string;
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

/** The API stands at the host of the node's WebSocket. */
function apiUrl({ hub }: Settings, path: string): string {
  return `${hub.url.replace(/^ws/, 'http').replace(/\/$/, '')}${path}`;
}

async function ask(url: string, body: object): Promise<Enrolled & { readonly oldKeyUntil?: number | null }> {
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Fault('HUB_UNREACHABLE', `no answer from ${url}: ${cause}. Nothing is lost: run the same command again`);
  }
  let answer: Problem & Partial<Enrolled> = {};
  try {
    answer = JSON.parse(text) as Problem & Partial<Enrolled>;
  } catch {
    // Not the hub's own answer: something stands between.
  }
  if (response.ok && answer.keyId !== undefined && answer.fingerprint !== undefined) return answer as Enrolled;
  throw new Fault(
    answer.code ?? `HTTP_${response.status}`,
    answer.detail ?? `${url} answered with status ${response.status} and no reason`,
  );
}

/** Asks the hub to take the next key and puts it in the place of the node's once it has. Each step may be the last: run again, it goes on. */
async function replace(dataDir: string, next: Identity, asking: Promise<Enrolled>): Promise<Enrolled> {
  let answer: Enrolled;
  try {
    answer = await asking;
  } catch (error) {
    // This key will never be taken (it was revoked, or is another node's): the next try makes a new one.
    if (error instanceof Fault && error.code === 'DEVICE_INVALID') dropNext(dataDir);
    throw error;
  }
  if (answer.keyId !== next.id) throw new Fault('HUB_ANSWER', `the hub speaks of key ${answer.keyId}, this is ${next.id}: is that a hub?`);
  promoteNext(dataDir);
  return { keyId: next.id, fingerprint: next.fingerprint };
}

/**
 * Enrols this node with a token, with a key made now: what an older key signed before stays valid, the older key itself ends.
 * @throws Fault ENROL_TOKEN, ENROL_ADDRESS, HUB_UNREACHABLE, and what the hub refused with
 */
export async function enrolNode(settings: Settings, token: string): Promise<Enrolled> {
  const meant = clientId(enrolAddress(token));
  if (meant !== clientId(settings)) {
    throw new Fault(
      'ENROL_ADDRESS',
      `the token is for ${meant}, these settings are of ${clientId(settings)}: use the settings or the token of one`,
    );
  }
  const hash = enrolHash(token);
  // One token, one key: what an earlier try or a rotation left waiting may be on a machine that this enrolment shall shut out.
  const next = loadNext(settings.dataDir, toBase64url(hash));
  const proof = await next.sign(enrolMessage(hash, fromBase64url(next.publicKey) ?? new Uint8Array()));
  const body = { token, publicKey: next.publicKey, proof: toBase64url(proof) };
  return replace(settings.dataDir, next, ask(apiUrl(settings, '/v1/enrol'), body));
}

/**
 * Replaces the node's key by one made now, which both keys sign for. The hub takes the old one for a day yet.
 * @throws Fault KEY_MISSING, HUB_UNREACHABLE, and what the hub refused with
 */
export async function rotateKey(settings: Settings): Promise<Enrolled> {
  const { dataDir, tenant, site, node } = settings;
  if (!hasIdentity(dataDir)) {
    throw new Fault('KEY_MISSING', `${dataDir} holds no node.key yet: enrol the node first, with a token from the hub`);
  }
  const old = loadIdentity(dataDir);
  const next = loadNext(dataDir);
  const message = rotateMessage({ tenant, site, node }, old.id, fromBase64url(next.publicKey) ?? new Uint8Array());
  const [proof, signature] = [await next.sign(message), await old.sign(message)].map(toBase64url);
  const body = { tenant, site, node, publicKey: next.publicKey, proof, by: old.id, signature };
  return replace(dataDir, next, ask(apiUrl(settings, '/v1/nodes/rotate'), body));
}
