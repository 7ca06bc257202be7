/** Bytes of a remaining length (MQTT 3.1.1 section 2.2.3). */
const LENGTH_BYTES = 4;

/**
 * Follows the packets in a connection's bytes and finds one that is too long by its fixed header, before its content comes: aedes collects
 * a packet in memory, up to 256 MB, before it asks who may publish. Only the lengths are read.
 */
export class PacketLengths {
  readonly #max: number;
  /** Content bytes of the current packet that are still to come. */
  #left = 0;
  /** Bytes of the current fixed header that were read; the first is the type. */
  #header = 0;
  #length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes the next bytes; false when a packet is longer than it may be, or its length is none. */
  push(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      const byte = bytes[at++] as number;
      if (this.#header === 0) {
        this.#header = 1;
        this.#length = 0;
        continue;
      }
      if (this.#header > LENGTH_BYTES) return false;
      this.#length += (byte & 0x7f) * 128 ** (this.#header - 1);
      this.#header++;
      if ((byte & 0x80) !== 0) continue;
      if (this.#length > this.#max) return false;
      this.#left = this.#length;
      this.#header = 0;
    }
    return true;
  }
}
