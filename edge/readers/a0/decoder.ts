import type { Read } from '../../../protocol/read.ts';
import { type ReadsOfBytes, readsOfBytes } from '../reads.ts';
import { A0Codec } from './codec.ts';
import { ReadDecoder } from './stream.ts';

/** Recorded bytes to reads. */
export function decoder(): ReadsOfBytes {
  const stream = new ReadDecoder();
  return readsOfBytes(new A0Codec(), (frame, at, reads) => void stream.decode(frame, at, reads));
}

/**
 * Decodes a prepared buffer as a serial line delivers it, in pieces of `pieceBytes` (4,095 is what Linux hands over at once);
 * answers how many reads it held. For measuring.
 */
export function countReads(bytes: Uint8Array, at: number, pieceBytes = 4_095): number {
  const codec = new A0Codec();
  const stream = new ReadDecoder();
  let count = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const reads: Read[] = [];
    for (const frame of codec.push(bytes.subarray(from, from + pieceBytes))) stream.decode(frame, at, reads);
    count += reads.length;
  }
  return count;
}
