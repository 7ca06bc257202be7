import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../simulators/random.ts';
import type { Sighting } from '../../../simulators/reader/device.ts';
import { type EmulatorOptions, ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { Backoff } from '../../backoff.ts';
import type { OpenLink } from '../link/link.ts';
import { openLink } from '../link/open.ts';
import { EPC, LINES, SETTINGS, toClose, Watch, within } from './driver.fixture.ts';
import { TIMINGS } from './rates.ts';

/** A tag in front of each antenna, all the time. */
const everywhere = (): Sighting[] => [1, 2].map((antenna) => ({ epc: EPC, antenna, rssi: -50 - antenna, phase: 90 }));

async function emulate(options: Partial<EmulatorOptions> = {}): Promise<ReaderEmulator> {
  const emulator = await ReaderEmulator.open({ transport: { kind: 'pty' }, source: everywhere, ...options });
  toClose.push(() => emulator.close());
  return emulator;
}

describe.each(LINES)('a module on %s', (_name, transport) => {
  it('is set up and read, and stops when it is told to', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(emulator.module.settings).toMatchObject({ region: 8, power: 2_700, session: 1, gen2: true, filter: false, list: [1, 2] });
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, phase: 90, kHz: expect.any(Number), at: expect.any(Number) });
    const instants = watch.reads.map((read) => read.at);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
    await watch.reader.stop();
    expect(emulator.module.streaming).toBe(false);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading', 'stopped']);
    expect(watch.reader.health()).toMatchObject({ model: 'M7e', errors: { crc: 0, resync: 0, tagCrc: 0, bufferFull: 0, lost: 0 } });
  });

  it('is read again after the cable was pulled and put back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'docket-'));
    toClose.push(() => rmSync(dir, { recursive: true }));
    const emulator = await emulate({ transport: transport.kind === 'pty' ? { kind: 'pty', link: join(dir, 'dock-1') } : transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    await emulator.unplug();
    await within(() =>
      expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code: expect.stringMatching(/^(LINK_|READER_SILENT)/) } }),
    );
    await within(() => expect(watch.reader.health().message?.code).toBe('LINK_OPEN'));
    await emulator.plug();
    await watch.more();
    expect(watch.reader.health().message).toBeUndefined();
  });

  it('that was streaming for a dead host is stopped, drained and started afresh', async () => {
    const emulator = await emulate({ transport });
    const script = [
      `import { openReader } from ${JSON.stringify(new URL('../open.ts', import.meta.url).href)};`,
      `const settings = ${JSON.stringify({ ...SETTINGS, link: emulator.path })};`,
      "openReader(settings, { reads: () => console.log('reading'), health: () => undefined }).start();",
    ].join('\n');
    const host = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(host.stdout, 'data');
    host.kill('SIGKILL');
    await once(host, 'exit');
    const before = emulator.module.records;
    await within(() => expect(emulator.module.records).toBeGreaterThan(before + 50));
    const from = Date.now();
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(Math.min(...watch.reads.map((read) => read.at))).toBeGreaterThanOrEqual(from);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('with garbage, flipped and lost bytes on its line keeps being read, and no read is invented', async () => {
    const random = new Random(7);
    const emulator = await emulate({ transport, random: () => random.float() });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.faults = { garbage: 0.2, flip: 0.001, drop: 0.001 };
    await watch.more(300);
    emulator.faults = {};
    await watch.more();
    await within(() => expect(watch.reader.health().errors.crc).toBeGreaterThan(0));
    expect(watch.reader.health().errors.resync).toBeGreaterThan(0);
    expect(new Set(watch.reads.map((read) => read.epc))).toEqual(new Set([EPC]));
    expect(watch.states()).not.toContain('failed');
  });

  it('that falls silent is noticed by the watchdog and started again', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path, {}, { graceMs: 0 });
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_SILENT' } }));
    emulator.silent = false;
    await watch.more();
  });

  it('that starts again by itself is set up again', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.reboot();
    await within(() => expect(watch.healths.map((health) => health.message?.code)).toContain('READER_REBOOT'));
    await watch.more();
    expect(emulator.module.settings.filter).toBe(false);
  });
});

