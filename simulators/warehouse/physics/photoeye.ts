import type { Body } from './body.ts';

/** A beam across the opening at `x`, as high as the forks' load. */
export interface PhotoEye {
  readonly id: string;
  readonly x: number;
  /** Middle of its door along the wall; it sees half the opening to each side. */
  readonly y: number;
}

export interface EyeEdge {
  /** Milliseconds from the start of the scene. */
  readonly at: number;
  readonly eye: string;
  /** True when something came into the beam, false when it left. */
  readonly blocked: boolean;
}

const BEAM_Z = 0.6;
const HALF_OPENING = 1.6;
const STEP_MS = 5;

function blocks(body: Body, eye: PhotoEye, seconds: number): boolean {
  const pose = body.motion(seconds);
  if (pose === undefined || Math.abs(pose.y - eye.y) > HALF_OPENING) return false;
  // Bodies in a door look along it, but for a few degrees.
  const facing = Math.cos(pose.yaw) >= 0 ? 1 : -1;
  return body.blocks.some(({ from, to }) => {
    if (from.z > BEAM_Z || to.z < BEAM_Z) return false;
    const a = pose.x + facing * from.x;
    const b = pose.x + facing * to.x;
    return Math.min(a, b) <= eye.x && eye.x <= Math.max(a, b);
  });
}

/** Edges of all eyes over `ms`, in order. */
export function edgesOf(eyes: readonly PhotoEye[], bodies: readonly Body[], ms: number): EyeEdge[] {
  const edges: EyeEdge[] = [];
  const state = eyes.map(() => false);
  for (let at = 0; at <= ms; at += STEP_MS) {
    eyes.forEach((eye, i) => {
      const blocked = bodies.some((body) => blocks(body, eye, at / 1_000));
      if (blocked === state[i]) return;
      state[i] = blocked;
      edges.push({ at, eye: eye.id, blocked });
    });
  }
  return edges;
}
