/** What a generation of modules can do. */
export interface Personality {
  /** Boot loader, hardware, firmware date and version of four bytes each, protocols. */
  readonly version: readonly number[];
  /** Sends what it sees; else it is polled. */
  readonly streams: boolean;
  /** Takes wrapped commands while it streams. */
  readonly wraps: boolean;
  /** Tags it keeps for a polled search. */
  readonly bufferTags: number;
}

const GEN2 = [0, 0, 0, 0x10];

export const M7E: Personality = {
  version: [0x23, 0x01, 0x06, 0x00, 0x38, 0x00, 0x02, 0x01, 0x20, 0x24, 0x09, 0x13, 0x02, 0x01, 0x06, 0x08, ...GEN2],
  streams: true,
  wraps: true,
  bufferTags: 1_000,
};

/** An M6e with firmware from before wrapped commands: it streams and hears only the end of the stream. */
export const OLD_M6E: Personality = {
  version: [0x13, 0x07, 0x10, 0x06, 0x18, 0x00, 0x00, 0x01, 0x20, 0x13, 0x03, 0x05, 0x01, 0x11, 0x00, 0x27, ...GEN2],
  streams: true,
  wraps: false,
  bufferTags: 1_000,
};

/** A module of another maker that streams, has a hardware byte of its own and hears nothing while it streams. */
export const COMPATIBLE: Personality = { ...OLD_M6E, version: OLD_M6E.version.with(4, 0xa1) };

/** The generation before streaming. */
export const M5E: Personality = {
  version: [0x07, 0x10, 0x23, 0x00, 0x00, 0x00, 0x00, 0x03, 0x20, 0x14, 0x10, 0x07, 0x01, 0x07, 0x02, 0x09, ...GEN2],
  streams: false,
  wraps: false,
  bufferTags: 200,
};
