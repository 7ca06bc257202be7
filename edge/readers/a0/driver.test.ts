import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Read } from '../../../protocol/read.ts';
import { Random } from '../../../simulators/random.ts';
import type { Stored } from '../../../simulators/reader/a0/settings.ts';
import { EmulatedA0 } from '../../../simulators/reader/a0/unit.ts';
import type { Sighting } from '../../../simulators/reader/device.ts';
import { type EmulatorOptions, ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { Backoff } from '../../backoff.ts';
import type { ReaderHealth, ReaderSettings } from '../reader.ts';
import * as codec from './codec.ts';
import { A0Reader, type DriverParts } from './driver.ts';
import { TIMINGS } from './startup.ts';

const { Code, Command } = codec;
const EPC = '3034257BF7194E4000001A85';
const at = (ports: readonly number[]) => (): Sighting[] =>
  ports.map((antenna) => ({ epc: EPC, antenna, rssi: -50 - antenna, kHz: 866_500 }));
const SETTINGS: ReaderSettings = { id: 'r1', model: 'a0', link: '', region: 'EU3', powerCdbm: 2_750, session: 1, ports: [1, 3] };

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function emulate(options: Partial<EmulatorOptions> = {}, stored: Partial<Stored> = {}): Promise<ReaderEmulator<EmulatedA0>> {
  const emulator = await ReaderEmulator.with((ports, connected) => new EmulatedA0(ports, connected, stored), {
    transport: { kind: 'pty' },
    source: at([1, 2, 3, 4]),
    ...options,
  });
  toClose.push(() => emulator.close());
  return emulator;
}

class Watch {
  readonly reads: Read[] = [];
  readonly healths: ReaderHealth[] = [];
  readonly inputs: string[] = [];
  readonly reader: A0Reader;

  constructor(link: string, settings: Partial<ReaderSettings> = {}, parts: DriverParts = {}) {
    const events = {
      reads: (_id: string, reads: Read[]) => void this.reads.push(...reads),
      health: (_id: string, health: ReaderHealth) => void this.healths.push(health),
      input: (_id: string, pin: number, high: boolean) => void this.inputs.push(`${pin} ${high ? 'high' : 'low'}`),
    };
    this.reader = new A0Reader({ ...SETTINGS, link, ...settings }, events, {
      absent: new Backoff(100, 1_000, () => 0),
      backoff: new Backoff(100, 3_000, () => 0),
      ...parts,
    });
    toClose.push(() => this.reader.stop());
    this.reader.start();
  }

  states(): string[] {
    return this.healths.map((health) => health.state).filter((state, i, all) => state !== all[i - 1]);
  }

  message(): string | undefined {
    return this.reader.health().message?.code;
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

describe.each(LINES)('a reader on %s', (_name, transport) => {
  it('is set right, read round after round, and idle when it is stopped', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more(100);
    expect(emulator.module.stored).toEqual({ baud: 115_200, address: 1, region: [2, 0, 6], dbm: 20, detector: 3, beeper: 0 });
    // The power is set for the time being only.
    expect(emulator.module.dbm).toBe(27);
    expect(emulator.module.heard.has(Command.SET_POWER)).toBe(false);
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, kHz: 866_500, at: expect.any(Number) });
    expect(new Set(watch.reads.map((read) => read.antenna))).toEqual(new Set([1, 3]));
    const instants = watch.reads.map((read) => read.at);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
    await watch.reader.stop();
    expect(emulator.module.streaming).toBe(false);
    expect(emulator.module.rounds).toBeGreaterThan(2);
    expect(emulator.module.ignored).toBe(0);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading', 'stopped']);
    expect(watch.reader.health()).toMatchObject({
      ...{ model: 'R2000 4 ports', firmware: '1.9', errors: { crc: 0, resync: 0, tagCrc: 0, bufferFull: 0, lost: 0 } },
      antennas: [
        { port: 1, connected: true },
        { port: 3, connected: true },
      ],
    });
  });

  it('is not written to again when it is right already', async () => {
    const emulator = await emulate({ transport });
    const first = new Watch(emulator.path);
    await first.more();
    await first.reader.stop();
    const before = emulator.module.writes;
    await new Watch(emulator.path).more();
    // The beeper's mode can't be asked for.
    expect(emulator.module.writes).toBe(before + 1);
  });

  it('is read again after the cable was pulled and put back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'docket-'));
    toClose.push(() => rmSync(dir, { recursive: true }));
    const emulator = await emulate({ transport: transport.kind === 'pty' ? { kind: 'pty', link: join(dir, 'dock-1') } : transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    await emulator.unplug();
    await within(() => expect(watch.message()).toBe('LINK_OPEN'));
    await emulator.plug();
    await watch.more();
    expect(watch.message()).toBeUndefined();
  });

  it('with garbage, flipped and lost bytes on its line keeps being read', async () => {
    const random = new Random(7);
    const emulator = await emulate({ transport, random: () => random.float() });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.faults = { garbage: 0.2, flip: 0.001, drop: 0.001 };
    await watch.more(300);
    emulator.faults = {};
    await watch.more(50);
    await within(() => expect(watch.reader.health().errors.crc).toBeGreaterThan(0));
    expect(watch.reader.health().errors.resync).toBeGreaterThan(0);
    // The checksum has 8 bits: one damaged packet in 256 passes it.
    expect(watch.reads.filter((read) => read.epc !== EPC).length).toBeLessThan(watch.reads.length / 20);
    expect(watch.states()).not.toContain('failed');
  });

  it('that falls silent is noticed by the watchdog, reset and started again', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path, {}, { graceMs: 600 });
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.healths.some(({ message }) => message?.code === 'READER_SILENT')).toBe(true));
    emulator.silent = false;
    await watch.more();
  });

  it('whose power fails in a round reads with the right power again', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.reboot();
    expect(emulator.module.dbm).toBe(20);
    // The end of the lost round is missed first; reads go on meanwhile.
    await within(() => expect(emulator.module.dbm).toBe(27));
    await watch.more(50);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('that an earlier host left in a long round is waited for', async () => {
    const emulator = await emulate({ transport });
    const long = codec.fastSwitch([1, 2], 4, 0, 24);
    emulator.module.hear(long, Date.now());
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(watch.reads.every((read) => [1, 3].includes(read.antenna))).toBe(true);
  });
});

