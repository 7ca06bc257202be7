import type { Random } from '../../random.ts';
import { type PatchAntenna, unit, type Vector } from './antenna.ts';
import { type Body, type Motion, type PhysicalTag, still, strolling } from './body.ts';
import { Field, type Scatterer } from './field.ts';
import { DOOR_READER, Inventory, type PhysicalRead, type ReaderSettings } from './inventory.ts';
import { person } from './person.ts';

/**
 * The public recordings that the radio model is fitted to (crozenboom/RFID-Locate): a room of 15 by 15 feet, an antenna in
 * each corner that looks at the middle, an Impinj R420, one tag that a person carries along one of four straight lines,
 * both ways, slowly and less slowly, with the tag turned to each of four sides: 64 walks. And tags that lie still.
 */
const FOOT = 0.3048;
const ROOM = 15 * FOOT;
/** The R420 of the recordings: full power, 50 channels of 200 ms, at most one read a visit of each antenna, about 28 visits a second. */
const RECORDER: ReaderSettings = {
  ...DOOR_READER,
  power: 30,
  dwellMs: 36,
  session: 0,
  target: 'A',
  region: 'fcc',
  hopMs: 200,
  phaseDegrees: 360,
};
/** Panels of 9 dBic against the 6 of the link budget; two have long cables, one is for another band (its own notes say so). */
const TRIMS = [1, 2, -1, 2] as const;
/** A tag in a hand before a body is detuned: fitted with the threshold to -60 dBm in the middle of the room and 141 reads a walk. */
const HELD_LOSS = [8.5, 13.5] as const;
const ON_STAND_LOSS = [7.5, 12] as const;
/** Fitted: recorded levels end at -74 dBm. */
const WAKES_DBM = -15;
/** Metres per second: a step per foot and a step per two feet; by the lengths of two of the recordings. */
const SPEEDS = { slow: 0.4, fast: 0.72 } as const;
/**
 * What stands around, fitted: fewer or weaker reflectors make single walks too easy (98 %), more of them make tags at rest
 * swing more than recorded over the channels.
 */
export const REFLECTORS = 14;
export const REFLECTS = 0.7;
const NEAREST_REFLECTOR = 0.6;
const FARTHEST_REFLECTOR = 3;

function corner(port: number, x: number, y: number): PatchAntenna {
  const beam = unit(ROOM / 2 - x, ROOM / 2 - y, -0.05);
  return { port, side: 'outside', at: { x, y, z: 1.2 }, beam, trim: TRIMS[port - 1] ?? 0 };
}

const ANTENNAS: readonly PatchAntenna[] = [corner(1, 0, 0), corner(2, 0, ROOM), corner(3, ROOM, ROOM), corner(4, ROOM, 0)];

/** Lines in feet: across both ways, and both diagonals. */
const LINES: readonly (readonly [number, number, number, number])[] = [
  [7.5, 14, 7.5, 1],
  [1, 7.5, 14, 7.5],
  [1, 14, 14, 1],
  [14, 14, 1, 1],
];

export interface RecordedRead {
  /** Seconds from the start of the recording. */
  readonly t: number;
  readonly antenna: number;
  readonly rssi: number;
  readonly phase: number;
  readonly kHz: number;
}

export interface Recording {
  readonly reads: readonly RecordedRead[];
  /** Ports of the side it starts on and of the one it ends on. */
  readonly start: readonly number[];
  readonly end: readonly number[];
}

const EPC = '303435FC8803D056D15B963F';

/** Reflectors around a room or a door: between `near` and `far` metres from the middle, at any height. */
export function surroundings(random: Random, middle: Vector, near: number, far: number, count: number, reflects: number): Scatterer[] {
  return Array.from({ length: count }, () => {
    const angle = random.between(0, 2 * Math.PI);
    const distance = random.between(near, far);
    return {
      at: { x: middle.x + distance * Math.cos(angle), y: middle.y + distance * Math.sin(angle), z: random.between(0.2, 3) },
      // A few large ones and many small ones, as in any room.
      reflects: reflects * 10 ** (random.normal(0, 4) / 20),
    };
  });
}

