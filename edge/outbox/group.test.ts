import { describe, expect, it } from 'vitest';
import { Fault } from '../../protocol/fault.ts';
import { GroupCommit } from './group.ts';

/** Groups whose transactions are written down instead of committed. */
function grouped(now: () => number = () => 0): { group: GroupCommit; sizes: number[]; state: { failing?: Error } } {
  const sizes: number[] = [];
  const state: { failing?: Error } = {};
  let inside = 0;
  const group = new GroupCommit({
    now,
    transaction: (work) => {
      inside = 0;
      work();
      if (state.failing !== undefined) throw state.failing;
      sizes.push(inside);
    },
  });
  const add = group.add.bind(group);
  group.add = (apply) =>
    add(() => {
      inside++;
      return apply();
    });
  return { group, sizes, state };
}

describe('group commit', () => {
  it('takes what one turn brings as one group and gives each its own result', async () => {
    const { group, sizes } = grouped();
    expect(await Promise.all([1, 2, 3].map((n) => group.add(() => n * 2)))).toEqual([2, 4, 6]);
    expect(sizes).toEqual([3]);
  });

  it('commits a full group at once, and at most 1,000 entries together', async () => {
    const { group, sizes } = grouped();
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 250 }, () => group.add(() => undefined)));
    await Promise.all(Array.from({ length: 2_300 }, () => group.add(() => undefined)));
    expect(sizes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 250));
    expect(sizes.slice(10)).toEqual([1_000, 1_000, 300]);
  });

  it('waits between small groups once the burst is used up, and gathers meanwhile', async () => {
    const { group, sizes } = grouped();
    for (let i = 0; i < 4; i++) await group.add(() => i);
    const late = [group.add(() => 'a')];
    await new Promise(setImmediate);
    late.push(group.add(() => 'b'));
    expect(await Promise.all(late)).toEqual(['a', 'b']);
    expect(sizes).toEqual([1, 1, 1, 1, 2]);
  });

  it('rejects the whole group when the disk fails', async () => {
    const { group, state } = grouped();
    state.failing = new Fault('OUTBOX_FULL', 'no space');
    const results = await Promise.allSettled([group.add(() => 1), group.add(() => 2)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
  });

  it('rejects only the entry that fails when the disk does not', async () => {
    const { group } = grouped();
    const bad = group.add(() => {
      throw new Fault('RECORD_INVALID', 'bad');
    });
    const [one, two] = await Promise.allSettled([bad, group.add(() => 2)]);
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'RECORD_INVALID' } });
    expect(two).toMatchObject({ status: 'fulfilled', value: 2 });
  });

  it('flushes without waiting', async () => {
    const { group, sizes } = grouped();
    const all = Array.from({ length: 1_500 }, (_, i) => group.add(() => i));
    await group.flush();
    expect(sizes).toEqual([1_000, 500]);
    await Promise.all(all);
  });
});
