import { cycleEnd, tagRecord } from '../../edge/readers/thingmagic/codec.ts';
import { concat } from '../../protocol/bytes.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { Random } from '../random.ts';

/** All nine metadata fields, as the driver asks for. */
const METADATA = 0x01ff;
export const ANTENNAS = [
  { reader: 'r1', port: 1, side: 'outside' },
  { reader: 'r1', port: 2, side: 'outside' },
  { reader: 'r1', port: 3, side: 'inside' },
  { reader: 'r1', port: 4, side: 'inside' },
] as const;

/** One piece of a stream and when it arrives, epoch milliseconds. */
export interface Chunk {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface Walk {
  readonly chunks: readonly Chunk[];
  readonly frames: number;
  readonly passages: number;
  readonly items: number;
}

/** Milliseconds from one passage's start to the next one's. */
const PERIOD_MS = 6_000;
const PASS_MS = 3_000;
/** Bytes arrive some times in an antenna's slot. */
const CHUNK_MS = 50;

/**
 * The bytes of `passages` pallets of `items` tags going in, each tag read `reads` times with a strength that rises at the outer
 * antennas first and at the inner ones later: what a good reader streams, faster than any line carries it.
 */
export function walkBytes(passages: number, items: number, reads: number, start = 1_764_000_000_000): Walk {
  const random = new Random(1).fork('bench');
  const chunks: Chunk[] = [];
  let frames = 0;
  for (let p = 0; p < passages; p++) {
    const epcs = Array.from({ length: items }, (_, i) => encodeSgtin96('03400930000014', p * items + i + 1, 7));
    const slots = PASS_MS / CHUNK_MS;
    const perSlot = Math.round(reads / slots);
    for (let slot = 0; slot < slots; slot++) {
      const antenna = (slot % 4) + 1;
      const progress = (slot + 0.5) / slots;
      const peak = antenna <= 2 ? 0.35 : 0.65;
      const parts: Uint8Array[] = [];
      for (const epc of epcs) {
        for (let k = 0; k < perSlot; k++) {
          const rssi = Math.round(-48 - 90 * (progress - peak) ** 2 * 4 + random.int(-2, 2));
          parts.push(tagRecord({ epc, antenna, rssi: Math.max(-75, rssi), timestamp: slot * CHUNK_MS, phase: 10, kHz: 865_700 }, METADATA));
          frames++;
        }
      }
      if (slot === 0) parts.unshift(cycleEnd());
      chunks.push({ at: start + p * PERIOD_MS + slot * CHUNK_MS + (slot === 0 ? 0 : 1), bytes: concat(...parts) });
    }
    chunks.push({ at: start + p * PERIOD_MS + PASS_MS + 2_500, bytes: cycleEnd() });
  }
  return { chunks, frames, passages, items: passages * items };
}
