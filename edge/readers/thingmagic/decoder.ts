import type { Read } from '../../../protocol/read.ts';
import type { ReadsOfBytes } from '../reads.ts';
import { ThingMagicCodec } from './codec.ts';
import { ReadDecoder } from './stream.ts';

/** Raw bytes of a running stream to reads, without a line or a module: for measuring, and for looking into a capture. */
export class ThingMagicDecoder implements ReadsOfBytes {
  readonly codec = new ThingMagicCodec();
  readonly stream = new ReadDecoder();

  /** The reads that `chunk`, which arrived at `at` (epoch milliseconds), completes. */
  push(at: number, chunk: Uint8Array): Read[] {
    const reads: Read[] = [];
    for (const frame of this.codec.push(chunk)) this.stream.decode(frame, at, reads);
    return reads;
  }

  lull(at: number): Read[] {
    const reads: Read[] = [];
    for (const frame of this.codec.lull()) this.stream.decode(frame, at, reads);
    return reads;
  }
}

/**
 * Decodes a prepared buffer as a serial line delivers it, in pieces of `pieceBytes` (4,095 is what Linux hands over at once);
 * answers how many reads it held.
 */
export function countReads(bytes: Uint8Array, at: number, pieceBytes = 4_095): number {
  const decoder = new ThingMagicDecoder();
  let reads = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) reads += decoder.push(at, bytes.subarray(from, from + pieceBytes)).length;
  return reads;
}
