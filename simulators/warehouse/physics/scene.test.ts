import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../random.ts';
import { type Body, still } from './body.ts';
import { Field } from './field.ts';
import { DOOR_READER, Inventory, type PhysicalRead } from './inventory.ts';
import { person } from './person.ts';
import { playScene, portal, type Scene, type SceneOptions } from './scene.ts';

const epcs = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `3034257BF7194E40${(0x10000000 + from + i).toString(16)}`.toUpperCase());

function options(direction: 'in' | 'out', more: Partial<SceneOptions> = {}): SceneOptions {
  const passers = [{ epcs: epcs(0, 20), direction, speed: 1.2, goods: 'mixed', after: 0 } as const];
  return { passers, strays: epcs(1_000, 4), people: true, quiet: 3, ...more };
}

const play = (seed: number, direction: 'in' | 'out' = 'in', more: Partial<SceneOptions> = {}): Scene =>
  playScene(options(direction, more), new Random(seed));
const levels = (reads: readonly PhysicalRead[]): number => reads.reduce((sum, { rssi }) => sum + rssi, 0) / reads.length;

/** A lone tag in front of antenna 1 of a portal, `x` metres from the door plane. */
function lone(x: number, more: readonly Body[] = [], reader = DOOR_READER): PhysicalRead[] {
  const tag = { epc: 'E', on: { x: 0, y: 0, z: 1.2 }, dipole: { x: 1, y: 0, z: 0 }, loss: 2, wakes: -17 };
  const bodies = [{ tags: [tag], blocks: [], reflects: 0, motion: still(x, 0) }, ...more];
  return new Inventory(new Field(portal(0), bodies, []), reader, new Random(1)).run(2_000);
}

describe('a simulated door', () => {
  it('gives the same reads for the same seed, and others for another', () => {
    expect(play(1)).toEqual(play(1));
    expect(play(1).reads).not.toEqual(play(2).reads);
  });

  it('reads in order of time, one antenna at a time, no faster than a reader can, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
        const { reads, ms } = play(seed);
        const antennas = new Map<number, Set<number>>();
        reads.forEach((read, i) => {
          expect(read.at).toBeGreaterThanOrEqual(reads[i - 1]?.at ?? 0);
          expect(read.at).toBeLessThan(ms + DOOR_READER.dwellMs);
          expect(read.phase).toBeLessThan(DOOR_READER.phaseDegrees);
          expect(Number.isInteger(read.rssi)).toBe(true);
        });
        // A slot may end a little after its dwell.
        for (const { at, antenna } of reads) {
          if (at % DOOR_READER.dwellMs < 2) continue;
          const visit = Math.floor(at / DOOR_READER.dwellMs);
          antennas.set(visit, (antennas.get(visit) ?? new Set()).add(antenna));
        }
        expect([...antennas.values()].every((own) => own.size === 1)).toBe(true);
        expect(reads.length).toBeLessThanOrEqual((ms / 1_000) * 500);
      }),
      { numRuns: 8 },
    );
  });

  it('hears what goes in first outside and what goes out first inside, as a group', () => {
    for (const direction of ['in', 'out'] as const) {
      const scene = play(3, direction);
      const middle = (ports: readonly number[]): number => {
        const own = scene.reads.filter(({ epc, antenna }) => epc.startsWith('3034257BF7194E4010000') && ports.includes(antenna));
        const weight = own.reduce((sum, { rssi }) => sum + 10 ** (rssi / 10), 0);
        return own.reduce((sum, { rssi, at }) => sum + at * 10 ** (rssi / 10), 0) / weight;
      };
      expect(Math.sign(middle([3, 4]) - middle([1, 2]))).toBe(direction === 'in' ? 1 : -1);
    }
  });

  it('breaks the outer beam first on the way in, the inner one first on the way out', () => {
    const first = (direction: 'in' | 'out'): string | undefined => play(4, direction, { people: false }).edges[0]?.eye;
    expect(first('in')).toBe('outer');
    expect(first('out')).toBe('inner');
    const { edges, crossings } = play(4, 'in');
    expect(edges.filter(({ blocked }) => blocked)).toHaveLength(edges.length / 2);
    expect(edges.some(({ at }) => Math.abs(at - (crossings[0] ?? 0)) < 1_500)).toBe(true);
  });

  it('keeps the truth of every tag', () => {
    const { truth } = play(5, 'out');
    expect(truth.filter(({ direction }) => direction === 'out')).toHaveLength(20);
    expect(truth.filter(({ reader }) => reader === undefined)).toHaveLength(4);
  });

  it('hears some of what goes through the next door, more weakly than that door does', () => {
    const passers = [{ epcs: epcs(0, 20), direction: 'in', speed: 1, goods: 'dry', after: 0, nextDoor: true } as const];
    const { reads } = play(6, 'in', { passers, strays: [], nextReader: true });
    const own = reads.filter(({ reader }) => reader === 'r2');
    const cross = reads.filter(({ reader }) => reader === 'r1');
    expect(cross.length).toBeGreaterThan(0);
    expect(Math.max(...cross.map(({ rssi }) => rssi))).toBeLessThan(Math.max(...own.map(({ rssi }) => rssi)));
  });

  it('reads the same pallet less often per tag the more tags there are', () => {
    const reads = (count: number): number => {
      const passers = [{ epcs: epcs(0, count), direction: 'in', speed: 1, goods: 'dry', after: 0 } as const];
      return play(7, 'in', { passers, strays: [] }).reads.length / count;
    };
    expect(reads(10)).toBeGreaterThan(reads(50));
  });
});

