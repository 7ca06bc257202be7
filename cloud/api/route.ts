import type { z } from 'zod';
import type { KeyRecord, Keys } from '../catalog/keys.ts';
import type { Tenants } from '../catalog/tenants.ts';
import type { ProblemCode } from './problems.ts';
import type { Scope } from './schemas/scopes.ts';

/** Who may call: anyone, the holder of the bootstrap token, or a key that has all of these scopes. */
export type Right = 'open' | 'bootstrap' | readonly [Scope, ...Scope[]];

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Who calls: the tenant comes from the key alone. */
export interface Caller {
  readonly key: KeyRecord;
  readonly tenant: string;
}

/** What a route's handler gets. `now` is epoch milliseconds. */
export interface Call<P, Q, B, R extends Right> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: R extends 'open' | 'bootstrap' ? undefined : Caller;
  readonly request: Request;
  readonly env: Env;
  readonly keys: Keys;
  readonly tenants: Tenants;
  readonly now: number;
}

/** A status and a JSON body, or a whole response where the body is no JSON. */
export type Reply = { readonly status: number; readonly body?: unknown } | Response;

/** One kind of successful answer: JSON of a schema, bytes of a media type, or nothing. */
export type Answer =
  | { readonly text: string; readonly schema: z.ZodType; readonly example: unknown }
  | { readonly text: string; readonly media: string; readonly example?: string }
  | { readonly text: string };

/** A document as it came: its bytes are archived before its entry is written. */
export interface Upload {
  /** Media type in lower case, without parameters. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Media {
  readonly type: string;
  readonly schema?: z.ZodType;
  readonly example: unknown;
}

/** What a route reads: JSON of a schema, or bytes of some media types, which `read` judges. `limit` is in bytes. */
export type Content<B> =
  | { readonly schema: z.ZodType<B>; readonly example: unknown }
  | { readonly media: readonly Media[]; readonly limit: number; read(upload: Upload): B };

/** One route, declared once: the app and the OpenAPI document are both made from it. */
export interface Definition<P, Q, B, R extends Right> {
  readonly id: string;
  readonly method: Method;
  /** OpenAPI form, `/v1/sites/{site}`; `{path}` takes slashes as well and stands last. Below /log is what C2SP names, not this API. */
  readonly path: `/v1/${string}` | `/log/${string}`;
  readonly right: R;
  readonly summary: string;
  readonly params?: z.ZodObject & z.ZodType<P>;
  readonly query?: z.ZodObject & z.ZodType<Q>;
  readonly body?: Content<B>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes beyond those that every route of its kind may answer. */
  readonly problems?: readonly ProblemCode[];
  handle(call: Call<P, Q, B, R>): Promise<Reply>;
}

/** A route in the table, its types forgotten: what is parsed by its schemas is what its handler takes. */
export interface Route extends Omit<Definition<unknown, unknown, unknown, Right>, 'handle'> {
  handle(call: Call<unknown, unknown, unknown, Right>): Promise<Reply>;
}

/** Declares a route. A right is part of the declaration: there is no default. */
export function route<const R extends Right, P = undefined, Q = undefined, B = undefined>(definition: Definition<P, Q, B, R>): Route {
  return definition as unknown as Route;
}
