import { describe, expect, it } from 'vitest';
import { Random } from '../../../simulators/random.ts';
import type { Sighting } from '../../../simulators/reader/device.ts';
import { type EmulatorOptions, ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { EmulatedModule } from '../../../simulators/reader/thingmagic/module.ts';
import { COMPATIBLE, M5E, M7E, OLD_M6E, type Personality } from '../../../simulators/reader/thingmagic/personality.ts';
import { Status } from './codec.ts';
import { EPC, LINES, toClose, Watch, within } from './driver.fixture.ts';
import { TIMINGS } from './rates.ts';

/** A tag in front of each antenna, all the time. */
const everywhere = (): Sighting[] => [1, 2].map((antenna) => ({ epc: EPC, antenna, rssi: -50 - antenna, phase: 90 }));

/** A module on a pseudo-terminal, or what the options say. */
async function emulate(options: Partial<EmulatorOptions> = {}, personality: Personality = M7E): Promise<ReaderEmulator> {
  const make = (ports: number, connected: readonly number[]): EmulatedModule => new EmulatedModule(ports, connected, personality);
  const emulator = await ReaderEmulator.with(make, { transport: { kind: 'pty' }, source: everywhere, ...options });
  toClose.push(() => emulator.close());
  return emulator;
}

const instantsRise = (watch: Watch): void => {
  const instants = watch.reads.map((read) => read.at);
  expect(instants).toEqual([...instants].sort((a, b) => a - b));
};

describe.each(LINES)('on %s, a module without streaming (M5e)', (_name, transport) => {
  it('is polled: every search brings what each antenna saw', async () => {
    const emulator = await emulate({ transport }, M5E);
    const watch = new Watch(emulator.path);
    await watch.more(20);
    expect(watch.reader.health()).toMatchObject({ state: 'reading', model: 'M5e', firmware: '01.07.02.09' });
    expect(new Set(watch.reads.map((read) => read.antenna))).toEqual(new Set([1, 2]));
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, kHz: expect.any(Number), at: expect.any(Number) });
    instantsRise(watch);
  });

  it('hands out a buffer of more tags than one answer holds', async () => {
    const many = Array.from({ length: 40 }, (_, i) => ({
      epc: EPC.slice(0, -2) + i.toString(16).toUpperCase().padStart(2, '0'),
      antenna: 1,
      rssi: -60,
    }));
    const emulator = await emulate({ transport, source: () => many }, M5E);
    const watch = new Watch(emulator.path);
    await watch.more(100);
    expect(new Set(watch.reads.map((read) => read.epc)).size).toBe(40);
  });

  it('drives outputs, tells inputs and its temperature between two searches', async () => {
    const emulator = await emulate({ transport }, M5E);
    const watch = new Watch(emulator.path, { inputs: [1], outputs: [2] });
    await watch.more();
    await watch.reader.output(2, true);
    expect(emulator.module.outputs.get(2)).toBe(true);
    emulator.module.input(1, true);
    await within(() => expect(watch.inputs.at(-1)).toEqual([1, true]));
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('with a full buffer empties it, counts that and goes on', async () => {
    const emulator = await emulate({ transport }, { ...M5E, bufferTags: 1 });
    const watch = new Watch(emulator.path);
    await watch.more();
    await within(() => expect(watch.reader.health().errors.bufferFull).toBeGreaterThan(0));
    expect(watch.reader.health()).toMatchObject({ state: 'reading', message: { code: 'READER_BUFFER' } });
  });

  it('that is switched off is noticed and polled again when it is back', async () => {
    const emulator = await emulate({ transport }, M5E);
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_SILENT' } }));
    emulator.silent = false;
    emulator.reboot();
    await watch.more();
  });
});

describe.each(LINES)('on %s, firmware that hears nothing while it streams', (_name, transport) => {
  it.each([
    ['known by its version', OLD_M6E],
    ['found out by a command without an answer', COMPATIBLE],
  ])('is paused for an output and streams on: %s', async (_how, personality) => {
    const emulator = await emulate({ transport }, personality);
    const watch = new Watch(emulator.path, {}, { timings: { ...TIMINGS, answerMs: 300 } });
    await watch.more();
    await watch.reader.output(3, true);
    await watch.reader.output(4, false);
    expect([...emulator.module.outputs]).toEqual([
      [3, true],
      [4, false],
    ]);
    await watch.more();
    instantsRise(watch);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('tells inputs with the tags it reads', async () => {
    const emulator = await emulate({ transport }, OLD_M6E);
    const watch = new Watch(emulator.path, { inputs: [2] });
    await watch.more();
    emulator.module.input(2, true);
    await within(() =>
      expect(watch.inputs).toEqual([
        [2, false],
        [2, true],
      ]),
    );
  });

  it('is asked for the antenna that it reports', async () => {
    const emulator = await emulate({ transport }, OLD_M6E);
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.antenna(2, false);
    await within(() => expect(watch.reader.health().antennas[1]).toMatchObject({ port: 2, connected: false }));
    await watch.more();
  });
});

describe.each(LINES)('on %s, a module that streams', (_name, transport) => {
  it('is asked for its inputs while no tag is there, and drives outputs without a pause', async () => {
    const emulator = await emulate({ transport, source: () => [] });
    const watch = new Watch(emulator.path, { inputs: [1], outputs: [3] });
    await within(() => expect(watch.inputs).toEqual([[1, false]]));
    expect([...emulator.module.directions]).toEqual([
      [1, false],
      [3, true],
    ]);
    emulator.module.input(1, true);
    await within(() =>
      expect(watch.inputs).toEqual([
        [1, false],
        [1, true],
      ]),
    );
    await watch.reader.output(3, true);
    expect(emulator.module.outputs.get(3)).toBe(true);
    expect(emulator.module.streaming).toBe(true);
    expect(watch.reader.health().inputs).toEqual([{ pin: 1, high: true }]);
  });

  it('is not asked for inputs when no photo-eye is wired, and tells them with its tags', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.input(4, true);
    await within(() => expect(watch.inputs).toContainEqual([4, true]));
  });

  it.each([
    [Status.BUFFER_FULL, 'READER_BUFFER'],
    [Status.TEMPERATURE, 'READER_HOT'],
    [Status.RETURN_LOSS, 'READER_ANTENNA'],
    [0x0501, 'READER_STATUS'],
  ])('and reports %i goes on reading, with the warning %s', async (status, code) => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.report(status);
    await within(() => expect(watch.reader.health().message?.code).toBe(code));
    await watch.more();
    if (status === Status.BUFFER_FULL) await within(() => expect(watch.reader.health().errors.bufferFull).toBe(1));
  });

  it('whose clock jumps gives reads with the time of the node', async () => {
    const emulator = await emulate({ transport });
    const watch = new Watch(emulator.path);
    await watch.more();
    const from = Date.now();
    emulator.module.jump(600_000);
    await watch.more(50);
    emulator.module.jump(-1_200_000);
    await watch.more(50);
    instantsRise(watch);
    expect(watch.reads.at(-1)?.at).toBeLessThanOrEqual(Date.now());
    expect(watch.reads.at(-1)?.at).toBeGreaterThanOrEqual(from);
  });

  it('over a line that splits and merges what it sends is read without a loss', async () => {
    const random = new Random(3);
    const emulator = await emulate({ transport, random: () => random.float() });
    emulator.faults = { split: 0.5, merge: 0.3 };
    const watch = new Watch(emulator.path, {}, { timings: { ...TIMINGS, probeMs: 600 } });
    await watch.more(300);
    expect(watch.reader.health().errors).toEqual({ crc: 0, resync: 0, tagCrc: 0, bufferFull: 0, lost: 0 });
  });

  it('warns at once when it is hot', async () => {
    const emulator = await emulate({ transport });
    emulator.module.temperatureC = 80;
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().message).toMatchObject({ code: 'READER_HOT', text: expect.stringContaining('80 °C') }));
    await watch.more();
  });
});

it('the newest generation says its firmware', async () => {
  const emulator = await emulate({}, M7E);
  const watch = new Watch(emulator.path);
  await watch.more();
  expect(watch.reader.health()).toMatchObject({ model: 'M7e', firmware: '02.01.06.08' });
});
