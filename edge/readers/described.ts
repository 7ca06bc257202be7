/** Who sent a frame. */
export type Direction = 'reader' | 'host';

/**
 * One object of a decoded line. Every valid frame gives at least one; one with several tags gives several.
 * - `tag`: a sighting. Fields that the protocol does not carry are absent; `antenna` and `rssi` are null where it gives none.
 * - `keepalive`: a sign of life without a tag. `heartbeat`: the same with counters. `end`: a round, cycle or stream is over.
 * - `fault`: the reader reports one, `code` in hexadecimal. `reply`: any other answer. `command`: a frame of the host.
 */
export type Described = TagFrame | OtherFrame;

export interface TagFrame {
  readonly kind: 'tag';
  /** Lower-case hexadecimal, without the PC word. */
  readonly epc: string;
  /** From 1; the transmitting one; of a mask the lowest bit; null when the reader gives none. */
  readonly antenna: number | null;
  /** dBm; null where the unit is unknown. */
  readonly rssi: number | null;
  /** The byte as sent. */
  readonly rssiRaw?: number;
  readonly readCount?: number;
  readonly frequencyKHz?: number;
  /** Degrees. */
  readonly phase?: number;
  /** Since the start of the search cycle. */
  readonly timestampMs?: number;
  /** Levels of the pins as sent. */
  readonly gpio?: number;
  /** Protocol control word, lower-case hexadecimal. */
  readonly pc?: string;
  readonly [more: string]: unknown;
}

export interface OtherFrame {
  readonly kind: 'keepalive' | 'end' | 'heartbeat' | 'fault' | 'reply' | 'command';
  /** What a `fault` is, four or two hexadecimal digits as the protocol writes it. */
  readonly code?: string;
  readonly meaning?: string;
  readonly [more: string]: unknown;
}

/** Every byte of a line is in a frame or counted as dropped. */
export interface DescribedLine {
  readonly frames: readonly Described[];
  readonly dropped: number;
}

/** Describes a line that stands alone: a frame cut off at its end is dropped. Never throws. */
export type Describe = (bytes: Uint8Array, direction: Direction) => DescribedLine;
