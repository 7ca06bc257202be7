/** A place or a direction in metres: x through the door (outside negative), y along the wall, z up. */
export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export function unit(x: number, y: number, z: number): Vector {
  const length = Math.hypot(x, y, z);
  return { x: x / length, y: y / length, z: z / length };
}

/** A circularly polarised patch antenna on one port of one reader. */
export interface PatchAntenna {
  /** Port as printed on the reader, from 1. */
  readonly port: number;
  /** The side of the door plane it is for; what it hears does not depend on it. */
  readonly side: 'outside' | 'inside';
  readonly at: Vector;
  /** Unit vector of the beam. */
  readonly beam: Vector;
  /** Gain of antenna less loss of its cable, relative to what the reader's power is meant for, dB. */
  readonly trim: number;
}

/**
 * Power falls as this exponent of the cosine off the beam: 3 dB at 35 degrees, the half of the 65 to 75 degrees that data
 * sheets of 8 to 9 dBic panels give.
 */
const BEAM_EXPONENT = 3.46;
/** Front-to-back ratio of such panels: 18 to 20 dB. */
const BACK = 10 ** (-19 / 20);

/** One-way amplitude relative to the middle of the beam, from the cosine of the angle to it. */
export function pattern(cosine: number): number {
  return cosine <= 0 ? BACK : Math.max(BACK, cosine ** (BEAM_EXPONENT / 2));
}

/** Axial ratio of such panels, dB: a dipole that turns in front of one hears this between its best and its worst angle. */
const AXIAL_RATIO_DB = 2;

/** One-way amplitude by how upright a dipole stands (0 lies, 1 stands); a handed antenna favours one of the two. */
export function polarised(upright: number): number {
  return 10 ** ((AXIAL_RATIO_DB * (upright - 0.5)) / 20);
}
