import type { Read } from '../../../protocol/read.ts';
import type { ReadsOfBytes } from '../reads.ts';
import { LlrpCodec } from './codec.ts';
import { ReportDecoder } from './reports.ts';

/** What a reader sends while it reads to reads, without a connection: for measuring, and for looking into a capture. */
export class LlrpDecoder implements ReadsOfBytes {
  readonly codec = new LlrpCodec();
  readonly reports: ReportDecoder;

  /** `frequencies` in kHz by channel index, which counts from 1. */
  constructor(frequencies: readonly number[] = []) {
    this.reports = new ReportDecoder(frequencies);
  }

  /** The reads that `chunk`, which arrived at `at` (epoch milliseconds), completes. */
  push(at: number, chunk: Uint8Array): Read[] {
    const reads: Read[] = [];
    for (const frame of this.codec.push(chunk)) this.reports.decode(frame, at, reads);
    return reads;
  }

  /** TCP brings every byte: what is unfinished stays so. */
  lull(): Read[] {
    return [];
  }
}

/** Decodes a prepared buffer as TCP delivers it, in pieces of `pieceBytes`; answers how many reads it held. */
export function countReads(bytes: Uint8Array, at: number, frequencies: readonly number[], pieceBytes = 65_536): number {
  const decoder = new LlrpDecoder(frequencies);
  let reads = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) reads += decoder.push(at, bytes.subarray(from, from + pieceBytes)).length;
  return reads;
}
