import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** How much the outbox may hold, and when people are told. Bytes are of the file's pages in use. */
export interface OutboxLimits {
  /** Items and doubts in records that the hub does not have. */
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Free space on the disk under which people are told; at a quarter of it louder, at a sixteenth as loud as it gets. */
  readonly alarmFreeBytes: number;
  /** Space held back for the day when the disk is full, so that what is under way can still be written; 0 holds none. */
  readonly reserveBytes: number;
}

export const DEFAULT_LIMITS: OutboxLimits = {
  // Eight busy doors, a pallet of 50 a minute each, fill it in 17 days without the hub, and it then drains in some 11 minutes.
  maxItems: 10_000_000,
  // What a site PC can spare. 10 million items take 2 GB as pallets of 50, and 10 GB only as parcels of a few items each.
  maxBytes: 10_000_000_000,
  // A log gone mad writes some 100 MB an hour: five hours until nothing is left.
  alarmFreeBytes: 536_870_912,
  // A quarter is room for some 7,000 more passages of 50 items, a quarter for their log, half for the journals of six doors at their cap.
  reserveBytes: 33_554_432,
};

/** `full`: nothing more is taken. The others rise at 50, 80 and 95 % of a limit, or as free space on the disk falls. */
export type Level = 'ok' | 'half' | 'high' | 'critical' | 'full';

export interface Space {
  readonly items: number;
  readonly bytes: number;
  readonly limitItems: number;
  readonly limitBytes: number;
  /** Free bytes on the disk; null where the system does not tell. */
  readonly freeBytes: number | null;
  readonly level: Level;
}

const LEVELS: readonly Level[] = ['ok', 'half', 'high', 'critical', 'full'];
/** From which part of a limit each level but `ok` begins. */
const FROM: readonly number[] = [0.5, 0.8, 0.95, 1];
/** Below which part of `alarmFreeBytes` the levels begin; an almost full disk is no full one: a commit says that. */
const FREE_PARTS: readonly number[] = [1, 1 / 4, 1 / 16];
/** A level falls only this far below where it rose: a queue at a threshold must not blink. */
const FALL = 0.02;

const rank = (used: number): number => FROM.filter((from) => used >= from).length;

/**
 * The level of what is used.
 * @param before the level until now, from which it falls late
 */
export function levelOf(used: { items: number; bytes: number; freeBytes: number | null }, limits: OutboxLimits, before: Level): Level {
  const part = Math.max(used.items / limits.maxItems, used.bytes / limits.maxBytes);
  // Full is exact in both directions: what fits is taken.
  const held = Math.min(LEVELS.indexOf(before), rank(part + FALL), LEVELS.length - 2);
  const scarce = used.freeBytes === null ? 0 : FREE_PARTS.filter((of) => (used.freeBytes as number) < limits.alarmFreeBytes * of).length;
  return LEVELS[Math.max(rank(part), held, scarce)] as Level;
}

/** The louder of two levels. */
export function louder(a: Level, b: Level): Level {
  return LEVELS.indexOf(a) >= LEVELS.indexOf(b) ? a : b;
}

/** Bytes that an ordinary user may still write on the disk of `path`; null where the system does not tell. */
export function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return null;
  }
}
