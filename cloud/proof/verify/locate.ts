import type { Findings } from './findings.ts';

/** Bytes a search may read: some three seconds. Every byte value is tried in files up to 2.8 KB, every single bit up to 15 KB. */
const MAX_WORK = 2_000_000_000;
/** What one try costs beside its bytes, in bytes hashed. */
const TRY = 200;

const BITS = [1, 2, 4, 8, 16, 32, 64, 128];
const ALL = Array.from({ length: 255 }, (_, i) => i + 1);
const OTHERS = ALL.filter((mask) => !BITS.includes(mask));

/** `bytes` with another value at one place that makes them acceptable. */
export interface Change {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Tries the values of one byte; undefined when none is accepted. */
export function changedAt(bytes: Uint8Array, at: number, accepts: (candidate: Uint8Array) => boolean, masks = ALL): Change | undefined {
  if (at >= bytes.length || bytes.length * masks.length > MAX_WORK) return undefined;
  const candidate = Uint8Array.from(bytes);
  const was = candidate[at] ?? 0;
  for (const mask of masks) {
    candidate[at] = was ^ mask;
    if (accepts(candidate)) return { at, bytes: candidate };
  }
  return undefined;
}

/**
 * The one byte whose change makes `bytes` acceptable: single bits first, as disks and cables flip them, then every other value.
 * `cost` is how many bytes one try reads. Undefined when there is none, or when trying all would take too long.
 */
export function changedByte(bytes: Uint8Array, accepts: (candidate: Uint8Array) => boolean, cost = bytes.length): Change | undefined {
  const candidate = Uint8Array.from(bytes);
  for (const masks of [BITS, OTHERS]) {
    if (bytes.length * masks.length * (cost + TRY) > MAX_WORK) return undefined;
    for (let at = 0; at < candidate.length; at++) {
      const was = candidate[at] ?? 0;
      for (const mask of masks) {
        candidate[at] = was ^ mask;
        if (accepts(candidate)) return { at, bytes: candidate };
      }
      candidate[at] = was;
    }
  }
  return undefined;
}

/** The bytes of a file that are wrong, and what the part that was searched says with the one changed byte put right. */
export interface Narrowed {
  readonly bytes: readonly [from: number, to: number];
  readonly repaired?: Uint8Array;
}

/** Says whether a byte of a file may have changed, and how often it may be looked for. */
export interface Searching {
  readonly findings: Findings;
  readonly suspect: boolean;
}

/**
 * The bytes of a part of a file that are wrong: the one whose change `accepts` takes, else the whole part. Reading JSON, as it mostly
 * does, costs some four times what hashing does.
 */
export function narrowed(
  { findings, suspect }: Searching,
  file: Uint8Array,
  part: readonly [from: number, to: number],
  accepts: (candidate: Uint8Array) => boolean,
  cost = 4 * (part[1] - part[0]),
): Narrowed {
  const [from, to] = part;
  const found = suspect && findings.maySearch() ? changedByte(file.subarray(from, to), accepts, cost) : undefined;
  return found === undefined ? { bytes: part } : { bytes: [from + found.at, from + found.at + 1], repaired: found.bytes };
}
