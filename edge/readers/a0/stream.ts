import type { Read } from '../../../protocol/read.ts';
import { EpcText } from '../thingmagic/epctext.ts';
import type { Frame } from './codec.ts';
import { Command } from './commands.ts';
import { Code } from './errors.ts';
import { isRound, PHASE_BYTES, RSSI_ANTENNA_BIT, RSSI_OFFSET, TID_BYTES } from './record.ts';
import { indexKHz } from './regions.ts';

/** What a frame of a round was. `other` is a frame that does not belong to one. */
export type StreamEvent = 'read' | 'ghost' | 'antenna' | 'end' | 'fault' | 'other';

/** What differs between units of this family and was never verified on all of them. */
export interface Dialect {
  /** Bit 7 of the level is bit 2 of the antenna, as on units with 8 connectors; else it belongs to the level. Unverified. */
  readonly antennaBit: boolean;
  /** The two bytes of phase stand behind the level instead of before it. Unverified. */
  readonly phaseLast: boolean;
  /** Frequency indexes follow the table of 865 and 902 MHz. False for a region of own channels, whose counting is not documented. */
  readonly table: boolean;
}

export const DIALECT: Dialect = { antennaBit: true, phaseLast: false, table: true };

/** Far more than time stamps disagree by, far less than a passage that would be cut by it. */
const CLOCK_SET_BACK_MS = 2_000;
/** FreqAnt, PC and level. */
const FIXED = 4;

const KHZ: readonly (number | undefined)[] = Array.from({ length: 64 }, (_, i) => indexKHz(i));

/**
 * Turns the frames of rounds into reads. The protocol has no time stamps: a read's instant is its arrival, never before the read that
 * came before. The same frames with the same arrival times give the same reads.
 */
export class ReadDecoder {
  /** Tag packets whose length contradicts their PC word: not counted as reads. */
  ghosts = 0;
  /** Code of the last `fault` or `antenna`. */
  fault = 0;
  /** Port of the last `antenna`, from 1. */
  port = 0;
  readonly #dialect: Dialect;
  readonly #texts = new EpcText();
  #last = 0;

  constructor(dialect: Dialect = DIALECT) {
    this.#dialect = dialect;
  }

  /** Takes one frame that arrived at `now` (epoch milliseconds) and appends its read, if it is one, to `reads`. */
  decode(frame: Frame, now: number, reads: Read[]): StreamEvent {
    const { cmd, length, bytes, data } = frame;
    if (!isRound(cmd)) return 'other';
    // A tag packet never has 7 bytes of data: its EPC would have an odd length.
    if (length === 7) return 'end';
    if (length === 1) {
      this.fault = bytes[data] as number;
      return this.fault === Code.OK ? 'other' : 'fault';
    }
    if (length === 2 && cmd === Command.FAST_SWITCH) {
      this.port = (bytes[data] as number) + 1;
      this.fault = bytes[data + 1] as number;
      return 'antenna';
    }
    return this.#tag(bytes, data, length, now, reads);
  }

  #tag(bytes: Uint8Array, data: number, length: number, now: number, reads: Read[]): StreamEvent {
    const size = length < FIXED ? 0 : ((bytes[data + 1] as number) >> 3) << 1;
    const extra = length - FIXED - size;
    if (size === 0 || (extra !== 0 && extra !== PHASE_BYTES && extra !== TID_BYTES && extra !== TID_BYTES + PHASE_BYTES)) {
      this.ghosts++;
      return 'ghost';
    }
    const { antennaBit, phaseLast, table } = this.#dialect;
    const freqAnt = bytes[data] as number;
    const hasPhase = extra % TID_BYTES === PHASE_BYTES;
    let level = bytes[data + length - (phaseLast && hasPhase ? 1 + PHASE_BYTES : 1)] as number;
    let antenna = (freqAnt & 3) + 1;
    if (antennaBit && level & RSSI_ANTENNA_BIT) {
      level &= ~RSSI_ANTENNA_BIT;
      antenna += 4;
    }
    const at = this.#instant(now);
    const kHz = table ? KHZ[freqAnt >> 2] : undefined;
    const epc = this.#texts.of(bytes, data + 3, size);
    const rssi = level - RSSI_OFFSET;
    // Phase is not handed on: neither its unit nor its zero is documented.
    reads.push(kHz === undefined ? { epc, antenna, rssi, at } : { epc, antenna, rssi, at, kHz });
    return 'read';
  }

  #instant(now: number): number {
    // Only when the host's clock was set back does time start again from there: instants that stand still would carry no direction.
    if (now > this.#last || now < this.#last - CLOCK_SET_BACK_MS) this.#last = now;
    return this.#last;
  }
}