function record(random: Random, bodies: readonly Body[], seconds: number): RecordedRead[] {
  const middle = { x: ROOM / 2, y: ROOM / 2, z: 1.2 };
  const field = new Field(
    ANTENNAS,
    bodies,
    surroundings(random.fork('room'), middle, NEAREST_REFLECTOR, FARTHEST_REFLECTOR, REFLECTORS, REFLECTS),
  );
  const reads: PhysicalRead[] = new Inventory(field, RECORDER, random.fork('reader')).run(seconds * 1_000);
  return reads.map(({ at, antenna, rssi, phase, kHz }) => ({ t: at / 1_000, antenna, rssi, phase, kHz }));
}

function heldTag(random: Random, loss: readonly [number, number], on: Vector): PhysicalTag {
  // Held upright or flat by a hand that is not exact.
  const lies = random.chance(0.5);
  const dipole = lies ? unit(random.normal(0, 0.2), 1, random.normal(0, 0.2)) : unit(random.normal(0, 0.2), random.normal(0, 0.2), 1);
  return { epc: EPC, on, dipole, loss: random.between(...loss), wakes: WAKES_DBM };
}

/** One of the 64 walks: line, way, speed and the side that the tag is turned to follow from its number. */
export function walk(random: Random, number: number): Recording {
  const [ax, ay, bx, by] = LINES[(number >> 4) & 3] as readonly [number, number, number, number];
  const forth = (number & 8) === 0;
  const [x0, y0, x1, y1] = forth ? [ax, ay, bx, by] : [bx, by, ax, ay];
  const speed = ((number & 4) === 0 ? SPEEDS.slow : SPEEDS.fast) * random.between(0.9, 1.1);
  const length = Math.hypot(x1 - x0, y1 - y0) * FOOT;
  const seconds = length / speed;
  const turned = ((number & 3) * Math.PI) / 2 + random.normal(0, 0.15);
  const sway = random.between(0, 2 * Math.PI);
  const motion: Motion = (t) => {
    const share = Math.min(1, t / seconds);
    // A step sways the hand by a few centimetres.
    const yaw = turned + 0.2 * Math.sin(2 * Math.PI * 0.9 * t + sway);
    return { x: (x0 + (x1 - x0) * share) * FOOT, y: (y0 + (y1 - y0) * share) * FOOT, yaw };
  };
  const held = heldTag(random, HELD_LOSS, { x: random.between(0.28, 0.35), y: random.normal(0, 0.08), z: random.between(1, 1.3) });
  const reads = record(random, [person(motion, [held])], seconds);
  const across = Math.abs(x1 - x0) > 1;
  const left = across ? [1, 2] : [1, 4];
  const right = across ? [3, 4] : [2, 3];
  const rising = across ? x1 > x0 : y1 > y0;
  return { reads, start: rising ? left : right, end: rising ? right : left };
}

/** A tag that lies still for 20 seconds; with `people`, one of them walks about in the room. */
export function lying(random: Random, people: boolean): RecordedRead[] {
  const x = random.int(1, 14) * FOOT;
  const y = random.int(1, 14) * FOOT;
  const tag = heldTag(random, ON_STAND_LOSS, { x: 0, y: 0, z: random.between(0.9, 1.3) });
  const stand: Body = { tags: [tag], blocks: [], reflects: 0, motion: still(x, y, random.between(0, 2 * Math.PI)) };
  const bodies = [stand];
  if (people) {
    const place = (): Vector => ({
      x: random.between(-1, ROOM + 1),
      y: random.chance(0.5) ? random.between(-1.5, 0.3) : ROOM + random.between(-0.3, 1.5),
      z: 0,
    });
    bodies.push(person(strolling(place(), place(), random.between(0.2, 0.8), random.between(2, 8), random.between(0, 20))));
  }
  return record(random, bodies, 20);
}
