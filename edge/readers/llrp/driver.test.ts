import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../simulators/random.ts';
import type { Sighting } from '../../../simulators/reader/device.ts';
import { type EmulatorOptions, ReaderEmulator } from '../../../simulators/reader/emulator.ts';
import { HOPPER } from '../../../simulators/reader/llrp/answers.ts';
import { EmulatedLlrpReader, type UnitOptions } from '../../../simulators/reader/llrp/unit.ts';
import { Backoff } from '../../backoff.ts';
import * as codec from './codec.ts';
import { EPC, QUICK, toClose, Watch, within } from './driver.fixture.ts';
import { vectorOf } from './vectors.ts';

/** A tag in front of each antenna, all the time. */
const everywhere = (): Sighting[] => [1, 2].map((antenna) => ({ epc: EPC, antenna, rssi: -50 - antenna, phase: 90 }));
async function emulate(unit: UnitOptions = {}, options: Partial<EmulatorOptions> = {}): Promise<ReaderEmulator<EmulatedLlrpReader>> {
  const make = (ports: number, connected: readonly number[]): EmulatedLlrpReader => new EmulatedLlrpReader(ports, connected, unit);
  const emulator = await ReaderEmulator.with(make, { transport: { kind: 'tcp', port: 0 }, source: everywhere, ...options });
  toClose.push(() => emulator.close());
  return emulator;
}

