export * from './commands.ts';
export * from './errors.ts';
export * from './record.ts';
export * from './regions.ts';

/**
 * A frame of the A0 protocol, the same both ways, as a view into the bytes it came in: nothing is copied.
 * `A0 LEN ADR CMD DATA CHK`; LEN counts what follows it, so DATA has LEN - 3 bytes; all bytes of a frame add up to 0 modulo 256.
 */
export interface Frame {
  readonly cmd: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Where the frame's A0 stands in `bytes`. */
  readonly start: number;
  /** Where DATA starts in `bytes`. */
  readonly data: number;
  /** Bytes of DATA. */
  readonly length: number;
}

/** What the line did to the bytes; never reset. */
export interface CodecCounters {
  frames: number;
  /** Frames lost to a wrong checksum where a frame was due. */
  crc: number;
  /** How often the codec lost its place and had to look for the next frame. */
  resync: number;
  /** Bytes skipped while looking. */
  garbage: number;
}

export const HEAD = 0xa0;
/** ADR, CMD and CHK: a frame without data. */
export const MIN_LENGTH = 3;
/** A0 and LEN, which LEN does not count. */
const PREFIX = 2;
/** The codec never holds more than one unfinished frame. */
export const MAX_FRAME_BYTES = 255 + PREFIX;
const NOTHING = new Uint8Array(0);

/**
 * Bytes in, frames out, in either direction. A0 is not escaped and stands inside EPCs, so a frame is taken only when its checksum holds;
 * when it does not, the search goes on one byte later. Memory is bounded by one frame.
 */
export class A0Codec {
  readonly counters: CodecCounters = { frames: 0, crc: 0, resync: 0, garbage: 0 };
  #held: Uint8Array = NOTHING;
  /** True while the byte looked at follows a good frame, where a frame is due. */
  #synced = true;

  /** Bytes of an unfinished frame, fewer than {@link MAX_FRAME_BYTES}. */
  get held(): Uint8Array {
    return this.#held;
  }

  /** The frames that `chunk` completes, in order. The frames point into `chunk`, which must not be written again. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    const held = this.#held.length;
    if (held > 0) {
      // A frame that starts in the held bytes ends at most MAX_FRAME_BYTES later: the rest of the chunk is not copied.
      const joined = new Uint8Array(held + Math.min(chunk.length, MAX_FRAME_BYTES));
      joined.set(this.#held);
      joined.set(chunk.subarray(0, joined.length - held), held);
      const at = this.#scan(joined, 0, held, frames);
      if (at < held) {
        this.#held = joined.subarray(at);
        return frames;
      }
      from = at - held;
    }
    const at = this.#scan(chunk, from, chunk.length, frames);
    // Copied: `slice` of a Buffer would keep the whole chunk alive.
    this.#held = at < chunk.length ? new Uint8Array(chunk.subarray(at)) : NOTHING;
    return frames;
  }

  /**
   * To be called when the line has been quiet for longer than a frame can pause: what is held is then no start of a frame.
   * Without this a false start with a large LEN hides the frames behind it until that many bytes have come.
   */
  lull(): Frame[] {
    const frames: Frame[] = [];
    let bytes = this.#held;
    while (bytes.length > 0) {
      this.#skip();
      const at = this.#scan(bytes, 1, bytes.length, frames);
      bytes = bytes.subarray(at);
    }
    this.#held = NOTHING;
    return frames;
  }

  #skip(): void {
    this.counters.garbage++;
    if (this.#synced) this.counters.resync++;
    this.#synced = false;
  }

  /** Takes every frame that starts before `limit`; answers where it stopped: at `limit` or later, or at an unfinished frame. */
  #scan(bytes: Uint8Array, from: number, limit: number, frames: Frame[]): number {
    let at = from;
    while (at < limit) {
      if (bytes[at] !== HEAD) {
        this.#skip();
        at++;
        continue;
      }
      if (at + 1 >= bytes.length) return at;
      const length = bytes[at + 1] as number;
      if (length < MIN_LENGTH) {
        this.#skip();
        at++;
        continue;
      }
      const end = at + length + PREFIX;
      if (end > bytes.length) return at;
      let sum = 0;
      for (let i = at; i < end; i++) sum += bytes[i] as number;
      if (sum & 0xff) {
        if (this.#synced) this.counters.crc++;
        this.#skip();
        at++;
        continue;
      }
      frames.push({
        cmd: bytes[at + 3] as number,
        address: bytes[at + 2] as number,
        bytes,
        start: at,
        data: at + 4,
        length: length - MIN_LENGTH,
      });
      this.counters.frames++;
      this.#synced = true;
      at = end;
    }
    return at;
  }
}
