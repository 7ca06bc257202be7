import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Batch, keyId, openBatch, sealBatch } from '../../../protocol/batch.ts';
import { toBase64url } from '../../../protocol/bytes.ts';
import { chainNext, chainStart, commitment } from '../../../protocol/chain.ts';
import { encodeBody, type RecordBody } from '../../../protocol/record.ts';
import type { Document } from '../../documents/document.ts';
import type { JsonObject, NewEntry } from '../../ledger/entry.ts';
import { Ledger } from '../../ledger/ledger.ts';
import { NodeSql } from '../../ledger/sql.node.ts';
import { MORNING } from '../../ledger/warehouse.fixture.ts';
import { projections } from '../../projections.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key from a seed of one repeated byte. */
export function keyPair(seed: number): { key: KeyObject; publicKey: Uint8Array } {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { key, publicKey: Uint8Array.from(spki.subarray(-32)) };
}

/** A signed note by a log: text, empty line, one signature line (C2SP signed-note). */
export class LogKey {
  readonly name: string;
  readonly vkey: string;
  readonly #key: KeyObject;
  readonly #id: Buffer;

  constructor(name: string, seed: number) {
    const { key, publicKey } = keyPair(seed);
    const typed = Buffer.concat([Buffer.of(1), publicKey]);
    this.name = name;
    this.#key = key;
    this.#id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
    this.vkey = `${name}+${this.#id.toString('hex')}+${typed.toString('base64')}`;
  }

  note(body: string): string {
    const payload = Buffer.concat([this.#id, sign(null, Buffer.from(body), this.#key)]);
    return `${body}\n\u2014 ${this.name} ${payload.toString('base64')}\n`;
  }
}

/** A node that really signs, over several epochs. */
export class SigningNode {
  readonly address: { tenant: string; site: string; node: string };
  epoch = 1;
  #pair: ReturnType<typeof keyPair>;
  #bodies: { salt: Uint8Array; body: Uint8Array }[] = [];
  #chain: Uint8Array[];

  constructor(site: string, seed: number, node = 'dock-1') {
    this.address = { tenant: 'demo', site, node };
    this.#pair = keyPair(seed);
    this.#chain = [chainStart(this.address, 1)];
  }

  get count(): number {
    return this.#bodies.length;
  }

  /** Takes another key, and returns the entries that say so. */
  rotate(seed: number, now: number): NewEntry[] {
    const key = keyId(this.#pair.publicKey);
    this.#pair = keyPair(seed);
    const { site, node } = this.address;
    return [this.registration(), { type: 'device', body: { v: 1, action: 'revoke', site, node, key, to: now } }];
  }

  registration(): NewEntry {
    const { site, node } = this.address;
    return { type: 'device', body: { v: 1, action: 'register', site, node, publicKey: toBase64url(this.#pair.publicKey), from: 0 } };
  }

  record(...bodies: RecordBody[]): this {
    for (const each of bodies) {
      const body = encodeBody(each);
      const seed = `${JSON.stringify(this.address)} ${this.epoch} ${this.count}`;
      const salt = Uint8Array.from(createHash('sha256').update(seed).digest().subarray(0, 16));
      this.#bodies.push({ salt, body });
      this.#chain.push(chainNext(this.#chain.at(-1) as Uint8Array, commitment(salt, body)));
    }
    return this;
  }

  /** Begins another epoch, which names the head that it leaves. */
  renew(seconds: number): this {
    const previous = { epoch: this.epoch, seq: this.count, chain: toBase64url(this.#chain.at(-1) as Uint8Array) };
    this.epoch += 1;
    this.#bodies = [];
    this.#chain = [chainStart(this.address, this.epoch)];
    const clock = { wall: MORNING + seconds * 1000, mono: 0, boot: 'b00710ae', synced: true };
    return this.record({ type: 'epoch', v: 1, reason: 'restored', previous, clock });
  }

  async batch(first: number, last = this.count): Promise<Batch> {
    const before = this.#chain[first - 1] as Uint8Array;
    const header = { ...this.address, epoch: this.epoch, first, before, key: keyId(this.#pair.publicKey), sentAt: MORNING };
    const signer = (message: Uint8Array): Uint8Array => Uint8Array.from(sign(null, message, this.#pair.key));
    return openBatch(await sealBatch(header, this.#bodies.slice(first - 1, last), signer));
  }
}

/** A ledger with every projection of the hub, in memory, and the originals of its documents. */
export class Warehouse {
  readonly sql = new NodeSql();
  readonly ledger: Ledger;
  readonly originals = new Map<string, Uint8Array>();
  now = MORNING;

  constructor() {
    let salts = 0;
    const salt = (): Uint8Array => Uint8Array.from(createHash('sha256').update(`salt ${salts++}`).digest().subarray(0, 16));
    const log = ({ text }: { text: string }): never => {
      throw new Error(text);
    };
    this.ledger = new Ledger({ sql: this.sql, tenant: 'demo', projections, salt, log });
  }

  append(...entries: NewEntry[]): void {
    this.now += 1000;
    const result = this.ledger.append(entries, this.now);
    if (!result.ok) throw new Error(result.text);
    while (this.ledger.drain().more);
  }

  document(document: Document, text = JSON.stringify(document)): void {
    const original = Buffer.from(`<Invoice>${text}</Invoice>`);
    const hash = createHash('sha256').update(original).digest('hex');
    this.originals.set(hash, original);
    this.append({ type: 'document', body: { ...document, original: hash, contentType: 'application/xml' } as unknown as JsonObject });
  }

  async post(node: SigningNode, first: number, last = node.count): Promise<void> {
    this.now += 1000;
    const result = this.ledger.post(node.address.site, node.address.node, await node.batch(first, last), this.now);
    if (!result.ok) throw new Error(`${result.code} ${result.text}`);
    while (this.ledger.drain().more);
  }
}

/** A folder on disk that goes away. */
export class Place {
  readonly path = mkdtempSync(join(tmpdir(), 'docket-verify-'));

  write(files: ReadonlyMap<string, Uint8Array>): string {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(this.path, path)), { recursive: true });
      writeFileSync(join(this.path, path), bytes);
    }
    return this.path;
  }

  put(path: string, bytes: Uint8Array): void {
    writeFileSync(join(this.path, path), bytes);
  }

  read(path: string): Uint8Array {
    return readFileSync(join(this.path, path));
  }

  drop(path: string): void {
    rmSync(join(this.path, path));
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