describe('an LLRP reader', () => {
  it('is set up and read, and stops when it is told to', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    const { spec, settings } = emulator.module;
    // Index 69 of the table is 27.00 dBm.
    expect(spec).toMatchObject({ state: 'active', ports: [1, 2], session: 1, every: 1, impinj: true });
    expect([...(spec?.power ?? [])]).toEqual([
      [1, 69],
      [2, 69],
    ]);
    expect(settings).toMatchObject({ keepaliveMs: 1_000, inputs: new Set([1, 2, 3, 4]) });
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, phase: 90, kHz: expect.any(Number), at: expect.any(Number) });
    expect(watch.reads[1]).toMatchObject({ antenna: 2, rssi: -52 });
    const instants = watch.reads.map((read) => read.at);
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
    await watch.reader.stop();
    expect(emulator.module.streaming).toBe(false);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading', 'stopped']);
    expect(watch.reader.health()).toMatchObject({
      ...{ model: 'Impinj Speedway R420', firmware: '7.6.0.240', link: emulator.path },
      errors: { crc: 0, resync: 0, tagCrc: 0, bufferFull: 0, lost: 0 },
    });
  });

  it('of another maker that hops and does not know the date is read without what only Impinj has', async () => {
    const emulator = await emulate({ make: HOPPER, utc: false });
    const watch = new Watch(emulator.path, { region: 'NA' });
    const from = Date.now();
    await watch.more();
    expect(emulator.module.spec).toMatchObject({ impinj: false });
    expect(watch.reads[0]).toEqual({ epc: EPC, antenna: 1, rssi: -51, kHz: expect.any(Number), at: expect.any(Number) });
    for (const { kHz, at } of watch.reads) {
      expect(HOPPER.frequencies).toContain(kHz);
      expect(at).toBeGreaterThan(from - 1_000);
    }
    expect(watch.reader.health().model).toBe('Zebra model 96008');
  });

  it('whose bytes come in pieces or several messages at once is read the same', async () => {
    const random = new Random(9);
    const emulator = await emulate({}, { random: () => random.float() });
    emulator.faults = { split: 0.6, merge: 0.3 };
    const watch = new Watch(emulator.path);
    await watch.more(300);
    expect(new Set(watch.reads.map(({ epc, antenna, rssi }) => `${epc} ${antenna} ${rssi}`))).toEqual(
      new Set([`${EPC} 1 -51`, `${EPC} 2 -52`]),
    );
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
    expect(watch.reader.health().errors.tagCrc).toBe(0);
  });

  it('is read again after its cable was pulled and put back', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    await emulator.unplug();
    await within(() => expect(watch.reader.health().message?.code).toBe('LINK_OPEN'));
    await emulator.plug();
    await watch.more();
    expect(watch.reader.health().message).toBeUndefined();
  });

  it('that was reading for a dead host is stopped and started afresh', async () => {
    const emulator = await emulate();
    const first = new Watch(emulator.path);
    await first.more();
    // The line is cut before the first host can say anything, and it does not come back.
    await emulator.unplug();
    await first.reader.stop();
    expect(emulator.module.streaming).toBe(true);
    await emulator.plug();
    const from = Date.now();
    const watch = new Watch(emulator.path, { session: 2 });
    await watch.more();
    expect(Math.min(...watch.reads.map((read) => read.at))).toBeGreaterThanOrEqual(from);
    expect(emulator.module.spec?.session).toBe(2);
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
  });

  it('that goes on reporting to the next host, and leaves out what it told it while that one set it up, is read', async () => {
    // Always the same antenna and channel: they are told once on a connection.
    const source = (): Sighting[] => [{ epc: EPC, antenna: 2, rssi: -60, kHz: 866_300 }];
    const emulator = await emulate({}, { source, tickMs: 1 });
    const watch = new Watch(emulator.path);
    await watch.more();
    await emulator.unplug();
    await within(() => expect(watch.reader.health().state).not.toBe('reading'));
    await emulator.plug();
    await watch.more();
    expect(watch.reads.at(-1)).toMatchObject({ antenna: 2, kHz: 866_300 });
    expect(watch.reader.health().errors.tagCrc).toBe(0);
  });

  it('whose reports lack what it never told is a fault, not a quiet door', async () => {
    const emulator = await emulate({}, { source: () => [] });
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().state).toBe('reading'));
    // EPC and strength, and no antenna.
    const report = Buffer.from(`043D0000001D0000000100F000138D${EPC}86C4`, 'hex');
    for (let i = 0; i < 100; i++) emulator.module.say(report);
    await within(() => expect(watch.codes()).toContain('READER_REPORTS'));
    expect(watch.reads).toEqual([]);
  });

  it('serves one host: a second one is told so and reads when the first has gone, which hears of it', async () => {
    const emulator = await emulate();
    const first = new Watch(emulator.path);
    await first.more();
    const second = new Watch(emulator.path);
    await within(() =>
      expect(second.reader.health().message).toMatchObject({ code: 'READER_TAKEN', text: expect.stringContaining('another program') }),
    );
    await within(() => expect(first.reader.health().message?.text).toContain('another program tries'));
    await first.more();
    expect(first.states()).toEqual(['connecting', 'starting', 'reading']);
    await first.reader.stop();
    await second.more();
  });

  it('with garbage on its line is connected anew, and no read is invented', async () => {
    const random = new Random(7);
    const emulator = await emulate({}, { random: () => random.float() });
    const watch = new Watch(emulator.path, {}, { timings: QUICK });
    await watch.more();
    emulator.faults = { garbage: 0.05 };
    const losses = (): number =>
      watch.healths.filter(({ state, message }) => state === 'failed' && message?.code === 'READER_FRAME').length;
    await within(() => expect(losses()).toBeGreaterThan(2));
    emulator.faults = {};
    await watch.more();
    await within(() => expect(watch.reader.health().errors.resync).toBeGreaterThan(2));
    expect(new Set(watch.reads.map((read) => read.epc))).toEqual(new Set([EPC]));
  });

  it('that falls silent is noticed by its missing signs of life', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, {}, { timings: QUICK });
    await watch.more();
    emulator.silent = true;
    await within(() => expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code: 'READER_SILENT' } }));
    emulator.silent = false;
    await watch.more();
  });

  it('whose greeting was lost is asked, and read', async () => {
    const emulator = await emulate();
    emulator.silent = true;
    const watch = new Watch(emulator.path);
    await within(() => expect(watch.reader.health().state).toBe('starting'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    emulator.silent = false;
    await watch.more();
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
    await watch.reader.stop();
    expect(emulator.module.streaming).toBe(false);
  });

  it('without tags is alive by its signs of life, which are acknowledged, and dead without them', async () => {
    const emulator = await emulate({}, { source: () => [] });
    const watch = new Watch(emulator.path, {}, { timings: QUICK });
    await within(() => expect(emulator.module.acks).toBeGreaterThan(10));
    expect(watch.states()).toEqual(['connecting', 'starting', 'reading']);
    emulator.module.mute = true;
    await within(() => expect(watch.codes()).toContain('READER_SILENT'));
  });

  it('that starts again by itself is set up again', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.reboot();
    await within(() => expect(watch.codes()).toContain('READER_ENDED'));
    await watch.more();
    expect(emulator.module.settings.keepaliveMs).toBe(1_000);
  });

  it('whose clock is set keeps its reads at the instants of their arrival', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    for (const clockMs of [3_600_000, -7_200_000, 0]) {
      emulator.module.clockMs = clockMs;
      const from = watch.reads.length;
      const before = Date.now();
      await watch.more(20);
      const late = watch.reads.slice(from).map((read) => read.at - before);
      expect(Math.min(...late)).toBeGreaterThan(-1_000);
      expect(Math.max(...late)).toBeLessThan(20_000);
    }
  });
});

