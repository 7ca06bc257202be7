import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { freeBytes } from './space.ts';

/** Written in one look: some 50 ms on a slow card, so that the doors go on meanwhile. */
const SLICE_BYTES = 2_097_152;
/** The reserve is taken only while this many times its size stays free: it must not fill the disk itself. */
const ROOM = 2;

/** `none`: not wanted. `filling`: not whole yet. `released`: given up for a full disk until there is space again. */
export type ReserveState = 'none' | 'filling' | 'held' | 'released';

/** Where the reserve of an outbox stands. */
export const reservePath = (path: string): string => `${path}.reserve`;

/** A file that only takes space: given up when the disk is full, so that what is under way can still be written. */
export class Reserve {
  readonly #path: string;
  readonly #bytes: number;
  #state: ReserveState;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
    this.#state = bytes === 0 ? 'none' : this.#size() >= bytes ? 'held' : 'filling';
    // Of another size or not wanted any more.
    if (bytes === 0) rmSync(path, { force: true });
  }

  get state(): ReserveState {
    return this.#state;
  }

  /** Gives the space up. False when there was none to give. */
  release(): boolean {
    if (this.#size() === 0) return false;
    try {
      rmSync(this.#path, { force: true });
    } catch {
      return false;
    }
    this.#state = 'released';
    return true;
  }

  /** Takes the next slice while the disk has room for it. */
  grow(): void {
    if (this.#state === 'none' || this.#state === 'held') return;
    const size = this.#size();
    const missing = this.#bytes - size;
    const free = freeBytes(this.#path);
    if (missing > 0) {
      if (free === null || free < missing * ROOM) return;
      try {
        this.#write(size, Math.min(SLICE_BYTES, missing));
      } catch {
        // Full or read-only meanwhile: what was written stays, the next look goes on.
        return;
      }
    }
    this.#state = this.#size() >= this.#bytes ? 'held' : 'filling';
  }

  #write(at: number, bytes: number): void {
    // Random: a file system that compresses would give zeros no space.
    const noise = randomFillSync(Buffer.allocUnsafe(bytes));
    const fd = openSync(this.#path, at === 0 ? 'w' : 'r+', 0o600);
    try {
      writeSync(fd, noise, 0, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  #size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }
}
