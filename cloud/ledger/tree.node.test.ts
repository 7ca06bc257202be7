import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../protocol/bytes.ts';
import { NodeSql } from './sql.node.ts';
import { appendToTiles, frontierFromTiles, rangesOf, tile, tileLevels, tileMigration, tilePath } from './tiles.ts';
import {
  append,
  consistencyPath,
  EMPTY,
  type Frontier,
  inclusionPath,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './tree.ts';
import vectors from './tree.vectors.json' with { type: 'json' };

const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;
const hex = (hash: Uint8Array): string => toHex(hash).toLowerCase();

/** MTH of RFC 6962 section 2.1, as it is written there, with another SHA-256. */
function definition(leaves: readonly Uint8Array[]): Uint8Array {
  const digest = (...parts: Uint8Array[]): Uint8Array => parts.reduce((h, part) => h.update(part), createHash('sha256')).digest();
  const [only] = leaves;
  if (only === undefined) return digest();
  if (leaves.length === 1) return digest(Uint8Array.of(0), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return digest(Uint8Array.of(1), definition(leaves.slice(0, k)), definition(leaves.slice(k)));
}

const leavesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => new TextEncoder().encode(`entry ${i}`));

/** A tree in tiles, appended in pieces of the sizes given. */
function grown(leaves: readonly Uint8Array[], pieces: readonly number[]): { sql: NodeSql; frontier: Frontier } {
  const sql = new NodeSql();
  for (const statement of tileMigration.statements) sql.exec(statement);
  let frontier = EMPTY;
  let from = 0;
  for (const piece of [...pieces, leaves.length]) {
    const part = leaves.slice(from, from + piece).map(leafHash);
    if (part.length > 0) frontier = appendToTiles(sql, frontier, part);
    from += part.length;
  }
  return { sql, frontier };
}

describe('the tree of RFC 6962', { timeout: 30_000 }, () => {
  it('has the roots, inclusion and consistency paths of the published examples', () => {
    const leaves = vectors.leaves.map(({ data }) => bytes(data));
    for (const [i, { leaf }] of vectors.leaves.entries()) expect(hex(leafHash(leaves[i] as Uint8Array))).toBe(leaf);
    const { sql } = grown(leaves, [3]);
    const range = rangesOf(sql);
    for (const [size, root] of vectors.roots.entries()) {
      expect(hex(rootOf(append(EMPTY, leaves.slice(0, size).map(leafHash), () => {})))).toBe(root);
      expect(hex(rootOf(frontierFromTiles(sql, size)))).toBe(root);
    }
    for (const { index, size, path } of vectors.inclusion) expect(inclusionPath(index, size, range).map(hex)).toEqual(path);
    for (const { from, to, path } of vectors.consistency) expect(consistencyPath(from, to, range).map(hex)).toEqual(path);
  });

  it('lays tiles out as C2SP tlog-tiles does', () => {
    for (const { level, index, width, path } of vectors.paths) expect(tilePath(level, index, width)).toBe(path);
    for (const { size, levels } of vectors.levels) {
      expect(tileLevels(size).map(({ level, full, partialWidth }) => [level, full, partialWidth])).toEqual(levels);
    }
    const { sql } = grown(
      leavesOf(700).map((_, i) => new TextEncoder().encode(`entry ${i}`)),
      [1, 255, 300],
    );
    expect(hex(rootOf(frontierFromTiles(sql, 700)))).toBe(hex(definition(leavesOf(700))));
    expect(tile(sql, 700, 0, 2)?.length).toBe(188 * 32);
    expect(tile(sql, 700, 1, 0)?.length).toBe(2 * 32);
    expect(tile(sql, 600, 0, 2)?.length).toBe(88 * 32);
    expect(tile(sql, 512, 0, 2)).toBeUndefined();
  });

  it('comes to the root of the definition however it was appended', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1100 }), fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 12 }), (size, pieces) => {
        const leaves = leavesOf(size);
        const { sql, frontier } = grown(leaves, pieces);
        const root = hex(definition(leaves));
        expect(hex(rootOf(frontier))).toBe(root);
        expect(frontierFromTiles(sql, size).peaks.map(hex)).toEqual(frontier.peaks.map(hex));
      }),
      { numRuns: 40 },
    );
  });

  it('proves each leaf and each earlier size, and nothing else', () => {
    const leaves = leavesOf(530);
    const { sql } = grown(leaves, [200]);
    const range = rangesOf(sql);
    const rootAt = (size: number): Uint8Array => rootOf(frontierFromTiles(sql, size));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 530 }), fc.nat(), fc.nat(), (size, a, b) => {
        const index = a % size;
        const root = rootAt(size);
        const path = inclusionPath(index, size, range);
        const leaf = leafHash(leaves[index] as Uint8Array);
        expect(verifyInclusion(index, size, leaf, path, root)).toBe(true);
        expect(verifyInclusion((index + 1) % size, size, leaf, path, root)).toBe(size === 1);
        expect(verifyInclusion(index, size, leaf, [...path, leaf], root)).toBe(false);
        if (path.length > 0) {
          expect(verifyInclusion(index, size, leaf, path.slice(1), root)).toBe(false);
          const bent = path.map((hash, i) => (i === b % path.length ? hash.map((byte) => byte ^ 1) : hash));
          expect(verifyInclusion(index, size, leaf, bent, root)).toBe(false);
        }
        const from = 1 + (b % size);
        const steps = consistencyPath(from, size, range);
        expect(verifyConsistency(from, size, rootAt(from), root, steps)).toBe(true);
        expect(verifyConsistency(from, size, root, rootAt(from), steps)).toBe(from === size);
        expect(verifyConsistency(from, size, rootAt(from), root, [...steps, leaf])).toBe(false);
        if (steps.length > 0) expect(verifyConsistency(from, size, rootAt(from), root, steps.slice(1))).toBe(false);
        expect(verifyConsistency(0, size, rootAt(0), root, [])).toBe(false);
      }),
      { numRuns: 120 },
    );
  });

  it('refuses to grow from tiles that do not fit the size', () => {
    const { sql, frontier } = grown(leavesOf(10), []);
    sql.exec('UPDATE tiles SET hashes = zeroblob(64)');
    expect(() => appendToTiles(sql, frontier, [leafHash(new Uint8Array())])).toThrow(expect.objectContaining({ code: 'TREE_CORRUPT' }));
    sql.exec('DELETE FROM tiles');
    expect(() => frontierFromTiles(sql, 10)).toThrow(expect.objectContaining({ code: 'TREE_CORRUPT' }));
    expect(() => inclusionPath(10, 10, rangesOf(sql))).toThrow(RangeError);
    expect(() => consistencyPath(0, 10, rangesOf(sql))).toThrow(RangeError);
  });
});
