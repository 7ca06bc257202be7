import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GroupCommit } from './group.ts';
import { leaveNotice } from './notice.ts';
import { Bench, passageBody, verify } from './outbox.fixture.ts';
import { DEFAULT_LIMITS, type Level, levelOf } from './space.ts';

const bench = new Bench();
afterEach(async () => {
  vi.useRealTimers();
  await bench.clean();
});

const limits = { ...DEFAULT_LIMITS, maxItems: 1_000, maxBytes: 10_000_000, alarmFreeBytes: 1_600 };
const level = (items: number, before: Level = 'ok', bytes = 0, freeBytes: number | null = null): Level =>
  levelOf({ items, bytes, freeBytes }, limits, before);

describe('the level of an outbox', () => {
  it('rises at half, four fifths and 95 hundredths of the limit for items or bytes, and is full at the limit', () => {
    expect([0, 499, 500, 799, 800, 949, 950, 999, 1_000].map((items) => level(items))).toEqual([
      'ok',
      'ok',
      'half',
      'half',
      'high',
      'high',
      'critical',
      'critical',
      'full',
    ]);
    expect(level(0, 'ok', 8_000_000)).toBe('high');
  });

  it('falls a little below where it rose, but leaves full at once', () => {
    expect([level(790, 'high'), level(781, 'high'), level(779, 'high')]).toEqual(['high', 'high', 'half']);
    expect(level(999, 'full')).toBe('critical');
  });

  it('rises as the disk has less and less free, whatever the outbox holds', () => {
    expect([2_000, 1_500, 399, 99, 0].map((free) => level(0, 'ok', 0, free))).toEqual(['ok', 'half', 'high', 'critical', 'critical']);
  });
});

describe('an outbox at its limit', () => {
  it('refuses records, says so, keeps all it has, and takes them again as soon as the hub has taken enough', async () => {
    const told: string[] = [];
    const log = (event: string, { level: at, code }: Readonly<Record<string, unknown>>): void =>
      void told.push(`${event} ${String(at ?? code ?? '')}`.trim());
    const outbox = bench.open(undefined, { limits: { maxItems: 10 }, log });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await outbox.append({ body: passageBody(name) });
    expect(outbox.health().space).toMatchObject({ items: 10, limitItems: 10, level: 'full' });
    await expect(outbox.append({ body: passageBody('f') })).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    await expect(outbox.append({ body: passageBody('g') })).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    expect(outbox.health().fault).toMatchObject({ code: 'OUTBOX_FULL', limit: true });
    expect(await verify(outbox)).toHaveLength(5);
    outbox.acknowledge(1, 1);
    expect(outbox.health().fault).toBeUndefined();
    expect(await outbox.append({ body: passageBody('f') })).toMatchObject({ seq: 6 });
    await expect(outbox.append({ body: passageBody('g') })).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    expect(told).toEqual([
      ...['outbox.level half', 'outbox.level high', 'outbox.level full', 'outbox.fault OUTBOX_FULL'],
      ...['outbox.level high', 'outbox.level full', 'outbox.fault OUTBOX_FULL'],
    ]);
  });

  it('takes no more at once than fits, also when many records come in one turn', async () => {
    const outbox = bench.open(undefined, { limits: { maxItems: 10 } });
    const all = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => outbox.append({ body: passageBody(`p${i}`) })));
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(5);
    expect(outbox.health().space.items).toBe(10);
  });

  it('refuses by bytes of the file, and a new epoch is begun nevertheless', async () => {
    const outbox = bench.open(undefined, { limits: { maxBytes: 150_000 } });
    let fault: unknown;
    for (let i = 0; i < 1_000 && fault === undefined; i++)
      await outbox.append({ body: passageBody(`p${i}`) }).catch((error: unknown) => (fault = error));
    expect(fault).toMatchObject({ code: 'OUTBOX_FULL' });
    const { seq } = outbox.head();
    expect(await outbox.newEpoch('restored', { epoch: 3, seq: 9, chain: 'x' })).toMatchObject({ epoch: 4, seq: seq + 1 });
    expect(await verify(outbox)).toHaveLength(seq + 1);
    expect(outbox.health().space.items).toBe(2 * seq);
  });
});

describe('the rate of commits', () => {
  it('is at most 20 a second under load, and a lone record after a quiet time is committed at once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
    const commits: number[] = [];
    const group = new GroupCommit({
      transaction: (work) => {
        work();
        commits.push(performance.now());
      },
    });
    let resolved = 0;
    for (let ms = 0; ms < 10_000; ms += 5) {
      void group.add(() => undefined).then(() => resolved++);
      await vi.advanceTimersByTimeAsync(5);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(resolved).toBe(2_000);
    expect(commits.length).toBeLessThanOrEqual(20 * 10 + 4);
    expect(commits.length).toBeGreaterThan(150);
    await vi.advanceTimersByTimeAsync(5_000);
    const before = commits.length;
    const asked = performance.now();
    const done = group.add(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    await done;
    expect(commits.slice(before)).toEqual([asked]);
  });
});

describe('a look at the folder that fails', () => {
  it('as without file descriptors, does not end the node: records go on, and the next look tells what there is', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const events: string[] = [];
    const path = bench.path();
    const folder = dirname(path);
    const outbox = bench.open(path, { log: (event) => events.push(event) });
    renameSync(folder, `${folder}.away`);
    // In place of a folder that can't be listed.
    writeFileSync(folder, '');
    vi.advanceTimersByTime(2_000);
    expect(events).toContain('outbox.look.failed');
    expect(await outbox.append({ body: passageBody('a') })).toMatchObject({ seq: 1 });
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    leaveNotice(path, { at: 1, kind: 'older', why: 'a test', saved: 0, lost: 0, names: [] });
    vi.advanceTimersByTime(2_000);
    expect(outbox.health().notices).toHaveLength(1);
  });
});
