import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { givesWay } from './pending.ts';

describe('who waits for a CONNECT', () => {
  it('is pushed out by its own address alone while others hold fewer sockets', () => {
    const node = { from: 'node', opened: 1 };
    let pending = [node, ...Array.from({ length: 7 }, (_, i) => ({ from: 'stranger', opened: 2 + i }))];
    for (let i = 0; i < 100; i++) {
      const out = givesWay(pending, 'stranger');
      expect(out?.from).toBe('stranger');
      pending = [...pending.filter((one) => one !== out), { from: 'stranger', opened: 100 + i }];
    }
    expect(pending).toContain(node);
    expect(pending.some(({ opened }) => opened === 199)).toBe(true);
  });

  it('gives way oldest first where all hold the same', () => {
    const pending = [3, 1, 2].map((opened) => ({ from: `n${opened}`, opened }));
    expect(givesWay(pending, 'n4')).toEqual({ from: 'n1', opened: 1 });
    expect(givesWay([], 'n4')).toBeUndefined();
  });

  it('never gives way to who would then hold more', () => {
    const sockets = fc.array(fc.record({ from: fc.constantFrom('a', 'b', 'c'), opened: fc.nat(9) }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(sockets, fc.constantFrom('a', 'b', 'c', 'd'), (pending, from) => {
        const count = (of: string): number => pending.filter((one) => one.from === of).length;
        const out = givesWay(pending, from);
        expect(out).toBeDefined();
        if (out !== undefined && out.from !== from) expect(count(from) + 1).toBeLessThanOrEqual(count(out.from));
      }),
    );
  });
});
