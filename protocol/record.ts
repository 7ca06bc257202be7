import { fromUtf8, utf8 } from './bytes.ts';
import { canonical, type Json, parseCanonical } from './canonical.ts';
import { identityOf } from './epc/identity.ts';
import { MAX_SERIAL } from './epc.ts';
import { Fault } from './fault.ts';
import { isName } from './topics.ts';

/** The most items a record may hold: keeps a record under 16 KB and a commit short. A larger passage is split. */
export const MAX_ITEMS = 1000;
/** The largest body in bytes: 1,000 items as raw 496-bit EPCs with names and clock. */
export const MAX_BODY_BYTES = 160_000;

/**
 * The items of a record, grouped so that they are short on the wire and in one order for ever.
 * `serials` are serials as an SGTIN-96 holds them, ascending, each but the first as the difference to the one before.
 * `raw` are EPCs that name no such item, as upper-case hexadecimal, ascending.
 * Groups come by GTIN ascending, raw last.
 */
export type ItemGroup = { readonly gtin: string; readonly serials: readonly number[] } | { readonly raw: readonly string[] };

/** One item: a GTIN-14 with its serial, or an EPC that stays raw. */
export type Item = { readonly gtin: string; readonly serial: number } | { readonly raw: string };

/** The node's clock when the record was made: raw values, the hub derives the effective time. */
export interface NodeClock {
  /** Wall clock, epoch milliseconds. */
  readonly wall: number;
  /** Milliseconds since the node booted. */
  readonly mono: number;
  /** Random per boot of the machine, 8 hexadecimal digits. */
  readonly boot: string;
  /** Whether the operating system said that the clock was synchronised. */
  readonly synced: boolean;
  /** Hub time minus wall time as last measured, in milliseconds; absent before the first measurement. */
  readonly offset?: number;
}

/** What the goods in a door belong to, as the node knows it. */
export interface DocumentRef {
  readonly kind: 'despatchAdvice' | 'order' | 'sscc';
  /** Document number, or the 18 digits of an SSCC that no known despatch advice holds. */
  readonly number: string;
  /** Chosen by a person on the panel, or recognised from an SSCC in the passage. */
  readonly how: 'chosen' | 'sscc';
}

export type Direction = 'in' | 'out';

/** A pallet or trolley that went through a door: only items whose verdict was accepted count as moved. */
export interface PassageBody {
  readonly type: 'passage';
  readonly v: 1;
  /** Unique per node for ever; the parts of a split passage share it. */
  readonly passage: string;
  readonly door: string;
  /** Part k of n, from 1. */
  readonly part: number;
  readonly parts: number;
  readonly direction: Direction | 'unknown';
  /** First and last credible read, epoch milliseconds by the node's wall clock. */
  readonly opened: number;
  readonly closed: number;
  /** Confidence of the direction, per mille. */
  readonly confidence: number;
  readonly document?: DocumentRef;
  /** SSCC of the logistic units seen, 18 digits each, ascending. */
  readonly ssccs?: readonly string[];
  readonly items: readonly ItemGroup[];
  /** Items a person must decide on: not moved yet. */
  readonly doubts?: readonly ItemGroup[];
  /** How many tags were rejected as not moving. */
  readonly strays?: number;
  readonly clock: NodeClock;
}

/** A person's decision on doubtful items of a passage, at the effective time of that passage. */
export interface DecisionBody {
  readonly type: 'decision';
  readonly v: 1;
  /** Unique per node for ever. */
  readonly decision: string;
  readonly passage: string;
  readonly door: string;
  readonly verdict: Direction | 'stray';
  readonly opened: number;
  readonly closed: number;
  readonly by: string;
  readonly reason?: string;
  readonly document?: DocumentRef;
  readonly items: readonly ItemGroup[];
  readonly clock: NodeClock;
}

/** The whole site, where the name of a zone stands. */
export const WHOLE_SITE = '*';

