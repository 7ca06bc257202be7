import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Intake } from '../../edge/outbox/intake.ts';
import { Outbox } from '../../edge/outbox/outbox.ts';
import { Doors } from '../../edge/passage/doors.ts';
import { ThingMagicDecoder } from '../../edge/readers/thingmagic/decoder.ts';
import type { NodeClock } from '../../protocol/record.ts';
import { type Measure, median, round } from './measure.ts';
import { ANTENNAS, walkBytes } from './stream.ts';

const REPEATS = 5;
const PASSAGES = 20;
const ITEMS = 50;
const READS_PER_ITEM = 300;

/** edge.pipeline: bytes of a reader to committed records, through codec, journal, passages and the synced outbox. */
export async function run(): Promise<Measure[]> {
  const walk = walkBytes(PASSAGES, ITEMS, READS_PER_ITEM);
  const rates: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const dir = mkdtempSync(join(tmpdir(), 'docket-bench-'));
    const clock = (): NodeClock => ({ wall: Date.now(), mono: Math.round(performance.now()), boot: '00000000', synced: true });
    const outbox = new Outbox({ path: join(dir, 'outbox.db'), address: { tenant: 'bench', site: 'BENCH', node: 'n1' }, clock });
    const committed: Promise<void>[] = [];
    let moved = 0;
    const intake = new Intake({ outbox, clock, log: () => undefined });
    const doors = new Doors({
      doors: [{ door: 'D1', antennas: ANTENNAS }],
      dir: join(dir, 'journal'),
      onClosed: (passage) => {
        moved += passage.moved.length;
        const done = intake.take(passage);
        committed.push(done);
        return done;
      },
    });
    doors.recover();
    const decoder = new ThingMagicDecoder();
    const from = performance.now();
    for (const chunk of walk.chunks) {
      const reads = decoder.push(chunk.at, chunk.bytes);
      if (reads.length > 0) doors.push('r1', reads);
      doors.tick(chunk.at);
    }
    await Promise.all(committed);
    const seconds = (performance.now() - from) / 1000;
    const records = outbox.head().seq;
    doors.close();
    await outbox.close();
    rmSync(dir, { recursive: true, force: true });
    if (moved !== walk.items || records < PASSAGES) throw new RangeError(`${moved} of ${walk.items} items in ${records} records came out`);
    rates.push(walk.frames / seconds);
  }
  const params = { reads: walk.frames, passages: PASSAGES, items: ITEMS, readsPerItem: READS_PER_ITEM, repeats: REPEATS };
  return [{ name: 'edge.pipeline', value: round(median(rates)), unit: 'reads/s', params }];
}
