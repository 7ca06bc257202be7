import { tagNotice } from '../../edge/readers/bb/codec.ts';
import { countReads } from '../../edge/readers/bb/stream.ts';
import { concat } from '../../protocol/bytes.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { Random } from '../random.ts';
import { type Measure, median, round } from './measure.ts';

const REPEATS = 9;
const TAGS = 20;
const READS = 3_000;

/** edge.decode.bb: tag notices decoded to reads, both checksums included, on one core. */
export async function run(): Promise<Measure[]> {
  const random = new Random(1).fork('bench');
  const epcs = Array.from({ length: TAGS }, (_, i) => encodeSgtin96('03400930000014', i + 1, 7));
  const frames = Array.from({ length: TAGS * READS }, (_, i) => tagNotice(epcs[i % TAGS] ?? '', -random.int(30, 70)));
  const bytes = concat(...frames);
  const rates: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now();
    const reads = countReads(bytes, 1_764_000_000_000);
    const seconds = (performance.now() - from) / 1000;
    if (reads !== frames.length) throw new RangeError(`decoded ${reads} of ${frames.length} frames`);
    rates.push(reads / seconds);
  }
  const params = { frames: frames.length, bytes: bytes.length, repeats: REPEATS };
  return [{ name: 'edge.decode.bb', value: round(median(rates)), unit: 'frames/s', params }];
}
