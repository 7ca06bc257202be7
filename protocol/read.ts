/** One sighting of one EPC by one antenna of one reader. */
export interface Read {
  /** The EPC bank without PC word, upper-case hexadecimal, zero fill kept to the word boundary. */
  readonly epc: string;
  /** Antenna port as printed on the reader, from 1. */
  readonly antenna: number;
  /** Received signal strength in dBm (negative). */
  readonly rssi: number;
  /** Instant in epoch milliseconds by the node's clock, never decreasing for one reader. */
  readonly at: number;
  /** Carrier phase in degrees, where the reader gives it. */
  readonly phase?: number;
  /** Carrier frequency in kHz, where the reader gives it. */
  readonly kHz?: number;
  /** Names this sighting where the reader may hand it over again after a lost connection: 48 bits. */
  readonly key?: number;
}
