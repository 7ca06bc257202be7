import { type BatchHeader, keyId, sealBatch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { chainNext, chainStart, commitment, SALT_BYTES } from '../../protocol/chain.ts';
import { encodeBody, type PassageBody } from '../../protocol/record.ts';
import { makeToken } from '../../protocol/token.ts';
import { clientId, type NodeAddress } from '../../protocol/topics.ts';

/** A node with a real key that seals and signs any of its records. */
export class SigningNode {
  readonly address: NodeAddress;
  readonly publicKey: Uint8Array;
  readonly id: string;
  readonly #key: CryptoKey;
  readonly #records: { readonly salt: Uint8Array; readonly body: Uint8Array }[] = [];
  /** chain[n] is the value after record n. */
  readonly chain: Uint8Array[];

  private constructor(address: NodeAddress, key: CryptoKey, publicKey: Uint8Array) {
    this.address = address;
    this.#key = key;
    this.publicKey = publicKey;
    this.id = keyId(publicKey);
    this.chain = [chainStart(address, 1)];
  }

  static async make(address: NodeAddress): Promise<SigningNode> {
    const pair = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])) as CryptoKeyPair;
    const raw = (await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer;
    return new SigningNode(address, pair.privateKey, new Uint8Array(raw));
  }

  readonly sign = async (message: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.sign({ name: 'Ed25519' }, this.#key, message));

  token(now: number = Date.now(), sub: string = clientId(this.address)): Promise<string> {
    return makeToken(sub, this.id, now, this.sign);
  }

  /** The same node with another history that begins anew. */
  twin(): SigningNode {
    return new SigningNode(this.address, this.#key, this.publicKey);
  }

  /** Adds records that each move `items` items in, random serials; returns the number of the last. */
  record(count = 1, items = 3, more: object = {}): number {
    for (let i = 0; i < count; i++) this.add(encodeBody({ ...passage(this.#records.length + 1, items), ...more }));
    return this.#records.length;
  }

  /** Adds a record of any bytes. */
  add(body: Uint8Array): void {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    this.#records.push({ salt, body });
    this.chain.push(chainNext(this.chain.at(-1) as Uint8Array, commitment(salt, body)));
  }

  /** The batch of records `first` to `last`, from 1. */
  batch(
    first: number,
    last: number,
    more: { address?: NodeAddress; sign?: (m: Uint8Array) => Promise<Uint8Array>; header?: Partial<BatchHeader> } = {},
  ): Promise<Uint8Array> {
    const before = this.chain[first - 1] as Uint8Array;
    const header = { ...(more.address ?? this.address), epoch: 1, first, before, key: this.id, sentAt: Date.now(), ...more.header };
    return sealBatch(header, this.#records.slice(first - 1, last), more.sign ?? this.sign);
  }

  /** The entry that registers this node's key, valid from the beginning. */
  registration(): { type: 'device'; body: Record<string, string | number> } {
    const { site, node } = this.address;
    return { type: 'device', body: { v: 1, action: 'register', site, node, publicKey: toBase64url(this.publicKey), from: 0 } };
  }
}

export function passage(n: number, items: number): PassageBody {
  const at = Date.now() - 60_000 + n;
  const serials = new Set<number>();
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  while (serials.size < items) serials.add(((random ?? 0) % 1_000_000) + n * 100_000 + serials.size * 7);
  const deltas = [...serials].map((serial, i, all) => (i === 0 ? serial : serial - (all[i - 1] as number)));
  return {
    type: 'passage',
    v: 1,
    passage: `p${n}`,
    door: 'D1',
    part: 1,
    parts: 1,
    direction: 'in',
    opened: at - 1000,
    closed: at,
    confidence: 980,
    items: [{ gtin: '03400000000017', serials: deltas }],
    clock: { wall: at, mono: n, boot: '00c0ffee', synced: true },
  };
}
