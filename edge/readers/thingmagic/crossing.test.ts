import { expect, it } from 'vitest';
import { ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { EmulatedModule } from '../../../simulators/reader/thingmagic/module.ts';
import { M5E, M7E, OLD_M6E, type Personality } from '../../../simulators/reader/thingmagic/personality.ts';
import { DoorPlayer } from '../../../simulators/warehouse/player.ts';
import { Warehouse } from '../../../simulators/warehouse.ts';
import { type ClosedPassage, DoorTracker } from '../../passage/tracker.ts';
import { SETTINGS, toClose, within } from './driver.fixture.ts';
import { ThingMagicReader } from './driver.ts';

const ANTENNAS = [1, 2, 3, 4].map((port) => ({ reader: 'r1', port, side: port <= 2 ? ('outside' as const) : ('inside' as const) }));

/** Drives one pallet through a door that such a module watches; answers what the door made of it, and the truth. */
async function cross(personality: Personality): Promise<{ direction: string; truth: string; moved: number; items: number }> {
  const warehouse = new Warehouse({ seed: 11, doors: ['D1'], strays: 0, plan: { direction: () => 'in', pallets: 1, hard: 0 } });
  const [pass] = warehouse.passes(warehouse.nextDelivery(), 'D1');
  if (pass === undefined) return expect.fail('no pallet');
  const emulator = await ReaderEmulator.with((ports, connected) => new EmulatedModule(ports, connected, personality), {
    transport: { kind: 'pty' },
  });
  toClose.push(() => emulator.close());
  const tracker = new DoorTracker({ door: 'D1', antennas: ANTENNAS });
  const closed: ClosedPassage[] = [];
  const events = {
    reads: (id: string, reads: Parameters<DoorTracker['push']>[1]) => void closed.push(...tracker.push(id, reads)),
    health: () => undefined,
  };
  const reader = new ThingMagicReader({ ...SETTINGS, link: emulator.path, ports: [1, 2, 3, 4] }, events);
  toClose.push(() => reader.stop());
  reader.start();
  await within(() => expect(reader.health().state).toBe('reading'));
  const player = new DoorPlayer({ strays: [], random: warehouse.random, pace: 1, hear: (seen) => emulator.push(seen) });
  toClose.push(() => player.stop());
  player.start();
  await player.play(pass);
  await within(() => {
    closed.push(...tracker.tick(Date.now()));
    expect(closed.length).toBeGreaterThan(0);
  });
  const { direction = '', moved = [] } = closed[0] ?? {};
  return { direction, truth: pass.delivery.direction, moved: moved.length, items: pass.pallet.items.length };
}

it.each([
  ['streams', M7E],
  ['streams with old firmware', OLD_M6E],
  ['is polled (M5e)', M5E],
])(
  'a pallet that crosses a door is told with its direction and nine tenths of its items by a module that %s',
  async (_name, personality) => {
    const { direction, truth, moved, items } = await cross(personality);
    expect(direction).toBe(truth);
    expect(moved).toBeGreaterThanOrEqual(0.9 * items);
  },
  60_000,
);
