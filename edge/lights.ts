import type { DoorSign, Lamp } from './broker/broker.ts';
import { faultFields, type Log } from './log.ts';
import type { Reader } from './readers/reader.ts';
import type { DoorSettings } from './settings.ts';

const COLOURS = ['green', 'amber', 'red'] as const;

/** How soon an output that a reader refused is tried again. */
const RETRY_MS = 5_000;

interface Output {
  readonly reader: string;
  readonly pin: number;
  readonly door: string;
  readonly colour: Exclude<Lamp, 'off'>;
  /** The level that lights it. */
  readonly lit: boolean;
}

type OutputReader = Pick<Reader, 'id' | 'output' | 'health'>;

/** Stack lights on the outputs of readers: brings each output to what its door shows, whatever happens to the reader meanwhile. */
export class StackLights {
  readonly #outputs: readonly Output[];
  readonly #readers: ReadonlyMap<string, OutputReader>;
  readonly #log: Log;
  readonly #now: () => number;
  /** Levels that the readers have confirmed, by reader and pin. */
  readonly #set = new Map<string, boolean>();
  readonly #busy = new Set<string>();
  readonly #failedAt = new Map<string, number>();

  constructor(doors: readonly DoorSettings[], readers: readonly OutputReader[], log: Log, now: () => number = () => performance.now()) {
    this.#outputs = doors.flatMap(({ id: door, light }) => {
      if (light === undefined) return [];
      const { reader, active } = light;
      const outputs = COLOURS.map((colour) => ({ colour, pin: light[colour] }));
      return outputs.flatMap(({ colour, pin }) => (pin === undefined ? [] : [{ reader, pin, door, colour, lit: active === 'high' }]));
    });
    this.#readers = new Map(readers.map((reader) => [reader.id, reader]));
    this.#log = log;
    this.#now = now;
  }

  /** Whether any door has a light. */
  get any(): boolean {
    return this.#outputs.length > 0;
  }

  /** The reader starts anew: what its outputs are is not known any more. */
  forget(reader: string): void {
    for (const one of this.#outputs) {
      if (one.reader !== reader) continue;
      this.#set.delete(key(one));
      this.#failedAt.delete(key(one));
    }
  }

  /** Brings the outputs to these signs; call it again and again. It does not wait for the readers. */
  show(signs: ReadonlyMap<string, DoorSign>): void {
    for (const reader of new Set(this.#outputs.map((one) => one.reader))) {
      if (!this.#busy.has(reader) && this.#readers.get(reader)?.health().state === 'reading') void this.#drive(reader, signs);
    }
  }

  /** One output after another: the lamp that goes on first, so that a light is never dark between two colours. */
  async #drive(id: string, signs: ReadonlyMap<string, DoorSign>): Promise<void> {
    const reader = this.#readers.get(id);
    const wanted = this.#outputs.filter((one) => one.reader === id).map((one) => ({ one, on: signs.get(one.door)?.light === one.colour }));
    wanted.sort((a, b) => Number(b.on) - Number(a.on));
    this.#busy.add(id);
    for (const { one, on } of wanted) {
      const level = on === one.lit;
      if (this.#set.get(key(one)) === level || this.#now() - (this.#failedAt.get(key(one)) ?? Number.NEGATIVE_INFINITY) < RETRY_MS)
        continue;
      try {
        await reader?.output(one.pin, level);
        this.#set.set(key(one), level);
        this.#failedAt.delete(key(one));
      } catch (error) {
        this.#failedAt.set(key(one), this.#now());
        this.#log('light.failed', { door: one.door, reader: id, pin: one.pin, ...faultFields(error) });
      }
    }
    this.#busy.delete(id);
  }
}

const key = ({ reader, pin }: Output): string => `${reader} ${pin}`;