/** What a person counted in a zone and approved. Its parts hold other items each and are judged each by itself. */
export interface CountBody {
  readonly type: 'count';
  readonly v: 1;
  /** Unique per node for ever; the parts of a split count share it. */
  readonly count: string;
  /** A zone of the site, or {@link WHOLE_SITE}. */
  readonly zone: string;
  /** What people call the zone. */
  readonly name?: string;
  /** Part k of n, from 1. */
  readonly part: number;
  readonly parts: number;
  /** Begin of the first pass and end of the last, epoch milliseconds by the node's wall clock. */
  readonly opened: number;
  readonly closed: number;
  /**
   * How often the zone was gone through and a tag was heard, at least 1. What one pass did not see may have been shaded: only two say that it is
   * missing.
   */
  readonly passes: number;
  /** Hub time at which the hub said what stands in the zone, epoch milliseconds; absent in a count without expectation. */
  readonly expected?: number;
  /** Who approved the count, and when by the node's wall clock. */
  readonly by: string;
  readonly approved: number;
  /** What was read. */
  readonly items: readonly ItemGroup[];
  /** What was expected and read in no pass. */
  readonly missing?: readonly ItemGroup[];
  /** SSCC of the logistic units read, 18 digits each, ascending. */
  readonly ssccs?: readonly string[];
  readonly clock: NodeClock;
}

/** The first record of an epoch after 1: names the head of the chain it leaves. */
export interface EpochBody {
  readonly type: 'epoch';
  readonly v: 1;
  readonly reason: 'restored' | 'replaced';
  readonly previous: { readonly epoch: number; readonly seq: number; readonly chain: string };
  readonly clock: NodeClock;
}

/** A record of a later minor version: kept and proven, moves nothing until the hub knows it. */
export interface UnknownBody {
  readonly type: string;
  readonly v: number;
  readonly clock: NodeClock;
}

export type RecordBody = PassageBody | DecisionBody | CountBody | EpochBody;

/** The item of an EPC in hexadecimal. An SSCC is a logistic unit, not an item: callers sort those out first. */
export function itemOf(epcHex: string): Item {
  const identity = identityOf(epcHex);
  return 'gtin' in identity ? identity : { raw: epcHex.toUpperCase() };
}

/** Groups items as a record holds them; the same item twice is one item. */
export function groupItems(items: Iterable<Item>): ItemGroup[] {
  const byGtin = new Map<string, Set<number>>();
  const raw = new Set<string>();
  for (const item of items) {
    if ('raw' in item) {
      raw.add(item.raw);
      continue;
    }
    const serials = byGtin.get(item.gtin);
    if (serials === undefined) byGtin.set(item.gtin, new Set([item.serial]));
    else serials.add(item.serial);
  }
  const groups: ItemGroup[] = [...byGtin.keys()].sort().map((gtin) => {
    const sorted = Float64Array.from(byGtin.get(gtin) as Set<number>).sort();
    const serials = Array.from(sorted, (serial, i) => (i === 0 ? serial : serial - (sorted[i - 1] as number)));
    return { gtin, serials };
  });
  if (raw.size > 0) groups.push({ raw: [...raw].sort() });
  return groups;
}

/** How many items the groups hold. */
export function countItems(groups: readonly ItemGroup[]): number {
  let count = 0;
  for (const group of groups) count += 'raw' in group ? group.raw.length : group.serials.length;
  return count;
}

/** The items in order: an item's position is its ordinal, by which (entry, ordinal) addresses an item movement. */
export function* eachItem(groups: readonly ItemGroup[]): Generator<Item> {
  for (const group of groups) {
    if ('raw' in group) {
      for (const raw of group.raw) yield { raw };
      continue;
    }
    let serial = 0;
    for (const delta of group.serials) {
      serial += delta;
      yield { gtin: group.gtin, serial };
    }
  }
}

/** The bytes of a body: canonical JSON in UTF-8. */
export function encodeBody(body: RecordBody): Uint8Array {
  return utf8(canonical(body as unknown as Json));
}

const bad = (what: string): never => {
  throw new Fault('RECORD_INVALID', `record body refused: ${what}`);
};
const isCount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length > 0 && value.length <= max;

