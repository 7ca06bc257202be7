import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-edge-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function settings(more: object = {}): string {
  const path = join(folder, 'settings.json');
  const value = {
    tenant: 'demo',
    site: 'LYON',
    node: 'dock-1',
    timeZone: 'Europe/Paris',
    dataDir: './data',
    // Port 9 (discard) of this machine: nobody answers, as when the line is down.
    hub: { url: 'ws://127.0.0.1:9' },
    panel: { host: '127.0.0.1', port: 0 },
    broker: { host: '127.0.0.1', port: 0 },
    readers: [{ id: 'r1', model: 'thingmagic', link: 'tcp://127.0.0.1:9' }],
    doors: [
      {
        id: 'D1',
        name: 'Quai 1',
        antennas: [
          { reader: 'r1', port: 1, side: 'outside' },
          { reader: 'r1', port: 2, side: 'inside' },
        ],
      },
    ],
    ...more,
  };
  writeFileSync(path, JSON.stringify(value));
  return path;
}

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

function edge(...args: string[]): Run {
  const child = spawn(process.execPath, [fileURLToPath(new URL('cli.ts', import.meta.url)), ...args]);
  children.push(child);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, text: () => text, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** Real processes: on a busy machine each takes seconds to load. */
const PATIENCE_MS = 90_000;

describe('the command line', { timeout: PATIENCE_MS }, () => {
  it('says what it can do, and what was wrong with the call', async () => {
    const help = edge('--help');
    const wrong = (
      [
        ['fly', '--settings', 'x'],
        ['run'],
        ['run', '--speed', '9'],
        ['enrol', '--settings', 'x'],
        ['run', '--settings', 'x', '--token', 'y'],
      ] as const
    ).map((args) => edge(...args));
    expect(await help.ended).toBe(0);
    expect(help.text()).toContain('run --settings FILE');
    expect(await Promise.all(wrong.map((run) => run.ended))).toEqual([2, 2, 2, 2, 2]);
    expect(wrong.map((run) => run.text().split('\n')[0])).toEqual([
      'docket edge: USAGE: there is no command fly',
      'docket edge: USAGE: --settings FILE is missing',
      expect.stringContaining('--speed'),
      'docket edge: USAGE: --token TOKEN is missing',
      "docket edge: USAGE: Unknown option '--token'",
    ]);
  });

  it('checks settings and writes nothing', async () => {
    const good = edge('check', '--settings', settings());
    expect(await good.ended).toBe(0);
    expect(readdirSync(folder)).toEqual(['settings.json']);
    const bad = edge('check', '--settings', settings({ doors: [] }));
    expect(await bad.ended).toBe(2);
    expect(bad.text()).toContain('SETTINGS_INVALID');
    expect(bad.text()).toContain('doors');
  });

  it('prints the key that the hub must know', async () => {
    const key = edge('key', '--settings', settings());
    expect(await key.ended).toBe(0);
    expect(key.text()).toMatch(/^public key {2}[\w-]{43}\nkey id {6}[0-9A-F]{16}\nfingerprint \d{4} \d{4}\n$/);
  });

  it('answers EPCs on its standard input and needs no settings', async () => {
    const run = edge('epc');
    run.child.stdin?.end('3034257BF7194E4000001A85\nzz');
    expect(await run.ended).toBe(0);
    const lines = run.text().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { gtin: '80614141123458', serial: '6789' },
      { error: { code: 'EPC_NOT_HEX' } },
    ]);
  });

  it('runs without reader and hub, shows its panel, and stops cleanly on SIGTERM', async () => {
    const run = edge('run', '--settings', settings());
    const events = (): { event: string; panel?: string; [key: string]: unknown }[] =>
      run
        .text()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line));
    await expect.poll(() => events().map((event) => event.event), { timeout: PATIENCE_MS }).toContain('ready');
    const panel = events().find((event) => event.event === 'ready')?.panel ?? '';
    const state = (await (await fetch(`${panel}api/state`)).json()) as { doors: { state: string }[] };
    expect(state.doors[0]?.state).toBe('blind');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(events().at(-1)).toMatchObject({ event: 'stopped', complete: true });
    expect(
      readdirSync(join(folder, 'data'))
        .filter((name) => name !== 'outbox.db.reserve')
        .sort(),
    ).toEqual(['journal', 'node.key', 'outbox.db', 'outbox.db.trace']);
  });

  it('ends with a clear sentence when a port is taken, and leaves nothing open', async () => {
    const first = edge('run', '--settings', settings());
    await expect.poll(() => first.text(), { timeout: PATIENCE_MS }).toContain('"ready"');
    const port = Number(/http:\/\/127\.0\.0\.1:(\d+)\//.exec(first.text())?.[1]);
    const second = edge('run', '--settings', settings({ dataDir: './other', panel: { host: '127.0.0.1', port } }));
    expect(await second.ended).toBe(1);
    expect(second.text()).toContain(`PORT_TAKEN: panel: port ${port}`);
  });
});
