import { toBase64url } from '../../protocol/bytes.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { journeysIn } from '../e2e/ledger.ts';
import type { EntryView, HubClient } from '../erp/hub.ts';
import type { OutboxLook } from './look.ts';
import type { Head } from './strike.ts';

export interface LogEntry extends EntryView {
  /** `hub`, or `<site>/<node>`. */
  readonly producer: string;
  readonly epoch: number;
  readonly seq: number;
}

/** All that a node's file ever held, gathered from each look at it. */
export class Committed {
  readonly passages = new Map<string, number>();
  readonly bodies = new Map<number, string>();

  add(look: OutboxLook): void {
    for (const [passage, seq] of look.passages) this.passages.set(passage, seq);
    for (const [seq, body] of look.bodies) this.bodies.set(seq, body);
  }
}

/** Entries asked for at once. */
const AT_ONCE = 8;
/** Differences of a kind that are named one by one. */
const NAMED = 5;

/** Every entry of the log; a missing one is reported by its index. */
export async function readLog(client: HubClient): Promise<{ entries: LogEntry[]; problems: string[] }> {
  const size = await client.size();
  const entries: LogEntry[] = [];
  const problems: string[] = [];
  let next = 0;
  const reader = async (): Promise<void> => {
    for (let index = next++; index < size; index = next++) {
      try {
        const { body } = await client.call<LogEntry>('GET', `/v1/entries/${index}`);
        entries[index] = body;
        if (body.index !== index) problems.push(`entry ${index} says that it is ${body.index}`);
      } catch (error) {
        problems.push(`entry ${index} of ${size}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return { entries: entries.filter((entry) => entry !== undefined), problems };
}

export interface NodeCheck {
  readonly records: number;
  readonly passages: number;
  readonly lost: number;
  readonly twice: number;
  readonly problems: readonly string[];
}

interface Body {
  readonly type?: string;
  readonly passage?: string;
  readonly part?: number;
}

/** Compares what a node committed with what the log has of it: each record once, in order, without a gap, with the same bytes. */
export function checkNode(
  address: NodeAddress,
  entries: readonly LogEntry[],
  head: Head,
  last: OutboxLook,
  committed: Committed,
): NodeCheck {
  const name = `${address.site}/${address.node}`;
  const own = entries.filter((entry) => entry.producer === name && entry.epoch > 0);
  const problems: string[] = [];
  own.forEach((entry, i) => {
    if (entry.epoch !== 1 || entry.seq !== i + 1)
      problems.push(`${name}: entry ${entry.index} is record ${entry.epoch}/${entry.seq}, expected 1/${i + 1}`);
    const body = committed.bodies.get(entry.seq);
    if (body !== undefined && body !== entry.body)
      problems.push(`${name}: record ${entry.seq} has other bytes in the log than in the node's file`);
  });
  const times = new Map<string, number>();
  for (const { body } of own) {
    const { type, passage, part } = JSON.parse(body ?? '{}') as Body;
    if (type === 'passage') times.set(`${passage}/${part}`, (times.get(`${passage}/${part}`) ?? 0) + 1);
  }
  const lost = [...committed.passages.keys()].filter((passage) => !times.has(`${passage}/1`));
  const twice = [...times].filter(([, count]) => count > 1).map(([passage]) => passage);
  for (const passage of lost.slice(0, NAMED)) problems.push(`${name}: passage ${passage} was committed and is not in the log`);
  for (const passage of twice.slice(0, NAMED)) problems.push(`${name}: passage ${passage} is in the log more than once`);
  if (head.epoch !== last.epoch || head.seq !== last.seq || head.chain !== toBase64url(last.chain))
    problems.push(
      `${name}: the hub's head is ${head.epoch}/${head.seq} ${head.chain}, the node's ${last.epoch}/${last.seq} ${toBase64url(last.chain)}`,
    );
  if (own.length !== head.seq) problems.push(`${name}: the log has ${own.length} records, its head says ${head.seq}`);
  return { records: own.length, passages: times.size, lost: lost.length, twice: twice.length, problems: problems.slice(0, 4 * NAMED) };
}

/** Stock of a site by article as the hub tells it, without zeros. */
export async function stockOfSite(client: HubClient, site: string): Promise<Map<string, number>> {
  const rows = (await client.stock()).filter((row) => row.site === site && row.quantity !== 0);
  return new Map(rows.map((row) => [row.gtin, row.quantity]));
}

/** What differs between two stocks, in words. */
export function stockDifferences(what: string, due: ReadonlyMap<string, number>, found: ReadonlyMap<string, number>): string[] {
  return [...new Set([...due.keys(), ...found.keys()])]
    .filter((gtin) => due.get(gtin) !== found.get(gtin))
    .map((gtin) => `${what}: ${found.get(gtin) ?? 0} of ${gtin} in stock, ${due.get(gtin) ?? 0} moved`);
}

/** The journeys of the items that one node's records moved. */
export const journeysOf = (address: NodeAddress, entries: readonly LogEntry[]): ReturnType<typeof journeysIn> =>
  journeysIn(entries.filter((entry) => entry.producer === `${address.site}/${address.node}`));
