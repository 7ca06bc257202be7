import { fromHex } from '../../protocol/bytes.ts';
import { decodeEpc, decodeEpcHex, encodeSgtin96, MAX_SERIAL } from '../../protocol/epc.ts';
import { checkDigitOf } from '../../protocol/gtin.ts';
import { type Measure, median, round } from './measure.ts';

const REPEATS = 15;
const TAGS = 200_000;
const BYTES = 12;
const SEED = 0x5eed;

/** A small generator (mulberry32): the same tags at each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

interface Tags {
  readonly bytes: Uint8Array;
  readonly texts: readonly string[];
  /** What a run must add up to: it shows that each GTIN and serial was right and was read. */
  readonly sum: number;
}

const weigh = (gtin: string, serial: number): number =>
  gtin.charCodeAt(4) + gtin.charCodeAt(8) * 3 + gtin.charCodeAt(13) * 7 + (serial % 1009);

/** Random SGTIN-96 tags: a GTIN, a company prefix length and a serial of its own each. */
function randomTags(): Tags {
  const next = random(SEED);
  const bytes = new Uint8Array(TAGS * BYTES);
  const texts: string[] = [];
  let sum = 0;
  for (let i = 0; i < TAGS; i++) {
    const key = String(Math.floor(next() * 1e13)).padStart(13, '0');
    const gtin = key + checkDigitOf(key);
    const serial = Math.floor(next() * MAX_SERIAL);
    const text = encodeSgtin96(gtin, serial, 6 + Math.floor(next() * 7));
    texts.push(text);
    bytes.set(fromHex(text) as Uint8Array, i * BYTES);
    sum += weigh(gtin, serial);
  }
  return { bytes, texts, sum };
}

/** The median of timed runs over all tags, a second. */
function rate(run: () => number, sum: number): number {
  const rates: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now();
    const got = run();
    rates.push((TAGS * 1000) / (performance.now() - from));
    if (got !== sum) throw new RangeError(`decoded tags add up to ${got}, not to ${sum}`);
  }
  return round(median(rates));
}

function fromBytes({ bytes }: Tags): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += BYTES) {
    const epc = decodeEpc(bytes, at, BYTES);
    if (epc.scheme === 'sgtin-96') sum += weigh(epc.gtin, epc.serial);
  }
  return sum;
}

function fromTexts({ texts }: Tags): number {
  let sum = 0;
  for (const text of texts) {
    const epc = decodeEpcHex(text);
    if (epc.scheme === 'sgtin-96') sum += weigh(epc.gtin, epc.serial);
  }
  return sum;
}

/**
 * epc.decode: SGTIN-96 bytes to a GTIN-14 with check digit and a serial number, each read after decoding; epc.decode.hex the same from
 * hexadecimal, as reads carry it.
 */
export async function run(): Promise<Measure[]> {
  const tags = randomTags();
  const measure = (name: string, decode: (tags: Tags) => number): Measure => ({
    name,
    value: rate(() => decode(tags), tags.sum),
    unit: 'EPCs/s',
    params: { tags: TAGS, gtins: TAGS, repeats: REPEATS },
  });
  return [measure('epc.decode', fromBytes), measure('epc.decode.hex', fromTexts)];
}
