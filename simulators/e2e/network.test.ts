import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { Random } from '../random.ts';
import { NetworkEmulator } from '../reader/network/emulator.ts';
import { DoorPlayer } from '../warehouse/player.ts';
import { type NetworkDock, openNetworkDock, READERS } from './network.fixture.ts';

const SEED = Number(process.env['E2E_SEED'] ?? 20_261_124);
/** Kills of the node, each right behind an acknowledgement; E2E_KILLS=20 for more. */
const KILLS = Number(process.env['E2E_KILLS'] ?? 2);
const random = new Random(SEED).fork('network');

let dock: NetworkDock;
let emulators: Readonly<Record<'D1' | 'D2', NetworkEmulator>>;
let players: Readonly<Record<'D1' | 'D2', DoorPlayer>>;

beforeAll(async () => {
  dock = await openNetworkDock('network', SEED);
  const make = (model: 'r700' | 'zebra'): NetworkEmulator =>
    new NetworkEmulator({ model, port: dock.brokerPort, ...READERS[model], random: () => random.between(0, 1) });
  emulators = { D1: make('r700'), D2: make('zebra') };
  const player = (door: 'D1' | 'D2'): DoorPlayer =>
    new DoorPlayer({ strays: dock.warehouse.strays(door), random: random.fork(door), pace: 1, hear: (seen) => emulators[door].push(seen) });
  players = { D1: player('D1'), D2: player('D2') };
  for (const one of Object.values(players)) one.start();
});
afterAll(async () => {
  for (const one of Object.values(players)) one.stop();
  for (const one of Object.values(emulators)) await one.close();
  await dock.close();
});

/** Drives a pallet through a door, with something happening meanwhile; resolves when all of it has been acknowledged. */
async function drive(door: 'D1' | 'D2', meanwhile: (emulator: NetworkEmulator) => Promise<void> = () => Promise.resolve()): Promise<void> {
  const [pass] = dock.warehouse.passes(dock.warehouse.nextDelivery(), door);
  if (pass === undefined) throw new RangeError('a delivery without a pallet');
  const trouble = meanwhile(emulators[door]);
  await players[door].play(pass);
  dock.warehouse.drove(pass);
  await trouble;
  await expect.poll(() => emulators[door].kept, { timeout: 20_000 }).toBeLessThan(40);
}

describe('readers that publish, at a real node with a real hub', () => {
  it('bring every item of a pallet into the ledger, whatever happens to connection, messages and clock', async () => {
    onTestFailed(() => console.log(dock.log.slice(-60).join('\n')));
    emulators.D1.faults = { duplicate: 0.1 };
    emulators.D2.faults = { duplicate: 0.1, concatenate: 0.2 };
    await Promise.all([drive('D1'), drive('D2')]);
    await dock.settle();
    // The connection breaks while the pallet is in the door.
    const cut = async (emulator: NetworkEmulator): Promise<void> => {
      await pause(1_200);
      emulator.cut();
    };
    await Promise.all([drive('D1', cut), drive('D2', cut)]);
    await dock.settle();
    expect(emulators.D1.connections + emulators.D2.connections).toBeGreaterThanOrEqual(4);
    // Clocks that are wrong, one by years; between two pallets they are set.
    emulators.D1.clockOffsetMs = -20 * 365 * 86_400_000;
    emulators.D2.clockOffsetMs = 7_200_000;
    await Promise.all([drive('D1'), drive('D2')]);
    await dock.settle();
    emulators.D1.clockOffsetMs = 0;
    emulators.D2.clockOffsetMs = 0;
    await Promise.all([drive('D1'), drive('D2')]);
    await dock.settle();
  });

  it(`lose no read when the node is killed right behind an acknowledgement, ${KILLS} times`, async () => {
    onTestFailed(() => console.log(dock.log.slice(-60).join('\n')));
    emulators.D1.faults = {};
    emulators.D2.faults = {};
    let asked = 0;
    for (let n = 0; n < KILLS; n++) {
      const door = n % 2 === 0 ? 'D1' : 'D2';
      let left = random.int(100, 400);
      await drive(door, async (emulator) => {
        await new Promise<void>((struck) => {
          emulator.onAck = () => {
            left -= 1;
            if (left === 0) struck();
          };
        });
        emulator.onAck = undefined;
        await dock.edge.kill();
        await dock.edge.start();
      });
      asked += await dock.settle();
    }
    console.log(`${KILLS} kills in the middle of a pallet: ${asked} items decided on the panel`);
  });

  it('and every tag of an acknowledged message stands in the door after the kill, although the reader never comes back', async () => {
    onTestFailed(() => console.log(dock.log.slice(-60).join('\n')));
    for (const player of Object.values(players)) player.stop();
    for (const emulator of Object.values(emulators)) await emulator.close();
    for (let n = 0; n < KILLS; n++) {
      await dock.calm();
      const reader = new NetworkEmulator({ model: 'zebra', port: dock.brokerPort, ...READERS.zebra });
      let left = random.int(2, 300);
      const struck = new Promise<void>((resolve) => {
        reader.onAck = () => {
          left -= 1;
          if (left === 0) resolve();
        };
      });
      // The first tag twice: it opens the passage. Each other message brings a new one.
      const tags = Array.from({ length: 400 }, (_, i) =>
        `3034257BF7194E4${(n + 1).toString(16)}${Math.max(1, i).toString(16).padStart(8, '0')}`.toUpperCase(),
      );
      reader.push(tags.map((epc) => ({ epc, antenna: 1, rssi: -50 })));
      await struck;
      await dock.edge.kill();
      const { acknowledged } = reader;
      await reader.close();
      await dock.edge.start();
      const door = (await dock.edge.panel.state()).doors.find(({ id }) => id === 'D2');
      expect(door?.inDoor).toBeGreaterThanOrEqual(acknowledged - 1);
      console.log(`killed behind ${acknowledged} acknowledgements: ${door?.inDoor} tags in the door`);
    }
  });
});