function checkGroups(value: unknown, name: string): number {
  if (!Array.isArray(value)) return bad(`${name} is not a list`);
  let count = 0;
  let last = '';
  for (const group of value as (Record<string, unknown> | null)[]) {
    if (group === null || typeof group !== 'object') return bad(`${name} holds a group that is no object`);
    const { gtin, serials, raw } = group;
    if (raw !== undefined) {
      // Folds tell the two kinds apart by `raw`: of a group that is both, the serials would be stored and never stocked.
      if (!Array.isArray(raw) || gtin !== undefined || serials !== undefined)
        return bad(`${name} holds a raw group that is not a list alone`);
      let before = '';
      for (const hex of raw as unknown[]) {
        if (typeof hex !== 'string' || !/^([0-9A-F]{2}){1,62}$/.test(hex) || hex <= before)
          bad(`${name} holds a raw EPC that is no ascending hexadecimal`);
        before = hex as string;
      }
      if (last === 'raw') bad(`${name} holds two raw groups`);
      last = 'raw';
      count += raw.length;
      continue;
    }
    if (typeof gtin !== 'string' || !/^\d{14}$/.test(gtin) || gtin <= last || last === 'raw')
      bad(`${name} holds a GTIN that is not 14 digits in ascending order`);
    if (!Array.isArray(serials) || serials.length === 0) return bad(`${name} holds a GTIN without serials`);
    last = gtin as string;
    let serial = -1;
    for (let i = 0; i < serials.length; i++) {
      const delta = serials[i] as unknown;
      if (!isCount(delta, MAX_SERIAL) || (i > 0 && delta === 0)) bad(`${name} holds a serial that is not ascending`);
      serial = i === 0 ? (delta as number) : serial + (delta as number);
    }
    if (serial > MAX_SERIAL) bad(`${name} holds a serial over 38 bits`);
    count += serials.length;
  }
  return count;
}

function checkClock(value: unknown): void {
  const clock = value as Partial<NodeClock> | undefined;
  if (clock === null || typeof clock !== 'object') return void bad('clock is missing');
  if (!isCount(clock.wall) || !isCount(clock.mono) || typeof clock.synced !== 'boolean') bad('clock needs wall, mono and synced');
  if (typeof clock.boot !== 'string' || !/^[0-9a-f]{8}$/.test(clock.boot)) bad('clock.boot is not 8 hexadecimal digits');
  if (clock.offset !== undefined && !Number.isSafeInteger(clock.offset)) bad('clock.offset is not an integer');
}

function checkDocument(value: unknown): void {
  if (value === undefined) return;
  const document = value as Partial<DocumentRef> | null;
  if (document === null || typeof document !== 'object') return void bad('document is not an object');
  if (!['despatchAdvice', 'order', 'sscc'].includes(document.kind as string)) bad(`document.kind ${String(document.kind)} is unknown`);
  if (!isText(document.number, 80)) bad('document.number is empty or over 80 characters');
  if (document.how !== 'chosen' && document.how !== 'sscc') bad('document.how is neither chosen nor sscc');
}

/** Whether a value names a document as records do. */
export function isDocumentRef(value: unknown): value is DocumentRef {
  try {
    checkDocument(value);
    return value !== undefined;
  } catch {
    return false;
  }
}

/** Whether a value is items as records hold them, at most `max`. */
export function isItems(value: unknown, max: number): value is ItemGroup[] {
  try {
    return checkGroups(value, 'items') <= max;
  } catch {
    return false;
  }
}

function checkParts({ part, parts }: { readonly part?: unknown; readonly parts?: unknown }): void {
  if (!isCount(part) || !isCount(parts) || part < 1 || part > parts) bad('part must be 1 to parts');
}

function checkSsccs(value: unknown): void {
  if (value === undefined) return;
  const fits = (one: unknown): boolean => typeof one === 'string' && /^\d{18}$/.test(one);
  if (!Array.isArray(value) || value.length > MAX_ITEMS || !value.every(fits)) bad('ssccs holds something that is not 18 digits');
}

