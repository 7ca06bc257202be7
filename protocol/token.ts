import type { Sign, Verify } from './batch.ts';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from './bytes.ts';
import { Fault } from './fault.ts';

/**
 * The password of a node's CONNECT: a JWT (RFC 7519) signed with the node's own Ed25519 key (RFC 8037, alg EdDSA).
 * `sub` is the client identifier; it lives 10 minutes, one for each connection, so that a captured one is soon worthless.
 */
export interface TokenClaims {
  readonly sub: string;
  readonly aud: 'docket-hub';
  readonly iat: number;
  readonly exp: number;
  /** Of the process that connects: see TokenProcess. */
  readonly ins?: string;
  readonly trn?: number;
}

/** Which of the processes that ever held the key made a token. */
export interface TokenProcess {
  /** Random per process, 8 lower-case hexadecimal digits. */
  readonly instance?: string;
  /**
   * The last `turn` that the hub told this process in a CONNACK. The hub counts one up when another process takes a node over: who was
   * taken over and knows of it lives at the same time as who took over.
   */
  readonly turn?: number;
}

export const TOKEN_SECONDS = 600;
/** A node's clock may be off this much before its token is refused; the refusal tells the hub's time so that it can mend. */
export const TOKEN_SKEW_SECONDS = 120;

const INSTANCE = /^[0-9a-f]{8}$/;
const HEADER = { alg: 'EdDSA', typ: 'JWT' };

/** A token for `sub` valid from `nowMs` (epoch milliseconds); `kid` names the key. */
export async function makeToken(sub: string, kid: string, nowMs: number, sign: Sign, process: TokenProcess = {}): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  const claims: TokenClaims = {
    sub,
    aud: 'docket-hub',
    iat,
    exp: iat + TOKEN_SECONDS,
    ...(process.instance === undefined ? {} : { ins: process.instance }),
    ...(process.turn === undefined ? {} : { trn: process.turn }),
  };
  const head = `${toBase64url(utf8(JSON.stringify({ ...HEADER, kid })))}.${toBase64url(utf8(JSON.stringify(claims)))}`;
  return `${head}.${toBase64url(await sign(utf8(head)))}`;
}

function part(text: string | undefined): Record<string, unknown> {
  const bytes = fromBase64url(text ?? '');
  try {
    const value = JSON.parse(fromUtf8(bytes ?? new Uint8Array())) as unknown;
    if (value !== null && typeof value === 'object') return value as Record<string, unknown>;
  } catch {
    // falls through: every unreadable part is the same refusal
  }
  throw new Fault('TOKEN_INVALID', 'the token is not a JWT');
}

/** The key that a token names, before anything in it is trusted. @throws Fault TOKEN_INVALID */
export function tokenKey(token: string): string {
  const { alg, kid } = part(token.split('.')[0]);
  if (alg !== 'EdDSA' || typeof kid !== 'string') throw new Fault('TOKEN_INVALID', 'the token is not signed with EdDSA or names no key');
  return kid;
}

function processOf({ ins, trn }: Record<string, unknown>): TokenProcess {
  const known = ins === undefined || (typeof ins === 'string' && INSTANCE.test(ins));
  if (!known || (trn !== undefined && !(Number.isSafeInteger(trn) && (trn as number) >= 0))) {
    throw new Fault('TOKEN_INVALID', 'the token names no valid process: ins is 8 lower-case hexadecimal digits, trn a whole number');
  }
  return { ...(ins === undefined ? {} : { instance: ins as string }), ...(trn === undefined ? {} : { turn: trn as number }) };
}

/**
 * Checks signature, audience, subject and time; returns which process made it.
 * @throws Fault TOKEN_INVALID, TOKEN_SIGNATURE, TOKEN_TIME (the clock is off or the token is old)
 */
export async function checkToken(token: string, sub: string, publicKey: Uint8Array, nowMs: number, verify: Verify): Promise<TokenProcess> {
  const [head, body, signature, more] = token.split('.');
  const signatureBytes = fromBase64url(signature ?? '');
  if (head === undefined || body === undefined || signatureBytes === undefined || more !== undefined) {
    throw new Fault('TOKEN_INVALID', 'the token is not a JWT');
  }
  tokenKey(token);
  if (!(await verify(publicKey, signatureBytes, utf8(`${head}.${body}`)))) {
    throw new Fault('TOKEN_SIGNATURE', 'the token is not signed by this node: register its public key');
  }
  const claims = part(body);
  if (claims['sub'] !== sub || claims['aud'] !== 'docket-hub')
    // As JSON: a stranger's claim may be any value, and the text travels in an MQTT string, which holds no U+0000.
    throw new Fault('TOKEN_INVALID', `the token is for ${JSON.stringify(claims['sub'])}`);
  const { iat, exp } = claims as { iat?: unknown; exp?: unknown };
  const now = nowMs / 1000;
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp - iat > TOKEN_SECONDS)
    throw new Fault('TOKEN_INVALID', 'the token has no valid times');
  if (iat > now + TOKEN_SKEW_SECONDS || exp < now - TOKEN_SKEW_SECONDS) {
    throw new Fault('TOKEN_TIME', `the token is valid from ${iat} to ${exp}, the hub's time is ${Math.floor(now)}: set the clock`);
  }
  return processOf(claims);
}
