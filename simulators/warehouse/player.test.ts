import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import type { Sighting } from './pass.ts';
import { DoorPlayer } from './player.ts';
import { placeTag } from './radio.ts';

function piece(epc: string, count: number): { sightings: Sighting[]; ms: number } {
  const sightings = Array.from({ length: count }, (_, i) => ({ at: i * 5, epc, antenna: 1, rssi: -50, phase: 0, kHz: 865_700 }));
  return { sightings, ms: count * 5 };
}

describe('a door that is played', () => {
  it('hands on every sighting of each pass once, in order, one pass after the other', async () => {
    const heard: Sighting[] = [];
    const player = new DoorPlayer({ strays: [], random: new Random(1), pace: 4, hear: (sightings) => heard.push(...sightings) });
    player.start();
    await Promise.all([player.play(piece('A', 40)), player.play(piece('B', 40))]);
    player.stop();
    expect(heard.map((sighting) => sighting.epc).join('')).toBe('A'.repeat(40) + 'B'.repeat(40));
    for (let i = 1; i < heard.length; i++) expect((heard[i] as Sighting).at).toBeGreaterThanOrEqual((heard[i - 1] as Sighting).at);
  });

  it('lets strays be heard while nothing passes', async () => {
    const random = new Random(2);
    const strays = [{ tag: placeTag('S', random, 0), x: 1.5, y: -2.5 }];
    const first = await new Promise<Sighting>((resolve) => {
      const player = new DoorPlayer({
        strays,
        random,
        pace: 4,
        hear: ([sighting]) => {
          player.stop();
          if (sighting !== undefined) resolve(sighting);
        },
      });
      player.start();
    });
    expect(first.epc).toBe('S');
  });
});
