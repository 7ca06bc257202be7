import type { Read } from '../../../protocol/read.ts';
import { type DecoderSettings, type ReadsOfBytes, readsOfBytes } from '../reads.ts';
import { Uhf18Codec } from './codec.ts';
import { ReadDecoder } from './stream.ts';

/** Recorded bytes to reads. */
export function decoder({ rssiOffset, ports }: DecoderSettings): ReadsOfBytes {
  const stream = new ReadDecoder(rssiOffset);
  return readsOfBytes(new Uhf18Codec(), (frame, at, reads) => void stream.decode(frame, at, reads, ports?.[0]));
}

/**
 * Decodes a prepared buffer as a serial line delivers it, in pieces of `pieceBytes` (4,095 is what Linux hands over at once);
 * answers how many reads it held.
 */
export function countReads(bytes: Uint8Array, at: number, pieceBytes = 4_095): number {
  const codec = new Uhf18Codec();
  const decoder = new ReadDecoder();
  let count = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const reads: Read[] = [];
    for (const frame of codec.push(bytes.subarray(from, from + pieceBytes))) decoder.decode(frame, at, reads);
    count += reads.length;
  }
  return count;
}
