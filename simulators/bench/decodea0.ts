import { Command, switchEnd, tagRecord } from '../../edge/readers/a0/codec.ts';
import { countReads } from '../../edge/readers/a0/decoder.ts';
import { concat } from '../../protocol/bytes.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { Random } from '../random.ts';
import { type Measure, median, round } from './measure.ts';

const REPEATS = 9;
/** Five megabytes: shorter runs measure the scheduler of a busy machine. */
const TAGS = 240_000;
const COPIES = 4;
/** Of four pallets. */
const ITEMS = 200;
const TAGS_A_ROUND = 100;

/** edge.decode.a0: tag packets of fast switches decoded to reads, with the EPC's text, checksums included, on one core. */
export async function run(): Promise<Measure[]> {
  const random = new Random(1).fork('bench/a0');
  const epcs = Array.from({ length: ITEMS }, (_, i) => encodeSgtin96('03400930000014', i + 1, 7));
  const parts: Uint8Array[] = [];
  for (let i = 0; i < TAGS / COPIES; i++) {
    const fields = {
      epc: epcs[i % ITEMS] as string,
      antenna: (i % 4) + 1,
      rssi: random.int(-75, -40),
      kHz: 865_000 + 500 * random.int(0, 6),
    };
    parts.push(tagRecord(1, Command.FAST_SWITCH, fields));
    if (i % TAGS_A_ROUND === TAGS_A_ROUND - 1) parts.push(switchEnd(1, TAGS_A_ROUND, 250));
  }
  const once = concat(...parts);
  const bytes = concat(...Array.from({ length: COPIES }, () => once));
  const rates: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now();
    const reads = countReads(bytes, 1_764_000_000_000);
    const seconds = (performance.now() - from) / 1000;
    if (reads !== TAGS) throw new RangeError(`decoded ${reads} of ${TAGS} tag packets`);
    rates.push(reads / seconds);
  }
  return [
    {
      name: 'edge.decode.a0',
      value: round(median(rates)),
      unit: 'frames/s',
      params: { frames: TAGS, bytes: bytes.length, repeats: REPEATS },
    },
  ];
}
