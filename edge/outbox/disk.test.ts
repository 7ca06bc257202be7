import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { epcsOf } from '../passage/walk.fixture.ts';
import { freeze, MAY_FREEZE, MAY_MOUNT, SmallDisk, thaw } from './disk.fixture.ts';
import { Intake } from './intake.ts';
import { Bench, CLOCK, passageBody, verify } from './outbox.fixture.ts';
import type { Outbox } from './outbox.ts';

const bench = new Bench();
const disks: SmallDisk[] = [];
const frozen: string[] = [];
afterEach(async () => {
  if (frozen.length > 0) thaw(frozen.splice(0));
  await bench.clean();
  for (const disk of disks.splice(0)) disk.unmount();
});

const disk = (megabytes: number): SmallDisk => {
  const made = SmallDisk.mount(megabytes);
  disks.push(made);
  return made;
};
const pallet = (name: string) =>
  passageBody(name, { items: [{ gtin: '03453120000011', serials: Array.from({ length: 50 }, (_, i) => 7_000_000 + i) }] });
const names = (bodies: unknown[]): string[] => bodies.map((body) => (body as { passage: string }).passage);
const PATIENCE = { timeout: 20_000 };

async function appendUntilRefused(outbox: Outbox, prefix: string): Promise<string[]> {
  const taken: string[] = [];
  for (let i = 0; ; i++) {
    try {
      await outbox.append({ body: pallet(`${prefix}${i}`) });
      taken.push(`${prefix}${i}`);
    } catch {
      return taken;
    }
  }
}

// Filling a real disk needs the right to mount one; the same with SQLite's own page limit runs everywhere (outbox.test.ts).
describe.runIf(MAY_MOUNT)('an outbox on a disk without a free byte', { timeout: 120_000 }, () => {
  it('goes on in its reserve with the lamp red, then refuses, loses nothing, and recovers when there is space', async () => {
    const { folder } = disk(24);
    const outbox = bench.open(join(folder, 'outbox.db'), { limits: { reserveBytes: 4_194_304 } });
    await expect.poll(() => outbox.health().reserve, PATIENCE).toBe('held');
    disks[0]?.fill();
    const inReserve = await appendUntilRefused(outbox, 'a');
    expect(inReserve.length).toBeGreaterThan(500);
    expect(outbox.health()).toMatchObject({ reserve: 'released', fault: { code: 'OUTBOX_FULL' }, space: { level: 'full' } });
    expect(outbox.health().fault?.limit).toBeUndefined();
    expect(names(await verify(outbox))).toEqual(inReserve);
    disks[0]?.free();
    await expect.poll(() => outbox.health().fault, PATIENCE).toBeUndefined();
    await expect.poll(() => outbox.health().reserve, PATIENCE).toBe('held');
    await outbox.append({ body: pallet('b') });
    await bench.close(outbox);
    expect(names(await verify(bench.open(join(folder, 'outbox.db'))))).toEqual([...inReserve, 'b']);
  });

  it('starts on it by its reserve, and takes records', async () => {
    const one = disk(24);
    const path = join(one.folder, 'outbox.db');
    const limits = { reserveBytes: 4_194_304, alarmFreeBytes: 100_000_000 };
    const outbox = bench.open(path, { limits });
    await expect.poll(() => outbox.health().reserve, PATIENCE).toBe('held');
    await outbox.append({ body: pallet('a') });
    await bench.close(outbox);
    one.fill();
    const again = bench.open(path, { limits });
    expect(again.health().notices).toEqual([]);
    await again.append({ body: pallet('b') });
    expect(names(await verify(again))).toEqual(['a', 'b']);
    expect(again.health().space.level).toBe('critical');
  });

  it('keeps every pallet of a door that had its last read, when it is killed at any moment', async () => {
    for (const kills of [3, 11, 24]) {
      const one = disk(32);
      const pushed = await dock(one, '0', kills);
      one.free();
      const after = await dock(one, String(pushed + 1), 1);
      const outbox = bench.open(join(one.folder, 'outbox.db'));
      const seen = new Set((await verify(outbox)).flatMap((body) => itemsOf(body)));
      for (let n = 0; n <= pushed; n++)
        expect(
          epcsOf(n + 1, 10).filter((epc) => seen.has(epc)),
          `pallet ${n} of ${pushed}`,
        ).toHaveLength(10);
      expect(after).toBeGreaterThan(pushed);
      await bench.close(outbox);
    }
  });
});

function itemsOf(body: unknown): string[] {
  const { items, doubts = [] } = body as { items: { gtin: string; serials: number[] }[]; doubts?: { gtin: string; serials: number[] }[] };
  return [...items, ...doubts].flatMap(({ gtin, serials }) => {
    let serial = 0;
    return serials.map((delta) => {
      serial += delta;
      return encodeSgtin96(gtin, serial, 7);
    });
  });
}

/** Runs the dock from pallet `first`, fills its disk when it is ready, kills it after `lines` more pallets. Returns the last one pushed. */
function dock(on: SmallDisk, first: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('disk.child.ts', import.meta.url)), on.folder, first], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    let ready = false;
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!ready && text.includes('ready')) {
        ready = true;
        if (first === '0') on.fill();
      }
      if (text.split('pushed').length > lines + 1) setTimeout(() => child.kill('SIGKILL'), Math.random() * 20);
    });
    child.once('error', reject);
    child.once('close', () => resolve(Number(/pushed (\d+)\n(?!.*pushed \d+\n)/s.exec(text)?.[1] ?? -1)));
  });
}

describe.runIf(MAY_FREEZE)('an outbox whose disk turns read-only', { timeout: 60_000 }, () => {
  it('says that it fails, can still be read, and takes what waits when the disk can be written again, without a restart', async () => {
    const path = bench.path();
    const told: string[] = [];
    const outbox = bench.open(path, { log: (event) => void told.push(event) });
    await outbox.append({ body: pallet('a') });
    frozen.push(path, `${path}-wal`);
    freeze(frozen);
    const intake = new Intake({ outbox, clock: () => CLOCK, log: () => undefined, retryMs: 50 });
    const waiting = intake.take({
      ...{ passage: 'b', door: 'D1', opened: 1, closed: 2, direction: 'in', confidence: 0.99 },
      ...{ moved: epcsOf(1, 3), doubts: [], strays: [], ssccs: [] },
    });
    await expect.poll(() => outbox.health().fault?.code, PATIENCE).toBe('OUTBOX_WRITE');
    expect(intake.held).toBe(1);
    expect(names(await verify(outbox))).toEqual(['a']);
    thaw(frozen.splice(0));
    await waiting;
    expect(outbox.health().fault).toBeUndefined();
    expect(names(await verify(outbox))).toEqual(['a', 'b']);
    expect(told).toContain('outbox.mended');
  });

  it('notices by itself that the disk can be written again', async () => {
    const path = bench.path();
    const outbox = bench.open(path);
    await outbox.append({ body: pallet('a') });
    frozen.push(path, `${path}-wal`);
    freeze(frozen);
    await expect(outbox.append({ body: pallet('b') })).rejects.toMatchObject({ code: 'OUTBOX_WRITE' });
    thaw(frozen.splice(0));
    await expect.poll(() => outbox.health().fault, PATIENCE).toBeUndefined();
  });
});
