import { createPublicKey, verify as edVerify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verify } from '../../protocol/batch.ts';
import { concat, equal, fromHex, fromUtf8, utf8 } from '../../protocol/bytes.ts';
import { openCheckpoint } from '../../protocol/checkpoint.ts';
import { parseProof, proofText } from '../../protocol/tlogproof.ts';
import { ledgerInMemory, openLedger } from './ledger.fixture.node.ts';
import type { Ledger } from './ledger.ts';
import { receiptOf } from './receipt.ts';
import { completedBy, leaves, parseTilePath, pathOf, tileBytes } from './served.ts';
import { keptCheckpoints, newestCheckpoint, Signer } from './signer.ts';
import { rangesOf, tilePath } from './tiles.ts';
import { consistencyPath, leafHash, verifyConsistency, verifyInclusion } from './tree.ts';

const ORIGIN = 'docket.example/log/demo';
const SPKI = fromHex('302a300506032b6570032100') as Uint8Array;
const verify: Verify = (publicKey, signature, message) =>
  edVerify(null, message, createPublicKey({ key: Buffer.from(concat(SPKI, publicKey)), format: 'der', type: 'spki' }), signature);
const code = (value: string) => expect.objectContaining({ code: value });

/** Appends sites, which need nothing before them. */
function grow(ledger: Ledger, count: number): void {
  for (let from = 0; from < count; from += 500) {
    const entries = Array.from({ length: Math.min(500, count - from) }, (_, i) => ({
      type: 'site' as const,
      body: { v: 1, site: `S${from + i}`, name: 'Lyon', timeZone: 'Europe/Paris' },
    }));
    const result = ledger.append(entries, 1_790_000_000_000);
    if (!result.ok) throw new Error(result.text);
  }
}

describe('the signer', () => {
  it('signs the head of the log with a key of its own, and once for each size', async () => {
    const { ledger, sql } = ledgerInMemory();
    const signer = new Signer(sql, ORIGIN);
    const empty = await signer.checkpoint();
    expect(await openCheckpoint(empty.note, await signer.key(), verify)).toMatchObject({ origin: ORIGIN, size: 0 });
    grow(ledger, 3);
    const [one, two] = await Promise.all([signer.checkpoint(), signer.checkpoint()]);
    expect(one).toEqual(two);
    expect(one.size).toBe(3);
    expect(keptCheckpoints(sql, 3)).toEqual([empty.note, one.note]);
  });

  it('keeps key and origin for ever, also when two ask at the first moment', async () => {
    const { sql } = ledgerInMemory();
    const [a, b] = await Promise.all([new Signer(sql, ORIGIN).key(), new Signer(sql, 'other.example/log/x').key()]);
    expect(b).toEqual(a);
    expect(a.name).toBe(ORIGIN);
    expect(await new Signer(sql, 'third.example').key()).toEqual(a);
  });

  it('signs nothing for a log that does not extend what was signed', async () => {
    const { ledger, sql } = ledgerInMemory();
    const signer = new Signer(sql, ORIGIN);
    grow(ledger, 300);
    const before = await signer.checkpoint();
    grow(ledger, 10);
    // One hash of an old leaf changes: the root of today would be signed over another past.
    sql.exec('UPDATE tiles SET hashes = zeroblob(1728) WHERE tile = 1');
    await expect(signer.checkpoint()).rejects.toThrow(code('TREE_CORRUPT'));
    const { ledger: other, sql: shorter } = ledgerInMemory();
    grow(other, 2);
    shorter.exec('INSERT INTO checkpoints (size, root, note) VALUES (?, ?, ?)', before.size, before.root, before.note);
    await expect(new Signer(shorter, ORIGIN).checkpoint()).rejects.toThrow(code('TREE_CORRUPT'));
    // The same size again, with other salts.
    grow(other, 298);
    await expect(new Signer(shorter, ORIGIN).checkpoint()).rejects.toThrow(code('TREE_CORRUPT'));
  });

  it('signs ever larger sizes, each an extension of all before, however calls interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 12 }), async (steps) => {
        const { ledger, sql } = ledgerInMemory();
        const signer = new Signer(sql, ORIGIN);
        const asked: Promise<{ size: number; root: Uint8Array; note: string }>[] = [];
        for (const step of steps) {
          grow(ledger, step);
          asked.push(signer.checkpoint());
          if (step % 3 === 0) await asked.at(-1);
        }
        const key = await signer.key();
        const signed = await Promise.all((await Promise.all(asked)).map(({ note }) => openCheckpoint(note, key, verify)));
        const range = rangesOf(sql);
        for (const [i, next] of signed.entries()) {
          const before = signed[i - 1];
          if (before === undefined || before.size === 0) continue;
          expect(verifyConsistency(before.size, next.size, before.root, next.root, consistencyPath(before.size, next.size, range))).toBe(
            true,
          );
        }
      }),
      { numRuns: 15 },
    );
  });

  it('keeps a bounded number of checkpoints, the first and the newest among them', async () => {
    const { ledger, sql } = ledgerInMemory();
    const signer = new Signer(sql, ORIGIN);
    const { root } = await signer.checkpoint();
    // Below 0 no log has sizes: a thousand of them stand for years of a log of thousands of entries.
    for (let size = -999; size < 0; size++) sql.exec('INSERT INTO checkpoints (size, root, note) VALUES (?, ?, ?)', size, root, `${size}`);
    grow(ledger, 1);
    const newest = await signer.checkpoint();
    const kept = keptCheckpoints(sql, 10);
    expect(kept.length).toBe(751);
    expect(kept[0]).toBe('-999');
    expect(kept.at(-1)).toBe(newest.note);
    expect(newestCheckpoint(sql)).toEqual(newest);
  });

  it('gives an offline proof of each entry, which any changed byte undoes', async () => {
    const { ledger, sql } = ledgerInMemory();
    const signer = new Signer(sql, ORIGIN);
    grow(ledger, 300);
    const key = await signer.key();
    const proves = async (text: string, leaf: Uint8Array): Promise<boolean> => {
      const { index, path, checkpoint } = parseProof(text);
      const { size, root } = await openCheckpoint(checkpoint, key, verify);
      return verifyInclusion(index, size, leafHash(leaf), path, root);
    };
    for (const index of [0, 1, 255, 256, 299]) {
      const receipt = await receiptOf(sql, 'demo', signer, index);
      expect(await proves(receipt?.proof ?? '', receipt?.leaf ?? new Uint8Array())).toBe(true);
    }
    expect(await receiptOf(sql, 'demo', signer, 300)).toBeUndefined();
    const receipt = await receiptOf(sql, 'demo', signer, 77);
    const proof = utf8(receipt?.proof ?? '');
    const leaf = receipt?.leaf ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(fc.nat(proof.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bent = proof.map((byte, i) => (i === at ? byte ^ by : byte));
        const held = (async () => proves(fromUtf8(bent), leaf))().catch(() => false);
        expect(await held).toBe(false);
      }),
      { numRuns: 1000 },
    );
    expect(proofText(parseProof(receipt?.proof ?? ''))).toBe(receipt?.proof);
  });
});

