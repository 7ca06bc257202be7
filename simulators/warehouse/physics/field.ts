import { type PatchAntenna, pattern, polarised, type Vector } from './antenna.ts';
import type { Block, Body, PhysicalTag } from './body.ts';

/** Something fixed that reflects: a rack, a girder, the door leaf. */
export interface Scatterer {
  readonly at: Vector;
  /** Amplitude relative to a mirror: a bare metal sheet of a square metre would be near 1. */
  readonly reflects: number;
}

/** Reflection of a concrete floor for waves that graze it at these distances (relative permittivity 5 to 6, both polarisations mixed). */
const FLOOR = -0.45;
/** The null of a dipole along its axis is filled by its bends and its surroundings: inlays keep about -14 dB there. */
const DIPOLE_FLOOR = 10 ** (-14 / 20);
const LIGHT_M_PER_S = 299_792_458;
/** Beyond this no tag is powered by any reader of this class, metres. */
const OUT_OF_RANGE = 9;
const NEAREST = 0.15;
/** Height of the point of a body that reflects. */
const BODY_Z = 1.2;

/** Cosines by turns: a step of a thousandth of a wavelength is finer than anything a reader tells, and a quarter of the cost. */
const STEPS = 1_024;
const COSINES = Float64Array.from({ length: STEPS + STEPS / 4 }, (_, i) => Math.cos((2 * Math.PI * i) / STEPS));

/** Math.hypot guards against overflow and costs five times as much. */
function length(x: number, y: number, z: number): number {
  return Math.sqrt(x * x + y * y + z * z);
}

/** Metres of the straight line from p to q that lie in a block; coordinates of the block's body. */
function crossed(block: Block, px: number, py: number, pz: number, qx: number, qy: number, qz: number): number {
  let low = 0;
  let high = 1;
  const { from, to } = block;
  for (let axis = 0; axis < 3; axis++) {
    const start = axis === 0 ? px : axis === 1 ? py : pz;
    const step = (axis === 0 ? qx : axis === 1 ? qy : qz) - start;
    const least = axis === 0 ? from.x : axis === 1 ? from.y : from.z;
    const most = axis === 0 ? to.x : axis === 1 ? to.y : to.z;
    if (Math.abs(step) < 1e-9) {
      if (start <= least || start >= most) return 0;
      continue;
    }
    const a = (least - start) / step;
    const b = (most - start) / step;
    low = Math.max(low, Math.min(a, b));
    high = Math.min(high, Math.max(a, b));
    if (low >= high) return 0;
  }
  return (high - low) * length(qx - px, qy - py, qz - pz);
}

interface Placed {
  readonly body: Body;
  readonly moves: boolean;
  present: boolean;
  x: number;
  y: number;
  cos: number;
  sin: number;
}

/** A tag of the field with its body, by which it is found. */
export interface FieldEntry {
  readonly tag: PhysicalTag;
  readonly body: Body;
}

/**
 * Complex one-way channel between antennas and tags at an instant: straight line, floor, fixed reflectors, and every body as
 * a reflector and an obstacle. Fading is not drawn but follows from the geometry: it is correlated along a path over a third
 * of a wavelength, differs between antennas and channels, stands still for a tag at rest, and moves when a person passes it.
 */
export class Field {
  readonly antennas: readonly PatchAntenna[];
  readonly entries: readonly FieldEntry[];
  /** Power of the last {@link hear} one way, relative to a metre in front of the antenna with a tag that lies best, dB. */
  gain = Number.NEGATIVE_INFINITY;
  /** Phase of the same, two ways, turns (not reduced). */
  turns = 0;
  readonly #placed: readonly Placed[];
  readonly #owner: readonly Placed[];
  readonly #scatterers: readonly Scatterer[];
  /** Per antenna and scatterer: distance, and amplitude with the antenna's gain towards it. */
  readonly #legs: Float64Array;
  #seconds = Number.NaN;

