import { concat } from '../../protocol/bytes.ts';
import { PacketFault, REASON } from './reason.ts';

/** A whole packet: its bytes, and where the part after the fixed header begins. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly body: number;
}

/** Pieces held before they are joined: a packet that comes byte by byte must cost neither an object a byte nor a copy a byte. */
const MAX_PIECES = 1024;

/**
 * Cuts a byte stream into whole MQTT packets by their fixed headers (MQTT 5 section 2.1). MQTT over WebSocket may split and join
 * packets at will (section 6). The length is judged before the packet is held, so that a lie about it costs no memory.
 */
export class Framer {
  #pieces: Uint8Array[] = [];
  #pending = 0;
  /** Bytes without which there is no use in looking again. */
  #wanted = 2;

  /** Bytes of a packet that is not complete yet. */
  get pending(): number {
    return this.#pending;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#pending += bytes.length;
    if (this.#pieces.length > MAX_PIECES) this.#joined();
  }

  /**
   * The next whole packet; undefined until there is one.
   * @param limit bytes that a packet may have with its fixed header
   * @throws PacketFault malformed (a length of more than 4 bytes) or tooLarge
   */
  next(limit: number): Frame | undefined {
    if (this.#pending < this.#wanted) return undefined;
    const held = this.#joined();
    let length = 0;
    let at = 1;
    for (;;) {
      const byte = held[at];
      if (byte === undefined) {
        this.#wanted = held.length + 1;
        return undefined;
      }
      length += (byte & 0x7f) * 128 ** (at - 1);
      at++;
      if (byte < 0x80) break;
      if (at > 4) throw new PacketFault(REASON.malformed, 'the remaining length has more than 4 bytes');
    }
    const end = at + length;
    if (end > limit) throw new PacketFault(REASON.tooLarge, `a packet of ${end} bytes is over the limit of ${limit}`);
    if (held.length < end) {
      this.#wanted = end;
      return undefined;
    }
    this.#keep(held.subarray(end));
    this.#wanted = 2;
    return { bytes: held.subarray(0, end), body: at };
  }

  /** What is held so far, for an answer to a packet that will never be complete. */
  peek(): Uint8Array {
    return this.#joined();
  }

  #joined(): Uint8Array {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const joined = concat(...this.#pieces);
    this.#keep(joined);
    return joined;
  }

  #keep(bytes: Uint8Array): void {
    this.#pieces = bytes.length === 0 ? [] : [bytes];
    this.#pending = bytes.length;
  }
}
