import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { keyId, type Sign } from '../protocol/batch.ts';
import { fromBase64url } from '../protocol/bytes.ts';
import { fingerprint } from '../protocol/enrol.ts';
import { Fault } from '../protocol/fault.ts';

/** Who this node is: its Ed25519 key never leaves its disk. */
export interface Identity {
  /** 16 upper-case hexadecimal digits. */
  readonly id: string;
  /** 32 raw bytes as base64url: what the hub registers. */
  readonly publicKey: string;
  /** Eight digits that people compare with those at the hub. */
  readonly fingerprint: string;
  readonly sign: Sign;
}

const KEY = 'node.key';
/** The key that shall replace `node.key`, from before the hub is asked until it has said yes. */
const NEXT = 'node.key.next';
/** Begins the line of a key that was made for one purpose. */
const MADE_FOR = 'made for ';

/** Makes what was linked, renamed or removed in a folder last over a power cut. */
function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems sync no folders: then the name may be lost, never the key under it.
  } finally {
    closeSync(fd);
  }
}

function create(dataDir: string, name: string, purpose?: string): KeyObject {
  const path = join(dataDir, name);
  const { privateKey } = generateKeyPairSync('ed25519');
  const whole = `${path}.${process.pid}`;
  const fd = openSync(whole, 'w', 0o600);
  try {
    // Text before a PEM block is no part of the key (RFC 7468, section 2).
    const note = purpose === undefined ? '' : `${MADE_FOR}${purpose}\n`;
    writeSync(fd, `${note}${privateKey.export({ format: 'pem', type: 'pkcs8' }) as string}`);
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
  syncFolder(dataDir);
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
  throw new Fault('KEY_INVALID', `${path} holds no Ed25519 key: put the node's key back, or move the file away and enrol the node again`);
}

function first(dataDir: string, name: string, purpose?: string): KeyObject {
  try {
    mkdirSync(dataDir, { recursive: true });
    return create(dataDir, name, purpose);
  } catch (error) {
    const why = (error as Error).message;
    throw new Fault(
      'DATA_DIR',
      `dataDir ${dataDir} can't be used (${why}): choose a folder that this user may write, with space on its disk`,
    );
  }
}

function identityOf(key: KeyObject): Identity {
  const publicKey = createPublicKey(key).export({ format: 'jwk' }).x ?? '';
  const raw = fromBase64url(publicKey) ?? new Uint8Array();
  return { id: keyId(raw), publicKey, fingerprint: fingerprint(raw), sign: (message) => sign(null, message, key) };
}

function load(dataDir: string, name: string, purpose?: string): Identity {
  const path = join(dataDir, name);
  const key = read(path) ?? first(dataDir, name, purpose);
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return identityOf(key);
}

/**
 * The key in `<dataDir>/node.key` (PKCS 8, PEM, mode 0600), made at the first start.
 * @throws Fault KEY_INVALID, DATA_DIR when the folder can't be made or written
 */
export function loadIdentity(dataDir: string): Identity {
  return load(dataDir, KEY);
}

/** Whether the node has a key already. */
export function hasIdentity(dataDir: string): boolean {
  return existsSync(join(dataDir, KEY));
}

/**
 * The key that shall replace the node's, made where none waits. With a purpose one that waits for another purpose is no longer wanted:
 * a copy of the disk holds it too.
 * @throws as loadIdentity
 */
export function loadNext(dataDir: string, purpose?: string): Identity {
  const path = join(dataDir, NEXT);
  if (purpose !== undefined && existsSync(path) && !readFileSync(path, 'utf8').startsWith(`${MADE_FOR}${purpose}\n`)) dropNext(dataDir);
  return load(dataDir, NEXT, purpose);
}

/** The next key takes the place of the node's, which is gone then. Harmless when another process has done it. */
export function promoteNext(dataDir: string): void {
  try {
    renameSync(join(dataDir, NEXT), join(dataDir, KEY));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  syncFolder(dataDir);
}

/** Throws the next key away: the hub will never take it. */
export function dropNext(dataDir: string): void {
  rmSync(join(dataDir, NEXT), { force: true });
}

/**
 * The keys of a running node. The file may be replaced while it runs (`edge rotate`, `edge enrol`); and where a replacement was cut short
 * after the hub had taken the new key, both are tried in turn until the hub knows one.
 */
export class NodeKeys {
  /** Random per process: two that live at once with one key are told apart by it. */
  readonly instance: string = randomBytes(4).toString('hex');
  readonly #dataDir: string;
  #current: Identity;
  #next: Identity | undefined;
  #useNext = false;
  #stamp: string;

  /** @throws as loadIdentity */
  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#current = loadIdentity(dataDir);
    this.#stamp = this.#read();
    this.#next = this.#waiting();
  }

  /** The key to show to the hub now. */
  identity(): Identity {
    return this.#useNext && this.#next !== undefined ? this.#next : this.#current;
  }

  /** Looks whether the file was replaced; true when the node has another key now. @throws Fault KEY_INVALID, and the old key stays */
  look(): boolean {
    const stamp = this.#read();
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    const before = this.identity().id;
    if (hasIdentity(this.#dataDir)) this.#current = loadIdentity(this.#dataDir);
    this.#next = this.#waiting();
    this.#useNext = false;
    return this.identity().id !== before;
  }

  /** The hub does not know the key: where another waits, that one is shown next. */
  refused(): void {
    this.#next = this.#waiting();
    this.#useNext = !this.#useNext && this.#next !== undefined;
  }

  /** The hub knows the key. */
  accepted(): void {
    if (!this.#useNext || this.#next === undefined) return;
    promoteNext(this.#dataDir);
    this.#current = this.#next;
    this.#next = undefined;
    this.#useNext = false;
    this.#stamp = this.#read();
  }

  #waiting(): Identity | undefined {
    const key = read(join(this.#dataDir, NEXT));
    return key === undefined ? undefined : identityOf(key);
  }

  #read(): string {
    const { ino, mtimeMs, size } = statSync(join(this.#dataDir, KEY), { throwIfNoEntry: false }) ?? {};
    return `${ino} ${mtimeMs} ${size}`;
  }
}
