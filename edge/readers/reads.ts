import type { Read } from '../../protocol/read.ts';
import type { ReaderSettings } from './reader.ts';

/** Bytes of a reader to reads, without a line or a reader: the codec and the decoding of its stream. */
export interface ReadsOfBytes {
  /** The reads that `chunk`, which arrived at `at` (epoch milliseconds), completes. */
  push(at: number, chunk: Uint8Array): Read[];
  /** The line was quiet for longer than a frame can pause. */
  lull(at: number): Read[];
}

/** What the decoding of some families depends on. */
export type DecoderSettings = Pick<ReaderSettings, 'rssiOffset' | 'ports'>;

interface Codec<F> {
  push(chunk: Uint8Array): F[];
  lull(): F[];
}

/** Puts a codec and the decoding of its frames together. `decode` appends the reads of a frame that arrived at `at`. */
export function readsOfBytes<F>(codec: Codec<F>, decode: (frame: F, at: number, reads: Read[]) => void): ReadsOfBytes {
  const take = (frames: readonly F[], at: number): Read[] => {
    const reads: Read[] = [];
    for (const frame of frames) decode(frame, at, reads);
    return reads;
  };
  return { push: (at, chunk) => take(codec.push(chunk), at), lull: (at) => take(codec.lull(), at) };
}
