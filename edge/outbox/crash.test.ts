import { spawn } from 'node:child_process';
import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, passageBody, verify } from './outbox.fixture.ts';

const bench = new Bench();
afterEach(() => bench.clean());

/** Runs the appending child and kills it `ms` after `lines` resolved appends. Returns what it had printed. */
function killAfter(path: string, run: string, lines: number, ms: number): Promise<string[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('crash.child.ts', import.meta.url)), path, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split('\n').length > lines) setTimeout(() => child.kill('SIGKILL'), ms);
    });
    child.once('error', reject);
    child.once('close', () => resolve(text.split('\n').slice(0, -1)));
  });
}

/** Real processes: on a busy machine each takes seconds to load. */
const PATIENCE_MS = 90_000;

describe('an outbox whose process is killed while it appends', { timeout: PATIENCE_MS }, () => {
  it('has every append that had resolved, at its number, in a chain that verifies, kill after kill', async () => {
    const path = bench.path();
    let seq = 0;
    for (const [run, lines] of [37, 205, 88].entries()) {
      // Between any two steps of the child: which, only the instant knows.
      const resolved = await killAfter(path, `run${run}`, lines, Math.random() * 30);
      const outbox = bench.open(path);
      const acknowledged = outbox.acknowledged().seq;
      const bodies = (await verify(outbox, acknowledged)) as { passage: string }[];
      expect(outbox.head().seq).toBe(acknowledged + bodies.length);
      expect(resolved.length).toBeGreaterThanOrEqual(lines);
      for (const line of resolved) {
        const [number, passage] = line.split(' ');
        expect(Number(number)).toBeGreaterThan(seq);
        if (Number(number) > acknowledged) expect(bodies[Number(number) - acknowledged - 1]?.passage).toBe(passage);
        else expect(outbox.passages(1_000).some((one) => one.passage === passage)).toBe(true);
      }
      seq = outbox.head().seq;
      await bench.close(outbox);
    }
  });
});

describe('an outbox whose power is cut', { timeout: PATIENCE_MS }, () => {
  it('has every record that had been committed, however often it ends, and a torn end of its log costs what was not, in one chain', async () => {
    const step = fc.record({
      appends: fc.integer({ min: 1, max: 6 }),
      acknowledge: fc.boolean(),
      torn: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        let path = bench.path();
        let outbox = bench.open(path);
        let n = 0;
        for (const { appends, acknowledge, torn } of steps) {
          // This one is committed before, the last one is what the cut tears.
          for (let i = 0; i < appends; i++) await outbox.append({ body: passageBody(`p${++n}`) });
          if (acknowledge) outbox.acknowledge(outbox.head().epoch, outbox.head().seq - 1);
          const whole = statSync(`${path}-wal`).size;
          const acknowledged = outbox.acknowledged().seq;
          await outbox.append({ body: passageBody(`p${n + 1}`) });
          const copy = bench.path();
          for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
          const size = statSync(`${copy}-wal`).size;
          truncateSync(`${copy}-wal`, Math.max(whole, Math.floor(whole + (size - whole) * torn)));
          await bench.close(outbox);
          path = copy;
          outbox = bench.open(path);
          expect(outbox.health().notices).toEqual([]);
          const { seq } = outbox.head();
          // Written over from its start the log did not grow: then nothing was torn off.
          expect([n, n + 1]).toContain(seq);
          n = seq;
          const before = outbox.acknowledged().seq;
          expect(before).toBeLessThanOrEqual(acknowledged);
          const names = ((await verify(outbox, before)) as { passage: string }[]).map(({ passage }) => passage);
          expect(names).toEqual(Array.from({ length: n - before }, (_, i) => `p${before + i + 1}`));
        }
        await bench.close(outbox);
      }),
      { numRuns: 20 },
    );
  });
});
