import type { Read } from '../../../protocol/read.ts';
import { EpcText } from '../thingmagic/epctext.ts';
import { ReaderClock } from './clock.ts';
import { type Frame, Impinj, Message, Param, ParameterWalk, Tv, u16, u32, Vendor } from './codec.ts';
import { stampMs } from './events.ts';

/** What one TagReportData holds, with what the reader left out because it had not changed. */
export interface TagReport {
  /** Upper-case hexadecimal; empty when the report has no EPC. */
  epc: string;
  /** undefined until the reader has told one. */
  antenna: number | undefined;
  /** dBm. */
  rssi: number | undefined;
  channel: number | undefined;
  seen: number | undefined;
  /** Milliseconds by the reader's clock: the last sighting of the report, else the first. */
  utc: number | undefined;
  uptime: number | undefined;
  /** Protocol control word; never taken over from an earlier report. */
  pc: number | undefined;
  /** Degrees, 0 to 360 (Impinj); never taken over. */
  phase: number | undefined;
  /** Hz (Impinj); never taken over. */
  doppler: number | undefined;
}

/** Far more than time stamps disagree by, far less than a passage that would be cut by it. */
const CLOCK_SET_BACK_MS = 2_000;
const EPC_96_BYTES = 12;
const CUSTOM_HEADER = 8;
/** Impinj counts a turn as 4096. */
const PHASE_TURN = 4_096;
const DOPPLER_STEP_HZ = 16;

/**
 * Turns RO_ACCESS_REPORTs into reads with host time. A reader may leave out a field that is as it was in the report before (LLRP 1.0.1,
 * TagReportContentSelector), so the last values are kept; a new session, and so a new decoder, begins without any.
 */
