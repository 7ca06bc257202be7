import { Random } from '../random.ts';

/**
 * Two families of worlds that share none: what is fitted (an edge's coefficients, a calibration) draws from the first, what is reported
 * draws from the second. Even seeds make one, odd ones the other, so that no number given on a command line can mix them.
 */
export function fitWorld(seed: number): Random {
  return new Random(2 * seed);
}

export function testWorld(seed: number): Random {
  return new Random(2 * seed + 1);
}