describe('a tag', () => {
  it('is weaker the farther it is', () => {
    expect(levels(lone(-1).filter(({ antenna }) => antenna === 1))).toBeGreaterThan(
      levels(lone(-2.6).filter(({ antenna }) => antenna === 1)) + 4,
    );
  });

  it('is weaker behind a person', () => {
    const free = lone(-1.8).filter(({ antenna }) => antenna === 1);
    const behind = lone(-1.8, [{ ...person(still(-1.45, -0.85)), reflects: 0 }]).filter(({ antenna }) => antenna === 1);
    expect(behind.length === 0 || levels(behind) < levels(free) - 4).toBe(true);
  });

  it('turns its phase by a whole turn in half a wavelength, where it is read twice on one channel', () => {
    const reader = { ...DOOR_READER, phaseDegrees: 360 as const };
    const bare = (x: number): number => {
      const tag = { epc: 'E', on: { x: 0, y: 0, z: 1.2 }, dipole: { x: 0, y: 1, z: 0 }, loss: 2, wakes: -17 };
      const field = new Field(
        [{ port: 1, side: 'outside', at: { x: 0, y: 0, z: 1.2 }, beam: { x: 1, y: 0, z: 0 }, trim: 0 }],
        [{ tags: [tag], blocks: [], reflects: 0, motion: still(x, 0) }],
        [],
      );
      const own = new Inventory(field, reader, new Random(1)).run(900);
      const [sin, cos] = own.reduce(
        ([s, c], { phase }) => [s + Math.sin((phase * Math.PI) / 180), c + Math.cos((phase * Math.PI) / 180)],
        [0, 0],
      );
      return (Math.atan2(sin ?? 0, cos ?? 0) * 180) / Math.PI;
    };
    const kHz = lone(-1)[0]?.kHz ?? 866_300;
    const half = 299_792.458 / kHz / 2;
    const turn = (a: number, b: number): number => Math.abs(((a - b + 540) % 360) - 180);
    // The floor bends it a little.
    expect(turn(bare(1), bare(1 + half))).toBeLessThan(25);
    expect(turn(bare(1), bare(1 + half / 2))).toBeGreaterThan(150);
  });

  it('rests after an answer in session 1 with one target, and not in session 0', () => {
    const rare = lone(-1, [], { ...DOOR_READER, session: 1, target: 'A', persistence: [400, 600] });
    for (let i = 1; i < rare.length; i++) expect((rare[i]?.at ?? 0) - (rare[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(400);
    expect(rare.length).toBeGreaterThan(2);
    expect(lone(-1).length).toBeGreaterThan(10 * rare.length);
  });
});
