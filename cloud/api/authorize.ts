import type { KeyRecord, Keys } from '../catalog/keys.ts';
import { sameSecret, secretId } from '../catalog/secret.ts';
import { network } from '../gateway/door.ts';
import { Limiter } from '../limiter.ts';
import { Problem } from './problem.ts';
import type { Caller, Right } from './route.ts';
import type { Scope } from './schemas/scopes.ts';

/** One ledger object commits 200 to 500 requests a second: a single key may use at most half of that, with a burst for an import's start. */
const perKey = new Limiter({ burst: 1000, perSecond: 100 });
/** Nobody guesses 256 bits; this only keeps a loop with a wrong key from costing a catalog read each time. */
const refused = new Limiter({ burst: 100, perSecond: 2 });

/** A token that opens new tenants must be as hard to guess as a key: 32 characters of base64 are 192 bits. */
export const MIN_BOOTSTRAP_LENGTH = 32;
/** The longest a bearer token is read: a key has 60 characters. */
const MAX_TOKEN_LENGTH = 512;

function bearer(request: Request): string {
  const match = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.get('authorization') ?? '');
  const token = match?.[1];
  if (token === undefined) {
    throw new Problem('KEY_MISSING', 'no key was sent: add the header "Authorization: Bearer <key>"', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  return token.length > MAX_TOKEN_LENGTH ? '' : token;
}

const unauthorized = (code: 'KEY_INVALID' | 'KEY_EXPIRED' | 'KEY_REVOKED', detail: string): Problem =>
  new Problem(code, detail, { headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });

function tooMany(seconds: number): Problem {
  return new Problem('RATE_LIMITED', `too many requests: wait ${seconds} s`, { headers: { 'retry-after': String(seconds) } });
}

/** True when the key has the scope, by itself or as admin. */
export function may(scopes: readonly string[], scope: Scope): boolean {
  return scopes.includes('admin') || scopes.includes(scope);
}

async function checkBootstrap(token: string, expected: string | undefined): Promise<void> {
  if (expected === undefined || expected.length < MIN_BOOTSTRAP_LENGTH) {
    throw new Problem(
      'BOOTSTRAP_CLOSED',
      `this hub makes no tenants: set BOOTSTRAP_TOKEN to at least ${MIN_BOOTSTRAP_LENGTH} random characters first`,
    );
  }
  if (!(await sameSecret(token, expected))) throw unauthorized('KEY_INVALID', 'the bootstrap token is not this hub’s');
}

function checkState(key: KeyRecord | undefined, now: number): KeyRecord {
  // Only who holds the secret learns that the key once was valid.
  if (key === undefined) throw unauthorized('KEY_INVALID', 'the key is not one of this hub: check that it was copied whole');
  if (key.revokedAt !== null) throw unauthorized('KEY_REVOKED', `key ${key.id} was revoked: use another`);
  if (key.expiresAt !== null && key.expiresAt <= now) throw unauthorized('KEY_EXPIRED', `key ${key.id} has expired: have a new one made`);
  return key;
}

async function identify(right: Exclude<Right, 'open'>, token: string, env: Env, keys: Keys, now: number): Promise<KeyRecord | undefined> {
  if (right !== 'bootstrap') return checkState(await keys.find(token), now);
  await checkBootstrap(token, env.BOOTSTRAP_TOKEN);
  return undefined;
}

/**
 * Who calls, if the right lets them: undefined for open routes and the holder of the bootstrap token.
 * @throws Problem KEY_MISSING, KEY_INVALID, KEY_EXPIRED, KEY_REVOKED, SCOPE_MISSING, BOOTSTRAP_CLOSED, RATE_LIMITED
 */
export async function authorize(right: Right, request: Request, env: Env, keys: Keys, now: number): Promise<Caller | undefined> {
  if (right === 'open') return undefined;
  const token = bearer(request);
  // By address and key: a program that loops with a wrong key must not lock out its neighbours behind the same address.
  const source = `${network(request.headers.get('cf-connecting-ip') ?? '')} ${secretId(token) ?? ''}`;
  const held = refused.wait(source, now);
  if (held > 0) throw tooMany(held);
  let key: KeyRecord | undefined;
  try {
    key = await identify(right, token, env, keys, now);
  } catch (error) {
    refused.charge(source, now);
    throw error;
  }
  if (key === undefined || right === 'bootstrap') return undefined;
  const wait = perKey.take(key.id, now);
  if (wait > 0) throw tooMany(wait);
  const { id, tenant, scopes } = key;
  const missing = right.find((scope) => !may(scopes, scope));
  if (missing !== undefined) {
    throw new Problem('SCOPE_MISSING', `key ${id} lacks the scope ${missing}: have a key made that has it`, {
      details: { scope: missing },
    });
  }
  return { key, tenant };
}
