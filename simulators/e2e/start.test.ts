import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, portFree } from '../stack/ports.ts';

const START = fileURLToPath(new URL('../start.ts', import.meta.url));
/** The first start on a busy machine, and a delivery at its own pace. */
const STORY_MS = 120_000;

let folder: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-start-'));
});
afterEach(() => {
  running?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly output: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

function start(...args: string[]): Run {
  return runOf(spawn(process.execPath, [START, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

function runOf(child: ChildProcessByStdio<null, Readable, Readable>): Run {
  running = child;
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  return {
    output: () => text,
    signal: (signal) => child.kill(signal),
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? String(signal)))),
  };
}

/** Resolves with the first match; fails when the program ends or is silent for too long. */
async function told(run: Run, pattern: RegExp): Promise<RegExpExecArray> {
  let over: number | string | undefined;
  void run.ended.then((end) => {
    over = end;
  });
  await expect
    .poll(() => over !== undefined || pattern.test(run.output()), {
      timeout: STORY_MS,
      interval: 100,
      message: `${pattern} in ${run.output()}`,
    })
    .toBe(true);
  const match = pattern.exec(run.output());
  return match ?? expect.unreachable(`ended (${over}) before ${pattern}:\n${run.output()}`);
}

describe('npm start', () => {
  it('tells a story with a matched invoice, stops cleanly, and goes on where it was', async () => {
    const ports = [await freePort(), await freePort()] as const;
    const args = ['--hub-port', String(ports[0]), '--panel-port', String(ports[1]), '--data-dir', join(folder, 'stack')];
    const first = start(...args);
    await told(first, /^MATCHED F-\d{4}-0001 .*EUR$/m);
    expect(first.output()).toMatch(new RegExp(`dashboard +http://127.0.0.1:${ports[0]}/#key=\\S+`));
    expect(first.output()).toMatch(new RegExp(`panel +http://127.0.0.1:${ports[1]}/`));
    expect(first.output()).toMatch(/hub API +http/);
    const panel = await fetch(`http://127.0.0.1:${ports[1]}/`);
    const dashboard = await fetch(`http://127.0.0.1:${ports[0]}/`);
    expect([panel.status, dashboard.status]).toEqual([200, 200]);
    await Promise.all([panel.text(), dashboard.text()]);
    first.signal('SIGINT');
    expect(await first.ended).toBe(0);
    expect(await Promise.all(ports.map(portFree))).toEqual([true, true]);

    const again = start(...args, '--keep');
    const [, number] = await told(again, /^\w+ FA?-\d{4}-(\d{4}) /m);
    expect(Number(number)).toBeGreaterThan(1);
    // The terminal closes.
    again.signal('SIGHUP');
    expect(await again.ended).toBe(0);
    expect(await Promise.all(ports.map(portFree))).toEqual([true, true]);
  });

  it('stops as well when npm is told to end, which takes its shell away and passes no signal on', async () => {
    const ports = [await freePort(), await freePort()] as const;
    const command = `"${process.execPath}" "${START}" --hub-port ${ports[0]} --panel-port ${ports[1]} --data-dir "${join(folder, 'stack')}" & wait`;
    const shell = spawn('sh', ['-c', command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, npm_lifecycle_event: 'start' },
    });
    const run = runOf(shell);
    await told(run, /^World /m);
    run.signal('SIGTERM');
    await run.ended;
    expect(run.output()).toMatch(/Stopped\.\n$/);
    expect(await Promise.all(ports.map(portFree))).toEqual([true, true]);
  });

  it('says which port is taken and how to choose another', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const run = start('--hub-port', String(taken), '--data-dir', join(folder, 'stack'));
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(new RegExp(`port ${taken} for the hub is taken .*--hub-port \\d+ \\(or HUB_PORT=\\d+\\)`));
    server.close();
  });

  it('leaves a folder alone that is not its own', async () => {
    const [hub, panel] = [await freePort(), await freePort()];
    const run = start('--hub-port', String(hub), '--panel-port', String(panel), '--data-dir', folder);
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/exists and holds no stack.json: it is not emptied/);
  });
});
