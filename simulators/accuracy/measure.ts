import type { Random } from '../random.ts';
import { lying, type Recording, walk } from '../warehouse/physics/recording.ts';
import { playScene } from '../warehouse/physics/scene.ts';
import { type Case, sceneOf } from './cases.ts';
import { playDoors } from './door.ts';
import { count, emptyTally, type Tally } from './tally.ts';

function readsBy(reads: readonly { readonly epc: string }[]): Map<string, number> {
  const by = new Map<string, number>();
  for (const { epc } of reads) by.set(epc, (by.get(epc) ?? 0) + 1);
  return by;
}

/** Worlds of a case through the doors, each as often as there are choices: with photo-eyes or without. A tally for each choice. */
export function measure(one: Case, worlds: readonly Random[], eyes: readonly boolean[]): Tally[] {
  const tallies = eyes.map(emptyTally);
  for (const world of worlds) {
    const random = world.fork(`${one.tags}/${one.strays}/${one.speed}/${one.reads}/${one.also ?? ''}`);
    const options = sceneOf(one, random.fork('options'));
    const scene = playScene(options, random.fork('scene'));
    const doors = new Set(options.nextReader === true ? ['D1', 'D2'] : ['D1']);
    const reads = readsBy(scene.reads);
    tallies.forEach((tally, i) => {
      count(tally, scene.truth, playDoors(scene, eyes[i] === true), reads, doors);
    });
  }
  return tallies;
}

const EPC = '303435FC8803D056D15B963F';

/** Ports of the room's corners as those of a door: 1 and 2 outside, 3 and 4 inside. */
function asDoor({ reads, start, end }: Recording): {
  reads: { at: number; reader: string; antenna: number; epc: string; rssi: number; phase: number; kHz: number }[];
  ms: number;
} {
  const port = new Map([...start.map((a, i) => [a, i + 1] as const), ...end.map((a, i) => [a, i + 3] as const)]);
  const all = reads.map(({ t, antenna, rssi, phase, kHz }) => ({
    at: Math.floor(t * 1_000),
    reader: 'r1',
    antenna: port.get(antenna) ?? 0,
    epc: EPC,
    rssi,
    phase,
    kHz,
  }));
  return { reads: all, ms: (all.at(-1)?.at ?? 0) + 1_000 };
}

/** The walks of the recordings' room, each alone in a door. A walk comes from outside: `in` is right. */
export function measureWalks(worlds: readonly Random[]): Tally {
  const tally = emptyTally();
  worlds.forEach((world, i) => {
    const recording = walk(world.fork('walk'), i % 64);
    // Half of them the other way round, so that no side is favoured.
    const out = i % 2 === 1;
    const heard = asDoor(out ? { ...recording, start: recording.end, end: recording.start } : recording);
    const truth = [{ epc: EPC, reader: 'r1', direction: out ? 'out' : 'in' } as const];
    count(tally, truth, playDoors({ ...heard, edges: [] }, false), readsBy(heard.reads), new Set(['D1']));
  });
  return tally;
}

/** Tags that lie still in the same room for 20 seconds; every second world has a person in it. */
export function measureLying(worlds: readonly Random[]): Tally {
  const tally = emptyTally();
  worlds.forEach((world, i) => {
    const reads = lying(world.fork('lying'), i % 2 === 1);
    const heard = asDoor({ reads, start: [1, 2], end: [3, 4] });
    const truth = [{ epc: EPC, reader: undefined, direction: undefined }];
    count(tally, truth, playDoors({ ...heard, edges: [] }, false), readsBy(heard.reads), new Set(['D1']));
  });
  return tally;
}