describe('a reader on a serial line where the rate matters', () => {
  it('is found at 38400 and brought to 115200', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } }, { baud: 38_400 });
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(emulator.module.baud).toBe(115_200);
    expect(watch.reader.health().link).toBe(`${emulator.path} 115200`);
  });

  it('is left at 38400 where the settings allow no more', async () => {
    const emulator = await emulate({ transport: { kind: 'pty', uart: true } }, { baud: 38_400 });
    await new Watch(emulator.path, { maxBaud: 38_400 }).more();
    expect(emulator.module.baud).toBe(38_400);
  });
});

describe('antennas', () => {
  it('that lose their cable are named, and told when they are back', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    const state = (port: number) => watch.reader.health().antennas.find((antenna) => antenna.port === port)?.connected;
    emulator.module.antenna(3, false);
    await within(() => expect(state(3)).toBe(false));
    expect(state(1)).toBe(true);
    expect(watch.reader.health().message?.text).toContain('antenna 3: 22');
    emulator.module.antenna(3, true);
    await within(() => expect(state(3)).toBe(true));
  });

  it('that are all gone do not make a loop that only fails, and are read when they come back', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    for (const port of [1, 3]) emulator.module.antenna(port, false);
    await within(() => expect(watch.reader.health().antennas.map((antenna) => antenna.connected)).toEqual([false, false]));
    const { rounds } = emulator.module;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(emulator.module.rounds - rounds).toBeLessThan(10);
    for (const port of [1, 3]) emulator.module.antenna(port, true);
    await watch.more();
  });

  it('are found by their return loss when the settings name none', async () => {
    const emulator = await emulate({ connected: [2, 4] });
    const watch = new Watch(emulator.path, { ports: undefined as never });
    await watch.more();
    expect(emulator.module.heard.get(Command.FAST_SWITCH)?.subarray(0, 4)).toEqual(new Uint8Array([1, 1, 3, 1]));
  });

  it('from 5 to 8 are read on a unit with 8 connectors', async () => {
    const ports = [1, 2, 3, 4, 5, 6, 7, 8];
    const emulator = await emulate({ ports: 8, source: at(ports) });
    const watch = new Watch(emulator.path, { ports });
    await watch.more(100);
    expect(new Set(watch.reads.map((read) => read.antenna))).toEqual(new Set(ports));
    expect(watch.reads.every((read) => read.rssi === -50 - read.antenna)).toBe(true);
  });

  it('beyond what the reader has are refused by name', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, { ports: [1, 7] });
    await within(() =>
      expect(watch.reader.health().message).toMatchObject({ code: 'READER_REFUSED', text: expect.stringContaining('port 7') }),
    );
  });
});

