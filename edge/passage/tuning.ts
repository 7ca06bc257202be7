/** How a door's passages are cut and judged. Levels in dB, instants and spans in milliseconds; each may be set per door. */
export interface Tuning {
  /** A passage ends after this long without a read of a moving tag (stable-set interval of GS1 ALE). */
  readonly quietMs: number;
  /** A passage is cut here, so that one swinging tag can't keep a door open for ever. */
  readonly capMs: number;
  /** A tag whose level has not moved for this long stands still: its reads no longer keep the passage open. */
  readonly settleMs: number;
  /** Fewer reads than this say nothing about motion: a person decides. */
  readonly minReads: number;
  /** A tag whose smoothed level swings and whose reads spread at least this much moved; under half of it, it stood. */
  readonly motionDb: number;
  /** |D| under which a tag, and the group, abstains: 98.2 % right at 0.05 on public walks, all right from 0.1 on. */
  readonly abstain: number;
  /** Confidence of the group's direction from which items are accepted without a person, 0 to 1. */
  readonly confident: number;
  /** A tag alone with few reads, but at least this loud (dBm), was in the doorway: it is asked about instead of dropped. */
  readonly askDbm: number;
}

export const DEFAULT_TUNING: Tuning = {
  quietMs: 1_500,
  capMs: 60_000,
  settleMs: 2_000,
  minReads: 5,
  motionDb: 2.7,
  abstain: 0.05,
  confident: 0.9,
  askDbm: -55,
};

export type Side = 'outside' | 'inside';

/** An antenna of a door: the reader it hangs on, its port, the side of the door plane it looks at. */
export interface DoorAntenna {
  readonly reader: string;
  readonly port: number;
  readonly side: Side;
}
