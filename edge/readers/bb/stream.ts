import type { Read } from '../../../protocol/read.ts';
import { type DecoderSettings, type ReadsOfBytes, readsOfBytes } from '../reads.ts';
import { EpcText } from '../thingmagic/epctext.ts';
import { BbCodec, Cmd, type Frame, noticeOf, Type } from './codec.ts';

/** Far more than clocks jitter, far less than what happens at a desk. */
const CLOCK_SET_BACK_MS = 2_000;

/** Turns tag notices into reads with host time. */
export class ReadDecoder {
  /** Notices that are too short, or whose tag checksum does not cover PC and EPC. */
  ghosts = 0;
  readonly #texts = new EpcText();
  #last = 0;

  /** Takes one frame that arrived at `now` (epoch milliseconds) and appends its read, if it is one; the module has one antenna, `port`. */
  decode({ type, cmd, bytes, data, length }: Frame, now: number, reads: Read[], port = 1): void {
    if (type !== Type.NOTICE || cmd !== Cmd.POLL) return;
    const notice = noticeOf(bytes, data, data + length);
    if (notice === undefined || !notice.whole) {
      this.ghosts++;
      return;
    }
    // A tag that was never written has no EPC: there is nothing to book.
    if (notice.epcLength === 0) return;
    if (now > this.#last || now < this.#last - CLOCK_SET_BACK_MS) this.#last = now;
    reads.push({ epc: this.#texts.of(bytes, notice.epc, notice.epcLength), antenna: port, rssi: notice.rssi, at: this.#last });
  }
}

/** Recorded bytes to reads. */
export function decoder({ ports }: DecoderSettings): ReadsOfBytes {
  const stream = new ReadDecoder();
  return readsOfBytes(new BbCodec(), (frame, at, reads) => stream.decode(frame, at, reads, ports?.[0]));
}

/** Decodes a prepared buffer in pieces of `pieceBytes`; answers how many reads it held. */
export function countReads(bytes: Uint8Array, at: number, pieceBytes = 4_095): number {
  const codec = new BbCodec();
  const decoder = new ReadDecoder();
  let count = 0;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const reads: Read[] = [];
    for (const frame of codec.push(bytes.subarray(from, from + pieceBytes))) decoder.decode(frame, at, reads);
    count += reads.length;
  }
  return count;
}
