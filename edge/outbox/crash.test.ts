import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, verify } from './outbox.fixture.ts';

const bench = new Bench();
afterEach(() => bench.clean());

/** Runs the appending child and kills it after `lines` resolved appends. Returns what it had printed. */
function killAfter(path: string, run: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('crash.child.ts', import.meta.url)), path, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split('\n').length > lines) child.kill('SIGKILL');
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
      const resolved = await killAfter(path, `run${run}`, lines);
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