  constructor(antennas: readonly PatchAntenna[], bodies: readonly Body[], scatterers: readonly Scatterer[]) {
    this.antennas = antennas;
    this.#scatterers = scatterers;
    this.#placed = bodies.map((body) => ({
      body,
      moves: body.motion(0) !== body.motion(1),
      present: false,
      x: 0,
      y: 0,
      cos: 1,
      sin: 0,
    }));
    this.entries = bodies.flatMap((body) => body.tags.map((tag) => ({ tag, body })));
    this.#owner = this.#placed.flatMap((placed) => placed.body.tags.map(() => placed));
    this.#legs = new Float64Array(antennas.length * scatterers.length * 2);
    antennas.forEach(({ at, beam, trim }, a) => {
      scatterers.forEach((scatterer, s) => {
        const dx = scatterer.at.x - at.x;
        const dy = scatterer.at.y - at.y;
        const dz = scatterer.at.z - at.z;
        const distance = Math.hypot(dx, dy, dz);
        const i = 2 * (a * scatterers.length + s);
        this.#legs[i] = distance;
        this.#legs[i + 1] = scatterer.reflects * pattern((dx * beam.x + dy * beam.y + dz * beam.z) / distance) * 10 ** (trim / 20);
      });
    });
  }

  /** Moves all bodies to where they are at an instant. */
  at(seconds: number): void {
    if (seconds === this.#seconds) return;
    this.#seconds = seconds;
    for (const placed of this.#placed) {
      const pose = placed.body.motion(seconds);
      placed.present = pose !== undefined;
      if (pose === undefined) continue;
      placed.x = pose.x;
      placed.y = pose.y;
      placed.cos = Math.cos(pose.yaw);
      placed.sin = Math.sin(pose.yaw);
    }
  }

  /** Sets `gain` and `turns` of a tag (index in `entries`) at an antenna (index); false when it is out of range. */
  hear(a: number, index: number, kHz: number): boolean {
    const owner = this.#owner[index] as Placed;
    if (!owner.present) return false;
    const { tag } = this.entries[index] as FieldEntry;
    const { at, beam, trim } = this.antennas[a] as PatchAntenna;
    const { cos, sin } = owner;
    const x = owner.x + cos * tag.on.x - sin * tag.on.y;
    const y = owner.y + sin * tag.on.x + cos * tag.on.y;
    const z = tag.on.z;
    const dx = x - at.x;
    const dy = y - at.y;
    const dz = z - at.z;
    const distance = Math.max(NEAREST, length(dx, dy, dz));
    if (distance > OUT_OF_RANGE) return false;
    const ux = cos * tag.dipole.x - sin * tag.dipole.y;
    const uy = sin * tag.dipole.x + cos * tag.dipole.y;
    const uz = tag.dipole.z;
    const along = (ux * dx + uy * dy + uz * dz) / distance;
    const dipole = Math.max(DIPOLE_FLOOR, Math.sqrt(Math.max(0, 1 - along * along)));
    const facing = polarised(uz * uz) * dipole * 10 ** (trim / 20);
    const shade = 10 ** (-this.#obstructed(at, x, y, z) / 20);
    // Wavelengths per metre.
    const wave = (kHz * 1_000) / LIGHT_M_PER_S;

    const direct = (pattern((dx * beam.x + dy * beam.y + dz * beam.z) / distance) * facing * shade) / distance;
    // The floor: the tag's mirror image, seen at the angle under which the wave leaves.
    const mirrored = -z - at.z;
    const floorWay = length(dx, dy, mirrored);
    const floor = (FLOOR * pattern((dx * beam.x + dy * beam.y + mirrored * beam.z) / floorWay) * facing * shade) / floorWay;
    const extra = Math.round(wave * (floorWay - distance) * STEPS) & (STEPS - 1);
    // Relative to the straight line, whose phase is added at the end. A quarter turn on, a cosine is minus the sine.
    let re = direct + floor * (COSINES[extra] as number);
    let im = floor * (COSINES[extra + STEPS / 4] as number);

    const around = Math.SQRT1_2 * 10 ** (trim / 20);
    const count = this.#scatterers.length;
    for (let s = 0; s < count; s++) {
      const scatterer = (this.#scatterers[s] as Scatterer).at;
      const leg = this.#legs[2 * (a * count + s)] as number;
      const way = leg + length(x - scatterer.x, y - scatterer.y, z - scatterer.z);
      const amplitude = ((this.#legs[2 * (a * count + s) + 1] as number) * Math.SQRT1_2) / way;
      const phase = Math.round(wave * (way - distance) * STEPS) & (STEPS - 1);
      re += amplitude * (COSINES[phase] as number);
      im += amplitude * (COSINES[phase + STEPS / 4] as number);
    }
    for (const other of this.#placed) {
      const { reflects } = other.body;
      if (other === owner || !other.present || reflects === 0) continue;
      const ox = other.x - at.x;
      const oy = other.y - at.y;
      const first = length(ox, oy, BODY_Z - at.z);
      const way = first + length(x - other.x, y - other.y, z - BODY_Z);
      if (way > 2 * OUT_OF_RANGE) continue;
      const amplitude =
        (reflects * around * pattern((ox * beam.x + oy * beam.y + (BODY_Z - at.z) * beam.z) / Math.max(NEAREST, first))) / Math.max(1, way);
      const phase = Math.round(wave * (way - distance) * STEPS) & (STEPS - 1);
      re += amplitude * (COSINES[phase] as number);
      im += amplitude * (COSINES[phase + STEPS / 4] as number);
    }
    this.gain = 10 * Math.log10(re * re + im * im) - tag.loss;
    this.turns = 2 * (wave * distance - Math.atan2(im, re) / (2 * Math.PI));
    return true;
  }

  /** What stands between an antenna and a place costs, one way, dB. */
  #obstructed(at: Vector, x: number, y: number, z: number): number {
    let loss = 0;
    for (const { body, present, x: bx, y: by, cos, sin } of this.#placed) {
      if (!present) continue;
      for (const block of body.blocks) {
        const px = x - bx;
        const py = y - by;
        const qx = at.x - bx;
        const qy = at.y - by;
        const metres = crossed(block, cos * px + sin * py, cos * py - sin * px, z, cos * qx + sin * qy, cos * qy - sin * qx, at.z);
        if (metres > 0) loss += Math.min(block.atMost, metres * block.lossPerMetre);
      }
    }
    return loss;
  }
}
