import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Outbox } from '../../edge/outbox/outbox.ts';
import { groupItems, type NodeClock, type PassageBody } from '../../protocol/record.ts';
import { type Measure, round } from './measure.ts';

const RECORDS = 40_000;
const ITEMS = 50;
/** Appends that wait at the same time: eight doors and a burst behind each. */
const CONCURRENT = 2_000;

/** Articles of the bench: a passage of `gtins` of them is a mixed pallet, and each costs the hub rows of its own. */
const GTINS = ['03400930000014', '03400930000021', '03400930000038', '03400930000045'] as const;

export function passageBody(n: number, clock: NodeClock, items = ITEMS, gtins = 1): PassageBody {
  const serials = Array.from({ length: items }, (_, i) => ({
    gtin: GTINS[i % gtins] as string,
    serial: Math.floor(Math.random() * 2 ** 38),
  }));
  return {
    ...{ type: 'passage', v: 1, passage: `D1-${n.toString(36)}`, door: 'D1', part: 1, parts: 1, direction: 'in', confidence: 990 },
    ...{ opened: clock.wall - 3000, closed: clock.wall, items: groupItems(serials), clock },
  };
}

/** edge.outbox: records of 50 items committed with synchronous FULL, salts and chain included. */
export async function run(): Promise<Measure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'docket-bench-'));
  const clock = (): NodeClock => ({ wall: 1_764_000_000_000, mono: 1, boot: '00000000', synced: true });
  const outbox = new Outbox({ path: join(dir, 'outbox.db'), address: { tenant: 'bench', site: 'BENCH', node: 'n1' }, clock });
  const bodies = Array.from({ length: RECORDS }, (_, n) => passageBody(n, clock()));
  const from = performance.now();
  for (let at = 0; at < RECORDS; at += CONCURRENT) {
    await Promise.all(bodies.slice(at, at + CONCURRENT).map((body) => outbox.append([{ body }])));
  }
  const seconds = (performance.now() - from) / 1000;
  const { seq } = outbox.head();
  await outbox.close();
  rmSync(dir, { recursive: true, force: true });
  if (seq !== RECORDS) throw new RangeError(`${seq} of ${RECORDS} records stand in the outbox`);
  return [
    {
      name: 'edge.outbox',
      value: round(RECORDS / seconds),
      unit: 'records/s',
      params: { records: RECORDS, items: ITEMS, concurrent: CONCURRENT, synchronous: 'FULL' },
    },
  ];
}
