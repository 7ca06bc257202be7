import { ReaderEmulator } from '../reader/emulator.ts';
import { DoorPlayer } from '../warehouse/player.ts';
import type { Pass, Warehouse } from '../warehouse.ts';

/** A simulated reader at a door. */
export interface DockReader {
  readonly id: string;
  readonly door: string;
  /** Where the edge finds it: the path of a serial device. */
  readonly link: string;
}

/** The doors of the world: one reader with four antennas at each, on a pseudo-terminal, played in real time. */
export class Dock {
  readonly readers: readonly DockReader[];
  readonly #emulators: readonly ReaderEmulator[];
  readonly #players = new Map<string, DoorPlayer>();

  private constructor(warehouse: Warehouse, doors: readonly string[], pace: number, emulators: readonly ReaderEmulator[]) {
    this.#emulators = emulators;
    this.readers = doors.map((door, i) => ({ id: `r${i + 1}`, door, link: emulators[i]?.path ?? '' }));
    doors.forEach((door, i) => {
      const random = warehouse.random.fork(`idle/${door}`);
      const player = new DoorPlayer({ strays: warehouse.strays(door), random, pace, hear: (seen) => emulators[i]?.push(seen) });
      this.#players.set(door, player);
    });
  }

  static async open(warehouse: Warehouse, doors: readonly string[], pace: number): Promise<Dock> {
    return new Dock(warehouse, doors, pace, await Promise.all(doors.map(() => ReaderEmulator.open({ transport: { kind: 'pty' } }))));
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
