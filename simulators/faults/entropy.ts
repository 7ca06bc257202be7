import nodeCrypto, { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { keyId, type Sign } from '../../protocol/batch.ts';
import type { Random } from '../random.ts';
import { time } from './time.ts';

/** DER around the 32 bytes of an Ed25519 key (RFC 8410 sections 4 and 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export interface Ed25519 {
  readonly id: string;
  readonly publicKey: Uint8Array;
  readonly sign: Sign;
}

const privateOf = (seed: Uint8Array): KeyObject => createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
const publicOf = (raw: Uint8Array): KeyObject => createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });

/** A key pair from 32 bytes of the world's own randomness. */
export function keyFrom(seed: Uint8Array): Ed25519 {
  const key = privateOf(seed);
  const publicKey = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32));
  return { id: keyId(publicKey), publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) };
}

export function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.int(0, 255));
}

type Subtle = typeof globalThis.crypto.subtle;
type Bytes = ArrayBuffer | ArrayBufferView<ArrayBuffer>;
const view = (data: Bytes): Uint8Array =>
  data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const bare = (data: Uint8Array): ArrayBuffer => new Uint8Array(data).buffer as ArrayBuffer;
const nameOf = (algorithm: unknown): string =>
  (typeof algorithm === 'string' ? algorithm : (algorithm as { readonly name: string }).name).toUpperCase();

/**
 * WebCrypto's calls as the hub makes them, answered in the same turn: the platform's go through a pool of threads, whose order no
 * seed decides. What is not known here goes to the platform, and time waits for it.
 */
function subtle(platform: Subtle): Subtle {
  const keys = new WeakMap<object, KeyObject>();
  const known: Record<string, (...args: never[]) => unknown> = {
    importKey: (format: string, data: Bytes, algorithm: unknown) => {
      if (nameOf(algorithm) !== 'ED25519' || (format !== 'raw' && format !== 'pkcs8')) return undefined;
      const token = { type: format === 'raw' ? 'public' : 'private', algorithm: { name: 'Ed25519' } };
      const key =
        format === 'raw' ? publicOf(view(data)) : createPrivateKey({ key: Buffer.from(view(data)), format: 'der', type: 'pkcs8' });
      keys.set(token, key);
      return token;
    },
    verify: (_algorithm: unknown, key: object, signature: Bytes, message: Bytes) => {
      const found = keys.get(key);
      return found === undefined ? undefined : verify(null, view(message), found, view(signature));
    },
    sign: (_algorithm: unknown, key: object, message: Bytes) => {
      const found = keys.get(key);
      return found === undefined ? undefined : bare(sign(null, view(message), found));
    },
    exportKey: (format: string, key: object) => {
      const found = keys.get(key);
      return found === undefined || format !== 'jwk' ? undefined : found.export({ format });
    },
    digest: (algorithm: unknown, data: Bytes) =>
      nameOf(algorithm) === 'SHA-256' ? bare(createHash('sha256').update(view(data)).digest()) : undefined,
  };
  return new Proxy(platform, {
    get: (target, property) => {
      const method = Reflect.get(target, property) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: never[]): Promise<unknown> => {
        const answer = known[String(property)]?.(...args);
        return answer ?? time.outside(Reflect.apply(method, target, args) as Promise<unknown>);
      };
    },
  });
}

let source: Random | undefined;
let filled = 0;

/** How often bytes were drawn with randomFillSync: tells when a pool of salts was filled anew. */
export const fills = (): number => filled;

/** From here on all that the process calls random comes from `random`. */
export function seed(random: Random): void {
  source = random;
}

/** Replaces the process's sources of randomness and the promised timer, for good. */
export function install(): void {
  const draw = (): Random => {
    if (source === undefined) throw new TypeError('randomness was asked for before a world began');
    return source;
  };
  const fill = <T extends ArrayBufferView>(array: T): T => {
    const target = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let i = 0; i < target.length; i++) target[i] = draw().int(0, 255);
    return array;
  };
  const uuid = (): string => {
    const hex = Buffer.from(bytes(draw(), 16)).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  Math.random = () => draw().float();
  const web = { getRandomValues: fill, randomUUID: uuid, subtle: subtle(globalThis.crypto.subtle) };
  Object.defineProperty(globalThis, 'crypto', { value: web, configurable: true, writable: true });
  Object.assign(nodeCrypto, {
    randomFillSync: <T extends ArrayBufferView>(array: T): T => {
      filled++;
      return fill(array);
    },
    randomBytes: (length: number) => Buffer.from(bytes(draw(), length)),
    randomUUID: uuid,
  });
  Object.assign(timers, { setTimeout: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)) });
  syncBuiltinESMExports();
}
