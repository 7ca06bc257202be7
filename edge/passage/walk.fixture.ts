import type { Read } from '../../protocol/read.ts';
import type { DoorAntenna } from './tuning.ts';

/**
 * A small world for the tests of this folder: tags on a straight or bent path through a door plane at x = 0, four antennas,
 * log-distance path loss both ways, a bad place for each tag, noise, missed reads. Metres, seconds, dBm.
 */
export interface Body {
  readonly epcs: readonly string[];
  /** Place at a time; undefined while the body is out of the world. */
  readonly at: (seconds: number) => { readonly x: number; readonly y: number } | undefined;
  /** Extra loss of every tag, dB. */
  readonly loss?: number;
}

export const ANTENNAS: readonly DoorAntenna[] = [
  { reader: 'r1', port: 1, side: 'outside' },
  { reader: 'r1', port: 2, side: 'outside' },
  { reader: 'r1', port: 3, side: 'inside' },
  { reader: 'r1', port: 4, side: 'inside' },
];
const PLACES = [
  { x: -0.8, y: -1.6 },
  { x: -0.8, y: 1.6 },
  { x: 0.8, y: -1.6 },
  { x: 0.8, y: 1.6 },
];
const SLOT_MS = 50;
/** What a reader of 400 tags a second takes in a slot. */
const READS_PER_SLOT = 20;

/** mulberry32: the same seed, the same walk. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 0x100000000;
  };
}

export function normal(random: () => number, deviation: number): number {
  return deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** EPCs that are distinct for a seed and an index: SGTIN-96 with random serials. */
export function epcsOf(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    `3034257BF7194E40${seed.toString(16).padStart(4, '0')}${i.toString(16).padStart(4, '0')}`.toUpperCase(),
  );
}

/** All reads from `start` (epoch ms) for `seconds`; 2 dB of noise on each read unless said otherwise. */
export function readsOf(bodies: readonly Body[], seconds: number, seed: number, start = 1_700_000_000_000, noise = 2): Read[] {
  const random = seeded(seed);
  const tags = bodies.flatMap((body) =>
    body.epcs.map((epc) => ({
      epc,
      body,
      dx: random() * 1.2 - 0.6,
      dy: random() * 0.8 - 0.4,
      loss: (body.loss ?? 0) + Math.abs(normal(random, 4)),
      shadow: PLACES.map(() => normal(random, 2)),
    })),
  );
  const reads: Read[] = [];
  for (let slot = 0; slot * SLOT_MS < seconds * 1000; slot++) {
    const antenna = slot % PLACES.length;
    const place = PLACES[antenna] as { x: number; y: number };
    const heard: { epc: string; rssi: number }[] = [];
    for (const tag of tags) {
      const at = tag.body.at((slot * SLOT_MS) / 1000);
      if (at === undefined) continue;
      const distance = Math.max(0.4, Math.hypot(at.x + tag.dx - place.x, at.y + tag.dy - place.y, 0.6));
      const mean = -42 - 40 * Math.log10(distance) - tag.loss + (tag.shadow[antenna] as number);
      for (let answer = 0; answer < 4; answer++) {
        const rssi = mean + normal(random, noise);
        if (random() < 0.7 / (1 + Math.exp(-(rssi + 70) / 1.5))) heard.push({ epc: tag.epc, rssi: Math.round(rssi) });
      }
    }
    for (let i = heard.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [heard[i], heard[j]] = [heard[j] as { epc: string; rssi: number }, heard[i] as { epc: string; rssi: number }];
    }
    heard.slice(0, READS_PER_SLOT).forEach((one, i, taken) => {
      reads.push({ ...one, antenna: antenna + 1, at: start + slot * SLOT_MS + Math.floor((i * SLOT_MS) / taken.length) });
    });
  }
  return reads;
}

/** Straight through the door: +1 inwards, -1 outwards; starts at `from` seconds, 5 m before the door. */
export function through(sign: 1 | -1, speed: number, from = 0, y = 0): Body['at'] {
  return (seconds) => {
    const x = -5 + speed * (seconds - from);
    return seconds < from || x > 5 ? undefined : { x: sign * x, y };
  };
}

/** Through the door by `depth` metres, a pause, and back the same way. */
export function backAndForth(sign: 1 | -1, speed: number, depth: number, pause: number): Body['at'] {
  const there = (5 + depth) / speed;
  return (seconds) => {
    const x = seconds < there ? -5 + speed * seconds : seconds < there + pause ? depth : depth - speed * (seconds - there - pause);
    return x < -5 ? undefined : { x: sign * x, y: 0 };
  };
}

/** Stands beside the door all the time. */
export function standing(x: number, y: number): Body['at'] {
  return () => ({ x, y });
}
