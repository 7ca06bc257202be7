import { Random } from '../random.ts';

/**
 * Two families of worlds that share nothing: what is fitted (the radio model, an edge's coefficients) draws from the first, what is
 * reported draws from the second. They are kept apart by the label of the fork, so no number given on a command line can mix them.
 */
export function fitWorld(seed: number): Random {
  return new Random(seed).fork('fit');
}

export function testWorld(seed: number): Random {
  return new Random(seed).fork('test');
}
