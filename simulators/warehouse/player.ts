import type { Random } from '../random.ts';
import { idleSightings, type Sighting, type Stray } from './pass.ts';

export interface PlayerOptions {
  readonly strays: readonly Stray[];
  readonly random: Random;
  /** 2 plays everything in half the time, with twice the reads a second. */
  readonly pace: number;
  /** Takes sightings as soon as they are due, oldest first; their `at` is in epoch milliseconds. */
  readonly hear: (sightings: readonly Sighting[]) => void;
}

/** What can be played: a pass of the warehouse. */
export interface Playable {
  readonly sightings: readonly Sighting[];
  readonly ms: number;
}

/** A reader answers its host this often; finer steps would change nothing it could see. */
const STEP_MS = 20;
/** An idle door is drawn in pieces of this length. */
const IDLE_MS = 2_000;

interface Piece extends Playable {
  readonly started: number;
  readonly done: () => void;
  next: number;
}

/** Plays a door in real time: passes one after the other, and the strays beside it while nothing passes. */
export class DoorPlayer {
  readonly #options: PlayerOptions;
  readonly #waiting: { readonly piece: Playable; readonly done: () => void }[] = [];
  #piece: Piece | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#step(performance.now()), STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when the pallet has left the field. */
  play(piece: Playable): Promise<void> {
    return new Promise((done) => this.#waiting.push({ piece, done }));
  }

  #step(now: number): void {
    const { pace, hear } = this.#options;
    const current = this.#piece ?? this.#begin(now);
    const at = (now - current.started) * pace;
    const epoch = Date.now() - (now - current.started);
    const due: Sighting[] = [];
    for (let s = current.sightings[current.next]; s !== undefined && s.at <= at; s = current.sightings[current.next]) {
      due.push({ ...s, at: Math.floor(epoch + s.at / pace) });
      current.next += 1;
    }
    if (due.length > 0) hear(due);
    // An idle piece gives way as soon as a pallet waits.
    const idle = current.done === nothing;
    if (at < current.ms && !(idle && this.#waiting.length > 0)) return;
    this.#piece = undefined;
    current.done();
  }

  #begin(now: number): Piece {
    const { strays, random } = this.#options;
    const next = this.#waiting.shift();
    const playable = next?.piece ?? { sightings: idleSightings(strays, IDLE_MS, random), ms: IDLE_MS };
    this.#piece = { ...playable, started: now, done: next?.done ?? nothing, next: 0 };
    return this.#piece;
  }
}

function nothing(): void {
  // Nobody waits for the end of an idle piece.
}
