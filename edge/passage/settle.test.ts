import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MAY_MOUNT, SmallDisk } from '../outbox/disk.fixture.ts';
import { Doors } from './doors.ts';
import { GroupSync } from './groupsync.ts';
import type { SyncFile } from './journal.ts';
import type { ClosedPassage } from './tracker.ts';
import { ANTENNAS, epcsOf, readsOf, standing, through } from './walk.fixture.ts';

const START = 1_700_000_000_000;
const folders: string[] = [];
const disks: SmallDisk[] = [];
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  for (const made of disks.splice(0)) made.unmount();
});
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'docket-settle-'));
  folders.push(made);
  return made;
};

interface Options {
  readonly sync?: SyncFile;
  readonly commit?: () => Promise<void>;
  readonly closed?: ClosedPassage[];
  readonly horizon?: (reader: string, now: number) => number;
}

function doorsIn(dir: string, { sync, commit = () => Promise.resolve(), closed = [], horizon }: Options = {}): Doors {
  const doors = new Doors({
    doors: [{ door: 'D1', antennas: ANTENNAS }],
    dir,
    onClosed: (passage) => {
      closed.push(passage);
      return commit();
    },
    acknowledged: ['r1'],
    ...(sync === undefined ? {} : { sync }),
    ...(horizon === undefined ? {} : { horizon }),
  });
  doors.recover();
  return doors;
}

const pallet = (seed: number, start = START) =>
  readsOf([{ epcs: epcsOf(seed, 20), at: through(1, 1.5, 3) }], 8, 5, start).map((read, i) => ({ ...read, key: seed * 100_000 + i }));

describe('reads that are settled', () => {
  it('stand in synced files: all that were pushed before, also where a new segment began meanwhile', async () => {
    const synced = new Set<string>();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const dir = folder();
    const sync: SyncFile = async (path) => {
      await gate;
      synced.add(path);
      return true;
    };
    // Nothing is committed, so that no segment may be deleted.
    const doors = doorsIn(dir, { sync, commit: () => new Promise(() => undefined) });
    for (const read of pallet(1)) doors.push('r1', [read]);
    const first = doors.settled();
    doors.tick(START + 60_000);
    for (const read of pallet(2, START + 100_000)) doors.push('r1', [read]);
    const second = doors.settled();
    release();
    await Promise.all([first, second]);
    const files = readdirSync(dir).map((name) => join(dir, name));
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of [...files, dir]) expect(synced, file).toContain(file);
    doors.close();
  });

  it('leave the older segment where it is until the newer one is on the disk', async () => {
    let hold = true;
    const waiting: (() => void)[] = [];
    const sync: SyncFile = () => (hold ? new Promise((resolve) => waiting.push(() => resolve(true))) : Promise.resolve(true));
    const dir = folder();
    const closed: ClosedPassage[] = [];
    const doors = doorsIn(dir, { sync, closed });
    for (const read of pallet(1)) doors.push('r1', [read]);
    doors.tick(START + 60_000);
    await Promise.resolve();
    expect([closed.length, readdirSync(dir).length]).toEqual([1, 2]);
    hold = false;
    for (const resolve of waiting.splice(0)) resolve();
    await doors.settled();
    expect(readdirSync(dir)).toHaveLength(1);
    doors.close();
  });

  it('are refused after a failed sync until the passage is committed and a new segment stands', async () => {
    let broken = false;
    const doors = doorsIn(folder(), { sync: () => (broken ? Promise.reject(new Error('EIO')) : Promise.resolve(true)) });
    doors.push('r1', pallet(1).slice(0, 400));
    await doors.settled();
    doors.push('r1', pallet(1).slice(400, 420));
    broken = true;
    await expect(doors.settled()).rejects.toMatchObject({ code: 'JOURNAL_SYNC' });
    broken = false;
    // What the kernel dropped, it would not report again.
    await expect(doors.settled()).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
    doors.tick(START + 60_000);
    await Promise.resolve();
    await doors.settled();
    doors.close();
  });

  it('are known by name after a stop without notice, also when their segment is gone', () => {
    const dir = folder();
    const before = doorsIn(dir);
    const reads = pallet(1);
    for (const read of reads) before.push('r1', [read]);
    expect(doorsIn(dir).keys('r1')).toEqual(reads.map(({ key }) => key));
    const after = doorsIn(dir);
    after.tick(START + 60_000);
    expect(doorsIn(dir).keys('r1')).toEqual(reads.map(({ key }) => key).slice(-2_048));
    expect(after.keys('r2')).toEqual([]);
  });

  it('with names are played back as without them', async () => {
    const [named, plain]: ClosedPassage[][] = [[], []];
    for (const [list, strip] of [
      [named, false],
      [plain, true],
    ] as const) {
      const dir = folder();
      const reads = pallet(3).map(({ key, ...read }) => (strip ? read : { ...read, key }));
      const doors = doorsIn(dir);
      for (const read of reads) doors.push('r1', [read]);
      doorsIn(dir, { closed: list ?? [] }).tick(START + 60_000);
    }
    expect(named).toHaveLength(1);
    expect(named).toEqual(plain);
  });
});

