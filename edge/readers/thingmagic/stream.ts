import type { Read } from '../../../protocol/read.ts';
import type { Frame } from './codec.ts';
import { Metadata, Multi, Op } from './commands.ts';
import { tagCrc } from './crc.ts';
import { EpcText } from './epctext.ts';
import { Message, OPTION_METADATA, OPTION_PREFIX, PC_XPC } from './record.ts';
import { type Statistics, statistics } from './statistics.ts';
import { Status } from './status.ts';

/** What a stream message was. `other` is a frame that does not belong to a stream. */
export type StreamEvent = 'read' | 'ghost' | 'cycle' | 'statistics' | 'ended' | 'fault' | 'other';

const GEN2 = 0x05;
/** Far more than time stamps disagree by, far less than a passage that would be cut by it. */
const CLOCK_SET_BACK_MS = 2_000;
/** Embedded data failed: an error word stands in place of the data. */
const DATA_FAILED = 0x8000;
/** Option bit and length of the totals that end a search for a fixed count of tags. */
const OPTION_TOTALS = 0x01;
const TOTALS_BYTES = 7;

/**
 * Turns the messages of a stream into reads with host time. Its state is the start of the search cycle and the last instant, so the same
 * frames with the same arrival times give the same reads: a journal can be replayed through a new one.
 */
export class ReadDecoder {
  /** Records whose tag checksum does not cover PC and EPC. */
  ghosts = 0;
  /** Records that contradict their own lengths. */
  malformed = 0;
  /** Levels of the four outputs (low nibble) and inputs (high nibble) with the last record; undefined before. */
  gpio: number | undefined;
  /** Status of the last `fault`. */
  fault = 0;
  /** Contents of the last `statistics`. */
  statistics: Statistics = {};
  readonly #texts = new EpcText();
  #cycle: number | undefined;
  #last = 0;

  /** When the running search cycle began, by the host's clock; undefined before the first. */
  get cycle(): number | undefined {
    return this.#cycle;
  }

  /** Takes one frame that arrived at `now` (epoch milliseconds) and appends its read, if it is one, to `reads`. */
  decode(frame: Frame, now: number, reads: Read[]): StreamEvent {
    const { op, status, length, bytes, data } = frame;
    if (op !== Op.READ_MULTIPLE) {
      // The answer to the start command is the first instant of the first cycle.
      const answer = length > 0 ? bytes[data] : Multi.START;
      if (op === Op.MULTI_PROTOCOL && status === Status.OK && answer !== Multi.STOP && answer !== Multi.WRAPPED) this.#cycle = now;
      return 'other';
    }
    if (status !== Status.OK) {
      if (status === Status.NO_TAGS) {
        this.#cycle = now;
        return 'cycle';
      }
      this.fault = status;
      return 'fault';
    }
    if (length === 0) {
      this.#cycle = now;
      return 'cycle';
    }
    const prefix = (bytes[data] as number) & OPTION_PREFIX ? 1 : 0;
    const hasMetadata = ((bytes[data + prefix] as number) & OPTION_METADATA) !== 0;
    const type = data + prefix + (hasMetadata ? 5 : 3);
    if (type >= data + length || (length === TOTALS_BYTES && (bytes[data] as number) & OPTION_TOTALS)) return 'other';
    const kind = bytes[type];
    if (kind === Message.TAG) {
      const flags = hasMetadata ? ((bytes[type - 2] as number) << 8) | (bytes[type - 1] as number) : 0;
      return this.#record(bytes, type + 1, data + length, flags, now, reads);
    }
    if (kind === Message.STATISTICS) {
      this.statistics = statistics(bytes, type + 1, data + length);
      return 'statistics';
    }
    return kind === Message.ENDED ? 'ended' : 'other';
  }

  /** Fields stand in ascending order of their flags, each only when its flag is set. */
  #record(bytes: Uint8Array, from: number, end: number, flags: number, now: number, reads: Read[]): StreamEvent {
    let at = from;
    let rssi = 0;
    let antenna = 0;
    let kHz: number | undefined;
    let phase: number | undefined;
    let timestamp: number | undefined;
    let protocol = GEN2;
    if (flags & Metadata.READ_COUNT) at++;
    if (flags & Metadata.RSSI) rssi = ((bytes[at++] as number) << 24) >> 24;
    if (flags & Metadata.ANTENNA) antenna = (bytes[at++] as number) & 15 || 16;
    if (flags & Metadata.FREQUENCY) {
      kHz = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      at += 3;
    }
    if (flags & Metadata.TIMESTAMP) {
      timestamp = (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | u16(bytes, at + 2)) >>> 0;
      at += 4;
    }
    if (flags & Metadata.PHASE) {
      phase = u16(bytes, at);
      at += 2;
    }
    if (flags & Metadata.PROTOCOL) protocol = bytes[at++] as number;
    if (flags & Metadata.DATA) {
      const bits = u16(bytes, at);
      at += 2 + (bits & DATA_FAILED ? 2 : (bits + 7) >> 3);
    }
    if (flags & Metadata.GPIO) this.gpio = bytes[at++] as number;
    if (protocol === GEN2)
      at += (flags & Metadata.GEN2_Q ? 1 : 0) + (flags & Metadata.GEN2_LF ? 1 : 0) + (flags & Metadata.GEN2_TARGET ? 1 : 0);
    if (flags & Metadata.BRAND) at += 2;

    const size = at + 2 <= end ? u16(bytes, at) >> 3 : 0;
    const pcAt = at + 2;
    const crcAt = pcAt + size - 2;
    if (size < 4 || crcAt + 2 > end) return this.#broken();
    const pc = u16(bytes, pcAt);
    let epcAt = pcAt + 2;
    if (pc & PC_XPC) epcAt += bytes[epcAt] !== undefined && (bytes[epcAt] as number) & 0x80 ? 4 : 2;
    if (epcAt > crcAt) return this.#broken();
    if (protocol === GEN2 && tagCrc(bytes, pcAt, crcAt) !== u16(bytes, crcAt)) {
      this.ghosts++;
      return 'ghost';
    }
    const epc = this.#texts.of(bytes, epcAt, crcAt - epcAt);
    const instant = this.#instant(timestamp, now);
    reads.push(makeRead(epc, antenna, rssi, instant, phase, kHz));
    return 'read';
  }

  #broken(): StreamEvent {
    this.malformed++;
    return 'ghost';
  }

  /**
   * Cycle start plus the module's time stamp, never after arrival and never before the read that came before. Only when the host's
   * clock was set back does it start again from there: instants that stand still would carry no direction.
   */
  #instant(timestamp: number | undefined, now: number): number {
    if (now < this.#last - CLOCK_SET_BACK_MS) {
      this.#last = 0;
      this.#cycle = undefined;
    }
    let at = timestamp === undefined || this.#cycle === undefined ? now : this.#cycle + timestamp;
    if (at > now) at = now;
    if (at < this.#last) at = this.#last;
    this.#last = at;
    return at;
  }
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Objects of few shapes: an absent field is absent, not undefined. */
function makeRead(epc: string, antenna: number, rssi: number, at: number, phase: number | undefined, kHz: number | undefined): Read {
  if (phase !== undefined) return kHz === undefined ? { epc, antenna, rssi, at, phase } : { epc, antenna, rssi, at, phase, kHz };
  return kHz === undefined ? { epc, antenna, rssi, at } : { epc, antenna, rssi, at, kHz };
}
