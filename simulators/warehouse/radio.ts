import type { Random } from '../random.ts';

/**
 * How an antenna hears a tag: log-distance path loss in both directions, the antenna's beam, a loss of the tag's own
 * place on the pallet, shadowing that differs per tag and antenna, and fast noise. Lengths in metres, levels in dBm.
 *
 * x runs through the door from outside (negative) to inside (positive), y along the wall, z up.
 */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface Antenna {
  /** Port as printed on the reader, from 1. */
  readonly port: number;
  readonly side: 'outside' | 'inside';
  readonly at: Place;
  /** Unit vector of the beam. */
  readonly beam: Place;
}

/** Backscatter level of a well placed tag one metre in front of an antenna at 27 dBm. */
const LEVEL_AT_1M = -40;
/** Two-way path loss exponent times ten: free space is 40, a dock door with a floor a little more. */
const LOSS_PER_DECADE = 42;
/** How far off the beam costs, two ways: about 6 dB at 60 degrees, and 18 dB behind. */
const BEAM_LOSS = 12;
/** Below this level a tag lacks the power to answer half of the time. */
const HALF_HEARD = -66;
/** Width of that threshold. */
const HEARD_WIDTH = 1.5;
const NOISE = 1.3;

const SIDE_AT = 1.1;
const HALF_WIDTH = 1.7;

function unit(x: number, y: number, z: number): Place {
  const length = Math.hypot(x, y, z);
  return { x: x / length, y: y / length, z: z / length };
}

/**
 * Two antennas outside (ports 1 and 2) and two inside (3 and 4), left and right of a door 3.4 m wide. Each looks across
 * the opening and away from the wall, so that the two sides hear a pallet at different times.
 */
export const DOOR_ANTENNAS: readonly Antenna[] = [
  { port: 1, side: 'outside', at: { x: -SIDE_AT, y: -HALF_WIDTH, z: 1.2 }, beam: unit(-0.7, 1, -0.1) },
  { port: 2, side: 'outside', at: { x: -SIDE_AT, y: HALF_WIDTH, z: 1.2 }, beam: unit(-0.7, -1, -0.1) },
  { port: 3, side: 'inside', at: { x: SIDE_AT, y: -HALF_WIDTH, z: 1.2 }, beam: unit(0.7, 1, -0.1) },
  { port: 4, side: 'inside', at: { x: SIDE_AT, y: HALF_WIDTH, z: 1.2 }, beam: unit(0.7, -1, -0.1) },
];

/** A tag in the field: where it sits on its body and how badly. */
export interface FieldTag {
  readonly epc: string;
  /** Place relative to the body's centre. */
  readonly on: Place;
  /** Extra two-way loss in dB of its orientation and what it is stuck to. */
  readonly loss: number;
  /** Shadowing per antenna port, dB. */
  readonly shadow: readonly number[];
}

/** Mean level at the antenna of a tag whose body stands at `x`, `y`. */
export function level(antenna: Antenna, tag: FieldTag, x: number, y: number): number {
  const dx = x + tag.on.x - antenna.at.x;
  const dy = y + tag.on.y - antenna.at.y;
  const dz = tag.on.z - antenna.at.z;
  const distance = Math.max(0.3, Math.hypot(dx, dy, dz));
  const cosine = (dx * antenna.beam.x + dy * antenna.beam.y + dz * antenna.beam.z) / distance;
  const path = LEVEL_AT_1M - LOSS_PER_DECADE * Math.log10(distance) - BEAM_LOSS * (1 - cosine) * 0.75;
  return path - tag.loss + (tag.shadow[antenna.port - 1] ?? 0);
}

/** Level heard in one round, or undefined when the tag did not answer. */
export function hear(mean: number, random: Random): number | undefined {
  const rssi = mean + random.normal(0, NOISE);
  const heard = 1 / (1 + Math.exp(-(rssi - HALF_HEARD) / HEARD_WIDTH));
  return random.chance(heard) ? Math.round(rssi) : undefined;
}

/** A tag on the pallet: within 1.2 m by 0.8 m by 1.6 m, most of them well placed. */
export function placeTag(epc: string, random: Random, loss: number): FieldTag {
  return {
    epc,
    on: { x: random.between(-0.6, 0.6), y: random.between(-0.4, 0.4), z: random.between(0.2, 1.7) },
    loss: Math.max(0, loss),
    shadow: DOOR_ANTENNAS.map(() => random.normal(0, 1.5)),
  };
}