export class ReportDecoder {
  /** Reports without EPC, antenna or strength, or cut short: not reads. */
  ghosts = 0;
  /** Sightings that the reader counted in the reports; a report with a count of 3 is one read. */
  sightings = 0;
  /** kHz by channel index, which counts from 1. */
  frequencies: readonly number[];
  readonly #texts = new EpcText();
  readonly #utc = new ReaderClock();
  readonly #uptime = new ReaderClock();
  readonly #report: TagReport = {
    ...{ epc: '', antenna: undefined, rssi: undefined, channel: undefined, seen: undefined, utc: undefined, uptime: undefined },
    ...{ pc: undefined, phase: undefined, doppler: undefined },
  };
  #last = 0;

  constructor(frequencies: readonly number[] = []) {
    this.frequencies = frequencies;
  }

  /** A time stamp of the reader that arrived at `now`: what it tells of its clock helps the first reads. */
  stamp(ms: number, utc: boolean, now: number): void {
    (utc ? this.#utc : this.#uptime).toHost(ms, now);
  }

  /** Appends the reads of a message that arrived at `now` (epoch milliseconds) to `reads`. */
  decode(frame: Frame, now: number, reads: Read[]): void {
    this.each(frame, (report) => {
      const { epc, antenna, rssi, seen } = report;
      if (epc === '' || antenna === undefined || rssi === undefined) {
        this.ghosts++;
        return;
      }
      this.sightings += seen ?? 1;
      const at = this.#instant(report, now);
      const kHz = report.channel === undefined ? undefined : this.frequencies[report.channel - 1];
      const { phase } = report;
      if (phase !== undefined) reads.push(kHz === undefined ? { epc, antenna, rssi, at, phase } : { epc, antenna, rssi, at, phase, kHz });
      else reads.push(kHz === undefined ? { epc, antenna, rssi, at } : { epc, antenna, rssi, at, kHz });
    });
  }

  /** Calls `take` with each TagReportData of a RO_ACCESS_REPORT; the object is used again for the next one. */
  each(frame: Frame, take: (report: TagReport) => void): void {
    if (frame.type !== Message.RO_ACCESS_REPORT) return;
    const walk = new ParameterWalk(frame.bytes, frame.data, frame.end);
    while (walk.next()) {
      if (walk.type !== Param.TAG_REPORT_DATA) continue;
      this.#fields(frame.bytes, walk.at, walk.end);
      take(this.#report);
    }
    if (walk.rest > 0) this.ghosts++;
  }

  #fields(bytes: Uint8Array, from: number, to: number): void {
    const report = this.#report;
    report.epc = '';
    report.pc = undefined;
    report.phase = undefined;
    report.doppler = undefined;
    let centi: number | undefined;
    // Where the stamps stand: of the two of a clock only one is converted.
    let utcAt = 0;
    let uptimeAt = 0;
    const walk = new ParameterWalk(bytes, from, to);
    while (walk.next()) {
      const { type, at, end } = walk;
      switch (type) {
        case Tv.EPC_96:
          report.epc = this.#texts.of(bytes, at, EPC_96_BYTES);
          break;
        case Param.EPC_DATA:
          report.epc = this.#epcData(bytes, at, end);
          break;
        case Tv.ANTENNA_ID:
          report.antenna = u16(bytes, at);
          break;
        case Tv.PEAK_RSSI:
          report.rssi = ((bytes[at] as number) << 24) >> 24;
          break;
        case Tv.CHANNEL_INDEX:
          report.channel = u16(bytes, at);
          break;
        case Tv.TAG_SEEN_COUNT:
          report.seen = u16(bytes, at);
          break;
        case Tv.LAST_SEEN_UTC:
          utcAt = at;
          break;
        case Tv.FIRST_SEEN_UTC:
          utcAt ||= at;
          break;
        case Tv.LAST_SEEN_UPTIME:
          uptimeAt = at;
          break;
        case Tv.FIRST_SEEN_UPTIME:
          uptimeAt ||= at;
          break;
        case Tv.C1G2_PC:
          report.pc = u16(bytes, at);
          break;
        case Param.CUSTOM:
          centi = this.#custom(bytes, at, end) ?? centi;
          break;
        default:
      }
    }
    if (utcAt > 0) report.utc = stampMs(bytes, utcAt);
    if (uptimeAt > 0) report.uptime = stampMs(bytes, uptimeAt);
    if (centi !== undefined) report.rssi = centi / 100;
    // A TV of unknown length, or a length that lies: what was read before it may be whole, but nothing says so.
    if (walk.rest > 0) report.epc = '';
  }

  /** Count of bits u16, then the bits; whole bytes are taken, the fill with them. */
  #epcData(bytes: Uint8Array, at: number, end: number): string {
    const length = end - at >= 2 ? (u16(bytes, at) + 7) >> 3 : 0;
    return at + 2 + length > end ? '' : this.#texts.of(bytes, at + 2, length);
  }

  /** Takes Impinj's fields; answers the strength in hundredths of a dBm when it is one. */
  #custom(bytes: Uint8Array, at: number, end: number): number | undefined {
    if (end - at < CUSTOM_HEADER + 2 || u32(bytes, at) !== Vendor.IMPINJ) return undefined;
    const subtype = u32(bytes, at + 4);
    const value = u16(bytes, at + CUSTOM_HEADER);
    if (subtype === Impinj.PEAK_RSSI) return (value << 16) >> 16;
    if (subtype === Impinj.RF_PHASE_ANGLE) this.#report.phase = (360 * (value % PHASE_TURN)) / PHASE_TURN;
    if (subtype === Impinj.RF_DOPPLER) this.#report.doppler = ((value << 16) >> 16) / DOPPLER_STEP_HZ;
    return undefined;
  }

  /** Never after arrival and never before the read that came before, except when the host's clock was set back. */
  #instant({ utc, uptime }: TagReport, now: number): number {
    if (now < this.#last - CLOCK_SET_BACK_MS) this.#last = 0;
    let at = now;
    if (utc !== undefined) at = Math.round(this.#utc.toHost(utc, now));
    else if (uptime !== undefined) at = Math.round(this.#uptime.toHost(uptime, now));
    if (at > now) at = now;
    if (at < this.#last) at = this.#last;
    this.#last = at;
    return at;
  }
}
