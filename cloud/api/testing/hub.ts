import { env, exports } from 'cloudflare:workers';
import type { Granted } from '../schemas/scopes.ts';

/** A client of the whole Worker, for tests: every call goes through worker.ts as from outside. */

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

let addresses = 0;

/** Each test calls from a network of its own: callers are braked by address, of IPv6 by its first 64 bits. */
export function freshAddress(): string {
  addresses += 1;
  return `2001:db8:1:${addresses.toString(16)}::1`;
}

/** Sends a request. A body that is no string is sent as JSON. */
export async function call(
  method: string,
  path: string,
  key?: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await exports.default.fetch(`https://hub.test${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      'cf-connecting-ip': freshAddress(),
      ...headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
  const type = response.headers.get('content-type') ?? '';
  const answered = await response.text();
  return { status: response.status, headers: response.headers, body: type.includes('json') ? JSON.parse(answered) : answered };
}

/** One member of an answer's JSON body. */
export function member(answer: Answered, name: string): unknown {
  return (answer.body as Record<string, unknown> | null)?.[name];
}

export interface Tenant {
  readonly tenant: string;
  /** The first admin key. */
  readonly admin: string;
}

export const COMPANY = { name: 'Demo SAS', vat: 'FR40303265045', siren: '303265045' };

/** A tenant of a name never used before. */
export async function freshTenant(): Promise<Tenant> {
  const tenant = `t-${crypto.randomUUID().slice(0, 13)}`;
  const made = await call('POST', '/v1/tenants', env.BOOTSTRAP_TOKEN, { tenant, name: 'Test', company: COMPANY });
  if (made.status !== 201) throw new Error(`tenant ${tenant} was not made: ${made.status} ${JSON.stringify(made.body)}`);
  return { tenant, admin: String(member(made, 'key')) };
}

/** A key with just these scopes. */
export async function keyWith(tenant: Tenant, scopes: readonly Granted[], more: object = {}): Promise<{ id: string; key: string }> {
  const made = await call('POST', '/v1/keys', tenant.admin, { name: scopes.join(' '), scopes, ...more });
  if (made.status !== 201) throw new Error(`key was not made: ${made.status} ${JSON.stringify(made.body)}`);
  return { id: String(member(made, 'id')), key: String(member(made, 'key')) };
}
