import type { Random } from '../../random.ts';
import { type PatchAntenna, unit } from './antenna.ts';
import { type Body, type Drive, driven, driveSeconds, still, strolling, swinging, turnedBack } from './body.ts';
import { Field } from './field.ts';
import { forklift, type Goods, handTruck, parked } from './goods.ts';
import { DOOR_READER, Inventory, type PhysicalRead, type ReaderSettings } from './inventory.ts';
import { person } from './person.ts';
import { type EyeEdge, edgesOf, type PhotoEye } from './photoeye.ts';
import { REFLECTORS, REFLECTS, surroundings } from './recording.ts';

/** Something that goes through a door. */
export interface Passer {
  /** At least one, upper-case hexadecimal. */
  readonly epcs: readonly string[];
  readonly direction: 'in' | 'out';
  /** Metres per second. */
  readonly speed: number;
  readonly goods: Goods;
  /** Seconds after the one before it has started; the first starts after the quiet time. */
  readonly after: number;
  /** Stops in the doorway for so many seconds. */
  readonly pause?: number;
  /** Comes so many metres past the door plane (negative: before it), stops and goes back: it went nowhere. */
  readonly turnsAt?: number;
  /** Goes through the next door, whose antennas are not heard here: what this door hears of it is not its own. */
  readonly nextDoor?: boolean;
}

export interface SceneOptions {
  readonly passers: readonly Passer[];
  /** EPCs of goods that stand beside the door, four to a pallet. */
  readonly strays: readonly string[];
  /** A person walks about among them. */
  readonly people: boolean;
  /** Seconds before the first passer and after the last: what stands there is heard then. */
  readonly quiet: number;
  readonly reader?: Partial<ReaderSettings>;
  /** The next door's own reader is played too, as `r2`. */
  readonly nextReader?: boolean;
}

/** What really happened to a tag. */
export interface Truth {
  readonly epc: string;
  /** `r1` for this door, `r2` for the next one; undefined for a tag that went through neither. */
  readonly reader: 'r1' | 'r2' | undefined;
  readonly direction: 'in' | 'out' | undefined;
}

export interface Scene {
  /** In order of their instants. */
  readonly reads: readonly PhysicalRead[];
  /** Of the eyes `outer` and `inner` of this door. */
  readonly edges: readonly EyeEdge[];
  readonly truth: readonly Truth[];
  /** When each passer's middle was first in the door plane, milliseconds; of one that turned back before it, when it left. */
  readonly crossings: readonly number[];
  readonly ms: number;
}

/** Docks stand this far apart, middle to middle, metres. */
const DOOR_PITCH = 4.2;
const REACH = 4.5;
/** The portal: posts left and right of an opening of 3.4 m, an antenna on each side of the wall, turned away from it. */
const SIDE_AT = 1.1;
const HALF_WIDTH = 1.7;
const ANTENNA_Z = 1.2;
export const DOOR_EYES: readonly PhotoEye[] = [
  { id: 'outer', x: -0.4, y: 0 },
  { id: 'inner', x: 0.4, y: 0 },
];
/** Reflectors of a dock: as in the room of the recordings, a little farther away. */
const NEAR = 1;
const FAR = 4.5;

/** Two antennas outside (ports 1 and 2) and two inside (3 and 4) of the door whose middle is at `y`. */
export function portal(y: number): readonly PatchAntenna[] {
  const post = (port: number, x: number, side: 1 | -1): PatchAntenna => ({
    port,
    side: x < 0 ? 'outside' : 'inside',
    at: { x, y: y + side * HALF_WIDTH, z: ANTENNA_Z },
    beam: unit(0.7 * Math.sign(x), -side, -0.1),
    trim: 0,
  });
  return [post(1, -SIDE_AT, -1), post(2, -SIDE_AT, 1), post(3, SIDE_AT, -1), post(4, SIDE_AT, 1)];
}

/** Fitted by eye: tags at rest swing by half a dB to a dB, as in the recordings with nobody about. */
const STIRRING = 2;
const STIRS = 0.25;

const STRAYS_PER_PALLET = 4;
/** Goods may stand beside the way, not in it, metres from the middle of the door. */
const ASIDE = [2.2, 3.8] as const;
const DEPTH = [0.9, 3.6] as const;

