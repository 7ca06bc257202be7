import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { setU64, toBase64url, toHex, utf8 } from '../../protocol/bytes.ts';
import { LEAF_BYTES, leaf, producerId } from './entry.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { decodedEntries, logHead } from './log.ts';
import { COFFEE, MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const digest = (...parts: Uint8Array[]): Uint8Array => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** RFC 6962 section 2.1. */
function root(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return digest();
  if (leaves.length === 1) return digest(Uint8Array.of(0), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return digest(Uint8Array.of(1), root(leaves.slice(0, k)), root(leaves.slice(k)));
}

describe('the leaf of an entry', () => {
  it('has these bytes for ever', () => {
    const producer = producerId('demo', 'LYON/dock-1');
    expect(toHex(producer)).toBe(toHex(digest(utf8('docket/producer/1/demo/LYON/dock-1')), 0, 16));
    const bytes = leaf(
      { type: 'record', at: 0x0123456789abc, effectiveAt: 0x0123456789ab0, epoch: 2, seq: 258, commitment: new Uint8Array(32).fill(0xcc) },
      new Uint8Array(16).fill(0xaa),
    );
    expect(bytes.length).toBe(LEAF_BYTES);
    expect(toHex(bytes)).toBe(
      ['01', '01', '000123456789ABC'.padStart(16, '0'), '000123456789AB0'.padStart(16, '0'), 'AA'.repeat(16)].join('') +
        ['00000002', '0000000000000102', 'CC'.repeat(32)].join(''),
    );
  });

  it('and its place give the root, computed by hand from nothing but what each entry shows', async () => {
    const { ledger, sql } = ledgerInMemory();
    const node = new TestNode('LYON').record(
      ...Array.from({ length: 70 }, (_, n) => passage(`p${n}`, 'in', serials(n % 2 ? TEA : COFFEE, n), n)),
    );
    ledger.append([node.registration(), { type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } }], MORNING);
    for (const [first, last] of [
      [1, 1],
      [2, 40],
      [41, 70],
    ] as const) {
      ledger.post('LYON', 'dock-1', await node.batch(first, last), MORNING + first * 1000);
    }
    const entries = decodedEntries(sql, 0, 100);
    const leaves = entries.map((entry) => {
      const out = new Uint8Array(78);
      out.set([1, { device: 8, site: 6, record: 1 }[entry.type as 'device' | 'site' | 'record']]);
      setU64(out, 2, entry.at);
      setU64(out, 10, entry.effectiveAt);
      out.set(digest(utf8(`docket/producer/1/demo/${entry.producer}`)).subarray(0, 16), 18);
      out[37] = entry.epoch;
      out[45] = entry.seq;
      out.set(digest(Uint8Array.of(2), entry.salt ?? new Uint8Array(), entry.body ?? new Uint8Array()), 46);
      return out;
    });
    expect(logHead(sql)).toMatchObject({ size: 72, root: toBase64url(root(leaves)) });
  });
});
