import fc from 'fast-check';
import { expect, it } from 'vitest';
import vectors from '../../ledger/tree.vectors.json' with { type: 'json' };
import { hex } from './encoding.ts';
import { filesOf, tilePath } from './layout.ts';
import { Frontier, HASH_BYTES, leafHash, rootOfTiles, sha256, TILE_WIDTH, Tiles } from './tree.ts';

it('comes to the roots of RFC 6962', () => {
  const tree = new Frontier();
  const roots = [hex(tree.root())];
  for (const { data, leaf } of vectors.leaves) {
    const hash = leafHash(Buffer.from(data, 'hex'));
    expect(hex(hash)).toBe(leaf);
    tree.add(hash);
    roots.push(hex(tree.root()));
  }
  expect(roots).toEqual(vectors.roots);
});

it('names tiles as C2SP tlog-tiles does', () => {
  expect(tilePath(3, 1_234_067, 5)).toBe('tile/3/x001/x234/067.p/5');
});

it('comes to the same root from the partial tiles as from the leaves, at any size, and to the tiles that the size asks for', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(1200), fc.constantFrom(255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537)), (size) => {
      const tree = new Frontier();
      const paths: string[] = [];
      const partial: Uint8Array[] = [];
      const tiles = new Tiles((path, hashes, level) => {
        paths.push(path);
        if (hashes.length < TILE_WIDTH * HASH_BYTES) partial[level] = hashes;
      });
      for (let i = 0; i < size; i++) {
        const hash = sha256(Buffer.from(String(i)));
        tree.add(hash);
        tiles.add(hash);
      }
      tiles.end();
      expect(hex(rootOfTiles(Array.from(partial, (tile) => tile ?? new Uint8Array())))).toBe(hex(tree.root()));
      expect(new Set(paths)).toEqual(new Set([...filesOf(size)].filter((path) => /^tile\/\d/.test(path))));
    }),
    { numRuns: 20 },
  );
});
