import { frameCrc } from './crc.ts';

export * from './commands.ts';
export { frameCrc, tagCrc } from './crc.ts';
export * from './models.ts';
export * from './record.ts';
export * from './status.ts';

/**
 * A frame of the ThingMagic serial protocol, as a view into the bytes it came in: nothing is copied.
 * Command: `FF LEN OP DATA[LEN] CRC16`; reply: `FF LEN OP STATUS16 DATA[LEN] CRC16`.
 */
export interface Frame {
  readonly op: number;
  /** Status word of a reply; 0 for a command. */
  readonly status: number;
  readonly bytes: Uint8Array;
  /** Where the frame's FF stands in `bytes`. */
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

/** Longest DATA of a reply by the module's own buffers; a longer LEN is a false start. */
const MAX_DATA = 0xf8;
const NOTHING = new Uint8Array(0);
const COMMAND_OVERHEAD = 5;
const REPLY_OVERHEAD = 7;
/** The codec never holds more than one unfinished frame. */
export const MAX_FRAME_BYTES = MAX_DATA + REPLY_OVERHEAD;

/**
 * Bytes in, frames out. FF is not escaped and stands inside payloads, so a frame is taken only when its checksum holds;
 * when it does not, the search goes on one byte later. Memory is bounded by one frame.
 */
export class ThingMagicCodec {
  readonly counters: CodecCounters = { frames: 0, crc: 0, resync: 0, garbage: 0 };
  readonly #overhead: number;
  #held: Uint8Array = NOTHING;
  /** True while the byte looked at follows a good frame, where a frame is due. */
  #synced = true;

  /** `hears` is the direction to decode: an edge hears replies, an emulated reader hears commands. */
  constructor(hears: 'replies' | 'commands' = 'replies') {
    this.#overhead = hears === 'replies' ? REPLY_OVERHEAD : COMMAND_OVERHEAD;
  }

  /** Bytes of an unfinished frame, at most {@link MAX_FRAME_BYTES}. */
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
    const overhead = this.#overhead;
    const dataOffset = overhead - 2;
    let at = from;
    while (at < limit) {
      if (bytes[at] !== 0xff) {
        this.#skip();
        at++;
        continue;
      }
      if (at + 1 >= bytes.length) return at;
      const length = bytes[at + 1] as number;
      if (length > MAX_DATA) {
        this.#skip();
        at++;
        continue;
      }
      const end = at + length + overhead;
      if (end > bytes.length) return at;
      const crc = ((bytes[end - 2] as number) << 8) | (bytes[end - 1] as number);
      if (frameCrc(bytes, at + 1, end - 2) !== crc) {
        if (this.#synced) this.counters.crc++;
        this.#skip();
        at++;
        continue;
      }
      const status = overhead === REPLY_OVERHEAD ? ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number) : 0;
      frames.push({ op: bytes[at + 2] as number, status, bytes, start: at, data: at + dataOffset, length });
      this.counters.frames++;
      this.#synced = true;
      at = end;
    }
    return at;
  }
}
