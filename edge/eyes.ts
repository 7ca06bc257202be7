import type { DoorSettings } from './settings.ts';

/** One change of a photo-eye; `at` in epoch milliseconds. */
export interface EyeChange {
  readonly blocked: boolean;
  readonly at: number;
}

/** A pallet makes a handful of changes; a passage of minutes with a flapping eye is not told better by more of them. */
const MAX_CHANGES = 64;

interface Eye {
  readonly door: string;
  readonly reader: string;
  readonly pin: number;
  /** The level while something stands in the beam. */
  readonly blockedHigh: boolean;
  readonly changes: EyeChange[];
}

/** The photo-eyes of the doors: what each says now, and its last changes for whoever judges a passage. */
export class DoorEyes {
  readonly #eyes: readonly Eye[];

  constructor(doors: readonly Pick<DoorSettings, 'id' | 'eye'>[]) {
    this.#eyes = doors.flatMap(({ id, eye }) => {
      if (eye === undefined) return [];
      const { reader, pin, active } = eye;
      return [{ door: id, reader, pin, blockedHigh: active === 'high', changes: [] }];
    });
  }

  /** Takes the level of an input; answers the doors whose eye it is, with what changed. */
  input(reader: string, pin: number, high: boolean, at: number): { readonly door: string; readonly blocked: boolean }[] {
    const changed: { door: string; blocked: boolean }[] = [];
    for (const eye of this.#eyes) {
      if (eye.reader !== reader || eye.pin !== pin) continue;
      const blocked = high === eye.blockedHigh;
      if (eye.changes.at(-1)?.blocked === blocked) continue;
      eye.changes.push({ blocked, at });
      if (eye.changes.length > MAX_CHANGES) eye.changes.shift();
      changed.push({ door: eye.door, blocked });
    }
    return changed;
  }

  /** Whether something stands in the beam of a door; null while nobody knows; undefined where there is no eye. */
  blocked(door: string, reads: (reader: string) => boolean): boolean | null | undefined {
    const eye = this.#eyes.find((one) => one.door === door);
    if (eye === undefined) return undefined;
    return reads(eye.reader) ? (eye.changes.at(-1)?.blocked ?? null) : null;
  }

  /** The last changes of a door's eye, oldest first, at most 64. */
  changes(door: string): readonly EyeChange[] {
    return this.#eyes.find((one) => one.door === door)?.changes ?? [];
  }
}
