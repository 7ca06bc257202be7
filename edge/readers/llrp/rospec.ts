import { impinjContent } from './commands.ts';
import { Param } from './numbers.ts';
import { be16, be32, type Part, tlv } from './parameters.ts';

/** How an antenna is to transmit; indexes as the reader's tables number them. */
export interface Transmitter {
  readonly port: number;
  /** 0 on a reader with fixed frequencies. */
  readonly hopTable: number;
  /** 0 on a reader that hops. */
  readonly channel: number;
  /** Index of the transmit power table. */
  readonly power: number;
}

export interface RoSpec {
  readonly id: number;
  readonly transmitters: readonly Transmitter[];
  /** Gen2 session 0 to 3. */
  readonly session: number;
  /** Ask for Impinj's own fields; only where the reader is one. */
  readonly impinj: boolean;
}

const DISABLED = 0;
const NULL_TRIGGER = 0;
const NO_DURATION = 0;
const GEN2 = 1;
/** Upon N tags or at the end of an AISpec (LLRP 1.0.1, ROReportSpec); with N = 1 each sighting is sent as it happens. */
const UPON_N_TAGS = 1;
const EVERY = 1;
/** Antenna 12, channel 11, strength 10, first seen 9, last seen 8, seen count 7: bits of TagReportContentSelector. */
const CONTENT = 0x1f80;
/** Tags in the field of an antenna, for the first Q: half of a pallet. */
const POPULATION = 32;
const SESSION_SHIFT = 6;

/** Inventories all antennas in turn from START_ROSPEC on until it is stopped, and reports each sighting (LLRP 1.0.1, ROSpec). */
export function roSpec({ id, transmitters, session, impinj }: RoSpec): Part {
  const antennas = transmitters.map(({ port, hopTable, channel, power }) =>
    tlv(
      Param.ANTENNA_CONFIGURATION,
      be16(port),
      tlv(Param.RF_TRANSMITTER, be16(hopTable), be16(channel), be16(power)),
      // No C1G2RFControl: the reader's own mode is the one that its maker and its country's rules chose.
      tlv(Param.C1G2_INVENTORY_COMMAND, 0, tlv(Param.C1G2_SINGULATION_CONTROL, session << SESSION_SHIFT, be16(POPULATION), be32(0))),
    ),
  );
  return tlv(
    Param.ROSPEC,
    be32(id),
    0,
    DISABLED,
    tlv(
      Param.RO_BOUNDARY_SPEC,
      tlv(Param.ROSPEC_START_TRIGGER, NULL_TRIGGER),
      tlv(Param.ROSPEC_STOP_TRIGGER, NULL_TRIGGER, be32(NO_DURATION)),
    ),
    tlv(
      Param.AISPEC,
      be16(transmitters.length),
      transmitters.map(({ port }) => be16(port)),
      tlv(Param.AISPEC_STOP_TRIGGER, NULL_TRIGGER, be32(NO_DURATION)),
      tlv(Param.INVENTORY_PARAMETER_SPEC, be16(1), GEN2, antennas),
    ),
    tlv(
      Param.RO_REPORT_SPEC,
      UPON_N_TAGS,
      be16(EVERY),
      tlv(Param.TAG_REPORT_CONTENT_SELECTOR, be16(CONTENT)),
      ...(impinj ? [impinjContent()] : []),
    ),
  );
}