describe('settings', () => {
  it.each([0, 2])('with session %i are read antenna by antenna with that session', async (session) => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, { session });
    await within(() => expect(new Set(watch.reads.map((read) => read.antenna))).toEqual(new Set([1, 3])));
    expect(emulator.module.heard.get(Command.SESSION)?.subarray(0, 2)).toEqual(new Uint8Array([session, 0]));
    expect(emulator.module.heard.has(Command.FAST_SWITCH)).toBe(false);
    expect(emulator.module.ignored).toBe(0);
  });

  it('with a session of their own go on with the antennas that are there', async () => {
    const emulator = await emulate({ connected: [1] });
    const watch = new Watch(emulator.path, { session: 0 });
    await watch.more(50);
    const { antennas, message } = watch.reader.health();
    expect(antennas.map((antenna) => antenna.connected)).toEqual([true, false]);
    expect(message).toMatchObject({ code: 'READER_STATUS', text: expect.stringContaining('antenna 3: 22') });
    expect(watch.states()).not.toContain('failed');
  });

  it('with a region of own channels set them, and no frequency is told', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, { region: 'RU' });
    await watch.more();
    expect(emulator.module.stored.region).toEqual([4, 60, 3, 0x0d, 0x37, 0xfc]);
    expect(watch.reads[0]).not.toHaveProperty('kHz');
  });

  it.each([
    ['a region that the family can not do', { region: 'JP' }, 'READER_REGION'],
    ['a power beyond the family', { powerCdbm: 3_400 }, 'READER_REFUSED'],
  ])('with %s are refused', async (_what, settings, code) => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, settings);
    await within(() => expect(watch.message()).toBe(code));
    expect(emulator.module.writes).toBe(0);
  });

  it('that the firmware refuses are said with its code', async () => {
    const emulator = await emulate();
    emulator.module.refuses.set(Command.SET_REGION, Code.REGION);
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().message).toMatchObject({ code: 'READER_REGION', text: expect.stringContaining('49') }));
  });

  it('store the power where the firmware has no temporary one, and only once', async () => {
    const emulator = await emulate();
    emulator.module.refuses.set(Command.SET_TEMPORARY_POWER, Code.FAIL);
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(emulator.module.stored.dbm).toBe(27);
    await watch.reader.stop();
    emulator.module.heard.clear();
    await new Watch(emulator.path).more();
    expect(emulator.module.heard.has(Command.SET_POWER)).toBe(false);
  });
});

it('a reader that refuses to read is said to, with its code', async () => {
  const emulator = await emulate();
  emulator.module.refuses.set(Command.FAST_SWITCH, Code.PARAMETER);
  const watch = new Watch(emulator.path);
  await within(() => expect(watch.reader.health().message).toMatchObject({ code: 'READER_REFUSED', text: expect.stringContaining('41') }));
});

describe('inputs and outputs', () => {
  it('are asked and set between rounds, while reading goes on', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.inputs).toEqual(['1 low', '2 low']));
    emulator.module.input(2, true);
    await within(() => expect(watch.inputs).toEqual(['1 low', '2 low', '2 high']));
    const { rounds } = emulator.module;
    await Promise.all([watch.reader.output(3, true), watch.reader.output(4, true)]);
    expect(emulator.module.rounds - rounds).toBeLessThanOrEqual(2);
    expect([...emulator.module.outputs]).toEqual([
      [3, true],
      [4, true],
    ]);
    await watch.more();
    expect(emulator.module.ignored).toBe(0);
  });

  it('that a reader does not have are not asked for again, and an output says so', async () => {
    const emulator = await emulate();
    emulator.module.refuses.set(Command.READ_GPIO, Code.FAIL).set(Command.WRITE_GPIO, Code.FAIL);
    const watch = new Watch(emulator.path);
    await watch.more(100);
    emulator.module.heard.clear();
    await watch.more(100);
    expect(emulator.module.heard.has(Command.READ_GPIO)).toBe(false);
    await expect(watch.reader.output(3, true)).rejects.toMatchObject({ code: 'READER_OUTPUT' });
    await expect(watch.reader.output(1, true)).rejects.toMatchObject({ code: 'READER_OUTPUT' });
  });

  it('are not waited for in vain when the reader goes away', async () => {
    const emulator = await emulate({ transport: { kind: 'tcp', port: 0 } });
    const watch = new Watch(emulator.path, {}, { timings: { ...TIMINGS, answerMs: 200 } });
    await watch.more();
    emulator.silent = true;
    const output = watch.reader.output(3, true);
    output.catch(() => undefined);
    await emulator.unplug();
    await expect(output).rejects.toMatchObject({ code: expect.stringMatching(/^(LINK_|READER_)/) });
  });
});

it('tells its temperature', async () => {
  const emulator = await emulate();
  const watch = new Watch(emulator.path);
  await watch.more();
  // A missing antenna makes for a check soon.
  emulator.module.antenna(3, false);
  await within(() => expect(watch.reader.health().temperatureC).toBe(41));
});
