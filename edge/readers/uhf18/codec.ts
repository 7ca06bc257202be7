import { crc16 } from './crc.ts';

export * from './commands.ts';
export { crc16 } from './crc.ts';
export * from './record.ts';
export * from './region.ts';
export * from './status.ts';

/**
 * A frame of the UHFReader18, 86 and 288 protocol, as a view into the bytes it came in: nothing is copied.
 * Command: `LEN ADR CMD DATA CRC16`; reply: `LEN ADR CMD STATUS DATA CRC16`. LEN counts the bytes behind it.
 */
export interface Frame {
  readonly address: number;
  readonly cmd: number;
  /** Status of a reply; 0 for a command. */
  readonly status: number;
  readonly bytes: Uint8Array;
  /** Where LEN stands in `bytes`. */
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

const NOTHING = new Uint8Array(0);
const COMMAND_LEN = 4;
const REPLY_LEN = 5;
/** LEN is one byte: the codec never holds more than one unfinished frame. */
export const MAX_FRAME_BYTES = 256;

/**
 * Bytes in, frames out. There is no start byte: any byte may be LEN, and a frame is taken only when its checksum holds; when it does not,
 * the search goes on one byte later. The protocol ends an unfinished frame after a pause of 15 ms: then `lull` is to be called.
 */
export class Uhf18Codec {
  readonly counters: CodecCounters = { frames: 0, crc: 0, resync: 0, garbage: 0 };
  readonly #minimum: number;
  #held: Uint8Array = NOTHING;
  /** True while the byte looked at follows a good frame, where a frame is due. */
  #synced = true;

  /** `hears` is the direction to decode: an edge hears replies, an emulated reader hears commands. */
  constructor(hears: 'replies' | 'commands' = 'replies') {
    this.#minimum = hears === 'replies' ? REPLY_LEN : COMMAND_LEN;
  }

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

  /** To be called when the line has been quiet for longer than a frame can pause (15 ms): what is held is then no start of a frame. */
  lull(): Frame[] {
    const frames: Frame[] = [];
    let bytes = this.#held;
    while (bytes.length > 0) {
      this.#skip();
      bytes = bytes.subarray(this.#scan(bytes, 1, bytes.length, frames));
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
    const minimum = this.#minimum;
    let at = from;
    while (at < limit) {
      const len = bytes[at] as number;
      if (len < minimum) {
        this.#skip();
        at++;
        continue;
      }
      const end = at + len + 1;
      if (end > bytes.length) return at;
      if (crc16(bytes, at, end) !== 0) {
        if (this.#synced) this.counters.crc++;
        this.#skip();
        at++;
        continue;
      }
      const status = minimum === REPLY_LEN ? (bytes[at + 3] as number) : 0;
      const [address, cmd] = [bytes[at + 1] as number, bytes[at + 2] as number];
      frames.push({ address, cmd, status, bytes, start: at, data: at + minimum - 1, length: len - minimum });
      this.counters.frames++;
      this.#synced = true;
      at = end;
    }
    return at;
  }
}
