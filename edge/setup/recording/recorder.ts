import { utf8 } from '../../../protocol/bytes.ts';
import type { Tap } from './tap.ts';
import { type EndReason, entryLine, headerLine, type TapeEntry, type TapeHeader } from './tape.ts';

export interface RecordingLimits {
  /** Of the whole recording. */
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly maxMs: number;
}

/** An hour of a busy reader; a full disk is worse than a short recording. */
export const DEFAULT_MAX_MB = 100;
export const MAX_MB = 10_000;
export const MAX_SECONDS = 86_400;
/** What may wait for a slow disk or connection before the recording gives up: memory stays bounded. */
const MAX_BEHIND_BYTES = 4_194_304;

/**
 * A recording as a stream of bytes, bounded in size, time and memory. It ends with a line that says why. `ended` is called once, without a
 * reason when whoever took it has gone.
 */
export function recording(
  tap: Tap,
  header: TapeHeader,
  limits: RecordingLimits,
  now: () => number = Date.now,
  ended: (reason?: EndReason) => void = () => undefined,
): ReadableStream<Uint8Array> {
  let end: (reason?: EndReason) => void = () => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        let size = 0;
        let over = false;
        let unlisten = (): unknown => undefined;
        const timer = setTimeout(() => end('time'), limits.maxMs).unref();
        const put = (line: string): void => {
          const bytes = utf8(line);
          size += bytes.length;
          controller.enqueue(bytes);
        };
        const elapsed = (): number => Math.max(0, now() - header.start);
        end = (reason) => {
          if (over) return;
          over = true;
          unlisten();
          clearTimeout(timer);
          ended(reason);
          if (reason === undefined) return;
          put(entryLine({ kind: 'end', t: elapsed(), reason }));
          controller.close();
        };
        put(headerLine(header));
        let last = 0;
        unlisten = tap.listen((heard) => {
          if (over || !wanted(heard.kind, header.what)) return;
          // Never backwards, also when the clock is.
          last = Math.max(last, elapsed());
          const line = entryLine({ ...heard, t: last } as TapeEntry);
          if (size + line.length > limits.maxBytes) return end('size');
          if ((controller.desiredSize ?? 0) < 0) return end('slow');
          put(line);
        });
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_BEHIND_BYTES }),
  );
}

/** Reads alone, or all that went over the line. */
function wanted(kind: TapeEntry['kind'], what: TapeHeader['what']): boolean {
  return what === 'reads' ? kind === 'reads' || kind === 'close' : kind !== 'reads';
}
