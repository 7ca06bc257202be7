import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Outbox } from '../../edge/outbox/outbox.ts';
import type { NodeClock } from '../../protocol/record.ts';
import { type Measure, round } from './measure.ts';
import { passageBody } from './outbox.ts';

/** What the outbox must hold at least before it refuses: 5,000,000 items. */
const RECORDS = 100_000;
const ITEMS = 50;
const CONCURRENT = 2_000;
/** The first and the last of this many parts are compared. */
const PARTS = 5;

/**
 * edge.outbox.full: records/s of the last fifth of 5,000,000 items without a hub, and in its parameters that of the first fifth and the
 * memory after each. edge.outbox.start: milliseconds of a start with all of them waiting, every record checked against the chain.
 * edge.outbox.epoch: milliseconds in which a new epoch chains them anew.
 */
export async function run(): Promise<Measure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'docket-bench-'));
  const clock = (): NodeClock => ({ wall: 1_764_000_000_000, mono: 1, boot: '00000000', synced: true });
  const address = { tenant: 'bench', site: 'BENCH', node: 'n1' };
  const open = (): Outbox => new Outbox({ path: join(dir, 'outbox.db'), address, clock, limits: { reserveBytes: 0 } });
  const megabytes = (): number => Math.round(process.memoryUsage().rss / 1e6);
  let outbox = open();
  const rates: number[] = [];
  const memory: number[] = [];
  for (let part = 0, n = 0; part < PARTS; part++) {
    let ms = 0;
    for (const end = n + RECORDS / PARTS; n < end; n += CONCURRENT) {
      const bodies = Array.from({ length: CONCURRENT }, (_, i) => passageBody(n + i, clock(), ITEMS));
      const from = performance.now();
      await Promise.all(bodies.map((body) => outbox.append([{ body }])));
      ms += performance.now() - from;
    }
    rates.push(round((RECORDS / PARTS / ms) * 1000));
    memory.push(megabytes());
  }
  const { items, level } = outbox.health().space;
  await outbox.close();
  if (items !== RECORDS * ITEMS) throw new RangeError(`${items} items stand in the outbox`);
  let from = performance.now();
  outbox = open();
  const start = performance.now() - from;
  from = performance.now();
  await outbox.newEpoch('restored', { epoch: 1, seq: RECORDS + 1, chain: '' });
  const epoch = performance.now() - from;
  await outbox.close();
  rmSync(dir, { recursive: true, force: true });
  const params = { items, records: RECORDS };
  return [
    {
      name: 'edge.outbox.full',
      value: rates.at(-1) ?? 0,
      unit: 'records/s',
      params: { ...params, first: rates[0] ?? 0, memoryFirstMB: memory[0] ?? 0, memoryLastMB: memory.at(-1) ?? 0, level },
    },
    { name: 'edge.outbox.start', value: round(start), unit: 'ms', params },
    { name: 'edge.outbox.epoch', value: round(epoch), unit: 'ms', params },
  ];
}