function checkCount(body: Partial<CountBody>): void {
  if (!isText(body.count, 80) || !isText(body.by, 80)) bad('count and by must be 1 to 80 characters');
  if (typeof body.zone !== 'string' || !(body.zone === WHOLE_SITE || isName(body.zone))) bad('zone is neither a name nor *');
  if (body.name !== undefined && !isText(body.name, 80)) bad('name is empty or over 80 characters');
  checkParts(body);
  if (!isCount(body.opened) || !isCount(body.closed) || !isCount(body.approved))
    return void bad('opened, closed and approved must be epoch milliseconds');
  if (body.closed < body.opened) bad('closed lies before opened');
  if (!isCount(body.passes) || body.passes < 1) bad('passes is not a count of at least 1');
  if (body.expected !== undefined && !isCount(body.expected)) bad('expected is not epoch milliseconds');
  const missing = body.missing === undefined ? 0 : checkGroups(body.missing, 'missing');
  if (missing > 0 && body.expected === undefined) bad('missing items of a count without expectation');
  if (checkGroups(body.items, 'items') + missing > MAX_ITEMS) bad(`more than ${MAX_ITEMS} items: split the count`);
  checkSsccs(body.ssccs);
}

type Moved = Partial<Pick<PassageBody, 'passage' | 'door' | 'opened' | 'closed' | 'document' | 'items' | 'doubts'>>;

function checkMovement(body: Moved): void {
  if (!isText(body.passage, 80)) bad('passage is empty or over 80 characters');
  if (typeof body.door !== 'string' || !isName(body.door)) bad('door is not a name');
  if (!isCount(body.opened) || !isCount(body.closed)) bad('opened and closed must be epoch milliseconds');
  if ((body.closed as number) < (body.opened as number)) bad('closed lies before opened');
  checkDocument(body.document);
  if (checkGroups(body.items, 'items') > MAX_ITEMS) bad(`more than ${MAX_ITEMS} items: split the passage`);
  if (body.doubts !== undefined && checkGroups(body.doubts, 'doubts') > MAX_ITEMS) bad(`more than ${MAX_ITEMS} doubts: split the passage`);
}

/**
 * Reads and checks a body. Unknown fields are kept; an unknown type comes back as it is, to be stored and move nothing.
 * @throws Fault NOT_CANONICAL, RECORD_INVALID (with the field), RECORD_VERSION (major version over 1).
 */
export function decodeBody(bytes: Uint8Array): RecordBody | UnknownBody {
  if (bytes.length > MAX_BODY_BYTES) bad(`${bytes.length} bytes, more than ${MAX_BODY_BYTES}`);
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch {
    throw new Fault('NOT_CANONICAL', 'the body is not UTF-8');
  }
  const value = parseCanonical(text) as unknown as Record<string, unknown>;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) bad('not an object');
  const { type, v, clock } = value;
  if (!isText(type, 32)) bad('type is missing');
  if (!isCount(v) || v === 0) bad('v is missing');
  if ((v as number) > 1)
    throw new Fault('RECORD_VERSION', `record version ${v as number} is newer than this hub reads (1): update the hub`);
  checkClock(clock);
  if (type === 'passage') {
    const body = value as unknown as Partial<PassageBody>;
    checkMovement(body);
    checkParts(body);
    if (!['in', 'out', 'unknown'].includes(body.direction as string)) bad('direction is not in, out or unknown');
    if (body.direction === 'unknown' && countItems(body.items as ItemGroup[]) > 0) bad('items moved in an unknown direction');
    if (!isCount(body.confidence, 1000)) bad('confidence is not 0 to 1000 per mille');
    if (body.strays !== undefined && !isCount(body.strays)) bad('strays is not a count');
    checkSsccs(body.ssccs);
  } else if (type === 'decision') {
    const body = value as unknown as Partial<DecisionBody>;
    checkMovement(body);
    if (!['in', 'out', 'stray'].includes(body.verdict as string)) bad('verdict is not in, out or stray');
    if (!isText(body.decision, 80) || !isText(body.by, 80)) bad('decision and by must be 1 to 80 characters');
  } else if (type === 'count') {
    checkCount(value as unknown as Partial<CountBody>);
  } else if (type === 'epoch') {
    const previous = (value as unknown as Partial<EpochBody>).previous;
    if (previous === null || typeof previous !== 'object' || !isCount(previous.epoch) || !isCount(previous.seq))
      bad('previous needs epoch and seq');
  }
  return value as unknown as RecordBody;
}
