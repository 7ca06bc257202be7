import type { Random } from '../../random.ts';
import type { Field } from './field.ts';

/** One answer of one tag as a reader reports it. */
export interface PhysicalRead {
  /** Milliseconds from the start of the scene, whole. */
  readonly at: number;
  readonly reader: string;
  /** Port, from 1. */
  readonly antenna: number;
  readonly epc: string;
  /** dBm, in steps of `rssiStep`. */
  readonly rssi: number;
  /** Degrees, 0 up to `phaseDegrees`. */
  readonly phase: number;
  readonly kHz: number;
}

/** How a reader is set and what it can do. */
export interface ReaderSettings {
  readonly id: string;
  /** Conducted power at the antenna, dBm. */
  readonly power: number;
  /** Stays on an antenna this long, then takes the next one. */
  readonly dwellMs: number;
  /** Gen2 session: in 0 a tag forgets that it was counted when the carrier goes, in 1 after `persistence`. */
  readonly session: 0 | 1;
  /** `A` counts a tag once until it has forgotten; `AB` turns back at the end of each round, so that it is read all the time. */
  readonly target: 'A' | 'AB';
  /** Shortest and longest persistence of session 1, milliseconds (Gen2: 500 to 5,000). */
  readonly persistence: readonly [number, number];
  readonly region: 'etsi' | 'fcc';
  readonly hopMs: number;
  /** Steps of the reported strength, dB. */
  readonly rssiStep: number;
  /** 360, or 180 for readers that do not tell half turns apart. */
  readonly phaseDegrees: 180 | 360;
}

/** A ThingMagic module as this project sets it up: 27 dBm, session 0, filter off, lower ETSI band. */
export const DOOR_READER: ReaderSettings = {
  id: 'r1',
  power: 27,
  dwellMs: 50,
  session: 0,
  target: 'AB',
  persistence: [500, 5_000],
  region: 'etsi',
  hopMs: 1_000,
  rssiStep: 1,
  phaseDegrees: 180,
};

/** ETSI EN 302 208 lower band, channels 4, 7, 10, 13; FCC part 15.247: 50 channels of 500 kHz. */
const CHANNELS = {
  etsi: [865_700, 866_300, 866_900, 867_500],
  fcc: Array.from({ length: 50 }, (_, i) => 902_750 + 500 * i),
} as const;

/**
 * Link budget at a metre in front of the antenna: 6 dBic, 31 dB of free space at 866 MHz, 3 dB between circle and dipole,
 * 2 dBi of the tag. The tag gets `power` plus this; what it throws back is 5 dB less than that (modulation) and goes the same way.
 */
const AT_A_METRE_DB = 6 - 31 - 3 + 2;
const BACKSCATTER_DB = -5;
/** Half of the answers at this level are decoded: monostatic modules, -72 to -84 dBm by data sheet; recordings end at -74. */
const DECODES_DBM = -74;
const DECODES_WIDTH = 1;
/** Chip threshold of one answer to the next, and noise of a reported strength, dB: a tag in an empty room varies so. */
const WAKE_NOISE = 0.5;
const RSSI_NOISE = 0.8;
const PHASE_NOISE_TURNS = 0.015;

/**
 * A dwell is 10 cm of a fast drive, a third of a wavelength: a tag this far over its threshold in the middle of it answers all along, one
 * this far under it never does, and those between are looked at slot by slot.
 */
const SURELY_DB = 6;
const NEARLY_DB = 3;

/** Air times with Miller 4 at 250 kHz and a 96-bit EPC, milliseconds: about 400 tags a second at best. */
const SLOT_EMPTY = 0.35;
const SLOT_COLLISION = 1;
const SLOT_ANSWER = 1.7;
const ROUND_START = 2.5;
/** Carrier down, switch, carrier up. */
const SWITCH_MS = 2;
/** Tags per colliding slot when the frame is as long as the tags are many (Schoute 1983). */
const SCHOUTE = 2.39;
/** Frames of 4,096 slots: a full cross-dock beside the door. */
const MAX_Q = 12;

/** What one tag remembers and how it is tuned. */
interface Memory {
  /** Counted in the dwell with this ordinal (session 0) or until this instant (session 1). */
  counted: number;
  readonly persists: number;
  readonly phase: number;
}

/** One reader working through its antennas. The same field, settings and generator give the same reads. */
export class Inventory {
  readonly #field: Field;
  readonly #settings: ReaderSettings;
  readonly #random: Random;
  readonly #memory: readonly Memory[];
  /** Phase that cable and circuits add, turns, per antenna and channel. */
  readonly #offsets: Float64Array;
  readonly #hops: readonly number[];
  readonly #reads: PhysicalRead[] = [];
  readonly #powered: number[] = [];
  /** By how many dB a tag was over its threshold in the middle of the dwell. */
  readonly #margins: Float64Array;
  readonly #frame: number[][] = Array.from({ length: 2 ** MAX_Q }, () => []);
  #expected = 4;
  #dwell = 0;

