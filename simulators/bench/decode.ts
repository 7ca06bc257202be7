import { countReads } from '../../edge/readers/thingmagic/decoder.ts';
import { concat } from '../../protocol/bytes.ts';
import { type Measure, median, round } from './measure.ts';
import { walkBytes } from './stream.ts';

const REPEATS = 9;

/** edge.decode.thingmagic: frames of a tag stream decoded to reads, checksums included, on one core. */
export async function run(): Promise<Measure[]> {
  const walk = walkBytes(4, 50, 300);
  const bytes = concat(...walk.chunks.map((chunk) => chunk.bytes));
  const rates: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now();
    const reads = countReads(bytes, 1_764_000_000_000);
    const seconds = (performance.now() - from) / 1000;
    if (reads !== walk.frames) throw new RangeError(`decoded ${reads} of ${walk.frames} frames`);
    rates.push(reads / seconds);
  }
  return [
    {
      name: 'edge.decode.thingmagic',
      value: round(median(rates)),
      unit: 'frames/s',
      params: { frames: walk.frames, bytes: bytes.length, repeats: REPEATS },
    },
  ];
}
