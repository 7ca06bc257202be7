import * as codec from './codec.ts';

/** What is read, and how. */
export interface Plan {
  readonly ports: readonly number[];
  /** Gen2 session of rounds that name one. */
  readonly session: number;
  /** Connectors of the fast switch; undefined when antennas are set one by one and read with the session. */
  readonly connectors: 4 | 8 | undefined;
}

/**
 * How long a round shall take. The host is heard only between two rounds, so this is how late a photo-eye or a light can be; the pause
 * between two rounds, some 5 to 20 ms with a USB adapter, is lost for reading.
 */
export const ROUND_MS = 250;
/** An inventory on one antenna takes 10 ms at least; rounds measured while antennas were missing must not make endless ones. */
const MAX_REPEAT = 32;
/** A round can be silent for its whole length, and the next may find more tags than the last. */
const SPREAD = 2;
/** Beyond this it is not the count of tags that makes a round long. */
const MAX_EXPECTED_MS = 5_000;

/** The commands of one round after the other, long enough to waste little and short enough to be heard. Pure: time comes in. */
export class Rounds {
  readonly #plan: Plan;
  #repeat = 1;
  #next = 0;
  #expected = ROUND_MS;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Longest silence within a round that has to be expected, in milliseconds. */
  get expectedMs(): number {
    return this.#expected;
  }

  /** Ports that the running round reads. */
  get ports(): readonly number[] {
    const { ports, connectors } = this.#plan;
    return connectors === undefined ? [ports[this.#next % ports.length] as number] : ports;
  }

  /** The antenna that must be set before the round; undefined when the round names its own, or it is set already. */
  antenna(first: boolean): number | undefined {
    const { ports, connectors } = this.#plan;
    return connectors !== undefined || (ports.length === 1 && !first) ? undefined : this.ports[0];
  }

  command(): Uint8Array {
    const { ports, session, connectors } = this.#plan;
    return connectors === undefined ? codec.sessionRound(session, this.#repeat) : codec.fastSwitch(ports, connectors, 0, this.#repeat);
  }

  /** The round took `ms`: the next one is another antenna's, and as many repeats as fit. An `idle` one could not read and tells nothing. */
  ended(ms: number, idle: boolean): void {
    const { ports, connectors } = this.#plan;
    const target = connectors === undefined ? ROUND_MS / ports.length : ROUND_MS;
    const fit = Math.round((target * this.#repeat) / Math.max(1, ms));
    if (!idle) this.#repeat = Math.min(MAX_REPEAT, 2 * this.#repeat, Math.max(1, fit));
    this.#expected = Math.min(MAX_EXPECTED_MS, Math.max(ROUND_MS, SPREAD * ms));
    this.#next += 1;
  }
}
