import { type Batch, keyId, openBatch, sealBatch } from '../../protocol/batch.ts';
import { toBase64url, utf8 } from '../../protocol/bytes.ts';
import { chainNext, chainStart, commitment } from '../../protocol/chain.ts';
import {
  type CountBody,
  type DocumentRef,
  encodeBody,
  groupItems,
  type Item,
  type NodeClock,
  type RecordBody,
} from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import type { NewEntry } from './entry.ts';

/** 2026-11-24T08:00:00Z */
export const MORNING = 1_795_507_200_000;

/** The clock of a node that is synchronised and `offset` behind the hub, `seconds` after it booted in the morning. */
export function clockAt(seconds: number, more: Partial<NodeClock> = {}): NodeClock {
  return { wall: MORNING + seconds * 1000, mono: seconds * 1000, boot: 'b00710ad', synced: true, ...more };
}

/** A passage through door D1 that closed `seconds` after the morning. */
export function passage(
  name: string,
  direction: 'in' | 'out' | 'unknown',
  items: Iterable<Item>,
  seconds: number,
  more: { document?: DocumentRef; clock?: Partial<NodeClock> } = {},
): RecordBody {
  const clock = clockAt(seconds, more.clock);
  return {
    ...{ type: 'passage', v: 1, passage: name, door: 'D1', part: 1, parts: 1, direction, confidence: 990 },
    ...{ opened: clock.wall - 2000, closed: clock.wall, items: groupItems(items), clock },
    ...(more.document === undefined ? {} : { document: more.document }),
  };
}

/** A count of a zone that two passes took, begun `span` seconds before it ended `seconds` after the morning. */
export function count(
  name: string,
  zone: string,
  read: Iterable<Item>,
  missing: readonly Item[],
  seconds: number,
  more: Partial<CountBody> & { readonly span?: number } = {},
): RecordBody {
  const { span = 60, ...rest } = more;
  const clock = clockAt(seconds);
  return {
    ...{ type: 'count', v: 1, count: name, zone, part: 1, parts: 1, passes: 2, by: 'Léa', expected: clock.wall - span * 1000 },
    ...{ opened: clock.wall - span * 1000, closed: clock.wall, approved: clock.wall, items: groupItems(read), clock },
    ...(missing.length === 0 ? {} : { missing: groupItems(missing) }),
    ...rest,
  };
}

/** Items of one GTIN with the serials given. */
export function serials(gtin: string, ...numbers: number[]): Item[] {
  return numbers.map((serial) => ({ gtin, serial }));
}

export const TEA = '03400000000012';
export const COFFEE = '03400000000029';

/** A node that writes records and seals them in whatever batches a test asks for. Its signatures are zeros: the gateway's business. */
export class TestNode {
  readonly address: NodeAddress;
  readonly publicKey: Uint8Array;
  epoch: number;
  readonly bodies: Uint8Array[] = [];
  /** chain[n] is the value after record n. */
  readonly chain: Uint8Array[];

  constructor(site: string, node = 'dock-1', tenant = 'demo', epoch = 1) {
    this.address = { tenant, site, node };
    this.publicKey = commitment(utf8(site), utf8(node));
    this.epoch = epoch;
    this.chain = [chainStart(this.address, epoch)];
  }

  #salt(seq: number): Uint8Array {
    return commitment(utf8('salt'), utf8(`${this.address.site}/${this.address.node}/${this.epoch}/${seq}`)).slice(0, 16);
  }

  record(...bodies: (RecordBody | Uint8Array)[]): this {
    for (const body of bodies) {
      const bytes = body instanceof Uint8Array ? body : encodeBody(body);
      this.bodies.push(bytes);
      this.chain.push(chainNext(this.chain.at(-1) as Uint8Array, commitment(this.#salt(this.bodies.length), bytes)));
    }
    return this;
  }

  /** The batch of records `first` to `last`, from 1. */
  async batch(first: number, last: number): Promise<Batch> {
    const records = this.bodies.slice(first - 1, last).map((body, i) => ({ salt: this.#salt(first + i), body }));
    const header = {
      ...this.address,
      epoch: this.epoch,
      first,
      before: this.chain[first - 1] as Uint8Array,
      key: keyId(this.publicKey),
      sentAt: MORNING,
    };
    return openBatch(await sealBatch(header, records, () => new Uint8Array(64)));
  }

  /** The entry that registers this node's key, valid from the beginning. */
  registration(): NewEntry {
    const { site, node } = this.address;
    return { type: 'device', body: { v: 1, action: 'register', site, node, publicKey: toBase64url(this.publicKey), from: 0 } };
  }
}
