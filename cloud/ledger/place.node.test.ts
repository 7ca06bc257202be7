import { describe, expect, it } from 'vitest';
import { chainStart } from '../../protocol/chain.ts';
import { placeOf, startMark } from './place.ts';
import { passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const node = new TestNode('LYON').record(...[1, 2, 3, 4, 5].map((n) => passage(`p${n}`, 'in', serials(TEA, n), n)));
const at = (seq: number) => ({ epoch: 1, seq, chain: node.chain[seq] as Uint8Array });
const stored = (epoch: number, seq: number): Uint8Array | undefined => (epoch === 1 ? node.chain[seq] : undefined);

describe('the place of a batch', () => {
  it('follows from its first and last record and the mark, for each of them', async () => {
    for (let mark = 0; mark <= 5; mark++) {
      for (let first = 1; first <= 5; first++) {
        for (let last = first; last <= 5; last++) {
          const { header } = await node.batch(first, last);
          const place = placeOf(header, node.chain.slice(first - 1, last + 1), at(mark), stored);
          if (first > mark + 1) expect(place).toMatchObject({ kind: 'refused', code: 'GAP' });
          else if (last <= mark) expect(place).toEqual({ kind: 'duplicate' });
          else expect(place).toEqual({ kind: 'post', skip: mark + 1 - first, opens: false });
        }
      }
    }
  });

  it('is refused in any epoch but this one and the next', async () => {
    const { header } = await node.batch(1, 1);
    for (const epoch of [0, 3, 4, 4_294_967_295]) {
      expect(placeOf({ ...header, epoch }, node.chain, at(1), stored)).toMatchObject({ kind: 'refused', code: 'EPOCH' });
    }
    const next = { ...header, epoch: 2, before: chainStart(node.address, 2) };
    expect(placeOf(next, node.chain, at(1), stored)).toEqual({ kind: 'post', skip: 0, opens: true });
    expect(placeOf({ ...next, before: chainStart(node.address, 1) }, node.chain, at(1), stored)).toMatchObject({ code: 'FORK' });
    expect(startMark(node.address)).toEqual({ epoch: 1, seq: 0, chain: node.chain[0] });
  });
});
