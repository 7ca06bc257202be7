import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Read } from '../../../protocol/read.ts';
import { Random } from '../../../simulators/random.ts';
import { EmulatedDeskModule } from '../../../simulators/reader/bb/device.ts';
import type { Sighting } from '../../../simulators/reader/device.ts';
import { type EmulatorOptions, ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { Backoff } from '../../backoff.ts';
import type { ReaderHealth, ReaderSettings } from '../reader.ts';
import { BbReader } from './driver.ts';

const EPC = '3034257BF7194E4000001A85';
const onDesk = (): Sighting[] => [{ epc: EPC, antenna: 1, rssi: -45 }];
const SETTINGS: ReaderSettings = { id: 'r1', model: 'bb', link: '', region: 'EU3', powerCdbm: 2_000, session: 1 };

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function emulate(options: Partial<EmulatorOptions> = {}): Promise<ReaderEmulator<EmulatedDeskModule>> {
  const emulator = await ReaderEmulator.with((ports, connected) => new EmulatedDeskModule(ports, connected), {
    transport: { kind: 'pty' },
    source: onDesk,
    ...options,
  });
  toClose.push(() => emulator.close());
  return emulator;
}

class Watch {
  readonly reads: Read[] = [];
  readonly healths: ReaderHealth[] = [];
  readonly reader: BbReader;

  constructor(link: string, settings: Partial<ReaderSettings> = {}) {
    const events = {
      reads: (_id: string, reads: Read[]) => void this.reads.push(...reads),
      health: (_id: string, health: ReaderHealth) => void this.healths.push(health),
    };
    this.reader = new BbReader({ ...SETTINGS, link, ...settings }, events, {
      absent: new Backoff(100, 1_000, () => 0),
      backoff: new Backoff(100, 3_000, () => 0),
    });
    toClose.push(() => this.reader.stop());
    this.reader.start();
  }

  states(): string[] {
    return this.healths.map((health) => health.state).filter((state, i, all) => state !== all[i - 1]);
  }

  codes(): (string | undefined)[] {
    return this.healths.map((health) => health.message?.code);
  }

  async more(count = 10): Promise<void> {
    const from = this.reads.length;
    await within(() => expect(this.reads.length).toBeGreaterThan(from + count));
  }
}

const within = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 20 });

describe('a desk reader on a pseudo-terminal', () => {
  it('is set up and read, and stops when it is told to', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(emulator.module.settings).toEqual({ region: 3, power: 2_000, query: 0x1120 });
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -45, at: expect.any(Number) });
    await watch.reader.stop();
    expect(emulator.module.streaming).toBe(false);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading', 'stopped']);
    expect(watch.reader.health()).toMatchObject({ model: 'M100 26dBm V1.0', firmware: 'V2.3.5', errors: { crc: 0, resync: 0, tagCrc: 0 } });
  });

  it('swallows the news of empty rounds', async () => {
    const emulator = await emulate({ source: () => [] });
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().state).toBe('reading'));
    const rounds = emulator.module.rounds;
    await within(() => expect(emulator.module.rounds).toBeLessThan(rounds - 20));
    expect(watch.codes().filter((code) => code !== undefined)).toEqual([]);
  });

  it('is armed again when its rounds are over', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.skipTo(1);
    await within(() => expect(emulator.module.rounds).toBeGreaterThan(1_000));
    await watch.more();
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('reads with the most it can where the settings have their default, which is more', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, { powerCdbm: 2_700 });
    await watch.more();
    expect(emulator.module.settings.power).toBe(2_600);
    emulator.module.skipTo(1);
    await within(() => expect(emulator.module.rounds).toBeGreaterThan(1_000));
    await watch.more();
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('that started again by itself is set up again', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, { powerCdbm: 1_500 });
    await watch.more();
    emulator.reboot();
    await within(() => expect(watch.codes()).toContain('READER_REBOOT'));
    await watch.more();
    expect(emulator.module.settings.power).toBe(1_500);
  });

  it('is read again after the cable was pulled and put back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'docket-'));
    toClose.push(() => rmSync(dir, { recursive: true }));
    const emulator = await emulate({ transport: { kind: 'pty', link: join(dir, 'desk') } });
    const watch = new Watch(emulator.path);
    await watch.more();
    await emulator.unplug();
    await within(() => expect(watch.reader.health().message?.code).toBe('LINK_OPEN'));
    await emulator.plug();
    await watch.more();
  });

  it('with garbage, flipped and lost bytes on its line keeps being read, and no read is invented', async () => {
    const random = new Random(7);
    const emulator = await emulate({ random: () => random.float() });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.faults = { garbage: 0.2, flip: 0.001, drop: 0.001 };
    await watch.more(300);
    emulator.faults = {};
    await watch.more();
    expect(new Set(watch.reads.map((read) => read.epc))).toEqual(new Set([EPC]));
    expect(watch.states()).not.toContain('failed');
  });

  it('that falls silent is noticed and started again', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.codes()).toContain('READER_SILENT'));
    emulator.silent = false;
    await watch.more();
  });

  it('is found at another rate than the configured one', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    const watch = new Watch(emulator.path, { baud: 9_600 });
    await watch.more();
    expect(watch.reader.health().link).toMatch(/ 115200$/);
  });

  it('sets an output between its rounds', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    await watch.reader.output(2, true);
    expect(emulator.module.outputs.get(2)).toBe(true);
    await watch.more();
    await expect(watch.reader.output(5, true)).rejects.toMatchObject({ code: 'READER_OUTPUT' });
  });

  it.each([
    ['a region that it does not have', { region: 'JP' }, 'READER_REGION'],
    ['more power than it has', { powerCdbm: 3_000 }, 'READER_REFUSED'],
  ])('refuses %s by name', async (_name, settings, code) => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, settings);
    await within(() => expect(watch.codes()).toContain(code));
  });
});

it('a desk reader on TCP is read', async () => {
  const emulator = await emulate({ transport: { kind: 'tcp', port: 0 } });
  await new Watch(emulator.path).more();
});
