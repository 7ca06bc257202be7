import { hash } from 'node:crypto';
import type { Sighting } from './event.ts';

/**
 * Sightings that are remembered. A reader sends again only what was on its way without an answer: a few messages, and even the longest
 * has fewer events.
 */
export const SEEN = 8_192;

/** A name of 48 bits: among {@link SEEN} of them, two that differ look the same once in 30 million. */
export function keyOf(text: string): number {
  return hash('sha1', text, 'buffer').readUIntBE(0, 6);
}

/** What makes a sighting itself; undefined when the reader neither numbers nor times it. */
export function identityOf({ number, stamp, epc, antenna, rssi, phase, tid }: Sighting): string | undefined {
  if (number === null && stamp === null) return undefined;
  return `${number ?? ''}/${stamp ?? ''}/${epc}/${antenna}/${rssi}/${phase ?? ''}/${tid ?? ''}`;
}

/** The latest keys, oldest forgotten first. */
export class Seen {
  readonly #keys = new Set<number>();

  has(key: number): boolean {
    return this.#keys.has(key);
  }

  add(key: number): void {
    this.#keys.add(key);
    if (this.#keys.size <= SEEN) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      break;
    }
  }
}
