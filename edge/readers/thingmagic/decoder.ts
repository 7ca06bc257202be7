import type { Read } from '../../../protocol/read.ts';
import type { StreamChunk, StreamDecoder } from '../reader.ts';
import { cycleEnd, ThingMagicCodec } from './codec.ts';
import { ReadDecoder } from './stream.ts';

/**
 * Raw bytes of a stream to reads: for the replay of a journal, and for measuring. An empty chunk stands for a lull on the line,
 * as the driver reports one.
 */
export class ThingMagicDecoder implements StreamDecoder {
  readonly codec = new ThingMagicCodec();
  readonly #stream = new ReadDecoder();

  push(at: number, chunk: Uint8Array): Read[] {
    const reads: Read[] = [];
    for (const frame of chunk.length === 0 ? this.codec.lull() : this.codec.push(chunk)) this.#stream.decode(frame, at, reads);
    return reads;
  }
}

/** Chunks that bring a fresh decoder to the state of these two. */
export function preambleOf(codec: ThingMagicCodec, stream: ReadDecoder, at: number): StreamChunk[] {
  const chunks: StreamChunk[] = [];
  if (stream.cycle !== undefined) chunks.push({ at: stream.cycle, bytes: cycleEnd() });
  if (codec.held.length > 0) chunks.push({ at, bytes: codec.held.slice() });
  return chunks;
}

/** Decodes a prepared buffer as a serial line delivers it, in pieces of `pieceBytes`; answers how many reads it held. */
export function countReads(bytes: Uint8Array, at: number, pieceBytes = 4_096): number {
  const decoder = new ThingMagicDecoder();
  let reads = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) reads += decoder.push(at, bytes.subarray(from, from + pieceBytes)).length;
  return reads;
}