describe('what an LLRP reader tells beside its reads', () => {
  it('is an antenna that goes missing and comes back', async () => {
    const emulator = await emulate({}, { connected: [1] });
    const watch = new Watch(emulator.path);
    await watch.more(5);
    const faults = (): (string | undefined)[] => watch.reader.health().antennas.map((antenna) => antenna.fault);
    expect(faults()).toEqual([undefined, expect.stringContaining('port 2')]);
    emulator.module.antenna(2, true);
    await within(() => expect(faults()).toEqual([undefined, undefined]));
    emulator.module.antenna(1, false);
    await within(() => expect(faults()).toEqual([expect.stringContaining('port 1'), undefined]));
    await within(() => expect(watch.reader.health().message?.text).toBe('r1: antenna 1 is not connected'));
  });

  it('is the level of a photo-eye', async () => {
    const emulator = await emulate();
    emulator.module.input(4, true);
    const watch = new Watch(emulator.path);
    await watch.more();
    expect(watch.inputs).toEqual([...[1, 2, 3].map((pin) => [pin, false]), [4, true]]);
    emulator.module.input(2, true);
    emulator.module.input(2, false);
    await within(() =>
      expect(watch.inputs.slice(4)).toEqual([
        [2, true],
        [2, false],
      ]),
    );
  });

  it('is that its buffer fills and that reads were lost', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.overflow();
    await within(() => expect(watch.reader.health().errors).toMatchObject({ bufferFull: 1, lost: 1 }));
    expect(watch.reader.health().message?.text).toContain('reads were lost');
    await watch.more();
  });

  it('is what troubles it, in its own words', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    emulator.module.exception('PA temperature 85 C');
    await within(() => expect(watch.reader.health().message).toEqual({ code: 'READER_STATUS', text: 'r1: PA temperature 85 C' }));
  });
});

describe('the outputs of an LLRP reader', () => {
  it('are driven while it reads', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    await watch.reader.output(3, true);
    await watch.reader.output(1, false);
    expect([...emulator.module.outputs]).toEqual([
      [3, true],
      [1, false],
    ]);
    await watch.more();
    await expect(watch.reader.output(5, true)).rejects.toMatchObject({ code: 'READER_OUTPUT', message: expect.stringContaining('has 4') });
  });
});

describe('a fault of an LLRP reader', () => {
  it.each([
    ['a reader for another continent', { region: 'NA' }, 'READER_REGION', 'ETSI 302 208'],
    ['an unknown region', { region: 'EUROPE' }, 'READER_REGION', 'EU3'],
    ['more power than it has', { powerCdbm: 3_200 }, 'READER_REFUSED', '10 to 31.5 dBm'],
    ['less power than it can', { powerCdbm: 900 }, 'READER_REFUSED', '10 to 31.5 dBm'],
    ['no antenna at all', { ports: [] }, 'READER_NO_ANTENNA', 'no antenna'],
    ['a port that it lacks', { ports: [1, 5] }, 'READER_NO_ANTENNA', 'the reader has 4'],
    ['a serial device', { link: '/dev/rfid/dock-1' }, 'READER_LINK', 'tcp://host'],
    ['an address that is none', { link: 'tcp://a b' }, 'LINK_ADDRESS', 'tcp://host:port'],
  ])('says what is wrong: %s', async (_name, settings, code, text) => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path, settings);
    await within(() =>
      expect(watch.reader.health()).toMatchObject({ state: 'failed', message: { code, text: expect.stringContaining(text) } }),
    );
  });

  it('is told when the port is not that of LLRP, or the reader refuses for its own reasons', async () => {
    const said = [[], [Buffer.from(vectorOf('another client has the connection').hex.replace(/0002$/, '0003'), 'hex')]];
    const server = createServer((socket: Socket) => {
      socket.on('error', () => undefined);
      for (const bytes of said.shift() ?? []) socket.write(bytes);
      toClose.push(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    toClose.push(() => void server.close());
    const address = server.address();
    const watch = new Watch(
      `tcp://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`,
      {},
      { timings: QUICK },
    );
    await within(() => expect(watch.codes()).toContain('READER_SILENT'));
    await within(() =>
      expect(watch.reader.health().message).toMatchObject({ code: 'READER_REFUSED', text: expect.stringContaining('status 3') }),
    );
  });

  it('in the middle of start-up does not keep it from being stopped', async () => {
    const emulator = await emulate();
    emulator.silent = true;
    const watch = new Watch(emulator.path, {}, { absent: new Backoff(100_000, 3_000_000, () => 0) });
    await within(() => expect(watch.reader.health().state).toBe('starting'));
    await watch.reader.stop();
    expect(watch.states()).toEqual(['connecting', 'starting', 'stopped']);
    emulator.silent = false;
    await new Watch(emulator.path).more();
  });

  it('that a reader sends as an error is shown', async () => {
    const emulator = await emulate();
    const watch = new Watch(emulator.path);
    await watch.more();
    const open = codec.message(100, 77, codec.tlv(codec.Param.LLRP_STATUS, codec.be16(401), codec.text('fan')));
    emulator.module.say(open);
    await within(() => expect(watch.reader.health().message?.text).toBe('r1: 401 device error: "fan"'));
  });
});
