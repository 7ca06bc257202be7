import { type Frame, u32 } from './frame.ts';

export * from './commands.ts';
export * from './frame.ts';
export * from './numbers.ts';
export * from './parameters.ts';
export * from './rospec.ts';
export * from './status.ts';

/** What became of the bytes; never reset. */
export interface CodecCounters {
  frames: number;
  /** Bytes that belong to no message: all from the header that could not be one. */
  dropped: number;
}

export const HEADER_BYTES = 10;
/**
 * The longest message that is waited for. A report of all that a reader has buffered is the longest there is: this is room for 10,000 tags
 * with every field. A longer one is taken for a header that is none, because it would keep this process waiting and its memory filled.
 */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** LLRP 1.0.1 and 1.1. */
const VERSIONS = 2;

/**
 * Bytes in, messages out. LLRP has no marks and no checksum, and TCP loses nothing: a header that can't be one means that the place is lost
 * for good. The codec is then `broken`, drops all that follows, and the connection has to be opened anew. Memory is bounded by one message.
 */
export class LlrpCodec {
  readonly counters: CodecCounters = { frames: 0, dropped: 0 };
  /** Why no further message can be found; undefined while all is well. */
  broken: string | undefined;
  readonly #header = new Uint8Array(HEADER_BYTES);
  /** The unfinished message: `#header` until its length is known. */
  #held: Uint8Array = this.#header;
  #filled = 0;

  /** Bytes of an unfinished message, below {@link MAX_MESSAGE_BYTES}. */
  get held(): number {
    return this.#filled;
  }

  /** The messages that `chunk` completes, in order. They point into `chunk`, which must not be written again. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = this.#filled === 0 ? 0 : this.#resume(chunk, frames);
    while (at < chunk.length && this.broken === undefined) {
      if (chunk.length - at < HEADER_BYTES) {
        at += this.#fill(chunk, at, HEADER_BYTES);
        break;
      }
      const length = this.#length(chunk, at);
      if (length === 0) break;
      if (chunk.length - at < length) {
        this.#held = new Uint8Array(length);
        at += this.#fill(chunk, at, length);
        break;
      }
      frames.push(frameAt(chunk, at, at + length));
      this.counters.frames++;
      at += length;
    }
    if (this.broken !== undefined) this.counters.dropped += chunk.length - at;
    return frames;
  }

  /** To be called when no more bytes will come: what is held belongs to no message. */
  lull(): Frame[] {
    this.counters.dropped += this.#filled;
    this.#clear();
    return [];
  }

  #clear(): void {
    this.#held = this.#header;
    this.#filled = 0;
  }

  /** Completes the held message from `chunk`; answers how much of it was used. */
  #resume(chunk: Uint8Array, frames: Frame[]): number {
    let at = 0;
    if (this.#held === this.#header) {
      at = this.#fill(chunk, 0, HEADER_BYTES);
      if (this.#filled < HEADER_BYTES) return at;
      const length = this.#length(this.#header, 0);
      if (length === 0) {
        this.lull();
        return at;
      }
      this.#held = new Uint8Array(length);
      this.#held.set(this.#header);
    }
    at += this.#fill(chunk, at, this.#held.length);
    if (this.#filled < this.#held.length) return at;
    frames.push(frameAt(this.#held, 0, this.#held.length));
    this.counters.frames++;
    this.#clear();
    return at;
  }

  /** Takes bytes from `at` until `upTo` are held; answers how many it took. */
  #fill(chunk: Uint8Array, at: number, upTo: number): number {
    const count = Math.min(chunk.length - at, upTo - this.#filled);
    this.#held.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    return count;
  }

  /** The length that a header names; 0 when it is no header. */
  #length(bytes: Uint8Array, at: number): number {
    const first = bytes[at] as number;
    const length =
      (((bytes[at + 2] as number) << 24) |
        ((bytes[at + 3] as number) << 16) |
        ((bytes[at + 4] as number) << 8) |
        (bytes[at + 5] as number)) >>>
      0;
    const version = first >> 2;
    // The three reserved bits above the version are zero in both versions.
    if (version < 1 || version > VERSIONS) this.broken = `version ${version & 7} with reserved bits ${version >> 3}`;
    else if (length < HEADER_BYTES) this.broken = `a message of ${length} bytes, where a header alone has ${HEADER_BYTES}`;
    else if (length > MAX_MESSAGE_BYTES) this.broken = `a message of ${length} bytes, where ${MAX_MESSAGE_BYTES} is the limit`;
    else return length;
    return 0;
  }
}

function frameAt(bytes: Uint8Array, start: number, end: number): Frame {
  const first = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  const id = u32(bytes, start + 6);
  return { version: (first >> 10) & 7, type: first & 0x3ff, id, bytes, start, data: start + HEADER_BYTES, end };
}