describe('a module on a serial line where the rate matters', () => {
  it('is found at another rate than the configured one and raised to 921600', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    const watch = new Watch(emulator.path, { baud: 9_600 });
    await watch.more();
    expect(emulator.module.settings.baud).toBe(921_600);
    expect(watch.reader.health().link).toBe(`${emulator.path} 921600`);
    // A second host does not know the rate the first one has set.
    await watch.reader.stop();
    await new Watch(emulator.path).more();
  });

  it('is raised no further than the settings allow', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    await new Watch(emulator.path, { maxBaud: 500_000 }).more();
    expect(emulator.module.settings.baud).toBe(460_800);
  });

  it('is read at a lower rate after its adapter turned out not to carry the fast one', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    const open: OpenLink = async (path, baud, events) => {
      const link = await openLink(path, baud, events);
      let rate = baud;
      const setBaud = (next: number): Promise<void> => {
        rate = next;
        return link.setBaud(next);
      };
      const write = async (bytes: Uint8Array): Promise<void> => (rate > 460_800 ? undefined : link.write(bytes));
      return { name: link.name, hasBaud: true, write, setBaud, close: () => link.close() };
    };
    const watch = new Watch(emulator.path, {}, { open, timings: { ...TIMINGS, answerMs: 300 } });
    await within(() => expect(watch.reader.health().message?.code).toBe('READER_BAUD'));
    emulator.reboot();
    await watch.more();
    expect(emulator.module.settings.baud).toBe(460_800);
  });

  it('sends short records where the line is slow', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    const watch = new Watch(emulator.path, { maxBaud: 115_200 });
    await watch.more();
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, at: expect.any(Number) });
  });
});

describe('the health of a reader', () => {
  it('shows an antenna that is missing at the start and one that goes missing later', async () => {
    const emulator = await emulate({ connected: [1, 3] });
    const watch = new Watch(emulator.path, { ports: [1, 2, 3] });
    await watch.more();
    const faults = (): (string | undefined)[] => watch.reader.health().antennas.map((antenna) => antenna.fault);
    expect(faults()).toEqual([undefined, expect.stringContaining('port 2'), undefined]);
    await within(() =>
      expect(watch.reader.health().message).toEqual({ code: 'READER_ANTENNA', text: 'r1: 0503 antenna not connected: port 2' }),
    );
    emulator.module.antenna(2, true);
    emulator.module.antenna(3, false);
    await within(() => expect(faults()).toEqual([undefined, undefined, expect.stringContaining('port 3')]));
    await within(() => expect(watch.reader.health().temperatureC).toBe(41));
  });

  it('counts reads for each antenna', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more(50);
    await within(() => expect(watch.reader.health().readsPerSecond).toBeGreaterThan(0));
    const count = (port: number): number => watch.reads.filter((read) => read.antenna === port).length;
    expect(watch.reader.health().antennas.map(({ port, reads }) => [port, reads])).toEqual([1, 2].map((port) => [port, count(port)]));
  });

  it.each([
    ['an unknown region', { region: 'EUROPE' }, 'READER_REGION'],
    ['a power that the module refuses', { powerCdbm: 4_000 }, 'READER_REFUSED'],
    ['no antenna at all', { ports: [] }, 'READER_NO_ANTENNA'],
  ])('names the fault: %s', async (_name, settings, code) => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, settings);
    await within(() => expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code } }));
  });

  it('names a device that is not there, and stops at once while it waits', async () => {
    const watch = new Watch('/nowhere/dock-1', {}, { absent: new Backoff(100_000, 3_000_000, () => 0) });
    await within(() => expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code: 'LINK_OPEN' } }));
    await watch.reader.stop();
    expect(watch.reader.health().state).toBe('stopped');
  });

  it('is stopped in the middle of start-up without a trace', async () => {
    const emulator = await emulate();
    emulator.silent = true;
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().state).toBe('starting'));
    await watch.reader.stop();
    emulator.silent = false;
    await new Watch(emulator.path).more();
    expect(watch.states()).toEqual(['connecting', 'starting', 'stopped']);
  });
});

it('a second program is told that the device is taken', async () => {
  const emulator = await emulate();
  await new Watch(emulator.path).more();
  const second = new Watch(emulator.path);
  await within(() => expect(second.reader.health().message?.text).toContain('another program'));
});
