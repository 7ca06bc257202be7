import type { Random } from '../random.ts';
import type { Pallet } from './delivery.ts';
import { DOOR_ANTENNAS, type FieldTag, hear, level, placeTag } from './radio.ts';

/** One answer of one tag to one antenna, as the reader's radio hears it. */
export interface Sighting {
  /** Milliseconds from the start of what is played. */
  readonly at: number;
  readonly epc: string;
  /** Antenna port, from 1. */
  readonly antenna: number;
  /** dBm. */
  readonly rssi: number;
  /** Degrees, 0 to 180: these readers do not tell half turns apart. */
  readonly phase: number;
  readonly kHz: number;
}

/** A stack of goods that stands beside the door and goes nowhere. */
export interface Stray {
  readonly tag: FieldTag;
  readonly x: number;
  readonly y: number;
}

/** How a forklift drives through: metres and metres per second. */
export interface Drive {
  readonly direction: 'in' | 'out';
  readonly speed: number;
  readonly y: number;
}

/** The reader stays on an antenna this long before it takes the next one. */
export const DWELL_MS = 50;
/** A reader of this class reads about 400 tags a second: what one dwell can hold. */
const READS_PER_DWELL = 20;
/** One tag answers at most this often in a dwell, however few there are (session 0 or 1 at one inventory per 12 ms). */
const ANSWERS_PER_DWELL = 4;
/** A pallet comes into view and leaves it this far from the door. */
const REACH = 3.4;
/** ETSI EN 302 208 lower band, four channels of 2 W. */
const CHANNELS = [865_700, 866_300, 866_900, 867_500] as const;
const CHANNEL_MS = 1_000;
const LIGHT_KM_S = 299_792.458;

/** Extra two-way loss of a tag from how it lies, dB. */
const LOSS = { mean: 2, deviation: 1.5 };
/** A hard tag gets through this often in a whole pass, at chance moments: enough to know it was there, not enough to tell where it went. */
const HARD_ANSWERS: readonly [number, number] = [2, 4];

/** A pallet's tags in the field; a dead tag is not there. The SSCC label is stuck where every antenna sees it. */
export function palletTags(pallet: Pallet, random: Random): FieldTag[] {
  const tags = [placeTag(pallet.epc, random, 0)];
  for (const item of pallet.items) {
    if (item.tag !== 'dead') tags.push(placeTag(item.epc, random, random.normal(LOSS.mean, LOSS.deviation)));
  }
  return tags;
}

/** Leaves of a hard tag's sightings only the few that get through. */
export function muffle(sightings: readonly Sighting[], pallet: Pallet, random: Random): Sighting[] {
  const dropped = new Set<Sighting>();
  for (const item of pallet.items) {
    if (item.tag !== 'hard') continue;
    const own = random.shuffle(sightings.filter((sighting) => sighting.epc === item.epc));
    for (const sighting of own.slice(random.int(...HARD_ANSWERS))) dropped.add(sighting);
  }
  return sightings.filter((sighting) => !dropped.has(sighting));
}

/** Milliseconds that a drive takes from one end of the field to the other. */
export function driveMs(drive: Drive): number {
  return Math.round((2 * REACH * 1000) / drive.speed);
}

interface Standing {
  readonly tag: FieldTag;
  readonly x: number;
  readonly y: number;
}

/** What one dwell that starts at `at` hears of the tags where they stand. */
function dwell(at: number, ordinal: number, standing: readonly Standing[], random: Random): Sighting[] {
  const antenna = DOOR_ANTENNAS[ordinal % DOOR_ANTENNAS.length];
  if (antenna === undefined) return [];
  const kHz = CHANNELS[Math.floor(at / CHANNEL_MS) % CHANNELS.length] ?? CHANNELS[0];
  const heard: Omit<Sighting, 'at'>[] = [];
  for (const { tag, x, y } of random.shuffle(standing)) {
    const mean = level(antenna, tag, x, y);
    const distance = Math.hypot(x + tag.on.x - antenna.at.x, y + tag.on.y - antenna.at.y, tag.on.z - antenna.at.z);
    // The phase is 4 pi f d / c, that is 2 f d / c turns; kHz over km/s gives turns per metre.
    const turns = (2 * kHz * distance) / LIGHT_KM_S;
    const phase = Math.round((turns % 1) * 360) % 180;
    for (let i = 0; i < ANSWERS_PER_DWELL; i++) {
      const rssi = hear(mean, random);
      if (rssi !== undefined) heard.push({ epc: tag.epc, antenna: antenna.port, rssi, phase, kHz });
    }
  }
  const taken = heard.length > READS_PER_DWELL ? random.shuffle(heard).slice(0, READS_PER_DWELL) : heard;
  return taken.map((sighting, i) => ({ at: at + Math.floor((i * DWELL_MS) / taken.length), ...sighting }));
}

/** What the antennas hear while a pallet is driven through, strays included; ordered by time. */
export function passSightings(tags: readonly FieldTag[], strays: readonly Stray[], drive: Drive, random: Random): Sighting[] {
  const out: Sighting[] = [];
  const sign = drive.direction === 'in' ? 1 : -1;
  const end = driveMs(drive);
  for (let at = 0, ordinal = 0; at < end; at += DWELL_MS, ordinal++) {
    const x = sign * (-REACH + (drive.speed * (at + DWELL_MS / 2)) / 1000);
    const moving = tags.map((tag) => ({ tag, x, y: drive.y }));
    out.push(...dwell(at, ordinal, [...moving, ...strays], random));
  }
  return out;
}

/** What the antennas hear in `ms` of an idle door: the strays. */
export function idleSightings(strays: readonly Stray[], ms: number, random: Random): Sighting[] {
  const out: Sighting[] = [];
  for (let at = 0, ordinal = 0; at < ms; at += DWELL_MS, ordinal++) out.push(...dwell(at, ordinal, strays, random));
  return out;
}
