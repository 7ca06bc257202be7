/** A message as a view into the bytes it came in, unless it came in pieces: header of 10 bytes (LLRP 1.0.1 section 16.1), then DATA. */
export interface Frame {
  /** 1 is LLRP 1.0.1, 2 is LLRP 1.1. */
  readonly version: number;
  readonly type: number;
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Where the message's header stands in `bytes`. */
  readonly start: number;
  /** Where DATA starts in `bytes`. */
  readonly data: number;
  /** Behind the last byte. */
  readonly end: number;
}

export const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
