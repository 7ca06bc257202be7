import type { JsonObject, NewEntry } from '../../cloud/ledger/entry.ts';
import type { ClosedPassage } from '../../edge/passage/tracker.ts';
import { encodeSgtin96, encodeSscc96 } from '../../protocol/epc.ts';
import { checkDigitOf } from '../../protocol/gtin.ts';
import type { Random } from '../random.ts';

/** Few goods, so that nodes and sites meet over the same ones all the time. */
const SERIALS = 14;
const PREFIX_DIGITS = 9;
const gtin = (n: number): string => {
  const digits = `0345678901${String(n).padStart(3, '0')}`;
  return digits + checkDigitOf(digits);
};
export const GTINS: readonly string[] = [gtin(1), gtin(2), gtin(3)];
/** Tags that are no GS1 key: unprogrammed and of another scheme. */
const RAW: readonly string[] = ['000000000000000000000001', '000000000000000000000002', 'AD0000000000000000000007'];
const SSCCS: readonly string[] = [1, 2, 3, 4].map((n) => {
  const digits = `0345678901${String(n).padStart(7, '0')}`;
  return digits + checkDigitOf(digits);
});

const US = { name: 'Docket', vat: 'FR40303265045' };
const MILL = { name: 'Fournil', vat: 'FR83404833048' };

/** The master data a tenant begins with. */
export function masterData(sites: readonly string[]): NewEntry[] {
  return [
    { type: 'company', body: { v: 1, ...US } },
    ...sites.map((site): NewEntry => ({ type: 'site', body: { v: 1, site, name: site, timeZone: 'Europe/Paris' } })),
    ...GTINS.map((one, n): NewEntry => ({ type: 'item', body: { v: 1, gtin: one, name: `item ${n + 1}` } })),
  ];
}

function someEpcs(random: Random, count: number): string[] {
  const epcs = new Set<string>();
  for (let i = 0; i < count; i++) {
    if (random.chance(0.05)) epcs.add(random.pick(RAW));
    else epcs.add(encodeSgtin96(random.pick(GTINS), random.int(1, SERIALS), PREFIX_DIGITS));
  }
  return [...epcs].sort();
}

/** A passage through a door: mostly a few goods of the common ones, at times more than one record holds. */
export function passage(random: Random, name: string, door: string, wall: number): ClosedPassage {
  const large = random.chance(0.01);
  const epcs = large
    ? Array.from({ length: random.int(1_001, 1_100) }, (_, i) => encodeSgtin96(GTINS[0] as string, 1_000_000 + i, PREFIX_DIGITS)).sort()
    : someEpcs(random, random.int(1, 8));
  const doubtful = large || random.chance(0.7) ? [] : epcs.splice(0, random.int(1, 2));
  const direction = epcs.length === 0 || random.chance(0.03) ? 'unknown' : random.pick(['in', 'out'] as const);
  const doubts = (direction === 'unknown' ? [...doubtful, ...epcs] : doubtful).map((epc) => ({
    epc,
    reason: 'weak' as ClosedPassage['doubts'][number]['reason'],
    reads: random.int(1, 9),
    d: null,
  }));
  const closed = Math.max(3_000, wall);
  return {
    passage: name,
    door,
    opened: closed - random.int(500, 3_000),
    closed,
    direction,
    confidence: random.int(600, 1_000) / 1_000,
    moved: direction === 'unknown' ? [] : epcs,
    doubts,
    strays: [],
    ssccs: random.chance(0.3) ? [random.pick(SSCCS)] : [],
  };
}

/** A pallet label, as a door reads it. */
export const label = (sscc: string): string => encodeSscc96(sscc, PREFIX_DIGITS);

/** A document that the hub gets: some are due at the doors, some are to be matched. */
export function document(random: Random, number: string, sites: readonly string[]): NewEntry {
  const [seller, buyer] = random.chance(0.6) ? [MILL, US] : [US, MILL];
  const goods = { id: '1', gtin: random.pick(GTINS), quantity: random.int(1, 9) };
  const head = { v: 1, number, issueDate: '2026-11-24', seller, buyer, original: '00', contentType: 'application/json' };
  const kind = random.pick(['despatchAdvice', 'order', 'invoice'] as const);
  const body: Record<string, unknown> = { kind, ...head };
  if (kind === 'invoice') {
    const net = `${goods.quantity * 2}.00`;
    Object.assign(body, { typeCode: '380', currency: 'EUR', totals: { withVat: net, payable: net } });
    body['lines'] = [{ id: '1', gtin: goods.gtin, quantity: String(goods.quantity), unit: 'C62', net, price: '2.00' }];
  } else {
    body['lines'] = [goods];
    if (random.chance(0.7)) body['site'] = random.pick(sites);
    if (kind === 'despatchAdvice' && random.chance(0.5)) body['ssccs'] = [random.pick(SSCCS)];
  }
  return { type: 'document', body: body as unknown as JsonObject };
}
