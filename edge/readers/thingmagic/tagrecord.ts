import { Metadata } from './commands.ts';
import { tagCrc } from './crc.ts';
import { PC_XPC } from './record.ts';

/** Protocols of a tag record that have a layout of their own; the others carry EPC and checksum. */
const GEN2 = 0x05;
/** ATA tags have no checksum. */
const ATA = 0x1d;
/** Embedded data failed: an error word stands in place of the data. */
const DATA_FAILED = 0x8000;
/** What `dataError` is while there is none. */
export const NO_ERROR = 0;

/** `ghost`: the tag's own checksum does not cover PC and EPC. `broken`: the lengths contradict the frame. */
export type RecordState = 'read' | 'ghost' | 'broken';

/**
 * One tag record, of a stream or of a tag buffer. It is filled anew by each `take`, so that a stream allocates nothing for it; a field
 * means something only when its flag is in `flags`.
 */
export class TagRecord {
  flags = 0;
  readCount = 0;
  /** As sent; the signed byte is dBm. */
  rssiByte = 0;
  /** Transmitting and receiving port, each 1 to 16. */
  antenna = 0;
  receiver = 0;
  kHz = 0;
  /** Milliseconds since the search began. */
  timestamp = 0;
  /** Degrees. */
  phase = 0;
  protocol = GEN2;
  /** Bits of the embedded data, and where they stand; a status word in `dataError` instead when the embedded operation failed. */
  dataBits = 0;
  dataAt = 0;
  dataError = NO_ERROR;
  /** Outputs in the low nibble, inputs in the high one; pin 1 in the lowest bit of each. */
  gpio = 0;
  q = 0;
  linkFrequency = 0;
  target = 0;
  brandAt = 0;
  /** Where the PC word stands; `epcAt` for protocols without one. XPC words, if any, lie between the two. */
  pcAt = 0;
  epcAt = 0;
  epcEnd = 0;
  /** Behind the record; not behind its start when its own lengths do not say. */
  end = 0;

  get rssi(): number {
    return (this.rssiByte << 24) >> 24;
  }

  /** Reads the record at `from`; fields stand in ascending order of their flags, each only when its flag is set. It never reads beyond `limit`. */
  take(bytes: Uint8Array, from: number, limit: number, flags: number): RecordState {
    this.end = from;
    const at = this.takeFields(bytes, from, flags);
    if (at + 2 > limit) return 'broken';
    const size = u16(bytes, at) >> 3;
    this.end = at + 2 + size;
    if (this.end > limit) return 'broken';
    return this.protocol === GEN2 ? this.#gen2(bytes, at + 2) : this.#plain(at + 2, size);
  }

  /** An EPC and its checksum up to `end`, without a PC word: what a single read sends behind its fields. */
  takeBare(epcAt: number, end: number): void {
    this.pcAt = epcAt;
    this.epcAt = epcAt;
    this.epcEnd = end - 2;
    this.end = end;
  }

  /** Reads the fields before the EPC; answers where they end. */
  takeFields(bytes: Uint8Array, from: number, flags: number): number {
    let at = from;
    this.flags = flags;
    this.protocol = GEN2;
    this.dataError = NO_ERROR;
    if (flags & Metadata.READ_COUNT) this.readCount = bytes[at++] as number;
    if (flags & Metadata.RSSI) this.rssiByte = bytes[at++] as number;
    if (flags & Metadata.ANTENNA) {
      // Four bits for each side: port 16 is sent as 0.
      const ports = bytes[at++] as number;
      this.antenna = ports >> 4 || 16;
      this.receiver = ports & 15 || 16;
    }
    if (flags & Metadata.FREQUENCY) {
      this.kHz = ((bytes[at] as number) << 16) | u16(bytes, at + 1);
      at += 3;
    }
    if (flags & Metadata.TIMESTAMP) {
      this.timestamp = ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;
      at += 4;
    }
    if (flags & Metadata.PHASE) {
      this.phase = u16(bytes, at);
      at += 2;
    }
    if (flags & Metadata.PROTOCOL) this.protocol = bytes[at++] as number;
    if (flags & Metadata.DATA) at = this.#data(bytes, at);
    if (flags & Metadata.GPIO) this.gpio = bytes[at++] as number;
    if (this.protocol === GEN2) {
      if (flags & Metadata.GEN2_Q) this.q = bytes[at++] as number;
      if (flags & Metadata.GEN2_LF) this.linkFrequency = bytes[at++] as number;
      if (flags & Metadata.GEN2_TARGET) this.target = bytes[at++] as number;
    }
    if (flags & Metadata.BRAND) {
      this.brandAt = at;
      at += 2;
    }
    return at;
  }

  #data(bytes: Uint8Array, at: number): number {
    const bits = u16(bytes, at);
    this.dataAt = at + 2;
    if (bits & DATA_FAILED) {
      this.dataBits = 0;
      this.dataError = u16(bytes, at + 2);
      return at + 4;
    }
    this.dataBits = bits;
    return at + 2 + ((bits + 7) >> 3);
  }

  /** PC, XPC words that it announces (Gen2 6.3.2.1.2.5), EPC, checksum. */
  #gen2(bytes: Uint8Array, from: number): RecordState {
    const crcAt = this.end - 2;
    if (crcAt < from + 2) return 'broken';
    const pc = u16(bytes, from);
    let epcAt = from + 2;
    if (pc & PC_XPC) epcAt += (bytes[epcAt] as number) & 0x80 ? 4 : 2;
    if (epcAt > crcAt) return 'broken';
    this.pcAt = from;
    this.epcAt = epcAt;
    this.epcEnd = crcAt;
    // A tag with a brand may send two bytes of it behind the EPC that its PC counts.
    const branded = (this.flags & Metadata.BRAND) !== 0 && crcAt - from - 4 === 2 * (pc >> 11);
    if (branded) this.epcEnd = crcAt - 2;
    const crc = u16(bytes, crcAt);
    if (tagCrc(bytes, from, crcAt) === crc || (branded && tagCrc(bytes, from, crcAt - 2) === crc)) return 'read';
    return 'ghost';
  }

  #plain(from: number, size: number): RecordState {
    const crc = this.protocol === ATA ? 0 : 2;
    if (size <= crc) return 'broken';
    this.pcAt = from;
    this.epcAt = from;
    this.epcEnd = this.end - crc;
    return 'read';
  }
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
