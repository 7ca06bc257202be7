import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Read } from '../../../protocol/read.ts';
import { Random } from '../../../simulators/random.ts';
import type { Sighting } from '../../../simulators/reader/device.ts';
import { type EmulatorOptions, ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { EmulatedUhfReader, type Uhf18Model } from '../../../simulators/reader/uhf18/device.ts';
import { Backoff } from '../../backoff.ts';
import type { ReaderHealth, ReaderSettings } from '../reader.ts';
import { Cmd, Mode } from './codec.ts';
import { Uhf18Reader } from './driver.ts';
import { NO_LEVEL } from './stream.ts';

const EPC = '3034257BF7194E4000001A85';
/** A tag in front of each antenna, all the time. */
const everywhere = (): Sighting[] => [1, 2].map((antenna) => ({ epc: EPC, antenna, rssi: -50 - antenna }));
const SETTINGS: ReaderSettings = { id: 'r1', model: 'uhf18', link: '', region: 'EU3', powerCdbm: 2_750, session: 1, ports: [1, 2] };

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

type Emulator = ReaderEmulator<EmulatedUhfReader>;
async function emulate(options: Partial<EmulatorOptions> = {}, model: Uhf18Model = '288'): Promise<Emulator> {
  const emulator = await ReaderEmulator.with((ports, connected) => new EmulatedUhfReader(ports, connected, model), {
    transport: { kind: 'pty' },
    source: everywhere,
    ...options,
  });
  toClose.push(() => emulator.close());
  return emulator;
}

class Watch {
  readonly reads: Read[] = [];
  readonly healths: ReaderHealth[] = [];
  readonly inputs: [number, boolean][] = [];
  readonly reader: Uhf18Reader;

  constructor(link: string, settings: Partial<ReaderSettings> = {}) {
    const events = {
      reads: (_id: string, reads: Read[]) => void this.reads.push(...reads),
      health: (_id: string, health: ReaderHealth) => void this.healths.push(health),
      input: (_id: string, pin: number, high: boolean) => void this.inputs.push([pin, high]),
    };
    this.reader = new Uhf18Reader({ ...SETTINGS, link, ...settings }, events, {
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

  /** Waits for `count` reads more than there are. */
  async more(count = 10): Promise<void> {
    const from = this.reads.length;
    await within(() => expect(this.reads.length).toBeGreaterThan(from + count));
  }
}

const within = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 20 });
const LINES = [
  ['a pseudo-terminal', { kind: 'pty' }],
  ['TCP', { kind: 'tcp', port: 0 }],
] as const;

describe.each(LINES)('a 288 on %s', (_name, transport) => {
  it('is set up, pushes its reads, and stops when it is told to', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(emulator.module.settings).toMatchObject({
      region: [0x83, 0x40],
      activePower: 27,
      activeMask: 0b11,
      checks: true,
      mode: Mode.PUSH,
      heartbeat: 1,
      // Gen2, no pause, no filter, Q, session.
      parameters: [0, 0, 0, 6, 1],
    });
    // Neither is written to the memory of the reader at each start.
    expect(emulator.module.settings).toMatchObject({ power: 26, mask: 1 });
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, at: expect.any(Number) });
    const instants = watch.reads.map((read) => read.at);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
    await watch.reader.stop();
    expect(emulator.module.streaming).toBe(false);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading', 'stopped']);
    expect(watch.reader.health()).toMatchObject({ model: 'UHFReader288MP', firmware: '1.15', errors: { crc: 0, resync: 0, tagCrc: 0 } });
  });

  it('is read again after the cable was pulled and put back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'docket-'));
    toClose.push(() => rmSync(dir, { recursive: true }));
    const emulator = await emulate({ transport: transport.kind === 'pty' ? { kind: 'pty', link: join(dir, 'dock-1') } : transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    await emulator.unplug();
    await within(() => expect(watch.reader.health().message?.code).toBe('LINK_OPEN'));
    await emulator.plug();
    await watch.more();
    expect(watch.reader.health().message).toBeUndefined();
  });

  it('that pushes for a dead host is stopped and set up afresh', async () => {
    const emulator = await emulate({ transport });
    const first = new Watch(emulator.path);
    await first.more();
    await emulator.unplug();
    await first.reader.stop();
    await emulator.plug();
    expect(emulator.module.settings.mode).toBe(Mode.PUSH);
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

  it('that falls silent is noticed and started again', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_SILENT' } }));
    emulator.silent = false;
    await watch.more();
  });

  it('that lost its power for a moment, and with it its settings, is set up again', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.reboot();
    expect(emulator.module.settings.activeMask).toBe(1);
    await within(() => expect(watch.codes()).toContain('READER_REBOOT'));
    await watch.more();
    expect(emulator.module.settings.activeMask).toBe(0b11);
  });

  it('sets an output without losing its stream', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    await watch.reader.output(1, false);
    expect(emulator.module.outputs).toEqual(
      new Map([
        [1, false],
        [2, true],
      ]),
    );
    expect(emulator.module.heard.slice(-3).map(({ cmd }) => cmd)).toEqual([Cmd.WORK_MODE, Cmd.OUTPUTS, Cmd.WORK_MODE]);
    expect(emulator.module.settings.mode).toBe(Mode.PUSH);
    await watch.more();
    await expect(watch.reader.output(3, true)).rejects.toMatchObject({ code: 'READER_OUTPUT' });
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });
});

