import { Type } from './commands.ts';

export * from './commands.ts';
export * from './notice.ts';
export * from './status.ts';

/** A frame of the M100 protocol `BB TYPE CMD LEN16 DATA SUM 7E`, as a view into the bytes it came in: nothing is copied. */
export interface Frame {
  readonly type: number;
  readonly cmd: number;
  readonly bytes: Uint8Array;
  /** Where BB stands in `bytes`. */
  readonly start: number;
  /** Where DATA starts in `bytes`. */
  readonly data: number;
  /** Bytes of DATA. */
  readonly length: number;
}

/** What the line did to the bytes; never reset. */
export interface CodecCounters {
  frames: number;
  /** Frames lost to a wrong sum, or without their last byte, where a frame was due. */
  crc: number;
  /** How often the codec lost its place and had to look for the next frame. */
  resync: number;
  /** Bytes skipped while looking. */
  garbage: number;
}

const HEADER = 0xbb;
const END = 0x7e;
/** BB TYPE CMD LEN16 in front, SUM 7E behind. */
const OVERHEAD = 7;
/** The longest answer reads 64 words behind an EPC of 31: a longer LEN is a false start. */
const MAX_DATA = 255;
const NOTHING = new Uint8Array(0);
/** The codec never holds more than one unfinished frame. */
export const MAX_FRAME_BYTES = MAX_DATA + OVERHEAD;

/**
 * Bytes in, frames out. BB and 7E are not escaped and stand inside payloads: a frame is taken by its LEN, and only when its sum and its last
 * byte are right; when not, the search goes on one byte later. The sum is of 8 bits: the checksum of a tag notice has to be looked at, too.
 */
export class BbCodec {
  readonly counters: CodecCounters = { frames: 0, crc: 0, resync: 0, garbage: 0 };
  readonly #commands: boolean;
  #held: Uint8Array = NOTHING;
  /** True while the byte looked at follows a good frame, where a frame is due. */
  #synced = true;

  /** `hears` is the direction to decode: an edge hears replies, an emulated reader hears commands. */
  constructor(hears: 'replies' | 'commands' = 'replies') {
    this.#commands = hears === 'commands';
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

  /** To be called when the line has been quiet for longer than a frame can pause: what is held is then no start of a frame. */
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
    let at = from;
    while (at < limit) {
      const length = this.#length(bytes, at);
      if (length === undefined) return at;
      const end = at + length + OVERHEAD;
      if (length >= 0 && end > bytes.length) return at;
      if (length < 0 || !isGood(bytes, at, end)) {
        if (length >= 0 && this.#synced) this.counters.crc++;
        this.#skip();
        at++;
        continue;
      }
      frames.push({ type: bytes[at + 1] as number, cmd: bytes[at + 2] as number, bytes, start: at, data: at + 5, length });
      this.counters.frames++;
      this.#synced = true;
      at = end;
    }
    return at;
  }

  /** Bytes of DATA of a frame that starts at `at`; -1 when none does; undefined when that is not to be seen yet. */
  #length(bytes: Uint8Array, at: number): number | undefined {
    if (bytes[at] !== HEADER) return -1;
    if (at + 1 >= bytes.length) return undefined;
    const type = bytes[at + 1] as number;
    if (this.#commands ? type !== Type.COMMAND : type !== Type.RESPONSE && type !== Type.NOTICE) return -1;
    if (at + 4 >= bytes.length) return undefined;
    const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
    return length > MAX_DATA ? -1 : length;
  }
}

function isGood(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[end - 1] !== END) return false;
  let sum = 0;
  for (let i = at + 1; i < end - 2; i++) sum += bytes[i] as number;
  return (sum & 0xff) === bytes[end - 2];
}