function strayBodies(epcs: readonly string[], random: Random): Body[] {
  const bodies: Body[] = [];
  for (let i = 0; i < epcs.length; i += STRAYS_PER_PALLET) {
    // Three in four stand inside: outside is the yard.
    const x = (random.chance(0.75) ? 1 : -1) * random.between(...DEPTH);
    const y = (random.chance(0.5) ? 1 : -1) * random.between(...ASIDE);
    const goods = random.pick(['dry', 'mixed'] as const);
    bodies.push(parked(epcs.slice(i, i + STRAYS_PER_PALLET), goods, still(x, y, random.between(0, Math.PI)), random));
  }
  return bodies;
}

function passerBody(passer: Passer, from: number, random: Random): { body: Body; drive: Drive } {
  const drive: Drive = {
    direction: passer.direction,
    from,
    speed: passer.speed,
    y: (passer.nextDoor === true ? DOOR_PITCH : 0) + random.normal(0, 0.2),
    slant: random.normal(0, 0.06),
    haste: random.between(0.75, 1.35),
    pause: passer.pause ?? 0,
    pauseAt: passer.turnsAt ?? random.between(-0.8, 0.8),
    reach: REACH,
  };
  const build = passer.epcs.length <= 5 ? handTruck : forklift;
  const motion = passer.turnsAt === undefined ? driven(drive) : turnedBack(drive);
  return { body: build(passer.epcs, passer.goods, motion, random), drive };
}

/** Strips of the curtain and sheets on the racks stir in the draught: what stands still fades slowly all the same. */
function draught(random: Random): Body[] {
  return Array.from({ length: STIRRING }, () => {
    const [x, y] = [random.between(-2.5, 2.5), (random.chance(0.5) ? 1 : -1) * random.between(1.6, 3.5)];
    const motion = swinging(x, y, random.between(0.01, 0.06), random.between(3, 15), random.float());
    return { tags: [], blocks: [], reflects: STIRS, motion };
  });
}

/** Plays a door: the same options and generator give the same reads. */
export function playScene(options: SceneOptions, random: Random): Scene {
  const bodies = strayBodies(options.strays, random.fork('strays'));
  const truth: Truth[] = options.strays.map((epc) => ({ epc, reader: undefined, direction: undefined }));
  let start = options.quiet;
  let end = options.quiet;
  const crossings: number[] = [];
  options.passers.forEach((passer, i) => {
    if (i > 0) start += passer.after;
    const { body, drive } = passerBody(passer, start, random.fork(`passer/${i}`));
    bodies.push(body);
    end = Math.max(end, start + driveSeconds(drive));
    crossings.push(crossingOf(body, start, driveSeconds(drive)));
    for (const epc of passer.epcs) {
      if (passer.turnsAt !== undefined) truth.push({ epc, reader: undefined, direction: undefined });
      else truth.push({ epc, reader: passer.nextDoor === true ? 'r2' : 'r1', direction: passer.direction });
    }
  });
  if (options.people) {
    const way = random.fork('person');
    const x = way.between(1.2, 3.2);
    const y = way.chance(0.5) ? 1 : -1;
    const a = { x, y: y * way.between(1.8, 2.4), z: 0 };
    const b = { x: x + way.normal(0, 1.2), y: y * way.between(2.8, 4), z: 0 };
    bodies.push(person(strolling(a, b, way.between(0.6, 1.3), way.between(1, 4), way.between(0, 10))));
  }
  bodies.push(...draught(random.fork('draught')));
  const ms = Math.round((end + options.quiet) * 1_000);
  const settings: ReaderSettings = { ...DOOR_READER, ...options.reader };
  const around = surroundings(random.fork('dock'), { x: 0, y: 0, z: 1.2 }, NEAR, FAR, REFLECTORS, REFLECTS);
  const reads = new Inventory(new Field(portal(0), bodies, around), settings, random.fork('reader')).run(ms);
  if (options.nextReader === true) {
    const field = new Field(portal(DOOR_PITCH), bodies, around);
    reads.push(...new Inventory(field, { ...settings, id: 'r2' }, random.fork('reader 2')).run(ms));
    reads.sort((p, q) => p.at - q.at);
  }
  return { reads, edges: edgesOf(DOOR_EYES, bodies, ms), truth, crossings, ms };
}

/** Milliseconds at which a body's middle passes the door plane; halved from its two ends. */
function crossingOf(body: Body, from: number, seconds: number): number {
  let low = from;
  let high = from + seconds;
  const sign = Math.sign(body.motion(from)?.x ?? -1);
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (Math.sign(body.motion(middle)?.x ?? -sign) === sign) low = middle;
    else high = middle;
  }
  return Math.round(low * 1_000);
}
