import * as codec from '../../../edge/readers/llrp/codec.ts';
import type { Sighting } from '../device.ts';

const { be16, be32, be64, message, Message, Param, text, Tv, tlv, tv } = codec;

/** What an emulated reader is. */
export interface Make {
  readonly vendor: number;
  readonly model: number;
  readonly firmware: string;
  /** Communications standard; 2 is ETSI 302 208. */
  readonly standard: number;
  readonly hopping: boolean;
  /** kHz by channel index, which counts from 1. */
  readonly frequencies: readonly number[];
  /** Hundredths of a dBm by index, which counts from 1. */
  readonly powers: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
}

const POWERS = Array.from({ length: 87 }, (_, i) => 1_000 + 25 * i);
/** An Impinj Speedway R420 for Europe. */
export const IMPINJ: Make = {
  ...{ vendor: codec.Vendor.IMPINJ, model: 2_001_002, firmware: '7.6.0.240', standard: 2, hopping: false },
  ...{ frequencies: [865_700, 866_300, 866_900, 867_500], powers: POWERS, inputs: 4, outputs: 4 },
};
/** A reader of another maker, for America: it hops, and knows nothing of Impinj's extensions. */
export const HOPPER: Make = {
  ...{ vendor: codec.Vendor.ZEBRA, model: 96_008, firmware: '3.21.23', standard: 1, hopping: true },
  ...{ frequencies: Array.from({ length: 50 }, (_, i) => 902_750 + 500 * ((i * 37) % 50)), powers: POWERS, inputs: 2, outputs: 2 },
};

export const status = (code: number, words = ''): codec.Part => tlv(Param.LLRP_STATUS, be16(code), text(words));

/** GET_READER_CAPABILITIES_RESPONSE (LLRP 1.0.1 section 16.1). */
export function capabilities(id: number, make: Make, antennas: number): Uint8Array {
  const count = make.frequencies.length;
  const frequencies = make.frequencies.map((kHz) => be32(kHz));
  const table = make.hopping
    ? tlv(Param.FREQUENCY_HOP_TABLE, 1, 0, be16(count), frequencies)
    : tlv(Param.FIXED_FREQUENCY_TABLE, be16(count), frequencies);
  return message(
    Message.GET_READER_CAPABILITIES_RESPONSE,
    id,
    status(0),
    tlv(
      Param.GENERAL_DEVICE_CAPABILITIES,
      ...[be16(antennas), be16(0x4000), be32(make.vendor), be32(make.model), text(make.firmware)],
      // ReceiveSensitivityTableEntry, which a host may pass over.
      tlv(139, be16(1), be16(0)),
      tlv(Param.GPIO_CAPABILITIES, be16(make.inputs), be16(make.outputs)),
    ),
    tlv(Param.LLRP_CAPABILITIES, 0x48, 1, be16(0), be32(1), be32(32), be32(antennas), be32(1_508), be32(8)),
    tlv(
      Param.REGULATORY_CAPABILITIES,
      ...[be16(250), be16(make.standard)],
      tlv(
        Param.UHF_BAND_CAPABILITIES,
        make.powers.map((cdbm, i) => tlv(Param.TRANSMIT_POWER_LEVEL, be16(i + 1), be16(cdbm))),
        tlv(Param.FREQUENCY_INFORMATION, make.hopping ? 0x80 : 0, table),
      ),
    ),
  );
}

/** One READER_EVENT_NOTIFICATION with the reader's time in front (LLRP 1.0.1 section 16.1). */
export function event(id: number, stamp: codec.Part, what: codec.Part): Uint8Array {
  return message(Message.READER_EVENT_NOTIFICATION, id, tlv(Param.READER_EVENT_NOTIFICATION_DATA, stamp, what));
}

export const micros = (ms: number): codec.Part => be64(Math.round(ms * 1_000));
export const timestamp = (ms: number, utc: boolean): codec.Part => tlv(utc ? Param.UTC_TIMESTAMP : Param.UPTIME, micros(ms));

/** What a tag report holds beside its EPC; a field that is undefined is left out. */
export interface ReportFields {
  readonly antenna?: number | undefined;
  readonly channel?: number | undefined;
  readonly seen?: number | undefined;
  readonly rssi?: number | undefined;
  /** Milliseconds by the reader's clock. */
  readonly stamp?: number | undefined;
  readonly utc: boolean;
  readonly impinj: boolean;
}

/** A TagReportData (LLRP 1.0.1 section 16.2, TagReportData). EPCs of 96 bits have their own short parameter. */
export function tagReport(sighting: Sighting, { antenna, channel, seen, rssi, stamp, utc, impinj }: ReportFields): codec.Part {
  const epc = Uint8Array.from(Buffer.from(sighting.epc, 'hex'));
  const [first, last] = utc ? [Tv.FIRST_SEEN_UTC, Tv.LAST_SEEN_UTC] : [Tv.FIRST_SEEN_UPTIME, Tv.LAST_SEEN_UPTIME];
  const own = (subtype: number, value: number): codec.Part => codec.custom(codec.Vendor.IMPINJ, subtype, be16(value));
  return tlv(
    Param.TAG_REPORT_DATA,
    epc.length === 12 ? tv(Tv.EPC_96, epc) : tlv(Param.EPC_DATA, be16(8 * epc.length), epc),
    ...(antenna === undefined ? [] : [tv(Tv.ANTENNA_ID, be16(antenna))]),
    ...(rssi === undefined ? [] : [tv(Tv.PEAK_RSSI, Math.round(rssi))]),
    ...(channel === undefined ? [] : [tv(Tv.CHANNEL_INDEX, be16(channel))]),
    ...(stamp === undefined ? [] : [tv(first, micros(stamp)), tv(last, micros(stamp))]),
    ...(seen === undefined ? [] : [tv(Tv.TAG_SEEN_COUNT, be16(seen))]),
    ...(impinj
      ? [
          own(codec.Impinj.RF_PHASE_ANGLE, Math.round(((sighting.phase ?? 0) / 360) * 4_096) % 4_096),
          own(codec.Impinj.PEAK_RSSI, Math.round(100 * sighting.rssi)),
          own(codec.Impinj.RF_DOPPLER, 0),
        ]
      : []),
  );
}
