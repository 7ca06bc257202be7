import type { Read } from '../../../protocol/read.ts';
import type { Frame } from './codec.ts';
import { Metadata, Multi, Op, SEARCH_STREAMING } from './commands.ts';
import { EpcText } from './epctext.ts';
import { isPolled, Message, OPTION_METADATA, OPTION_PREFIX, OPTION_TOTALS, TOTALS_BYTES } from './record.ts';
import { type Statistics, statistics } from './statistics.ts';
import { Status } from './status.ts';
import { TagRecord } from './tagrecord.ts';

/** What a stream message was. `other` is a frame that does not belong to a stream. */
export type StreamEvent = 'read' | 'ghost' | 'cycle' | 'statistics' | 'ended' | 'fault' | 'buffer' | 'other';

/** Far more than time stamps disagree by, far less than a passage that would be cut by it. */
const CLOCK_SET_BACK_MS = 2_000;
/** Flags, option and count before the first record of a tag buffer. */
const BUFFER_HEAD_BYTES = 4;

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
  readonly #multiplexed: boolean;
  readonly #texts = new EpcText();
  readonly #tag = new TagRecord();
  #cycle: number | undefined;
  #last = 0;

  /**
   * `multiplexed`: outputs 3 and 4 switch a multiplexer behind each port, as the Mercury API allows on models other than Nano and M7e, and
   * stand in a record's levels: 16, 32 or 48 is then added to its port. Off where nothing says so, because the outputs may drive a light.
   */
  constructor({ multiplexed = false }: { readonly multiplexed?: boolean } = {}) {
    this.#multiplexed = multiplexed;
  }

  /** When the running search cycle began, by the host's clock; undefined before the first. */
  get cycle(): number | undefined {
    return this.#cycle;
  }

  /** Takes one frame that arrived at `now` (epoch milliseconds) and appends its read, if it is one, to `reads`. */
  decode(frame: Frame, now: number, reads: Read[]): StreamEvent {
    const { op, status, length, bytes, data } = frame;
    if (op === Op.TAG_BUFFER) return this.#buffer(frame, now, reads);
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
    const option = bytes[data + prefix] as number;
    const hasMetadata = (option & OPTION_METADATA) !== 0;
    const type = data + prefix + (hasMetadata ? 5 : 3);
    if (type >= data + length || (length === TOTALS_BYTES && option & OPTION_TOTALS)) return 'other';
    const search = u16(bytes, data + prefix + 1);
    if ((search & SEARCH_STREAMING) === 0 && isPolled(length - prefix)) return 'other';
    const kind = bytes[type];
    if (kind === Message.TAG) {
      const flags = hasMetadata ? u16(bytes, type - 2) : 0;
      return this.#record(bytes, type + 1, data + length, flags, now, reads);
    }
    if (kind === Message.STATISTICS) {
      this.statistics = statistics(bytes, type + 1, data + length);
      return 'statistics';
    }
    return kind === Message.ENDED ? 'ended' : 'other';
  }

  /** A polled search begins: its time stamps count from here. */
  searching(now: number): void {
    this.#cycle = now;
  }

  /** The records of a piece of the tag buffer; its flags and count stand in front. */
  #buffer({ bytes, data, length, status }: Frame, now: number, reads: Read[]): StreamEvent {
    if (status !== Status.OK || length < BUFFER_HEAD_BYTES) return 'other';
    const flags = u16(bytes, data);
    let at = data + BUFFER_HEAD_BYTES;
    for (let left = bytes[data + 3] as number; left > 0; left--) {
      this.#record(bytes, at, data + length, flags, now, reads);
      // Without its own lengths nothing says where the next record begins.
      if (this.#tag.end <= at || this.#tag.end > data + length) break;
      at = this.#tag.end;
    }
    return 'buffer';
  }

  #record(bytes: Uint8Array, from: number, end: number, flags: number, now: number, reads: Read[]): StreamEvent {
    const record = this.#tag;
    const state = record.take(bytes, from, end, flags);
    if (state === 'broken') {
      this.malformed++;
      return 'ghost';
    }
    if (state === 'ghost') {
      this.ghosts++;
      return 'ghost';
    }
    if (flags & Metadata.GPIO) this.gpio = record.gpio;
    const epc = this.#texts.of(bytes, record.epcAt, record.epcEnd - record.epcAt);
    const instant = this.#instant(flags & Metadata.TIMESTAMP ? record.timestamp : undefined, now);
    let antenna = flags & Metadata.ANTENNA ? record.antenna : 0;
    if (this.#multiplexed && flags & Metadata.GPIO) antenna += 16 * ((record.gpio >> 2) & 3);
    const rssi = flags & Metadata.RSSI ? record.rssi : 0;
    const phase = flags & Metadata.PHASE ? record.phase : undefined;
    reads.push(makeRead(epc, antenna, rssi, instant, phase, flags & Metadata.FREQUENCY ? record.kHz : undefined));
    return 'read';
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
