import type { AntennaState } from '../session.ts';

/** What the rounds tell of the antennas. */
export class Antennas {
  readonly #detects: boolean;
  readonly #known: Map<number, boolean | null>;
  #missing = new Set<number>();

  /** `detects`: whether the reader tests an antenna before it transmits, so that no complaint means that it is there. */
  constructor(states: readonly AntennaState[], detects: boolean) {
    this.#known = new Map(states.map(({ port, connected }) => [port, connected]));
    this.#detects = detects;
  }

  /** Whether every antenna is known to be missing: then rounds end at once. */
  get none(): boolean {
    return [...this.#known.values()].every((connected) => connected === false);
  }

  /** The running round found none at this port. */
  missing(port: number): void {
    this.#missing.add(port);
  }

  /** A round over these ports is over: the states that have changed with it. */
  round(ports: readonly number[]): AntennaState[] {
    const changed: AntennaState[] = [];
    for (const port of ports) {
      const now = this.#missing.has(port) ? false : this.#detects ? true : (this.#known.get(port) ?? null);
      if (now === this.#known.get(port)) continue;
      this.#known.set(port, now);
      changed.push({ port, connected: now });
    }
    this.#missing = new Set();
    return changed;
  }
}