describe('served tiles', () => {
  it('have one path each', () => {
    for (const path of ['tile/0/000', 'tile/0/x001/x234/067', 'tile/63/000.p/1', 'tile/entries/x001/000.p/255']) {
      expect(pathOf(parseTilePath(path) ?? { level: 0, index: -1, width: 1 })).toBe(path);
    }
    for (const path of [
      'tile/0/0',
      'tile/00/000',
      'tile/64/000',
      'tile/0/x000/001',
      'tile/0/1000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/',
      'tile/-1/000',
      'tile/0/000/',
      '/tile/0/000',
      'tile/0/x999/x999/x999/x999/x999/999',
      'tile/entry/000',
      'tile/0/../000',
    ]) {
      expect(parseTilePath(path), path).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 256 }), (index, width) => {
        expect(parseTilePath(tilePath(3, index, width))).toEqual({ level: 3, index, width });
      }),
    );
  });

  it('hold the leaves that the tree was made of, and older widths as well', () => {
    const { ledger, sql } = ledgerInMemory();
    grow(ledger, 600);
    const hashes = leaves(sql, 'demo', 0, 600).map(leafHash);
    for (const [path, from, to] of [
      ['tile/0/000', 0, 256],
      ['tile/0/001', 256, 512],
      ['tile/0/002.p/88', 512, 600],
      ['tile/0/002.p/3', 512, 515],
      ['tile/0/000.p/7', 0, 7],
    ] as const) {
      const tile = parseTilePath(path);
      expect(tile).toBeDefined();
      if (tile !== undefined)
        expect(equal(tileBytes(sql, 'demo', 600, tile) ?? new Uint8Array(), concat(...hashes.slice(from, to)))).toBe(true);
      const bundle = parseTilePath(path.replace('/0/', '/entries/'));
      if (bundle !== undefined) expect(tileBytes(sql, 'demo', 600, bundle)?.length).toBe((to - from) * 80);
    }
    for (const path of [
      'tile/0/002',
      'tile/0/002.p/89',
      'tile/0/003.p/1',
      'tile/1/000',
      'tile/1/000.p/3',
      'tile/2/000.p/1',
      'tile/entries/002',
    ]) {
      expect(tileBytes(sql, 'demo', 600, parseTilePath(path) ?? { level: 0, index: 0, width: 256 }), path).toBeUndefined();
    }
    expect(tileBytes(sql, 'demo', 600, { level: 1, index: 0, width: 2 })?.length).toBe(64);
    expect(openLedger(sql).nodeHead('LYON', 'd').seq).toBe(0);
  });

  it('are complete together with the bundle that ends where they end', () => {
    expect(completedBy(1).map(pathOf)).toEqual(['tile/entries/000', 'tile/0/000']);
    expect(completedBy(256).map(pathOf)).toEqual(['tile/entries/255', 'tile/0/255', 'tile/1/000']);
    expect(completedBy(65_536).map(pathOf)).toEqual(['tile/entries/x065/535', 'tile/0/x065/535', 'tile/1/255', 'tile/2/000']);
  });
});
