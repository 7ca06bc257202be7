import { EmulatedA0 } from '../reader/a0/unit.ts';
import type { EmulatedDevice } from '../reader/device.ts';
import { type MakeDevice, ReaderEmulator, type Transport } from '../reader/emulator.ts';
import { EmulatedLlrpReader } from '../reader/llrp/unit.ts';
import { EmulatedModule } from '../reader/thingmagic/module.ts';
import { EmulatedUhfReader } from '../reader/uhf18/device.ts';
import { DoorPlayer } from '../warehouse/player.ts';
import type { Pass, Warehouse } from '../warehouse.ts';

/** Families of readers that a door can have, by the name that settings use. */
const DEVICES = {
  thingmagic: (ports, connected) => new EmulatedModule(ports, connected),
  a0: (ports, connected) => new EmulatedA0(ports, connected),
  uhf18: (ports, connected) => new EmulatedUhfReader(ports, connected),
  llrp: (ports, connected) => new EmulatedLlrpReader(ports, connected),
} as const satisfies Record<string, MakeDevice<EmulatedDevice>>;
export type DockFamily = keyof typeof DEVICES;
/** Families that are only on the network. */
const NETWORK: ReadonlySet<DockFamily> = new Set(['llrp']);

/** A simulated reader at a door. */
export interface DockReader {
  readonly id: string;
  readonly model: DockFamily;
  readonly door: string;
  /** Where the edge finds it: the path of a serial device or an address. */
  readonly link: string;
}

/** The doors of the world: one reader with four antennas at each, on a pseudo-terminal or on TCP, played in real time. */
export class Dock {
  readonly readers: readonly DockReader[];
  readonly #emulators: readonly ReaderEmulator<EmulatedDevice>[];
  readonly #players = new Map<string, DoorPlayer>();

  private constructor(
    warehouse: Warehouse,
    doors: readonly string[],
    pace: number,
    emulators: readonly ReaderEmulator<EmulatedDevice>[],
    family: DockFamily,
  ) {
    this.#emulators = emulators;
    this.readers = doors.map((door, i) => ({ id: `r${i + 1}`, model: family, door, link: emulators[i]?.path ?? '' }));
    doors.forEach((door, i) => {
      const random = warehouse.random.fork(`idle/${door}`);
      const player = new DoorPlayer({ strays: warehouse.strays(door), random, pace, hear: (seen) => emulators[i]?.push(seen) });
      this.#players.set(door, player);
    });
  }

  static async open(warehouse: Warehouse, doors: readonly string[], pace: number, family: DockFamily = 'thingmagic'): Promise<Dock> {
    const make: MakeDevice<EmulatedDevice> = DEVICES[family];
    const transport: Transport = NETWORK.has(family) ? { kind: 'tcp', port: 0 } : { kind: 'pty' };
    const emulators = await Promise.all(doors.map(() => ReaderEmulator.with(make, { transport })));
    return new Dock(warehouse, doors, pace, emulators, family);
  }

  /** Lets time run: strays are heard from now on. */
  start(): void {
    for (const player of this.#players.values()) player.start();
  }

  /** Resolves when the pallet has left the field. */
  async play(pass: Pass): Promise<void> {
    await this.#players.get(pass.door)?.play(pass);
  }

  async close(): Promise<void> {
    for (const player of this.#players.values()) player.stop();
    await Promise.all(this.#emulators.map((emulator) => emulator.close()));
  }
}
