import type { Vector } from './antenna.ts';

/** An inlay as it is stuck on something. */
export interface PhysicalTag {
  /** Upper-case hexadecimal. */
  readonly epc: string;
  /** Place relative to its body. */
  readonly on: Vector;
  /** Unit vector along its dipole, relative to its body. */
  readonly dipole: Vector;
  /** What the thing it is stuck on costs, one way, dB. */
  readonly loss: number;
  /** Power at the tag from which it answers, dBm. */
  readonly wakes: number;
}

/** A block that waves lose power in; it moves with its body. */
export interface Block {
  readonly from: Vector;
  readonly to: Vector;
  /** One way, dB per metre of it that the straight line crosses. */
  readonly lossPerMetre: number;
  /** Waves also bend around it: it never costs more than this, one way, dB. */
  readonly atMost: number;
}

/** Where a body stands and which way it looks (radians, 0 looks along x). */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly yaw: number;
}

/** A pose at a time in seconds; undefined while the body is far away. */
export type Motion = (seconds: number) => Pose | undefined;

/** One thing of the scene that moves or stands as a whole. */
export interface Body {
  readonly tags: readonly PhysicalTag[];
  readonly blocks: readonly Block[];
  /** Amplitude that its surface throws back to other tags, relative to a mirror of a metre. */
  readonly reflects: number;
  readonly motion: Motion;
}

export const still = (x: number, y: number, yaw = 0): Motion => {
  const pose = { x, y, yaw };
  return () => pose;
};

/** How a vehicle gets through a door, in seconds from when it starts: speeds are of forklifts indoors. */
export interface Drive {
  readonly direction: 'in' | 'out';
  /** Seconds at which it comes into the world. */
  readonly from: number;
  /** Metres per second, on average while it moves. */
  readonly speed: number;
  /** Where it crosses the door plane, metres along the wall. */
  readonly y: number;
  /** Metres along the wall per metre through the door: how oblique it drives. */
  readonly slant: number;
  /** Speed at the end over speed at the start: over 1 accelerates. */
  readonly haste: number;
  /** Stops for so many seconds at `pauseAt` metres past the door plane. */
  readonly pause: number;
  readonly pauseAt: number;
  /** How far from the door plane it starts and ends, metres. */
  readonly reach: number;
}

/** Distance covered after `seconds` of driving `length` metres: the speed changes evenly over the way. */
function covered(seconds: number, length: number, speed: number, haste: number): number {
  const time = length / speed;
  const u = Math.min(1, seconds / time);
  const start = 2 / (1 + haste);
  return length * (start * u + ((haste - 1) * start * u * u) / 2);
}

/** Straight through the door. */
export function driven(drive: Drive): Motion {
  const { from, speed, y, slant, haste, pause, pauseAt, reach } = drive;
  const sign = drive.direction === 'in' ? 1 : -1;
  const length = 2 * reach;
  const stop = reach + pauseAt;
  const yaw = (sign > 0 ? 0 : Math.PI) + Math.atan(slant);
  // When it comes to where it stops: by halving, the way grows with time.
  let low = 0;
  let high = length / speed;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (covered(middle, length, speed, haste) < stop) low = middle;
    else high = middle;
  }
  return (seconds) => {
    let t = seconds - from;
    if (t < 0) return undefined;
    if (pause > 0 && t > low) t = Math.max(low, t - pause);
    if (t >= length / speed) return undefined;
    const x = sign * (covered(t, length, speed, haste) - reach);
    return { x, y: y + slant * x, yaw };
  };
}

/** As far as `pauseAt` past the door plane, a stop, and back the same way with the load still in front. */
export function turnedBack(drive: Drive): Motion {
  const { from, speed, y, slant, pause, pauseAt, reach } = drive;
  const sign = drive.direction === 'in' ? 1 : -1;
  const there = (reach + pauseAt) / speed;
  const yaw = (sign > 0 ? 0 : Math.PI) + Math.atan(slant);
  return (seconds) => {
    const t = seconds - from;
    if (t < 0 || t >= 2 * there + pause) return undefined;
    const way = speed * Math.max(0, t < there ? t : Math.min(there, 2 * there + pause - t));
    const x = sign * (way - reach);
    return { x, y: y + slant * x, yaw };
  };
}

/** To and fro along the wall by `by` metres, a swing in `period` seconds. */
export function swinging(x: number, y: number, by: number, period: number, offset: number): Motion {
  return (seconds) => ({ x, y: y + by * Math.sin(2 * Math.PI * (seconds / period + offset)), yaw: 0 });
}

/** Seconds from the start of a drive to its end. */
export const driveSeconds = (drive: Drive): number => (2 * drive.reach) / drive.speed + drive.pause;

/** There and back between two places for ever, from a place on the way; stands at each end for a while. */
export function strolling(a: Vector, b: Vector, speed: number, rest: number, offset: number): Motion {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const leg = length / speed;
  const yaw = Math.atan2(b.y - a.y, b.x - a.x);
  return (seconds) => {
    const t = (seconds + offset) % (2 * (leg + rest));
    const back = t >= leg + rest;
    const u = Math.min(1, (back ? t - leg - rest : t) / leg);
    const share = back ? 1 - u : u;
    return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share, yaw: back ? yaw + Math.PI : yaw };
  };
}