  constructor(field: Field, settings: ReaderSettings, random: Random) {
    this.#field = field;
    this.#settings = settings;
    this.#random = random;
    const [short, long] = settings.persistence;
    this.#memory = field.entries.map(() => ({ counted: -1, persists: random.between(short, long), phase: random.float() }));
    this.#margins = new Float64Array(field.entries.length);
    const channels = CHANNELS[settings.region];
    this.#offsets = Float64Array.from({ length: field.antennas.length * channels.length }, () => random.float());
    this.#hops = random.shuffle(channels.map((_, i) => i));
  }

  /** All reads from the start of the scene for `ms` milliseconds, in order. */
  run(ms: number): PhysicalRead[] {
    const { dwellMs } = this.#settings;
    for (let at = 0; at < ms; at += dwellMs) {
      this.#stay(at, Math.min(ms, at + dwellMs));
      this.#dwell++;
    }
    return this.#reads;
  }

  #channel(at: number): number {
    const { region, hopMs } = this.#settings;
    const channels = CHANNELS[region];
    return this.#hops[Math.floor(at / hopMs) % channels.length] as number;
  }

  #stay(from: number, until: number): void {
    const field = this.#field;
    const antenna = this.#dwell % field.antennas.length;
    const kHz = CHANNELS[this.#settings.region][this.#channel(from)] as number;
    const middle = (from + until) / 2;
    field.at(middle / 1_000);
    const powered = this.#powered;
    powered.length = 0;
    for (let i = 0; i < field.entries.length; i++) {
      if (!field.hear(antenna, i, kHz)) continue;
      const margin = this.#settings.power + AT_A_METRE_DB + field.gain - (field.entries[i]?.tag.wakes ?? 0);
      this.#margins[i] = margin;
      if (margin >= -NEARLY_DB) powered.push(i);
    }
    for (let at = from + SWITCH_MS; at < until && powered.length > 0; ) {
      const next = this.#round(antenna, at, until);
      if (next === undefined) return;
      at = next;
    }
  }

  #isCounted(i: number, at: number): boolean {
    const memory = this.#memory[i] as Memory;
    return this.#settings.session === 0 ? memory.counted === this.#dwell : memory.counted > at;
  }

  /** One inventory round; returns when it ended, or undefined when nothing is left to count in this dwell. */
  #round(antenna: number, from: number, until: number): number | undefined {
    const random = this.#random;
    const q = Math.max(0, Math.min(MAX_Q, Math.round(Math.log2(Math.max(1, this.#expected)))));
    const slots = 2 ** q;
    let waiting = 0;
    for (const i of this.#powered) {
      if (this.#settings.target === 'A' && this.#isCounted(i, from)) continue;
      (this.#frame[random.int(0, slots - 1)] as number[]).push(i);
      waiting++;
    }
    let at = from + ROUND_START;
    let heard = 0;
    for (let s = 0; s < slots; s++) {
      const answers = this.#frame[s] as number[];
      if (at < until) {
        const awake = answers.filter((i) => this.#wakes(antenna, i, at));
        if (awake.length === 0) at += SLOT_EMPTY;
        else if (awake.length > 1) {
          at += SLOT_COLLISION;
          heard += SCHOUTE;
        } else {
          at += SLOT_ANSWER;
          heard += 1;
          this.#answer(antenna, awake[0] as number, at);
        }
      }
      answers.length = 0;
    }
    this.#expected = Math.max(1, at < until ? heard : this.#expected);
    return waiting === 0 ? undefined : at;
  }

  /** Whether a tag has the power to answer now. */
  #wakes(antenna: number, i: number, at: number): boolean {
    if ((this.#margins[i] as number) > SURELY_DB) return true;
    const field = this.#field;
    field.at(at / 1_000);
    if (!field.hear(antenna, i, CHANNELS[this.#settings.region][this.#channel(at)] as number)) return false;
    const level = this.#settings.power + AT_A_METRE_DB + field.gain;
    return level >= (field.entries[i]?.tag.wakes ?? 0) + this.#random.normal(0, WAKE_NOISE);
  }

  #answer(antenna: number, i: number, at: number): void {
    const { power, rssiStep, phaseDegrees, region, session, id } = this.#settings;
    const random = this.#random;
    const field = this.#field;
    const memory = this.#memory[i] as Memory;
    field.at(at / 1_000);
    const channel = this.#channel(at);
    const kHz = CHANNELS[region][channel] as number;
    field.hear(antenna, i, kHz);
    const level = power + 2 * AT_A_METRE_DB + 2 * field.gain + BACKSCATTER_DB + random.normal(0, RSSI_NOISE);
    if (!random.chance(1 / (1 + Math.exp(-(level - DECODES_DBM) / DECODES_WIDTH)))) return;
    memory.counted = session === 0 ? this.#dwell : at + memory.persists;
    const turns =
      field.turns +
      memory.phase +
      (this.#offsets[antenna * CHANNELS[region].length + channel] as number) +
      random.normal(0, PHASE_NOISE_TURNS);
    const phase = Math.round((((turns * 360) % phaseDegrees) + phaseDegrees) % phaseDegrees) % phaseDegrees;
    this.#reads.push({
      at: Math.floor(at),
      reader: id,
      antenna: field.antennas[antenna]?.port ?? 0,
      epc: field.entries[i]?.tag.epc ?? '',
      rssi: Math.round(level / rssiStep) * rssiStep,
      phase,
      kHz,
    });
  }
}
