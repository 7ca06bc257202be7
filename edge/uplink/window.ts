/** Batches on the wire at once: hides the round trip to the hub while little must be sent again after a cut. Half its receive maximum. */
export const WINDOW = 4;

/** A batch on the wire. */
export interface Flight {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  /** When it was sent, monotonic milliseconds. */
  readonly sentAt: number;
}

/**
 * Which records are on the wire. They go out in order and are acknowledged in order; after a refusal or a cut everything that was
 * on the wire is forgotten and sent again from where the hub stands.
 */
export class Window {
  readonly #size: number;
  #flights: Flight[] = [];
  #next = 1;

  constructor(size: number = WINDOW) {
    this.#size = size;
  }

  /** Sequence number of the next record to send. */
  get next(): number {
    return this.#next;
  }

  /** Batches on the wire. */
  get size(): number {
    return this.#flights.length;
  }

  get hasRoom(): boolean {
    return this.#flights.length < this.#size;
  }

  /** Forgets what is on the wire: the hub has everything up to and with `seq`. */
  restart(seq: number): void {
    this.#flights = [];
    this.#next = seq + 1;
  }

  add(flight: Flight): void {
    this.#flights.push(flight);
    this.#next = flight.last + 1;
  }

  /** True when the batch was on the wire; those before it are acknowledged with it, for the hub commits in order. */
  acknowledge(flight: Flight): boolean {
    const at = this.#flights.indexOf(flight);
    if (at < 0) return false;
    this.#flights.splice(0, at + 1);
    return true;
  }

  /** Whether the batch is still of interest: false after a restart. */
  has(flight: Flight): boolean {
    return this.#flights.includes(flight);
  }
}
