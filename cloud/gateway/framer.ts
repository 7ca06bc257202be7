import { concat } from '../../protocol/bytes.ts';
import { PacketFault, REASON } from './reason.ts';

/** A whole packet: its bytes, and where the part after the fixed header begins. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly body: number;
}

/**
 * Cuts a byte stream into whole MQTT packets by their fixed headers (MQTT 5 section 2.1). MQTT over WebSocket may split and join
 * packets at will (section 6). The length is judged before the packet is held, so that a lie about it costs no memory.
 */
export class Framer {
  #held: Uint8Array = new Uint8Array();

  /** Bytes of a packet that is not complete yet. */
  get pending(): number {
    return this.#held.length;
  }

  push(bytes: Uint8Array): void {
    this.#held = this.#held.length === 0 ? bytes : concat(this.#held, bytes);
  }

  /**
   * The next whole packet; undefined until there is one.
   * @param limit bytes that a packet may have with its fixed header
   * @throws PacketFault malformed (a length of more than 4 bytes) or tooLarge
   */
  next(limit: number): Frame | undefined {
    const held = this.#held;
    let length = 0;
    let at = 1;
    for (;;) {
      const byte = held[at];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 128 ** (at - 1);
      at++;
      if (byte < 0x80) break;
      if (at > 4) throw new PacketFault(REASON.malformed, 'the remaining length has more than 4 bytes');
    }
    const end = at + length;
    if (end > limit) throw new PacketFault(REASON.tooLarge, `a packet of ${end} bytes is over the limit of ${limit}`);
    if (held.length < end) return undefined;
    this.#held = held.subarray(end);
    return { bytes: held.subarray(0, end), body: at };
  }
}
