import type { Random } from '../random.ts';
import { DOOR_READER, type ReaderSettings } from '../warehouse/physics/inventory.ts';
import type { Passer, SceneOptions } from '../warehouse/physics/scene.ts';

/** How often a tag is read per antenna on its way: about so often, or as often as the reader can. */
export type Reads = 1 | 2 | 'many';
export type Speed = 'slow' | 'fast';

/** A row of the table. */
export interface Case {
  readonly tags: number;
  readonly strays: number;
  readonly speed: Speed;
  readonly reads: Reads;
  /** What else happens; none in the plain rows. */
  readonly also?: Trouble;
}

/**
 * A second pallet close behind; a pallet in the next door; a stop in the doorway; people among the goods that stand there; a second pallet that
 * looks in before the first has come, and turns back.
 */
export type Trouble = 'follower' | 'next-door' | 'pause' | 'people' | 'turns-back';

/** Metres per second: a forklift with care and one in a hurry, a tenth either way. */
const SPEEDS: Readonly<Record<Speed, number>> = { slow: 1, fast: 2 };
const ANTENNAS = 4;
/** Metres of way on which the antennas of a door hear a pallet: all that a scene drives. */
const VIEW = 9;
const QUIET_S = 8;
/** A follower comes this many seconds after the one before has started: two to four truck lengths. */
const BEHIND: readonly [number, number] = [5, 8];

export const PLAIN: readonly Case[] = (['many', 2, 1] as const).flatMap((reads) =>
  (['slow', 'fast'] as const).flatMap((speed) =>
    [1, 5, 20, 50].flatMap((tags) => [0, 5, 20].map((strays) => ({ tags, strays, speed, reads }))),
  ),
);

export const TROUBLED: readonly Case[] = (['follower', 'next-door', 'pause', 'people', 'turns-back'] as const).flatMap((also) => [
  { tags: 20, strays: 5, speed: 'slow', reads: 'many', also },
  { tags: 20, strays: 5, speed: 'fast', reads: 'many', also },
]);

/** SGTIN-96 of one item, with a serial of its own. */
function epcOf(ordinal: number): string {
  return `3034257BF7194E40${(0x10000000 + ordinal).toString(16)}`.toUpperCase();
}

/**
 * Few reads as they come about: session 1 with one target lets a tag rest after each answer, all antennas together. The
 * persistence is chosen so that it answers `reads` times per antenna on its way.
 */
function readerOf(reads: Reads, speed: number): Partial<ReaderSettings> {
  if (reads === 'many') return { session: DOOR_READER.session, target: DOOR_READER.target };
  const rest = ((VIEW / speed) * 1_000) / (ANTENNAS * reads);
  return { session: 1, target: 'A', persistence: [0.7 * rest, 1.3 * rest] };
}

/** One world of a case. */
export function sceneOf(one: Case, random: Random): SceneOptions {
  const speed = SPEEDS[one.speed] * random.between(0.9, 1.1);
  let next = random.int(0, 1_000) * 1_000;
  const epcs = (count: number): string[] => Array.from({ length: count }, () => epcOf(next++));
  const way = (): 'in' | 'out' => (random.chance(0.5) ? 'in' : 'out');
  const passer: Passer = {
    epcs: epcs(one.tags),
    direction: way(),
    speed,
    goods: random.pick(['dry', 'mixed'] as const),
    after: 0,
    pause: one.also === 'pause' ? random.between(1, 4) : 0,
  };
  const passers = [passer];
  if (one.also === 'follower') passers.push({ ...passer, epcs: epcs(one.tags), after: random.between(...BEHIND) });
  if (one.also === 'next-door') {
    passers.push({ ...passer, epcs: epcs(one.tags), direction: way(), after: random.between(-1, 2), nextDoor: true });
  }
  if (one.also === 'turns-back') {
    const looks: Passer = { ...passer, epcs: epcs(one.tags), pause: random.between(0.5, 3), turnsAt: random.between(-0.5, 1) };
    // Gone for some seconds before the other comes.
    passers.splice(0, 1, looks, { ...passer, after: (2 * (4.5 + 1)) / speed + random.between(4, 8) });
  }
  return {
    passers,
    strays: epcs(one.strays),
    people: one.also === 'people' || random.chance(0.3),
    quiet: QUIET_S,
    reader: readerOf(one.reads, speed),
    nextReader: one.also === 'next-door',
  };
}