describe('a door whose reader lags behind', () => {
  it('waits for what that reader still sends, and not for one that waits for nothing', () => {
    const closed: ClosedPassage[] = [];
    let here = START;
    const doors = doorsIn(folder(), { closed, horizon: (reader, now) => (reader === 'r1' ? here : now) });
    const reads = pallet(1);
    reads.forEach((read, i) => {
      doors.push('r1', [read]);
      here = read.at;
      if (i % 10 === 0) doors.tick(START + 3_600_000);
    });
    here = Number.NEGATIVE_INFINITY;
    doors.tick(START + 3_600_000);
    expect(closed).toEqual([]);
    here = START + 60_000;
    doors.tick(START + 3_600_000);
    expect(closed).toMatchObject([{ direction: 'in', moved: epcsOf(1, 20).sort() }]);
    doors.close();
  });
});

// Filling a real disk needs the right to mount one.
describe.runIf(MAY_MOUNT)('reads on a disk without a free byte', () => {
  it('are not settled; they are when there is space and their passage is committed', async () => {
    const disk = SmallDisk.mount(1);
    disks.push(disk);
    let commit: () => void = () => undefined;
    const doors = doorsIn(disk.folder, { commit: () => new Promise((resolve) => (commit = resolve)) });
    const reads = pallet(1);
    doors.push('r1', reads.slice(0, 200));
    await doors.settled();
    disk.fill();
    // More than the rest of the page that the file has.
    for (let at = 200; at < reads.length; at += 10) doors.push('r1', reads.slice(at, at + 10));
    await expect(doors.settled()).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
    disk.free();
    await expect(doors.settled()).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
    doors.tick(START + 60_000);
    await expect(doors.settled()).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
    commit();
    await Promise.resolve();
    await Promise.resolve();
    await doors.settled();
    doors.push('r1', readsOf([{ epcs: epcsOf(9, 1), at: standing(1.5, 2) }], 1, 1, START + 90_000));
    await doors.settled();
    doors.close();
  });
});

describe('syncs in groups', () => {
  it('are at most 20 a second and 4 more, whatever they are asked, and each of who waits is served by one that began later', async () => {
    let [now, started] = [0, 0];
    const group = new GroupSync(
      () => {
        started++;
        return Promise.resolve(1);
      },
      () => now,
    );
    const results: Promise<boolean>[] = [];
    for (let i = 0; i < 200; i++) {
      const before = started;
      results.push(group.settled().then(() => started > before));
      await new Promise((resolve) => setTimeout(resolve, 2));
      // Its clock says how much time has passed; the timers of the group fire by the real one.
      now += 2;
    }
    expect((await Promise.all(results)).every(Boolean)).toBe(true);
    expect(started).toBeLessThanOrEqual(4 + Math.ceil((now / 1_000) * 20) + 1);
  });
});
