import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { keyId, type Sign } from '../protocol/batch.ts';
import { fromBase64url } from '../protocol/bytes.ts';
import { Fault } from '../protocol/fault.ts';

/** Who this node is: its Ed25519 key never leaves its disk. */
export interface Identity {
  /** 16 upper-case hexadecimal digits. */
  readonly id: string;
  /** 32 raw bytes as base64url: what the hub registers. */
  readonly publicKey: string;
  readonly sign: Sign;
}

function create(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  const whole = `${path}.${process.pid}`;
  const fd = openSync(whole, 'w', 0o600);
  try {
    writeSync(fd, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    // A link, once the key is on disk: an end in between leaves no half key under this name, and of two processes that start
    // at once the second fails here instead of believing in a key of its own.
    linkSync(whole, path);
  } finally {
    rmSync(whole, { force: true });
  }
  return privateKey;
}

function read(path: string): KeyObject | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new Fault(
      'KEY_INVALID',
      `the node's key ${path} can't be read (${(error as Error).message}): give this user the right to read it`,
    );
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // falls through: what is no key and what is another kind of key need the same mending
  }
  throw new Fault('KEY_INVALID', `${path} holds no Ed25519 key: put the node's key back, or move the file away and register the new key`);
}

function first(dataDir: string, path: string): KeyObject {
  try {
    mkdirSync(dataDir, { recursive: true });
    return create(path);
  } catch (error) {
    const why = (error as Error).message;
    throw new Fault(
      'DATA_DIR',
      `dataDir ${dataDir} can't be used (${why}): choose a folder that this user may write, with space on its disk`,
    );
  }
}

/**
 * The key in `<dataDir>/node.key` (PKCS 8, PEM, mode 0600), made at the first start.
 * @throws Fault KEY_INVALID, DATA_DIR when the folder can't be made or written
 */
export function loadIdentity(dataDir: string): Identity {
  const path = join(dataDir, 'node.key');
  const key = read(path) ?? first(dataDir, path);
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  const publicKey = createPublicKey(key).export({ format: 'jwk' }).x ?? '';
  const raw = fromBase64url(publicKey) ?? new Uint8Array();
  return { id: keyId(raw), publicKey, sign: (message) => sign(null, message, key) };
}
