import { type Batch, chainAfter, keyId, type SealedRecord } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import { Fault } from '../../protocol/fault.ts';
import { encodeBody, groupItems, type Item, type PassageBody } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import type { NewEntry } from './entry.ts';
import type { PostResult } from './rpc.ts';

/** A load on a ledger: random serials, the registry's worst case, unless `clustered`. */
export interface LoadOptions {
  readonly address: NodeAddress;
  readonly batches: number;
  /** Passages in a batch, items in a passage, GTINs in a passage, and GTINs in all. */
  readonly passages: number;
  readonly items: number;
  readonly gtinsPerPassage: number;
  readonly gtins: number;
  readonly clustered?: boolean;
  readonly seed: number;
}

export const DEFAULT_LOAD = { passages: 40, items: 50, gtinsPerPassage: 4, gtins: 200, seed: 1 } as const;

/** 2026-11-24T08:00:00Z */
const START = 1_795_507_200_000;

/** mulberry32: small, seedable, good enough to spread keys. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The key that the load's batches name; their signatures are zeros, which is the gateway's business. */
const PUBLIC_KEY = new Uint8Array(32).fill(7);

/** The entry that registers the key of a load's node. */
export function loadRegistration({ site, node }: NodeAddress): NewEntry {
  return { type: 'device', body: { v: 1, action: 'register', site, node, publicKey: toBase64url(PUBLIC_KEY), from: 0 } };
}

/** Batches as a gateway would hand them over, in order. */
export function loadBatches(options: LoadOptions): Batch[] {
  const next = random(options.seed);
  const { address } = options;
  let before = chainStart(address, 1);
  let seq = 0;
  return Array.from({ length: options.batches }, () => {
    const records = Array.from({ length: options.passages }, (_, n): SealedRecord => {
      const items = Array.from({ length: options.items }, (_unused, i): Item => {
        const gtin = String(Math.floor(((seq + n + (i % options.gtinsPerPassage)) * 7919) % options.gtins) + 3_400_000_000_000).padStart(
          14,
          '0',
        );
        const serial = options.clustered === true ? (seq + n) * options.items + i : Math.floor(next() * 2 ** 38);
        return { gtin, serial };
      });
      const wall = START + (seq + n) * 100;
      const body: PassageBody = {
        ...{ type: 'passage', v: 1, passage: `D1-${seq + n}`, door: 'D1', part: 1, parts: 1, direction: 'in', confidence: 990 },
        ...{ opened: wall - 2000, closed: wall, items: groupItems(items) },
        clock: { wall, mono: (seq + n) * 100, boot: 'b00710ad', synced: true },
      };
      const salt = Uint8Array.from({ length: 16 }, () => Math.floor(next() * 256));
      return { salt, body: encodeBody(body) };
    });
    const after = chainAfter(before, records);
    const header = { ...address, epoch: 1, first: seq + 1, count: records.length, before, after, key: keyId(PUBLIC_KEY), sentAt: START };
    before = after;
    seq += records.length;
    return { header, headerBytes: new Uint8Array(200), signature: new Uint8Array(64), records };
  });
}

/** Posts batches one after the other and returns how many items they held. @throws Fault with the code of the first refusal */
export async function postLoad(
  post: (site: string, node: string, batch: Batch, at: number) => Promise<PostResult> | PostResult,
  batches: readonly Batch[],
  options: LoadOptions,
): Promise<number> {
  for (const batch of batches) {
    const result = await post(options.address.site, options.address.node, batch, START + 3_600_000_000);
    if (!result.ok) throw new Fault(result.code, `the load was refused: ${result.text}`);
  }
  return batches.length * options.passages * options.items;
}
