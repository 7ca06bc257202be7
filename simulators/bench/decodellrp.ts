import { Message, message } from '../../edge/readers/llrp/codec.ts';
import { countReads } from '../../edge/readers/llrp/decoder.ts';
import { concat } from '../../protocol/bytes.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { Random } from '../random.ts';
import { IMPINJ, tagReport } from '../reader/llrp/answers.ts';
import { type Measure, median, round } from './measure.ts';

const REPEATS = 9;
const TAGS = 200;
const READS = 300;
const FROM = 1_764_000_000_000;

/** edge.decode.llrp: reports of one tag each, with every field that is asked of an Impinj reader, decoded to reads on one core. */
export async function run(): Promise<Measure[]> {
  const random = new Random(1).fork('bench');
  const epcs = Array.from({ length: TAGS }, (_, i) => encodeSgtin96('03400930000014', i + 1, 7));
  const frames = Array.from({ length: TAGS * READS }, (_, i) => {
    const rssi = -random.int(30, 70);
    const sighting = { epc: epcs[i % TAGS] ?? '', antenna: 1 + (Math.floor(i / TAGS) % 4), rssi, phase: random.int(0, 359) };
    const fields = { antenna: sighting.antenna, channel: random.int(1, 4), seen: 1, rssi, stamp: FROM + i, utc: true, impinj: true };
    return message(Message.RO_ACCESS_REPORT, i, tagReport(sighting, fields));
  });
  const bytes = concat(...frames);
  const rates: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now();
    const reads = countReads(bytes, FROM + frames.length, IMPINJ.frequencies);
    const seconds = (performance.now() - from) / 1000;
    if (reads !== frames.length) throw new RangeError(`decoded ${reads} of ${frames.length} reports`);
    rates.push(reads / seconds);
  }
  const params = { frames: frames.length, bytes: bytes.length, repeats: REPEATS };
  return [{ name: 'edge.decode.llrp', value: round(median(rates)), unit: 'frames/s', params }];
}
