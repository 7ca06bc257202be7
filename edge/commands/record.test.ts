import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReaderEmulator } from '../../simulators/reader/emulator.ts';
import { freePort } from '../../simulators/stack/ports.ts';

let folder = '';
const children: ChildProcess[] = [];
const toClose: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const close of toClose.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

function edge(...args: string[]): Run {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../cli.ts', import.meta.url)), ...args]);
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, text: () => text, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** Each line of a run's output that is JSON. */
const objects = (run: Run): Record<string, unknown>[] =>
  run
    .text()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const EPCS = ['30340BF2C87A1B40000003E9', '30340BF2C87A1B40000003EA'];

async function emulator(): Promise<ReaderEmulator> {
  const made = await ReaderEmulator.open({
    transport: { kind: 'pty' },
    source: () => EPCS.map((epc, i) => ({ epc, antenna: i + 1, rssi: -50 })),
  });
  toClose.push(() => made.close());
  return made;
}

/** Real processes: on a busy machine each takes seconds to load. */
const PATIENCE_MS = 90_000;

describe('the recording of a reader from the command line', { timeout: PATIENCE_MS }, () => {
  it('of a running node is made by the node, which goes on reading, and is played back the same each time', async () => {
    const { path, module } = await emulator();
    const settings = join(folder, 'settings.json');
    const antenna = (port: number, side: string): object => ({ reader: 'r1', port, side });
    writeFileSync(
      settings,
      JSON.stringify({
        ...{ tenant: 'demo', site: 'LYON', node: 'dock-1', timeZone: 'Europe/Paris', dataDir: './data' },
        ...{ hub: { url: 'ws://127.0.0.1:9' }, panel: { port: await freePort() } },
        readers: [{ id: 'r1', model: 'thingmagic', link: path }],
        doors: [{ id: 'D1', name: 'Quai 1', antennas: [antenna(1, 'outside'), antenna(2, 'inside')] }],
      }),
    );
    const node = edge('run', '--settings', settings);
    await expect.poll(() => module.streaming, { timeout: PATIENCE_MS }).toBe(true);
    const file = join(folder, 'one.tape');
    const run = edge('record', '--settings', settings, '--reader', 'r1', '--out', file, '--seconds', '1');
    expect(await run.ended, run.text()).toBe(0);
    expect(run.text()).toContain('the running node has the line');
    expect(run.text()).toContain('ended by time');
    expect(module.streaming).toBe(true);
    expect(node.text()).toContain('"recording.ended"');

    const plays = [edge('replay', file, '--reads'), edge('replay', file, '--reads')];
    for (const play of plays) expect(await play.ended, play.text()).toBe(0);
    expect(plays[0]?.text()).toBe(plays[1]?.text());
    const lines = objects(plays[0] as Run);
    expect(lines[0]).toMatchObject({ kind: 'recording', reader: 'r1', model: 'thingmagic', doors: ['D1'] });
    expect(new Set(lines.filter(({ kind }) => kind === 'read').map(({ epc }) => epc))).toEqual(new Set(EPCS));
    expect(lines.at(-1)).toMatchObject({ kind: 'end', damaged: 0, end: 'time' });

    const again = edge('record', '--settings', settings, '--reader', 'r1', '--out', file);
    expect(await again.ended).toBe(1);
    expect(again.text()).toContain('RECORD_EXISTS');
    node.child.kill('SIGTERM');
    expect(await node.ended).toBe(0);
  });

  it('without a node starts the reader itself, ends it with Ctrl-C, and serves as a reader afterwards', async () => {
    const { path, module } = await emulator();
    const file = join(folder, 'two.tape');
    const run = edge('record', '--port', path, '--model', 'thingmagic', '--out', file);
    await expect.poll(() => module.records, { timeout: PATIENCE_MS }).toBeGreaterThan(50);
    run.child.kill('SIGINT');
    expect(await run.ended, run.text()).toBe(0);
    expect(readFileSync(file, 'latin1').trimEnd().split('\n').at(-1)).toContain(' e "stopped" ');
    expect(module.streaming).toBe(false);

    const served = edge('replay', file, '--serve');
    await expect.poll(() => objects(served).length, { timeout: PATIENCE_MS }).toBe(1);
    const probe = edge('probe', '--tcp', String(objects(served)[0]?.['link']), '--no-read', '--json');
    expect(await probe.ended, probe.text()).toBe(0);
    expect(objects(probe)[0]).toMatchObject({ state: 'found', family: 'thingmagic', settings: { id: 'r1', model: 'thingmagic' } });
    served.child.kill('SIGINT');
    expect(await served.ended).toBe(0);
  });

  it('says what is wrong with a call', async () => {
    const calls = [
      ['record', '--port', '/dev/null', '--model', 'thingmagic'],
      ['record', '--port', '/dev/null', '--model', 'alien', '--out', join(folder, 'x')],
      ['record', '--port', '/dev/null', '--model', 'thingmagic', '--out', join(folder, 'x'), '--what', 'tags'],
      ['record', '--port', '/dev/null', '--model', 'thingmagic', '--out', join(folder, 'x'), '--seconds', '-1'],
      ['replay'],
      ['probe', '--port', '/dev/null', '--tcp', '127.0.0.1:1'],
      ['probe', '--port', '/dev/null', '--region', 'MARS'],
    ].map((args) => edge(...args));
    for (const call of calls) {
      expect(await call.ended, call.text()).toBe(2);
      expect(call.text()).toContain('USAGE');
    }
    const none = edge('replay', join(folder, 'none'));
    expect(await none.ended).toBe(1);
    expect(none.text()).toContain('TAPE_READ');
  });
});
