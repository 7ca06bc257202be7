import type { Read } from '../../../protocol/read.ts';
import { EpcText } from '../thingmagic/epctext.ts';
import { antennaOf, Cmd, type Frame, type Heartbeat, heartbeatOf, pushedTag, Status, type TagSpan, tagsOf } from './codec.ts';

/** What a frame was. `round` ends an inventory round; `other` is an answer to another command. */
export type StreamEvent = 'read' | 'ghost' | 'round' | 'heartbeat' | 'fault' | 'other';

/** Far more than clocks jitter, far less than a passage that would be cut by it. */
const CLOCK_SET_BACK_MS = 2_000;

/**
 * What is added to the raw level to make a value that the tracker can work with. The manual gives the byte no unit; bytes of 45 to 6D (hex) were
 * seen. With -129, the offset of the radio chip that many such readers are built with, they become -60 to -20: relative values, which
 * a site calibrates with `rssiOffset` so that a tag in the doorway reads about -50.
 */
export const RSSI_OFFSET = -129;
/** A UHFReader18 sends no level: all its reads are equally loud. Such a reader tells that a tag is there, never where it goes. */
export const NO_LEVEL = -60;

/** Turns frames into reads with host time. The same frames with the same arrival times give the same reads. */
export class ReadDecoder {
  /** Frames with a good checksum whose lengths contradict each other. */
  ghosts = 0;
  /** The last heartbeat. */
  heartbeat: Heartbeat | undefined;
  /** Status of the last `fault`. */
  fault = 0;
  readonly #offset: number;
  readonly #shape: '18' | '288' | undefined;
  readonly #texts = new EpcText();
  #last = 0;

  /** `shape` is that of the reader's rounds, where it is known. */
  constructor(rssiOffset: number = RSSI_OFFSET, shape?: '18' | '288') {
    this.#offset = rssiOffset;
    this.#shape = shape;
  }

  /** Takes one frame that arrived at `now` (epoch milliseconds) and appends its reads to `reads`; `port` is what a reader without antennas counts as. */
  decode(frame: Frame, now: number, reads: Read[], port = 1): StreamEvent {
    const { cmd, status, bytes, data, length } = frame;
    if (cmd === Cmd.PUSH) {
      if (status === Status.OK) return this.#pushed(frame, now, reads);
      if (status !== Status.HEARTBEAT) return this.#faulty(status);
      this.heartbeat = heartbeatOf(bytes, data, data + length);
      return this.heartbeat === undefined ? this.#ghost() : 'heartbeat';
    }
    if (cmd !== Cmd.INVENTORY) return 'other';
    if (status === Status.STATISTICS || status === Status.NO_TAG) return 'round';
    if (status < Status.DONE || status > Status.MEMORY_FULL) return this.#faulty(status);
    const tags = tagsOf(bytes, data, data + length, this.#shape);
    if (tags === undefined) return this.#ghost();
    for (const tag of tags) this.#read(bytes, tag, now, reads, port);
    if (status === Status.MEMORY_FULL) return this.#faulty(status);
    return status === Status.MORE ? (tags.length > 0 ? 'read' : 'other') : 'round';
  }

  /** The push of a plain EPC is what a stream is made of: it is taken without an object for its places. */
  #pushed({ bytes, data, length }: Frame, now: number, reads: Read[]): StreamEvent {
    const len = bytes[data + 1] as number;
    if (length === len + 3 && len < 0x40 && len > 0) {
      const epc = this.#texts.of(bytes, data + 2, len);
      reads.push({
        epc,
        antenna: antennaOf(bytes[data] as number),
        rssi: (bytes[data + 2 + len] as number) + this.#offset,
        at: this.#instant(now),
      });
      return 'read';
    }
    const tag = pushedTag(bytes, data, data + length);
    if (tag === undefined) return this.#ghost();
    this.#read(bytes, tag, now, reads, 1);
    return 'read';
  }

  #read(bytes: Uint8Array, { mask, epc, epcLength, rssi, kHz }: TagSpan, now: number, reads: Read[], port: number): void {
    // A tag that was never written has no EPC: there is nothing to book.
    if (epcLength === 0) return;
    const text = this.#texts.of(bytes, epc, epcLength);
    const antenna = mask === null ? port : antennaOf(mask);
    const level = rssi === null ? NO_LEVEL : rssi + this.#offset;
    const read = { epc: text, antenna, rssi: level, at: this.#instant(now) };
    reads.push(kHz === undefined ? read : { ...read, kHz });
  }

  #ghost(): StreamEvent {
    this.ghosts++;
    return 'ghost';
  }

  #faulty(status: number): StreamEvent {
    this.fault = status;
    return 'fault';
  }

  /** The arrival: the reader sends no time. Never before the read that came before, unless the host's clock was set back. */
  #instant(now: number): number {
    if (now > this.#last || now < this.#last - CLOCK_SET_BACK_MS) this.#last = now;
    return this.#last;
  }
}
