import { sha256 } from '@noble/hashes/sha2.js';
import { equal } from '../../protocol/bytes.ts';

/**
 * The Merkle tree of RFC 6962 section 2.1 over SHA-256: a lone right node is carried up unchanged, never doubled.
 * Sizes and indexes are safe integers and may pass 2^31, so they are halved by division, never by shifts.
 */

export const HASH_BYTES = 32;
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** H(0x00 || data) */
export function leafHash(data: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + data.length);
  input[0] = LEAF_PREFIX;
  input.set(data, 1);
  return sha256(input);
}

/** H(0x01 || left || right) */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return sha256(input);
}

/** The root of no leaves: H(""). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array());

/** What appending needs of a tree: its size and the roots of its complete subtrees, the largest first. */
export interface Frontier {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

export const EMPTY: Frontier = { size: 0, peaks: [] };

/**
 * Appends leaf hashes. `complete(height, hash)` hears of each subtree of 2^height leaves as it becomes complete, leaves
 * (height 0) included, left to right within a height.
 */
export function append(frontier: Frontier, leaves: readonly Uint8Array[], complete: (height: number, hash: Uint8Array) => void): Frontier {
  const peaks = [...frontier.peaks];
  let size = frontier.size;
  for (const hash of leaves) {
    let node = hash;
    complete(0, node);
    let height = 0;
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = nodeHash(peaks.pop() as Uint8Array, node);
      height += 1;
      complete(height, node);
    }
    peaks.push(node);
    size += 1;
  }
  return { size, peaks };
}

/** The root over all leaves: the peaks folded from the smallest. */
export function rootOf(frontier: Frontier): Uint8Array {
  let root = frontier.peaks.at(-1) ?? EMPTY_ROOT;
  for (let i = frontier.peaks.length - 2; i >= 0; i--) root = nodeHash(frontier.peaks[i] as Uint8Array, root);
  return root;
}

/** The largest power of two below `n`, for n > 1: where RFC 6962 splits a tree of n leaves. */
export function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The root of the leaves [from, to) of a tree. */
export type RangeHash = (from: number, to: number) => Uint8Array;

/** RFC 6962 section 2.1.1, PATH(m, D[n]): the sibling of the leaf first. @throws RangeError when `index` is not in the tree */
export function inclusionPath(index: number, size: number, hash: RangeHash): Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const path: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      path.push(hash(middle, to));
      to = middle;
    } else {
      path.push(hash(from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** RFC 6962 section 2.1.2, PROOF(m, D[n]). @throws RangeError unless 0 < from <= to */
export function consistencyPath(from: number, to: number, hash: RangeHash): Uint8Array[] {
  if (!(from > 0 && from <= to)) throw new RangeError(`no consistency proof from ${from} to ${to}`);
  const path: Uint8Array[] = [];
  let left = 0;
  let right = to;
  let whole = true;
  while (right !== from) {
    const middle = left + splitPoint(right - left);
    if (from <= middle) {
      path.push(hash(middle, right));
      right = middle;
    } else {
      path.push(hash(left, middle));
      left = middle;
      whole = false;
    }
  }
  if (!whole) path.push(hash(left, right));
  return path.reverse();
}

const half = (n: number): number => Math.floor(n / 2);
const wellFormed = (path: readonly Uint8Array[]): boolean => path.every((hash) => hash.length === HASH_BYTES);

/** Checks an inclusion path (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(index: number, size: number, leaf: Uint8Array, path: readonly Uint8Array[], root: Uint8Array): boolean {
  if (!(index >= 0 && index < size) || !wellFormed(path)) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const next of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(next, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, next);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(hash, root);
}

/** Checks that the tree of `from` leaves is a prefix of the tree of `to` (RFC 9162 section 2.1.4.2). Size 0 proves nothing and is refused. */
export function verifyConsistency(
  from: number,
  to: number,
  fromRoot: Uint8Array,
  toRoot: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!(from > 0 && from <= to) || !wellFormed(path)) return false;
  if (from === to) return path.length === 0 && equal(fromRoot, toRoot);
  let fn = from - 1;
  let sn = to - 1;
  while (fn % 2 === 1) {
    fn = half(fn);
    sn = half(sn);
  }
  // A power of two is a complete subtree, whose root the verifier has already.
  const [first, ...rest] = Number.isInteger(Math.log2(from)) ? [fromRoot, ...path] : path;
  if (first === undefined || path.length === 0) return false;
  let old = first;
  let now = first;
  for (const next of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      old = nodeHash(next, old);
      now = nodeHash(next, now);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      now = nodeHash(now, next);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(old, fromRoot) && equal(now, toRoot);
}
