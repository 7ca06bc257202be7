import type { Random } from '../random.ts';
import type { Weather } from './proxy.ts';

export type VictimKind = 'edge' | 'hub' | 'workerd';
/** What is waited for before a kill; `anything` waits for nothing. */
export type Cue = 'closed' | 'committed' | 'sent' | 'forwarded' | 'anything';

/** One kill as it is planned. Where it really hit is seen afterwards. */
export interface Shot {
  readonly victim: VictimKind;
  readonly cue: Cue;
  /** From the cue to the kill, milliseconds. */
  readonly delayMs: number;
  /** The network from before the cue until the kill. */
  readonly weather: Weather;
  /** The network for a moment after the kill. */
  readonly after: { readonly weather: Weather; readonly ms: number };
}

const CLEAR: Weather = { kind: 'clear' };
const CUT: Weather = { kind: 'cut' };
/** A batch of one small record takes about 300 bytes: a tenth of a second and more on this line. */
const TRICKLE: Weather = { kind: 'throttle', rate: 3_000 };

/** The deck that kills are drawn from: each round aims at every state, in a seeded order, so that a run of eight hits all four. */
const DECK: readonly {
  readonly cue: Cue;
  readonly victims: readonly VictimKind[];
  readonly spreadMs: number;
  readonly weathers: readonly Weather[];
}[] = [
  { cue: 'closed', victims: ['edge'], spreadMs: 30, weathers: [CLEAR] },
  { cue: 'closed', victims: ['edge'], spreadMs: 60, weathers: [CLEAR, TRICKLE] },
  { cue: 'committed', victims: ['edge'], spreadMs: 120, weathers: [CUT] },
  { cue: 'committed', victims: ['edge'], spreadMs: 3, weathers: [CLEAR, TRICKLE] },
  { cue: 'sent', victims: ['edge', 'workerd', 'hub'], spreadMs: 60, weathers: [{ kind: 'stall', way: 'up' }, TRICKLE] },
  { cue: 'forwarded', victims: ['workerd', 'edge', 'hub'], spreadMs: 80, weathers: [{ kind: 'stall', way: 'down' }] },
  { cue: 'forwarded', victims: ['workerd', 'edge'], spreadMs: 10, weathers: [CLEAR] },
  { cue: 'anything', victims: ['edge', 'edge', 'workerd', 'hub'], spreadMs: 800, weathers: [CLEAR, TRICKLE] },
];

/** Draws `count` shots; the same random numbers give the same ones. */
export function planShots(count: number, random: Random): Shot[] {
  const shots: Shot[] = [];
  while (shots.length < count) {
    for (const { cue, victims, spreadMs, weathers } of random.shuffle(DECK)) {
      const after = random.chance(0.3)
        ? { weather: random.pick([CUT, TRICKLE, { kind: 'stall', way: 'down' } as const]), ms: random.int(50, 400) }
        : { weather: CLEAR, ms: 0 };
      shots.push({ victim: random.pick(victims), cue, delayMs: random.between(0, spreadMs), weather: random.pick(weathers), after });
    }
  }
  return shots.slice(0, count);
}