describe('a 288', () => {
  it('is found at another rate than the configured one and raised to 115200', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    const watch = new Watch(emulator.path, { baud: 9_600 });
    await watch.more();
    expect(emulator.module.baud).toBe(115_200);
    expect(watch.reader.health().link).toMatch(/ 115200$/);
  });

  it('stays at the rate that the settings allow', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } });
    const watch = new Watch(emulator.path, { maxBaud: 57_600 });
    await watch.more();
    expect(emulator.module.baud).toBe(57_600);
  });

  it('that sees nothing is asked whether it is there, and stays', async () => {
    const emulator = await emulate({ source: () => [] });
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().state).toBe('reading'));
    const before = emulator.module.heard.length;
    await within(() => expect(emulator.module.heard.length).toBeGreaterThan(before + 3));
    expect(watch.reader.health().state).toBe('reading');
  });

  it('tells of antennas by return loss at the start and by heartbeats later', async () => {
    const emulator = await emulate({ connected: [1] });
    const watch = new Watch(emulator.path);
    await watch.more();
    const antennas = (): unknown => watch.reader.health().antennas.map(({ port, connected }) => [port, connected]);
    expect(antennas()).toEqual([
      [1, true],
      [2, false],
    ]);
    emulator.module.antenna(2, true);
    emulator.module.antenna(1, false);
    vi.spyOn(emulator.module, 'stream').mockImplementationOnce(() => [emulator.module.beat()]);
    await within(() =>
      expect(antennas()).toEqual([
        [1, false],
        [2, true],
      ]),
    );
  });

  it('reads only while its photo-eye is dark when the settings say so', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, { gated: true });
    await within(() => expect(watch.reader.health().state).toBe('reading'));
    expect(emulator.module.settings.mode).toBe(Mode.GATED);
    expect(watch.inputs).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(watch.reads).toEqual([]);
    emulator.module.input(1, false);
    await watch.more();
  });

  it('writes to its memory only what is not there already', async () => {
    const emulator = await emulate();
    const first = new Watch(emulator.path);
    await first.more();
    await first.reader.stop();
    const before = emulator.module.heard.length;
    const second = new Watch(emulator.path);
    await second.more();
    const cmds = emulator.module.heard.slice(before).map(({ cmd }) => cmd);
    for (const cmd of [Cmd.REGION, Cmd.PUSH_PARAMETERS, Cmd.BAUD, Cmd.ANTENNA_CHECK]) expect(cmds).not.toContain(cmd);
  });

  it.each([
    ['a region that no band serves', { region: 'JP' }, 'READER_REGION'],
    ['more power than it has', { powerCdbm: 3_150 }, 'READER_REFUSED'],
    ['an antenna that it does not have', { ports: [1, 7] }, 'READER_REFUSED'],
  ])('refuses %s by name', async (_name, settings, code) => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, settings);
    await within(() => expect(watch.codes()).toContain(code));
    expect(watch.reads).toEqual([]);
  });
});

describe('a reader without a push mode', () => {
  it.each(['86', '18'] as const)('of type %s is asked for rounds', async (model) => {
    const emulator = await emulate({}, model);
    const watch = new Watch(emulator.path, model === '18' ? { ports: [1] } : {});
    await watch.more(20);
    const antennas = [...new Set(watch.reads.map((read) => read.antenna))].sort();
    expect(antennas).toEqual(model === '18' ? [1] : [1, 2]);
    expect(new Set(watch.reads.map((read) => read.rssi))).toEqual(new Set(model === '18' ? [NO_LEVEL] : [-51, -52]));
    await watch.reader.stop();
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading', 'stopped']);
  });

  it('tells of inputs, outputs and antennas between the rounds', async () => {
    const emulator = await emulate({}, '86');
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.input(1, false);
    await within(() => expect(watch.inputs).toContainEqual([1, false]));
    await watch.reader.output(2, false);
    expect(emulator.module.outputs.get(2)).toBe(false);
    emulator.module.antenna(2, false);
    await within(() => expect(watch.reader.health().antennas[1]?.connected).toBe(false));
    await within(() => expect(watch.reader.health().message?.text).toMatch(/F8 antenna not connected \(antenna 2\)/));
  });

  it('that falls silent is noticed and started again', async () => {
    const emulator = await emulate({}, '86');
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.codes()).toContain('READER_SILENT'));
    emulator.silent = false;
    await watch.more();
  });

  it('refuses to be gated', async () => {
    const emulator = await emulate({}, '86');
    const watch = new Watch(emulator.path, { gated: true });
    await within(() => expect(watch.reader.health().message?.text).toMatch(/set "gated" to false/));
  });
});
