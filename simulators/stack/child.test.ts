import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from './child.ts';
import { Leash } from './leash.ts';

let folder: string;
let leash: Leash;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-child-'));
  leash = new Leash();
});
afterEach(() => {
  leash.close();
  rmSync(folder, { recursive: true });
});

function script(text: string): string {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, text);
  return file;
}

/** A program that starts another one and prints both pids. */
const PARENT = `
import { spawn } from 'node:child_process';
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
console.log(JSON.stringify([process.pid, child.pid]));
setInterval(() => {}, 1000);
`;

/** True while a process runs; one that ended and is not collected yet does not run. */
async function runs(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) return !/\) [ZX] /.test(stat);
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux';
  } catch {
    return false;
  }
}

async function started(text: string): Promise<{ child: Child; pids: number[] }> {
  let first: (line: string) => void = () => undefined;
  const line = new Promise<string>((resolve) => {
    first = resolve;
  });
  const child = new Child({ name: 'program', args: [script(text)], cwd: folder, leash, line: (one) => first(one) });
  return { child, pids: JSON.parse(await line) as number[] };
}

describe('a child process', () => {
  it('ends with everything it started, whether it is stopped or killed', async () => {
    for (const end of ['stop', 'kill'] as const) {
      const { child, pids } = await started(PARENT);
      expect(await Promise.all(pids.map(runs))).toEqual([true, true]);
      await child[end]();
      expect(child.over).toBeDefined();
      await expect.poll(() => Promise.all(pids.map(runs)), { timeout: 5_000 }).toEqual([false, false]);
    }
  });

  it('tells of an end that nobody asked for, and of no other', async () => {
    const crashes: string[] = [];
    const crashed = (child: Child): number => crashes.push(`${child.name} ${child.over}`);
    const alone = new Child({ name: 'short', args: [script('process.exit(3)')], cwd: folder, leash, crashed });
    expect(await alone.ended).toBe('exit code 3');
    const asked = new Child({ name: 'long', args: [script('setInterval(() => {}, 1000)')], cwd: folder, leash, crashed });
    await asked.stop();
    expect(crashes).toEqual(['short exit code 3']);
  });

  it('hands on every line of both outputs, also the last one without an end', async () => {
    const program = script(`console.log('one'); console.error('two'); process.stdout.write('three')`);
    const child = new Child({ name: 'talker', args: [program], cwd: folder, leash });
    await child.ended;
    expect([...child.lines].sort()).toEqual(['one', 'three', 'two']);
  });

  it('does not outlive a parent that was killed', async () => {
    const held = fileURLToPath(new URL('./held.fixture.ts', import.meta.url));
    const parent = spawn(process.execPath, [held, script(PARENT)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk))));
    const pids = JSON.parse(line) as number[];
    expect(await Promise.all(pids.map(runs))).toEqual([true, true]);
    parent.kill('SIGKILL');
    await expect.poll(() => Promise.all(pids.map(runs)), { timeout: 5_000 }).toEqual([false, false]);
  });
});
